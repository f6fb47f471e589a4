"""The queries of a report as one candidate sees them: what it scores, where it loses them, and why; the worst first."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ragguard.records.evidence import Score
from ragguard.records.metric import TASK_SCORE
from ragguard.records.report import CaseRun, Report
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, words, worst
from ragguard.reports.page import stages
from ragguard.reports.page.stages import STAGES, Place

_ERROR = 160


@dataclass(frozen=True, slots=True)
class Row:
    """One query. ``number`` counts the report's listed cases; ``before`` and ``after`` are scores of the metric by which the suite's
    queries are ordered, in its unit, and ``change`` the gain as a share of its range, to three digits (below 0: it got worse; None: there
    is nothing to compare).
    ``why`` says what became of it, "" where nothing did.
    """

    number: int
    case: CaseRun
    was: Place
    now: Place
    metric: str
    unit: str
    before: float | None
    after: float | None
    change: float | None
    why: str


def listed(report: Report) -> list[CaseRun]:
    """The cases that the page lists: all but those that are there to be compared with, or for a judge alone."""
    return [case for case in report.cases if not (case.aside or case.unlabelled)]


def rows(report: Report, decision: Decision) -> list[Row]:
    """Return every listed case, the worst for this candidate first: errors, then by what it lost, then by the stage that lost it."""
    leading = {(suite.name, False): worst.leading(report, decision, suite.name) for suite in report.suites}
    leading |= {(each.check.suite, True): each for each in decision.verdicts if each.check.metric.base == TASK_SCORE}
    two = stages.pairwise(report)
    made = (
        _row(report, decision, number, case, leading.get((case.suite, bool(case.task))), two) for number, case in enumerate(listed(report))
    )
    return sorted(made, key=_badness)


def _badness(row: Row) -> tuple[float, int, str, str]:
    """As report.js puts them in order too."""
    change = -math.inf if row.now[0] == "error" else 0.0 if row.change is None else row.change
    return change, STAGES.index(row.now[0]), row.case.suite, row.case.id


def _row(report: Report, decision: Decision, number: int, case: CaseRun, check: Verdict | None, two: frozenset[str]) -> Row:
    arms = words.baseline(report), decision.candidate
    was, now = (stages.place(case, arm, two) for arm in arms)
    scale = check.estimate.scale if check is not None else None
    metric = str(check.check.metric) if check is not None else ""
    before, after = (_number(case.scores.get(arm, {}).get(metric)) for arm in arms)
    change = None
    if scale is not None and before is not None and after is not None:
        change = round((after - before) / scale.width * (1 if scale.higher_is_better else -1), 3) + 0.0
    why = "; ".join(_facts(report, case, arms, was, now)) or (_unseen(case, arms) if change else "")
    return Row(number, case, was, now, metric, scale.unit if scale is not None else "", before, after, change, why)


def _number(score: Score | None) -> float | None:
    return float(score) if isinstance(score, float | int) else None


def _facts(report: Report, case: CaseRun, arms: tuple[str, str], was: Place, now: Place) -> Iterator[str]:
    """What became of a case, told in a few words each."""
    for arm in arms:
        if case.errors.get(arm):
            yield f"{arm} gave an error: {words.clip(case.errors[arm], _ERROR)}"
    if any(case.errors.get(arm) for arm in arms):
        return
    yield from _ranks(report, case, *arms)
    for metric in dict.fromkeys(place[1] for place in (now, was) if place[1]):
        texts = [_text(case, arm, metric) for arm in arms]
        if texts[0] != texts[1]:
            yield f"{metric} {texts[0]} → {texts[1]}"


def _unseen(case: CaseRun, arms: tuple[str, str]) -> str:
    """Why a score changed where nothing that the report keeps did."""
    kept = max((len(case.rankings.get(arm, ())) for arm in arms), default=0)
    return f"what was wanted moved below the first {kept}" if kept and worst.wanted(case) else ""


def _text(case: CaseRun, arm: str, metric: str) -> str:
    return figures.mean(_number(case.scores.get(arm, {}).get(metric)))


def _ranks(report: Report, case: CaseRun, before: str, after: str) -> Iterator[str]:
    """Where the wanted document went that moved furthest, and what stands first instead."""
    places = {arm: {shown.id: rank for rank, shown in enumerate(case.rankings.get(arm, ()), 1)} for arm in (before, after)}
    moves = [(id_, places[before].get(id_), places[after].get(id_)) for id_, _ in worst.wanted(case)]
    moves = [move for move in moves if move[1] != move[2]]
    if not moves:
        return
    id_, old, new = max(moves, key=lambda move: abs(_height(move[1]) - _height(move[2])))
    yield f"{id_}: {_rank(case, before, old)} → {_rank(case, after, new)}"
    if _height(new) < _height(old) and (first := next(iter(case.rankings.get(after, ())), None)) is not None and not first.grade:
        marks = worst.marks(report, first.id)
        yield f"{first.id}{f' ({marks})' if marks else ''} stands first"


def _height(rank: int | None) -> float:
    """Of a rank: 1 for the first, 0 where it is not among those kept."""
    return 1 / rank if rank else 0.0


def _rank(case: CaseRun, arm: str, rank: int | None) -> str:
    return f"rank {rank}" if rank else f"not in the first {len(case.rankings[arm])}" if case.rankings.get(arm) else "nothing ranked"


def words_of(row: Row) -> Mapping[str, str]:
    """The numbers of a row as text."""
    return {
        "before": figures.mean(row.before, row.unit),
        "after": figures.mean(row.after, row.unit),
        "change": figures.signed(row.change),
    }


def worsened(made: Sequence[Row]) -> int:
    """How many got worse."""
    return sum(row.change is not None and row.change < -1e-9 for row in made)
