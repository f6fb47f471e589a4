"""Simulated roll-outs of a plan: on a terminal, as data, and as a picture."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console

from ragguard.records.error_rates import Share
from ragguard.records.playout import Kind, Playout, Signal, Spread, Stay
from ragguard.reports import tables
from ragguard.reports.canary.words import duration
from ragguard.reports.pen import Pen
from ragguard.reports.rates import percent
from ragguard.store import write_atomically

PICTURE = "canary.svg"


def to_dict(playout: Playout) -> dict[str, Any]:
    """The simulated roll-outs as JSON-able data."""
    data: dict[str, Any] = TypeAdapter(Playout).dump_python(playout, mode="json")
    return data


def show(playout: Playout, console: Console, picture: Path | None = None) -> None:
    """Print how roll-outs end and how long they take, what holds them up, and what all that rests on."""
    pen = Pen(console)
    for line in summary(playout):
        pen.item(line)
    pen.heading("How roll-outs end", f"{playout.rollouts:,} of each kind; below the shares 95 % intervals")
    for title, kinds in groups(playout):
        pen.say(f"\n{title}", "bold")
        neither = any(kind.neither.count for kind in playout.kinds)
        heads = ["margins", "rolled back", "promoted", *(["neither"] if neither else []), "until rollback", "until all traffic"]
        _print(pen, heads, [(f"{kind.drop:g}", *_ends(kind)[: 2 + neither], *_took(playout, kind, pen)) for kind in kinds])
    pen.say(_legend(pen), "dim")
    what = f"a {playout.unit} that both arms answered" if playout.paired else f"a {playout.unit} of each arm"
    pen.heading("What an equal candidate takes", f"medians; a pair is {what}")
    heads = ["stage", "pairs", *(["time"] if playout.per_hour else []), "last to be sure"]
    _print(pen, heads, [_stay(playout, stay) for stay in playout.stays])
    pen.heading("Guardrails", "and the pairs after which each excludes the drop that its stage asks for")
    heads = ["guardrail", "tier", "margin", "level", "sd", "values", *(f"{stay.percent:g} %" for stay in playout.stays)]
    _print(pen, heads, [_signal(playout, signal) for signal in playout.signals])
    pen.say("level: the baseline's mean, higher is better. sd: of a pair's difference. values: requests that have one.", "dim")
    for line in (*sources(playout), *playout.conditions, *playout.notes):
        pen.item(line, "dim")
    if picture is not None:
        pen.say(f"\nPicture: {picture}")


def groups(playout: Playout) -> Iterator[tuple[str, list[Kind]]]:
    """The kinds of candidates, those that lose alike together."""
    by_where: dict[tuple[str, int], list[Kind]] = {}
    for kind in playout.kinds:
        by_where.setdefault((kind.only, kind.stage), []).append(kind)
    for (only, stage), kinds in by_where.items():
        late = f", from the stage of {playout.stays[stage].percent:g} % on" if stage else ""
        yield f"Lost {f'in {only} alone' if only else 'in every blocking guardrail'}{late}", kinds


def _print(pen: Pen, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = tables.plain((), pen)
    for number, head in enumerate(heads):
        table.add_column(pen.text(head), no_wrap=number > 0, overflow="fold", justify="left")
    for row in rows:
        table.add_row(*map(pen.text, row))
    pen.print(table)


def sources(playout: Playout) -> Iterator[str]:
    """Where levels and spreads are from."""
    by_source: dict[str, list[str]] = {}
    for signal in playout.signals:
        by_source.setdefault(signal.source or "assumed (better: --level NAME=0.97, or a stored run)", []).append(signal.name)
    for source, names in by_source.items():
        yield f"level and sd of {', '.join(names)}: {source}"


def summary(playout: Playout) -> Iterator[str]:
    """What matters most, in sentences."""
    equal = playout.kinds[0]
    took = f", after {_median(playout, equal.pairs_on, equal.hours_on)}" if equal.pairs_on else ""
    yield (
        f"{playout.plan}: an equal candidate gets all traffic {percent(equal.promoted)} of the time{took}, "
        f"and is rolled back {percent(equal.rolled_back)}"
    )
    for kind in playout.kinds:
        if kind.drop in (1.0, 2.0) and not kind.stage:
            after = f", after {_median(playout, kind.pairs_back, kind.hours_back)}" if kind.pairs_back else ""
            yield f"{lost(kind)}: rolled back {percent(kind.rolled_back)}{after}; all traffic {percent(kind.promoted)}"
    yield bottleneck(playout)


def bottleneck(playout: Playout) -> str:
    """What holds an equal candidate up longest."""
    stay = playout.stays[playout.bottleneck]
    need = next(each for each in playout.needs if each.stage == stay.stage and each.guardrail == stay.slowest)
    if need.pairs is None or stay.pairs is None:
        return (
            f"the bottleneck is the stage of {stay.percent:g} %: {need.guardrail} does not exclude a drop of {need.margin:.3g} within "
            f"{playout.labels:,} pairs in most roll-outs; widen its margin, or look at it with tier: veto"
        )
    time = (
        f": {duration(stay.hours)} at {stay.percent:g} %"
        if stay.hours is not None
        else f", {stay.pairs:,.0f} of them at {stay.percent:g} %"
    )
    return f"the bottleneck: {need.guardrail} needs {need.pairs:,.0f} pairs to exclude {need.margin:g}{time}"


def lost(kind: Kind) -> str:
    """What a kind of candidate loses."""
    if not kind.drop:
        return "nothing"
    much = {0.5: "half the margin", 1.0: "the margin", 2.0: "two margins", 4.0: "four margins"}[kind.drop]
    return f"{much} {f'of {kind.only} alone' if kind.only else 'everywhere'}{', at the last stage' if kind.stage else ''}"


def _legend(pen: Pen) -> str:
    falsely = "Falsely: before anything was lost. " if not pen.narrow else ""
    return f"{falsely}What passes until a rollback counts from the loss on; medians{'' if pen.narrow else ', and between what 90 % lie'}."


def _ends(kind: Kind) -> tuple[str, str, str]:
    false = f"\n{100 * kind.falsely.value:.1f} % falsely" if kind.drop and kind.falsely.count else ""
    return _share(kind.rolled_back) + false, _share(kind.promoted), _share(kind.neither)


def _share(share: Share) -> str:
    return f"{100 * share.value:.1f} %\n{100 * share.lower:.1f} to {100 * share.upper:.1f}"


def _took(playout: Playout, kind: Kind, pen: Pen) -> Iterator[str]:
    for pairs, hours in ((kind.pairs_back, kind.hours_back), (kind.pairs_on, kind.hours_on)):
        lines = [_spread(pairs, lambda value: f"{value:,.0f}", " pairs", pen)] if pairs else ["-"]
        if hours and playout.per_hour:
            lines.append(_spread(hours, duration, "", pen))
        yield "\n".join(lines)


def _spread(spread: Spread, told: Callable[[float], str], unit: str, pen: Pen) -> str:
    between = f" ({told(spread.low)} to {told(spread.high)})" if not pen.narrow else ""
    return f"{told(spread.median)}{unit}{between}"


def _median(playout: Playout, pairs: Spread | None, hours: Spread | None) -> str:
    told = f"{pairs.median:,.0f} pairs" if pairs else ""
    return f"{told} ({duration(hours.median)})" if playout.per_hour and hours else told


def _stay(playout: Playout, stay: Stay) -> list[str]:
    time = [duration(stay.hours) if stay.hours is not None else "-"] if playout.per_hour else []
    return [f"{stay.percent:g} %", f"{stay.pairs:,.0f}" if stay.pairs is not None else "most never leave it", *time, stay.slowest]


def _signal(playout: Playout, signal: Signal) -> tuple[str, ...]:
    needs = [each for each in playout.needs if each.guardrail == signal.name]
    told = [f"{need.pairs:,.0f}" if need.pairs is not None else "never" for need in needs] or ["-"] * len(playout.stays)
    numbers = (f"{signal.margin:g}", f"{signal.level:.3f}", f"{signal.sd:.3f}", f"{100 * signal.values:.3g} %")
    return signal.name, signal.tier, *numbers, *told


def draw(playout: Playout, path: Path) -> Path:
    """Write how roll-outs end, and how long they take, by what is lost, as an SVG file; return its path.

    Raises:
        CannotJudge: it cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 0.9 + 0.34 * len(playout.kinds)), layout="constrained")
    ends, times = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1))
    names = [lost(kind) for kind in playout.kinds]
    _draw_ends(ends, playout, names)
    _draw_times(times, playout, names)
    ends.invert_yaxis()
    figure.suptitle(f"{playout.plan}: {playout.rollouts:,} simulated roll-outs a row".replace("$", r"\$"), fontsize="medium")
    made = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "canary"}):
        figure.savefig(made, format="svg", metadata={"Date": None})
    write_atomically(path, made.getvalue().encode())
    return path


