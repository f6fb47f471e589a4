"""A drill in Markdown."""

from collections.abc import Iterator, Sequence

from ragguard.records.drill import Drill
from ragguard.reports.drill import words
from ragguard.reports.escape import prose


def render(drill: Drill) -> str:
    """Return the page: the score, what survived and what is missing, and the tables. All text is escaped, whoever wrote it."""
    return "\n".join(_lines(drill)) + "\n"


def _lines(drill: Drill) -> Iterator[str]:
    yield f"# Drill of {prose(drill.plan)}: {prose(words.headline(drill))}"
    yield ""
    yield from (f"- {prose(line)}" for line in words.about(drill))
    if survivors := words.survivors(drill):
        yield from ("", "## What would have gone out, and what is missing to catch it", "")
        for name, missing in survivors:
            yield f"- **{prose(name)}**"
            yield from (f"  - {prose(line)}" for line in missing)
    yield from _table("Regressions", words.HEADS, words.regressions(drill))
    yield from _table("By suite", words.BY_SUITE, words.by_suite(drill))
    yield from _table("Harmless changes", words.HARMLESS, words.harmless(drill))
    yield from _table("Not applicable", words.ABSENT, words.absent(drill))


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield from ("", f"## {name}", "", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}")
        yield from (f"| {' | '.join(prose(cell) for cell in row)} |" for row in rows)
