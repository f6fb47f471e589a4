"""A drill in words: the same on the terminal, in Markdown and on the page."""

from collections.abc import Iterator, Mapping

from ragguard.records.drill import Drill, Drilled, Result, Shot
from ragguard.reports import figures

SIGNS: Mapping[Result, str] = {
    "caught": "caught",
    "survived": "SURVIVED",
    "let through": "let through",
    "stopped": "STOPPED",
    "not applicable": "not applicable",
}

HEADS = ("mutant", "what is wrong", "a strength is", "caught from", "must be from", "result", "caught by")
MOST = 3


def headline(drill: Drill) -> str:
    """The score, in one sentence."""
    caught, survived = len(drill.of("caught")), len(drill.of("survived"))
    if drill.score is None:
        return "No regression was planted"
    told = f"{caught} of {figures.count(caught + survived, 'planted regression')} caught ({drill.score:.0%})"
    return f"{told}, all at their stated strength" if not survived else f"{told}; {survived} would have gone out"


def about(drill: Drill) -> Iterator[str]:
    """What else is to be known at first: harmless changes, what was not planted, and what was asked."""
    passed, stopped = len(drill.of("let through")), len(drill.of("stopped"))
    if passed + stopped:
        yield f"{figures.count(passed + stopped, 'harmless change')}: {stopped or 'none'} blocked"
    if absent := len(drill.of("not applicable")):
        yield f"{figures.count(absent, 'mutant')} not applicable to this system"
    unsure = [each.name for each in drill.of("let through") if any(shot.answer == "hold" for shot in each.shots)]
    if unsure:
        yield f"held, though harmless (too little evidence for an equal system): {', '.join(unsure)}"
    yield f"suites {', '.join(drill.suites)}; each mutant judged as a candidate of the plan, one-sided alpha {drill.alpha:.4g}"


def regressions(drill: Drill) -> list[tuple[str, ...]]:
    """A row for each regression that was planted, what survived first."""
    rows = [*drill.of("survived"), *drill.of("caught")]
    return [_row(each) for each in rows]


def harmless(drill: Drill) -> list[tuple[str, ...]]:
    """A row for each harmless change: its name, what it is, what the gate said at each strength, and the result."""
    rows = [*drill.of("stopped"), *drill.of("let through")]
    return [(each.name, each.about, _said(each), SIGNS[each.result], _by(each.shots[-1])) for each in rows]


HARMLESS = ("change", "what it is", "the gate's answer", "result", "blocked by")


def absent(drill: Drill) -> list[tuple[str, str, str]]:
    """A row for each mutant that could not be planted, with the reason."""
    return [(each.name, each.about, each.reason) for each in drill.of("not applicable")]


ABSENT = ("mutant", "what would be wrong", "why not")


def _row(each: Drilled) -> tuple[str, ...]:
    starts = f"{each.starts:g}" if each.starts is not None else "never"
    return each.name, each.about, each.unit, starts, f"{each.stated:g}", SIGNS[each.result], _by(_told(each))


def _told(each: Drilled) -> Shot:
    """The shot at the stated strength, or the last."""
    return next((shot for shot in each.shots if shot.strength >= each.stated), each.shots[-1])


def _by(shot: Shot) -> str:
    names = [moved.check for moved in shot.caught_by]
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _said(each: Drilled) -> str:
    return ", ".join(shot.answer if len(each.shots) == 1 else f"{shot.strength:g}: {shot.answer}" for shot in each.shots)


def survivors(drill: Drill) -> list[tuple[str, tuple[str, ...]]]:
    """Each mutant that survived, and what is missing to catch it."""
    found = []
    for each in drill.of("survived"):
        missed = [f"{shot.strength:g} ({shot.answer})" for shot in each.shots if shot.strength >= each.stated and shot.answer != "block"]
        found.append((f"{each.name}: {each.about}; not blocked at {', '.join(missed)}", each.missing))
    return found


def by_suite(drill: Drill) -> list[tuple[str, str, str]]:
    """For each suite: how many of the caught regressions it caught, and which it caught alone."""
    rows = []
    for suite in drill.suites:
        caught = {each.name: {m.check.partition("/")[0] for m in _told(each).caught_by} for each in drill.of("caught")}
        own = [name for name, suites in caught.items() if suite in suites]
        alone = [name for name in own if caught[name] == {suite}]
        rows.append((suite, f"{len(own)} of {len(caught)}", ", ".join(alone) or "-"))
    return rows


BY_SUITE = ("suite", "caught at the stated strength", "of these no other suite caught")


def strengths(each: Drilled) -> list[tuple[str, str, str, str]]:
    """What the gate said of a mutant at every strength."""
    return [(f"{shot.strength:g}", shot.answer, f"{shot.touched:,} of {shot.cases:,}", _by(shot) or "-") for shot in each.shots]
