"""What is said of roll-outs, once for the page, Markdown and what is simulated."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ragguard.records.canary import Canary, Look
from ragguard.reports import figures

COUNTED = {
    "baseline": "events of the baseline",
    "candidate": "events of the candidate",
    "both": "events that both arms answered (shadow)",
    "entered": "events that entered the evidence",
    "waiting": "events whose unit's window is still open",
    "late": "events that came too late",
    "after": "events after their unit's window",
    "before": "events from before the start",
    "future": "events from the future, which wait",
    "duplicates": "events that were there already",
    "refused": "events that were refused",
    "requests": "requests of the candidate",
    "failed": "of these failed",
    "unsafe": "of these answered unsafely",
    "baseline units": "units of the baseline at this stage",
    "candidate units": "units of the candidate at this stage",
}
"""What a look's counts are called, in the order in which they are shown."""

HIDDEN = ("entering",)
"""Counts of a single look, which say nothing of the whole."""


def duration(hours: float) -> str:
    """A time that a person can plan with: ``35 min``, ``3.6 h``, ``9.2 days``."""
    if hours < 1.5:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:,.1f} days"


def when(at: float, seconds: bool = False) -> str:
    """A time as people read it, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime(f"%Y-%m-%d %H:%M{':%S' if seconds else ''}")


def percent_now(canary: Canary) -> float:
    """The share of the traffic that the candidate is to get, in percent."""
    if canary.state in ("rolled back", "aborted"):
        return 0.0
    stages = canary.rules["stages"]
    return 100.0 if canary.state == "done" or canary.stage >= len(stages) else float(stages[canary.stage]["percent"])


def headline(canary: Canary, looks: Sequence[Look]) -> str:
    """The state in a sentence."""
    stages, who = canary.rules["stages"], canary.candidate
    reached = f"{float(stages[canary.stage]['percent']):g} %" if canary.stage < len(stages) else "100 %"
    took = f"after {duration((looks[-1].at - canary.started) / 3600)}" if looks else ""
    if canary.state == "done":
        return f"Done: all traffic goes to {who}, {took}."
    if canary.state == "rolled back":
        return f"Rolled back: {who} was at {reached} of the traffic, and the baseline has all again, {took}."
    if canary.state == "aborted":
        return f"Aborted by a person: {who} was at {reached} of the traffic, and the baseline has all again, {took}."
    place = f"stage {canary.stage + 1} of {len(stages)}" if canary.stage < len(stages) else "after the last stage"
    needed = "; a person is needed" if looks and looks[-1].person else ""
    return f"Running: {reached} of the traffic goes to {who} ({place}){needed}."


def because(canary: Canary, looks: Sequence[Look]) -> Iterator[str]:
    """What the headline rests on: whether it was forced, the last look's reasons and hints."""
    if canary.forced:
        yield f"Forced: the gate said {canary.decision or 'nothing'} (run {canary.run}). Reason: {canary.reason or 'none was given'}"
    elif canary.reason:
        yield f"Reason for it: {canary.reason}"
    if not looks:
        yield "Nobody has looked yet: ragguard canary decide"
        return
    yield from looks[-1].reasons
    yield from (f"Look at: {hint}" for hint in looks[-1].hints)


def about(canary: Canary, looks: Sequence[Look], place: str) -> str:
    """Which roll-out it is."""
    ended = f" to {when(looks[-1].at)}" if canary.state != "running" and looks else ""
    parts = [f"Roll-out {canary.id} of the plan {canary.plan}", f"{when(canary.started)}{ended} UTC", f"from run {canary.run}"]
    parts.append(figures.count(len(looks), "look"))
    return "; ".join([*parts, *([f"kept in {place}"] if place else [])])


def counted(look: Look | None) -> list[list[str]]:
    """The counts of a look, as rows."""
    counts = dict(look.counts) if look is not None else {}
    known = [[title, f"{counts.pop(name):,}"] for name, title in COUNTED.items() if counts.get(name)]
    return [*known, *([name, f"{value:,}"] for name, value in sorted(counts.items()) if name not in (*COUNTED, *HIDDEN) and value)]


def planned(canary: Canary, look: Look) -> float:
    """The share that was planned in the stage that a look was about, in percent (a look that advanced names the next); 0: all traffic."""
    stage = look.stage - 1 if look.moved and look.action == "advance" else look.stage
    stages = canary.rules["stages"]
    return float(stages[stage]["percent"]) if stage < len(stages) else 0.0


def units(look: Look) -> tuple[int, int]:
    """The units of both arms, baseline and candidate, in the stage that a look was about."""
    return look.counts.get("baseline units", 0), look.counts.get("candidate units", 0)


def ratio(canary: Canary, look: Look | None) -> str:
    """What the sample ratio of a look's stage was; empty where traffic is not split, or nothing was seen."""
    if look is None or not sum(units(look)) or not (share := planned(canary, look)):
        return ""
    theirs, mine = units(look)
    told = figures.count(mine + theirs, canary.rules.get("unit", "unit"))
    return f"At the stage of {share:g} % the candidate got {mine:,} of {told}, {100 * mine / (mine + theirs):.2f} %."


def number(value: float) -> str:
    """An amount of evidence."""
    return f"{value:.3g}" if value < 1_000 else f"{value:,.0f}" if value < 1e6 else "over 1,000,000"
