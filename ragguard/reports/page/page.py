"""A report as one page of HTML that opens from disk and asks nothing of anybody."""

from collections.abc import Sequence

from ragguard.records.report import Report
from ragguard.reports import figures, judged, words
from ragguard.reports.page import queries, run, sure, view
from ragguard.reports.page.detail import CLIP, Detail, Ranked, Said, Side
from ragguard.reports.page.pack import Packed, pack
from ragguard.reports.page.stages import STAGES
from ragguard.reports.page.view import Candidate
from ragguard.reports.web import pages

LIMIT = 2_000_000
"""Bytes that a page has at most, as far as pictures and tables alone are not more."""

_SPARE = 2_000  # for the sentences about what is not in the page

_RANKED = Ranked("", "", "", stale=False, grade="", wanted=False)
_SIDE = Side("", (_RANKED,), "", Said((("", ""),), ""))
_BLANK = Detail(
    "", False, "", "", ("",), (_SIDE,), (("", _SIDE),), ranks=True, answers=True, expected="", told=(("", ""),), scores=(("", ("",)),)
)
"""What the script fills: the parts of a page that it clones."""


def render(report: Report, limit: int = LIMIT) -> str:
    """Return the page, of at most ``limit`` bytes of UTF-8. All text of the report is escaped, whoever wrote it.

    What finds no room is left out from the least interesting query on, and the page says how many: first answers, then rankings and
    scores, then whole queries. Every candidate's worst queries always stand in the page as it is, and need no script.
    """
    candidates = [view.candidate(report, number) for number in range(len(report.decisions))]
    bare = _page(report, candidates, Packed("", ""))
    tables = {each.decision.candidate: each.queries for each in candidates}
    return _page(report, candidates, pack(report, tables, limit - len(bare.encode()) - _SPARE))


def _page(report: Report, candidates: Sequence[Candidate], packed: Packed) -> str:
    page = pages.render(
        "page/report.html.j2",
        style="page/report.css",
        script="page/report.js",
        report=report,
        candidates=candidates,
        headline=words.HEADLINE[report.answer],
        standing=words.standing(report),
        best=words.BEST if report.best else "",
        facts=run.facts(report),
        overview=run.overview(report),
        date=run.date(report),
        levels=sure.levels(report),
        measured=sure.measured(report),
        stopped=sure.stopped(report),
        sureness=sure.sureness(report),
        costs=run.costs(report),
        cost_notes=run.notes(report),
        judges=run.judges(report),
        judge_notes=list(judged.notes(report)),
        trainings=run.made(report),
        systems=run.systems(report),
        fingerprints=run.fingerprints(report),
        legends=list(dict.fromkeys(words.legend(each) for each in report.decisions if each.verdicts)),
        packed=packed,
        left_out=_left_out(packed),
        blank=_BLANK,
        stages=STAGES,
        words_of=queries.words_of,
        clip=CLIP,
        count=figures.count,
    )
    return page.encode("utf-8", "replace").decode()


def _left_out(packed: Packed) -> list[str]:
    """How many queries are not, or not whole, in the page, and where they are."""
    lost = (
        (packed.without_answers, "the answers to"),
        (packed.without_details, "rankings, scores and answers of"),
        (packed.without_rows, "all of"),
    )
    where = "report.json has them, and `ragguard show ID` shows them"
    return [
        f"To keep this page small, it leaves out {what} {figures.count(n, 'query', 'queries')}, which lost least: {where}."
        for n, what in lost
        if n
    ]
