"""What a plan can detect and how often it would promote: on a terminal, as data, and as a picture."""

import io
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console

from ragguard.records.assessment import Power, Prospect
from ragguard.reports import figures, tables
from ragguard.reports.pen import Pen
from ragguard.store import write_atomically

PICTURE = "power.svg"
HEADS = ["check", "tier", "margin", "sd", "intents", "needed", "detects", "equal passes"]
_BAR = 40
_EVERY = 2
"""Of the curve's points, each so many-th has a line on the terminal."""


def to_dict(power: Power) -> dict[str, Any]:
    """The power of a plan as JSON-able data; metrics are their names."""
    data: dict[str, Any] = TypeAdapter(Power).dump_python(power, mode="json")
    return data


def show(power: Power, console: Console, picture: Path | None = None) -> None:
    """Print what each check can detect, the bottleneck, and the chance of promotion by true difference."""
    pen = Pen(console)
    style = "bold green" if power.promoted >= 0.8 else "bold yellow" if power.promoted >= 0.5 else "bold red"
    pen.say(f"{power.plan}: an equal candidate is promoted {100 * power.promoted:.0f} % of the time", style)
    pen.item(_bottleneck(power))
    for told in power.measured:
        pen.item(f"measured on {told}")
    pen.heading("What the checks can detect", f"one-sided alpha {power.alpha:.4g}, {power.endpoints} blocking")
    table = tables.plain(HEADS, pen)
    for suite, prospects in groupby(power.prospects, key=lambda each: each.check.suite):
        table.add_row(pen.text(suite, "bold"))
        for prospect in prospects:
            table.add_row(*map(pen.text, _row(prospect)))
    pen.print(table)
    pen.say(_legend(power), "dim")
    pen.heading("Chance of promotion", "by the true difference of all blocking checks, a share of the metrics' ranges")
    _curve(power, pen)
    if power.warnings:
        pen.heading("Warnings")
        for warning in power.warnings:
            pen.item(warning, "yellow")
    if picture is not None:
        pen.say(f"\nPicture: {picture}")


def _bottleneck(power: Power) -> str:
    if not power.lacking_intents:
        return f"no suite is short of cases; least sure to pass is {power.bottleneck}"
    lacking = f"{figures.count(power.lacking_intents, 'intent')} ({figures.count(power.lacking_cases, 'case')})"
    return f"the bottleneck is the suite {power.suite}: {power.bottleneck} lacks {lacking}"


def _row(prospect: Prospect) -> tuple[str, ...]:
    check = prospect.check
    name = str(check.metric) + (f" on {check.slice}" if check.slice else "")
    if prospect.chance is None:
        return (name, check.tier, "-", "-", str(prospect.intents), "-", "any miss", "-")
    needed = "-" if prospect.needed is None else str(prospect.needed)
    sd = f"{prospect.sd:.3f}{'' if prospect.sd_from else ' assumed'}"
    passes = f"{100 * prospect.chance:.0f} %"
    return (name, check.tier, f"{check.margin:g}", sd, str(prospect.intents), needed, f"{prospect.mde:.3f}", passes)


def _legend(power: Power) -> str:
    seen = next((each.sd_from for each in power.prospects if each.sd_from), "").partition(",")[0]
    spread = f"the upper 80 % limit of what was seen ({seen})" if seen else "by assumption: no run of this plan is stored"
    return (
        f"sd: standard deviation of the differences, {spread}. needed: intents with which an equal candidate passes so often that the "
        "whole plan promotes it 80 % of the time. detects: the smallest true loss that is seen 80 % of the time. The chance of the whole "
        "plan takes its blocking checks for independent: where they hang together it is higher."
    )


def _curve(power: Power, pen: Pen) -> None:
    whole = next(each for each in power.curves if not each.check)
    table = tables.plain(["difference", "", "promoted"], pen)
    for difference, promoted in list(zip(whole.differences, whole.promoted, strict=True))[::_EVERY]:
        table.add_row(*map(pen.text, (figures.signed(difference), "#" * round(_BAR * promoted), f"{100 * promoted:.1f} %")))
    pen.print(table)


def draw(power: Power, path: Path) -> Path:
    """Write the curves as an SVG file; return its path.

    Raises:
        CannotJudge: it cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for curve in power.curves:
        name = curve.check or ("all blocking checks" if len(power.curves) > 1 else power.bottleneck)
        axes.plot(curve.differences, curve.promoted, label=name, linewidth=1.2 if curve.check else 2.6)
    axes.axvline(0, color="0.6", linewidth=0.8)
    for margin in sorted({each.check.margin for each in power.prospects if each.check.tier == "blocking"}):
        axes.axvline(-margin, color="0.6", linewidth=0.8, linestyle="--")
    axes.set(xlabel="true difference (share of the metric's range)", ylabel="chance of promotion", ylim=(-0.02, 1.02))
    axes.set_title(f"{power.plan}: chance of promotion; dashed: the margins")
    axes.legend(frameon=False, fontsize="small")
    made = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "power"}):
        figure.savefig(made, format="svg", metadata={"Date": None})
    write_atomically(path, made.getvalue().encode())
    return path
