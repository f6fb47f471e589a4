"""Where a roll-out is, on a terminal and as JSON."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from ragguard.records.canary import GuardrailState, Look, Standing
from ragguard.reports import tables
from ragguard.reports.pen import Pen

STYLE = {"advance": "bold green", "done": "bold green", "hold": "bold yellow", "rollback": "bold red", "abort": "bold red"}
_HEADS = ("guardrail", "tier", "pairs", "mean", "evidence\nthat it fell", "margin", "that not\nby so much")


def show(found: Standing, console: Console) -> None:
    """Print a roll-out: where it is, the last look with its reasons, the guardrails, the events."""
    pen, canary, look = Pen(console), found.canary, found.look
    pen.heading(
        f"{canary.plan}: {canary.candidate}", f"number {canary.id}, from run {canary.run}, since {when(canary.started)} ({found.history})"
    )
    pen.say(where(found), "bold")
    for note in found.notes:
        pen.item(note, "yellow")
    if look is None:
        pen.say("No look yet: ragguard canary decide")
        return
    pen.say(f"{look.action} at {when(look.at)}{', a person is needed' if look.person else ''} (look {found.looks})", STYLE[look.action])
    for reason in look.reasons:
        pen.item(reason)
    for hint in look.hints:
        pen.item(f"look at: {hint}", "yellow")
    if look.guardrails:
        pen.heading("Guardrails", "candidate - baseline, a share of each signal's range")
        _guardrails(look, pen, 1 / float(canary.rules["alpha"]))
    if look.counts:
        pen.heading("Traffic")
        pen.say(traffic(look))


def _guardrails(look: Look, pen: Pen, enough: float) -> None:
    """What a guardrail's tier lets it do with its evidence stands behind it: what it needs to roll back, and to go on."""
    table = tables.plain((), pen)
    for name in _HEADS:
        table.add_column(name, justify="right" if name not in _HEADS[:2] else "left", no_wrap=name != _HEADS[0], overflow="fold")
    for each in look.guardrails:
        table.add_row(*map(pen.text, _row(each, enough)))
    pen.print(table)


def _row(each: GuardrailState, enough: float) -> tuple[str, ...]:
    fell = f"{_number(each.loss)} of {_number(each.needed)}" if each.tier != "advisory" else _number(each.loss)
    within = f"{_number(each.within)} of {_number(enough)}" if each.tier == "blocking" else _number(each.within)
    return each.name, each.tier, f"{each.pairs:,}", f"{each.mean:+.3f}", fell, f"{each.margin:.3g}", within


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1e5 else "> 1e5"


def where(found: Standing) -> str:
    """A roll-out's state, stage and share of the traffic."""
    canary = found.canary
    if canary.state != "running":
        return f"{canary.state}: {found.percent:g} % of the traffic to the candidate"
    stage = f"stage {canary.stage + 1} of {found.stages}" if canary.stage < found.stages else "all traffic"
    return f"running, {stage} since {when(canary.since)}: {found.percent:g} % of the traffic to the candidate"


def traffic(look: Look) -> str:
    """The events that were counted, in a line."""
    counts = look.counts
    sides = ", ".join(f"{counts[side]:,} {name}" for side, name in _SIDES if counts.get(side))
    rest = ", ".join(f"{counts[status]:,} {name}" for status, name in _STATUSES if counts.get(status))
    units = f"; units of this stage: {counts['baseline units']:,} baseline, {counts['candidate units']:,} candidate"
    return f"Events: {sides or 'none'}{f' ({rest})' if rest else ''}{units if counts['baseline units'] + counts['candidate units'] else ''}"


_SIDES = (("baseline", "baseline"), ("candidate", "candidate"), ("both", "of both"))
_STATUSES = (
    ("waiting", "wait"), ("late", "late"), ("after", "after their unit's window"), ("before", "from before the start"),
    ("future", "from the future"), ("failed", "of the candidate failed"), ("unsafe", "of the candidate unsafe"),
)  # fmt: skip


def line(found: Standing) -> str:
    """A roll-out in a line: the last look, the share of the traffic, and why."""
    look = found.look
    if look is None:
        return f"{when(found.canary.since)} {where(found)}"
    why = "; ".join((*look.reasons, *(f"look at: {hint}" for hint in look.hints)))
    return f"{when(look.at)} {look.action}: {found.percent:g} % of the traffic to {found.canary.candidate}; {why}"


def to_dict(found: Standing) -> dict[str, Any]:
    """A roll-out as JSON."""
    return asdict(found)


def when(at: float) -> str:
    """A time as people read it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
