"""A roll-out drawn over its time: the evidence of each guardrail, its mean difference and its pairs, and the traffic of both arms."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ragguard.records.canary import Canary, GuardrailState, Look
from ragguard.reports import figures
from ragguard.reports.canary import words
from ragguard.reports.web import drawing
from ragguard.reports.web.drawing import BEFORE, FAIL, INK, LINE, MARK, PASS, SOFT, UNSURE

if TYPE_CHECKING:
    from markupsafe import Markup

SIZE = (380.0, 330.0)
LOW, HIGH = 1e-2, 1e4
"""Between what evidence is drawn."""

SOME = 5
"""Units of the smaller arm from which on shares are drawn."""

DASHED: Any = (0, (5, 2))
DOTTED: Any = (0, (1, 1.6))
_LEFT, _WIDTH = 0.14, 0.83


def guardrail(canary: Canary, looks: Sequence[Look], name: str, number: int) -> "Markup":
    """Three pictures of one guardrail, one above the other: evidence (logarithmic), mean difference, pairs."""
    made = drawing.figure(*SIZE)
    rows = _rows(canary, looks, name)
    evidence = drawing.axes(made, (_LEFT, 0.50, _WIDTH, 0.43), 10)
    mean = drawing.axes(made, (_LEFT, 0.26, _WIDTH, 0.18), 10)
    pairs = drawing.axes(made, (_LEFT, 0.09, _WIDTH, 0.12), 10)
    _evidence(evidence, rows, 1 / float(canary.rules["alpha"]))
    _mean(mean, rows)
    at = [when for when, _ in rows]
    pairs.fill_between(at, [state.pairs for _, state in rows], color=MARK, alpha=0.25, linewidth=0)
    pairs.plot(at, [state.pairs for _, state in rows], color=MARK, linewidth=1.4)
    pairs.set_ylim(bottom=0)
    pairs.set_yticks([0, rows[-1][1].pairs] if rows[-1][1].pairs else [0])
    pairs.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    for drawn, title, above in ((evidence, "evidence", 1.09), (mean, "mean difference", 1.04), (pairs, "pairs", 1.04)):
        _across(drawn, canary, looks, labels=drawn is pairs)
        drawing.words(drawn, 0.0, above, title, transform=drawn.transAxes, color=SOFT, fontsize=10, va="bottom")
    _letters(evidence, looks)
    return drawing.svg(made, f"guardrail-{number}", f"{name}: evidence, mean difference and pairs over time", _told(rows[-1][1], canary))


def _rows(canary: Canary, looks: Sequence[Look], name: str) -> list[tuple[float, GuardrailState]]:
    """What was known of a guardrail at each look; at the start, nothing."""
    rows = [(look.at, state) for look in looks for state in look.guardrails if state.name == name]
    return [(canary.started, replace(rows[0][1], pairs=0, mean=0.0, loss=1.0, within=1.0)), *rows]


def _evidence(drawn: Any, rows: Sequence[tuple[float, GuardrailState]], enough: float) -> None:
    last = rows[-1][1]
    drawn.set_yscale("log")
    drawn.set_ylim(LOW / 1.5, HIGH * 1.5)
    drawn.set_yticks([0.01, 1, 100, 10_000], ["0.01", "1", "100", "10,000"])
    drawn.minorticks_off()
    drawn.axhline(1, color=LINE, linewidth=1)
    at = [when for when, _ in rows]
    if last.tier != "advisory":
        drawn.axhline(last.needed, color=FAIL, linewidth=1, linestyle=DOTTED)
    if last.tier == "blocking":
        drawn.axhline(enough, color=PASS, linewidth=1, linestyle=DOTTED)
        _by_margin(drawn, rows)
    drawn.plot(at, [_clipped(state.loss) for _, state in rows], color=FAIL, linewidth=1.8)


def _by_margin(drawn: Any, rows: Sequence[tuple[float, GuardrailState]]) -> None:
    """The evidence that it did not fall by the stage's margin: another line for each margin."""
    for margin in dict.fromkeys(state.margin for _, state in rows):
        mine = [(at, _clipped(state.within)) for at, state in rows if state.margin == margin]
        drawn.plot(
            *zip(*mine, strict=True), color=PASS, linewidth=1.6, linestyle=DASHED, marker="o" if len(mine) == 1 else "", markersize=4
        )


def _clipped(value: float) -> float:
    return min(max(value, LOW), HIGH)


