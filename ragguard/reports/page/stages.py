"""Where a case goes wrong: the first stage of a system that loses it, told from what the report holds of the case alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from ragguard.records.judgement import Judgement
from ragguard.records.metric import TASK_SCORE, Metric
from ragguard.records.report import CaseRun, Report
from ragguard.records.verdict import Decision
from ragguard.reports import words, worst

Stage = Literal["error", "not retrieved", "ranked too low", "wrong answer", "wrong version", "wrong citation", "fine"]
STAGES: tuple[Stage, ...] = get_args(Stage)

READ = 3
"""Documents of the head of a ranking that are read where no generator says how many: as many as generators get by default."""

MEANING: Mapping[Stage, str] = {
    "error": "the system gave an error instead of a ranking or an answer, or did not run",
    "not retrieved": "no document that answers was found: none is in what the report keeps of the ranking, and no measure of it is above 0",
    "ranked too low": f"one that answers was found, but not given to the generator; without a generator: stands below rank {READ}",
    "wrong answer": "the generator was given one that answers, and a measure of its answer, or a judge, is not content",
    "wrong version": "one that answers stands high enough, but another version before it, or its values in the answer",
    "wrong citation": "the answer is right, and what it cites or quotes is not",
    "fine": "one that answers stands high enough, and no measure finds a fault in the answer, where there is one",
}

_RANKING = ("nDCG", "RR", "AP", "R", "P", "Success", "Rprec", "RBP")  # above 0 only where one that answers was found
_ANSWER: tuple[str, ...] = (
    "Completeness",
    "FalseRefusal",
    "FalseAnswer",
    "AbstentionAcc",
    "UnsupportedValue",
    "HallucinationRate",
    "ExactMatch",
)
_ANSWER += ("FormatValid", "InstructionFollowed", "CanaryLeak", "AsksForSources", TASK_SCORE)
_CITATION = ("InventedCitation", "CitesSuperseded", "UnsupportedQuote", "CitationPrecision")
_BETTER_NOT: tuple[str, ...] = ("FalseRefusal", "FalseAnswer", "UnsupportedValue", "HallucinationRate", "InstructionFollowed", "CanaryLeak")
_BETTER_NOT += ("AsksForSources", "VersionConflation", "InventedCitation", "CitesSuperseded", "UnsupportedQuote")
_CONTENT = 0.5  # of a judge's 0 to 1
_NOISE = 1e-9

Place = tuple[Stage, str]
"""A stage, and the metric that told of it ("": none did)."""


def counted(case: CaseRun) -> bool:
    """Whether a case is one that a suite's figures count, and a query: not one to compare with, and no item of an lm-eval task."""
    return not (case.aside or case.unlabelled or case.task)


def told(report: Report) -> bool:
    """Whether stages can be told at all: results made elsewhere may be scores alone."""
    cases = [case for case in report.cases if counted(case)]
    return worst.ranks(cases) or any(case.answers for case in cases)


def place(case: CaseRun, arm: str, pairwise: frozenset[str] = frozenset()) -> Place:
    """Return the first stage at which an arm loses a case, and the metric that tells it.

    A measure of an answer finds fault where it is not at its best (of citations: where none is of a document that answers), and a judge
    where the mean of what it said is below the middle. Which version was ranked first counts only where nothing is answered.
    ``pairwise`` names the metrics that say which of two answers is the better one, and so nothing of one alone.
    """
    if case.errors.get(arm) or not (arm in case.scores or arm in case.rankings or arm in case.answers):
        return "error", ""
    wanted = {id_ for id_, grade in case.relevant.items() if grade > 0}
    ranked = [shown.id for shown in case.rankings.get(arm, ())]
    if wanted and (ranked or arm in case.rankings):
        if not wanted.intersection(ranked) and not _found(case, arm):
            return "not retrieved", ""
        if not wanted.intersection(case.contexts.get(arm, ()) if arm in case.answers else ranked[:READ]):
            return "ranked too low", ""
    return next(_faults(case, arm, pairwise), ("fine", ""))


@cache
def _base(metric: str) -> str:
    return Metric.parse(metric).base


def _found(case: CaseRun, arm: str) -> bool:
    """Whether a measure of the whole ranking says that a document which answers is in it, below what the report keeps."""
    return any(isinstance(score, float | int) and score > 0 and _base(name) in _RANKING for name, score in case.scores.get(arm, {}).items())


def _faults(case: CaseRun, arm: str, pairwise: frozenset[str]) -> Iterator[Place]:
    scores = {name: float(score) for name, score in sorted(case.scores.get(arm, {}).items()) if isinstance(score, float | int)}
    faulty = [(name, _base(name)) for name, score in scores.items() if _faulty(_base(name), score)]
    yield from (("wrong answer", name) for name, base in faulty if base in _ANSWER)
    judged = sorted(case.judged.get(arm, {}).items())
    yield from (("wrong answer", name) for name, said in judged if name not in pairwise and _discontent(said))
    version = "VersionConflation" if arm in case.answers else "VersionAcc"
    yield from (("wrong version", name) for name, base in faulty if base == version)
    yield from (("wrong citation", name) for name, base in faulty if base in _CITATION)


def _faulty(base: str, score: float) -> bool:
    if base == "CitationPrecision":
        return score < _NOISE
    return score > _NOISE if base in _BETTER_NOT else score < 1 - _NOISE


def _discontent(said: Sequence[Judgement]) -> bool:
    values = [value for judgement in said for value in judgement.values]
    return bool(values) and sum(values) / len(values) < _CONTENT - _NOISE


def pairwise(report: Report) -> frozenset[str]:
    """The metrics of judges that were shown two answers at a time."""
    return frozenset(metric for judge in report.judges if judge.first_won_twice is not None for metric in judge.metrics)


@dataclass(frozen=True, slots=True)
class Row:
    """One stage: how many cases the baseline and the candidate lose there; ``newly`` of the candidate's the baseline did not lose
    anywhere, and ``back`` of the baseline's the candidate does not lose anywhere.
    """

    stage: Stage
    baseline: int
    candidate: int
    newly: int
    back: int


Lost = tuple[CaseRun, Place, Place]
"""A case, where the baseline loses it, and where the candidate does."""


def both(report: Report, decision: Decision) -> list[Lost]:
    """Return all counted cases with their places; ``rows`` counts them."""
    two, before, after = pairwise(report), words.baseline(report), decision.candidate
    return [(case, place(case, before, two), place(case, after, two)) for case in report.cases if counted(case)]


def rows(found: Sequence[Lost], suite: str = "") -> list[Row]:
    """Return a row for every stage, in their order, over a suite's cases or all of them ("")."""
    pairs = Counter((was[0], now[0]) for case, was, now in found if suite in ("", case.suite))
    return [
        Row(
            stage,
            sum(count for (old, _), count in pairs.items() if old == stage),
            sum(count for (_, new), count in pairs.items() if new == stage),
            pairs["fine", stage] if stage != "fine" else 0,
            pairs[stage, "fine"] if stage != "fine" else 0,
        )
        for stage in STAGES
    ]