def _draw_ends(axes: Any, playout: Playout, names: list[str]) -> None:
    left = [0.0] * len(names)
    for title, colour in (("rolled back", "#b83a00"), ("neither", "#b7ab99"), ("promoted", "#00705a")):
        widths = [getattr(kind, title.replace(" ", "_")).value for kind in playout.kinds]
        axes.barh(range(len(names)), widths, left=left, color=colour, label=title, height=0.7)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(names)), names, fontsize="small", parse_math=False)
    axes.set(xlim=(0, 1), xlabel="share of roll-outs")
    axes.legend(frameon=False, fontsize="small", ncols=3, loc="lower left", bbox_to_anchor=(0, 1))


def _draw_times(axes: Any, playout: Playout, names: list[str]) -> None:
    in_hours = playout.per_hour is not None
    for what, colour, shift in (("back", "#b83a00", -0.14), ("on", "#00705a", 0.14)):
        found = [getattr(kind, f"{'hours' if in_hours else 'pairs'}_{what}") for kind in playout.kinds]
        rows = [(number + shift, each) for number, each in enumerate(found) if each is not None]
        if rows:
            at, spreads = zip(*rows, strict=True)
            axes.hlines(at, [each.low for each in spreads], [each.high for each in spreads], color=colour, linewidth=2, alpha=0.6)
            label = "until rolled back" if what == "back" else "until all traffic"
            axes.plot([each.median for each in spreads], at, "o", color=colour, markersize=4.5, label=label)
    axes.set_xscale("log")
    axes.set(xlabel=f"{'hours' if in_hours else 'pairs'}: median, and 90 % of roll-outs", ylim=(-0.6, len(names) - 0.4))
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize="small", ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