def _mean(drawn: Any, rows: Sequence[tuple[float, GuardrailState]]) -> None:
    known = [(at, state.mean) for at, state in rows if state.pairs]
    margin = rows[-1][1].margin
    lowest = min([-1.3 * margin, *(mean for _, mean in known[len(known) // 4 :])])
    highest = max([0.4 * margin, *(mean for _, mean in known[len(known) // 4 :])])
    drawn.axhline(0, color=LINE, linewidth=1)
    for margin_ in dict.fromkeys(state.margin for _, state in rows):
        mine = [at for at, state in rows if state.margin == margin_]
        drawn.plot([mine[0], mine[-1]], [-margin_] * 2, color=UNSURE, linewidth=1.2, linestyle=DASHED)
    if known:
        drawn.plot(*zip(*known, strict=True), color=INK, linewidth=1.6, marker="o" if len(known) == 1 else "", markersize=4)
    drawn.set_ylim(max(lowest - 0.02, -1), min(highest + 0.02, 1))
    drawn.locator_params(axis="y", nbins=3)
    drawn.yaxis.set_major_formatter(lambda value, _: figures.signed(value, 2))


def _told(state: GuardrailState, canary: Canary) -> str:
    kept = f"; that it lost less than {state.margin:g}: {words.number(state.within)} of {1 / float(canary.rules['alpha']):g}"
    return (
        f"At the last look: mean difference {figures.signed(state.mean)} over {state.pairs:,} pairs; evidence of a loss "
        f"{words.number(state.loss)} of {state.needed:.3g}{kept if state.tier == 'blocking' else ''}."
    )


def traffic(canary: Canary, looks: Sequence[Look]) -> "Markup | None":
    """The events of both arms over time; None where none were counted."""
    sides = [side for side in ("baseline", "candidate", "both") if any(look.counts.get(side) for look in looks)]
    if not sides:
        return None
    made = drawing.figure(SIZE[0], 190)
    drawn = drawing.axes(made, (_LEFT, 0.15, _WIDTH, 0.72), 10)
    counted = [look for look in looks if look.counts]
    pens = {"baseline": (BEFORE, DASHED), "candidate": (MARK, "-"), "both": (INK, DOTTED)}
    for side in sides:
        colour, dash = pens[side]
        events = [max(look.counts.get(side, 0), 0.8) for look in counted]
        drawn.plot([look.at for look in counted], events, color=colour, linewidth=1.8, linestyle=dash)
    drawn.set_yscale("log")
    drawn.set_ylim(bottom=0.8)
    drawn.minorticks_off()
    drawn.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    _across(drawn, canary, looks, labels=True)
    _letters(drawn, looks)
    told = ", ".join(f"{side} {counted[-1].counts.get(side, 0):,}" for side in sides)
    return drawing.svg(made, "traffic", "Events of each arm over time", f"At the last look: {told}.")


def shares(canary: Canary, looks: Sequence[Look]) -> "Markup | None":
    """The candidate's share of the units of each stage over time, against what was planned; None where there is nothing to tell it by."""
    split = [look for look in looks if _enough(look, words.planned(canary, look))]
    rows = [(look.at, 100 * _share(look), words.planned(canary, look)) for look in split]
    if not rows:
        return None
    made = drawing.figure(SIZE[0], 190)
    drawn = drawing.axes(made, (_LEFT, 0.15, _WIDTH, 0.72), 10)
    for planned in dict.fromkeys(row[2] for row in rows):
        mine = [(at, share) for at, share, each in rows if each == planned]
        drawn.plot([mine[0][0], mine[-1][0]], [planned] * 2, color=UNSURE, linewidth=1.4, linestyle=DASHED, zorder=3)
        drawn.plot(*zip(*mine, strict=True), color=MARK, linewidth=1.8, marker="o" if len(mine) == 1 else "", markersize=4)
    drawn.set_ylim(bottom=0, top=1.25 * max(max(row[1:]) for row in rows))
    drawn.locator_params(axis="y", nbins=4)
    drawn.yaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    _across(drawn, canary, looks, labels=True)
    _letters(drawn, looks)
    at_last = f"At the last look: {rows[-1][1]:.2f} %, planned {rows[-1][2]:g} %."
    return drawing.svg(made, "shares", "The candidate's share of the units over time", at_last)


def _enough(look: Look, planned: float) -> bool:
    """Whether the smaller arm should have some units by now: of fewer, a share means nothing."""
    return sum(words.units(look)) * min(planned, 100 - planned) / 100 >= SOME


def _share(look: Look) -> float:
    theirs, mine = words.units(look)
    return mine / (mine + theirs)


_LETTER = {"advance": "A", "rollback": "R", "abort": "X", "done": "D"}


def _letters(drawn: Any, looks: Sequence[Look]) -> None:
    """Above: what the lines through the picture are."""
    for look in looks:
        if look.moved:
            drawing.words(
                drawn, look.at, 1.02, _LETTER.get(look.action, "?"), transform=drawn.get_xaxis_transform(), ha="center", va="bottom",
                fontsize=10, color=_colour(look),
            )  # fmt: skip


def _colour(look: Look) -> str:
    return FAIL if look.action in ("rollback", "abort") else PASS


def _across(drawn: Any, canary: Canary, looks: Sequence[Look], *, labels: bool) -> None:
    """Time from the start to the last look, below: the first, the middle and the last; a line through each change."""
    first, last = canary.started, max(looks[-1].at, canary.started + 60)
    drawn.set_xlim(first - 0.01 * (last - first), last + 0.02 * (last - first))
    for look in looks:
        if look.moved:
            drawn.axvline(look.at, color=_colour(look), linewidth=1, linestyle=DASHED, alpha=0.6)
    ticks = [first, (first + last) / 2, last]
    drawn.set_xticks(ticks, [_clock(tick, last - first) if labels else "" for tick in ticks])
    for label, side in zip(drawn.get_xticklabels(), ("left", "center", "right"), strict=True):
        label.set_ha(side)


def _clock(at: float, span: float) -> str:
    style = "%H:%M:%S" if span < 600 else "%H:%M" if span < 18 * 3600 else "%m-%d %H:%M"
    return datetime.fromtimestamp(math.floor(at), UTC).strftime(style)
