"""All that a report tells of one query, side by side, ready to be written into a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragguard.records.evidence import Answer, NotApplicable, Score, Unscored
from ragguard.records.report import CaseRun, Report, ShownDocument
from ragguard.records.verdict import Decision
from ragguard.reports import figures, means, verdicts, worst
from ragguard.reports.page import diff
from ragguard.reports.page.diff import Piece

CLIP = 240
"""Characters of a query that its row shows; its details have all of them."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ranked document; ``grade`` is what it was judged to be worth, in words, and ``wanted`` whether that is anything. ``stale`` says
    that it is no current version, or was planted.
    """

    id: str
    title: str
    marks: str
    stale: bool
    grade: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in pieces, those marked that the other one of the two has not; ``about`` tells what it cites, and what it was given."""

    pieces: tuple[Piece, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Side:
    """What one system did: its ranking, or why there is none, and its answer, if it answers."""

    arm: str
    ranked: tuple[Ranked, ...]
    none: str
    said: Said | None


@dataclass(frozen=True, slots=True)
class Detail:
    """One query, in the systems that a decision is about, the baseline first and the candidate last. ``clipped`` says that its row does
    not show all of its text.
    """

    text: str
    clipped: bool
    intent: str
    tags: str
    wanted: tuple[str, ...]
    sides: tuple[Side, ...]
    rankings: tuple[tuple[str, Side], ...]
    ranks: bool
    answers: bool
    expected: str
    told: tuple[tuple[str, str], ...]
    scores: tuple[tuple[str, tuple[str, ...]], ...]


def of(report: Report, decision: Decision, case: CaseRun) -> Detail:
    """Return the details of a case."""
    arms = means.arms(report, decision)
    units = {each.metric: each.unit for suite in report.suites if suite.name == case.suite for each in suite.means}
    metrics = sorted({name for arm in arms for name in case.scores.get(arm, {})})
    said = _answers(case, arms)
    sides = tuple(Side(arm, _ranked(report, case, arm), _none(case, arm), said.get(arm)) for arm in arms)
    return Detail(
        text=case.text,
        clipped=len(case.text) > CLIP,
        intent=case.intent,
        tags=", ".join(dict.fromkeys([*filter(None, case.slices), *case.tags])),
        wanted=tuple(_wanted(case, id_, grade, arms) for id_, grade in worst.wanted(case)),
        sides=sides,
        rankings=_rankings(sides, alike=not any(map(case.errors.get, arms))),
        ranks=any(case.rankings.get(arm) or case.errors.get(arm) for arm in arms),
        answers=bool(said),
        expected=case.expected,
        told=tuple(verdicts.reasons(case, arms)),
        scores=tuple((name, tuple(score(case.scores.get(arm, {}).get(name), units.get(name, "")) for arm in arms)) for name in metrics),
    )


def _rankings(sides: tuple[Side, ...], *, alike: bool) -> tuple[tuple[str, Side], ...]:
    if alike and len({side.ranked for side in sides}) == 1:
        return ((f"all alike: {', '.join(side.arm for side in sides)}", sides[0]),)
    return tuple((side.arm, side) for side in sides)


def _wanted(case: CaseRun, id_: str, grade: int, arms: Sequence[str]) -> str:
    return f"{id_} (grade {grade}): {' → '.join(worst.place(case, arm, id_) for arm in arms)}"


def _ranked(report: Report, case: CaseRun, arm: str) -> tuple[Ranked, ...]:
    shown = ((each, report.documents.get(each.id, ShownDocument())) for each in case.rankings.get(arm, ()))
    return tuple(
        Ranked(each.id, document.title, worst.marks(report, each.id), stale(document), worst.grade(each), bool(each.grade))
        for each, document in shown
    )


def stale(document: ShownDocument) -> bool:
    """Whether a document should rather not stand high."""
    return document.status in ("superseded", "deprecated") or bool(document.planted)


def _none(case: CaseRun, arm: str) -> str:
    return "" if case.rankings.get(arm) else case.errors.get(arm) or "nothing ranked"


def _answers(case: CaseRun, arms: Sequence[str]) -> dict[str, Said]:
    """The arms' answers, the baseline's and the candidate's with their differences marked."""
    first, last = (case.answers.get(arm) for arm in (arms[0], arms[-1]))
    pieces: dict[str, list[Piece]] = {arm: [(case.answers[arm].text, "")] for arm in arms if arm in case.answers}
    if first is not None and last is not None:
        old = diff.words(first.text)
        pieces[arms[0]], pieces[arms[-1]] = diff.pieces(old, diff.ops(old, diff.words(last.text)))
    return {arm: Said(tuple(found), about(case, arm, case.answers[arm])) for arm, found in pieces.items()}


def about(case: CaseRun, arm: str, answer: Answer) -> str:
    """What an answer cites, what it was given, and what is odd about it."""
    given = case.contexts.get(arm)
    told = ["abstains"] if answer.abstained else [f"cites {', '.join(answer.citations) or 'nothing'}"]
    told += [f"was given {', '.join(given) or 'nothing'}"] if given is not None else []
    told += ["the prompt did not hold all of these documents"] if answer.cut else []
    return "; ".join([*told, *([f"one of {len(answer.samples)} that were drawn"] if len(answer.samples) > 1 else [])])


def score(value: Score | None, unit: str) -> str:
    """A score as text: the number, or why there is none."""
    if isinstance(value, NotApplicable):
        return f"not applicable: {value.not_applicable}"
    if isinstance(value, Unscored):
        return f"missing: {value.unscored}"
    return figures.mean(value, unit)
