"""Whether two results are about the same thing: the same tool, cases, questions, graders."""

from collections.abc import Iterator, Mapping

from ragguard.errors import NotComparable, Problem
from ragguard.records.foreign import Item, Table

SHOWN = 10
"""Cases that are named before they are only counted."""


def alike(baseline: Table, candidate: Table) -> tuple[str, ...]:
    """Return what a reader must be warned of.

    Raises:
        NotComparable: they were made of unlike things; every reason.
    """
    problems = [*_tools(baseline, candidate), *_facts(baseline, candidate), *_questions(baseline, candidate)]
    if not problems and baseline.items.keys().isdisjoint(candidate.items):
        problems = [_strangers(baseline, candidate)]
    if problems:
        raise NotComparable(problems)
    return (*baseline.warnings, *candidate.warnings, *_unmatched(baseline, candidate), *_otherwise(baseline, candidate))


def _tools(baseline: Table, candidate: Table) -> Iterator[Problem]:
    if baseline.tool != candidate.tool:
        what = f"holds results of {candidate.tool}, and {baseline.shown} of {baseline.tool}: no two tools know a case by the same name"
        yield Problem(candidate.shown, what, "compare results of one tool, or bring both into one table with columns id, metric, value")


def _facts(baseline: Table, candidate: Table) -> Iterator[Problem]:
    for name in sorted(baseline.facts.keys() & candidate.facts):
        if baseline.facts[name] != candidate.facts[name]:
            what = f"{name} is {candidate.facts[name]!r}, and {baseline.facts[name]!r} in {baseline.shown}"
            yield Problem(candidate.shown, what, "run both under the same")
    for name in sorted(_graders(baseline.facts) ^ _graders(candidate.facts)):
        if baseline.facts and candidate.facts:
            here, there = (candidate, baseline) if name in candidate.facts else (baseline, candidate)
            yield Problem(here.shown, f"has {name} ({here.facts[name]!r}), and {there.shown} has none", "run both under the same")


def _graders(facts: Mapping[str, str]) -> set[str]:
    return {name for name in facts if "grader" in name or "evaluation model" in name}


def _questions(baseline: Table, candidate: Table) -> Iterator[Problem]:
    changed = [name for name in _shared(baseline, candidate) if _differ(baseline.items[name], candidate.items[name])]
    if changed:
        what = f"{_cases(len(changed))} of the same id ask or want something else than in {baseline.shown}: {_listed(changed)}"
        yield Problem(candidate.shown, what, "run both on the same version of the data")


def _differ(before: Item, after: Item) -> bool:
    return bool(before.content and after.content) and before.content != after.content


def _strangers(baseline: Table, candidate: Table) -> Problem:
    mine, theirs = next(iter(candidate.items), None), next(iter(baseline.items), None)
    what = f"shares no case with {baseline.shown} (it has {mine!r}, the other {theirs!r})"
    return Problem(candidate.shown, what, "run both on the same cases; --id names another column of ids")


def _unmatched(baseline: Table, candidate: Table) -> Iterator[str]:
    for here, there, counted in ((baseline, candidate, "count as its worst"), (candidate, baseline, "count as the baseline's best")):
        lost = [name for name in here.items if name not in there.items]
        if lost:
            yield (
                f"{there.shown} lacks {_cases(len(lost))} of {len(here.items):,} that {here.shown} has: {_listed(lost)}; "
                f"no score is missing without a reason, so they {counted} before anything passes"
            )


def _otherwise(baseline: Table, candidate: Table) -> Iterator[str]:
    prompts = [n for n in _shared(baseline, candidate) if _prompts_differ(baseline.items[n], candidate.items[n])]
    if prompts:
        yield f"the two saw other prompts for {_cases(len(prompts))} ({_listed(prompts)}): other examples, template or instructions"
    for name in sorted(baseline.about.keys() & candidate.about):
        if name.startswith("examples shown") and baseline.about[name] != candidate.about[name]:
            yield f"{name}: {baseline.about[name]} and {candidate.about[name]}"
    if baseline.repeats != candidate.repeats:
        yield f"cases were asked up to {baseline.repeats} times in {baseline.shown}, and up to {candidate.repeats} in {candidate.shown}"


def _prompts_differ(before: Item, after: Item) -> bool:
    return bool(before.prompt and after.prompt) and before.prompt != after.prompt


def _shared(baseline: Table, candidate: Table) -> list[str]:
    return [name for name in baseline.items if name in candidate.items]


def _cases(number: int) -> str:
    return "1 case" if number == 1 else f"{number:,} cases"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(sorted(names)[:SHOWN]) + more
