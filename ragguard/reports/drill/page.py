"""A drill as one page of HTML that asks nothing of any server: its pictures and its style are in it."""

from ragguard.records.drill import Drill
from ragguard.reports.drill import picture, words
from ragguard.reports.web import pages


def render(drill: Drill) -> str:
    """Return the page. All text is escaped, whoever wrote it."""
    return pages.render(
        "drill/drill.html.j2",
        drill=drill,
        headline=words.headline(drill),
        about=list(words.about(drill)),
        survivors=words.survivors(drill),
        heads=words.HEADS,
        rows=words.regressions(drill),
        suite_heads=words.BY_SUITE,
        suites=words.by_suite(drill),
        harmless_heads=words.HARMLESS,
        harmless=words.harmless(drill),
        absent_heads=words.ABSENT,
        absent=words.absent(drill),
        drawn=picture.regressions(drill),
        drawn_harmless=picture.harmless(drill),
        strengths=[(each.name, each.unit, words.strengths(each)) for each in drill.mutants if each.shots],
    )
