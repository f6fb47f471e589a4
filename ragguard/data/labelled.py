"""Answers that people labelled, from the rows of a file of labels: one for each answer, with what all its raters say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ragguard.data.labels import Label, Labels, answer_sha256, anyones
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.records.metric import Metric


@dataclass(frozen=True, slots=True)
class Labelled:
    """One answer with its ``labels``, one a rater, in the file's order; ``line`` is where the first stands. See ``Label`` for the rest."""

    query: str
    intent: str
    question: str
    answer: str
    answer_sha256: str
    against: str
    contexts: tuple[str, ...]
    labels: tuple[float, ...]
    judge: float | None
    line: int

    @property
    def label(self) -> float:
        """The mean over raters."""
        return sum(self.labels) / len(self.labels)


def metric_of(labels: Labels, shown: str) -> Metric | None:
    """Return the one metric that the labels are the truth of; None where they name none.

    Raises:
        InputError: they name several.
    """
    named = sorted({anyones(label.metric) for label in labels.labels if label.metric is not None})
    if len(named) > 1:
        what = f"holds labels of {' and '.join(map(str, named))}"
        raise InputError(Problem(shown, what, f"say which is to be calibrated: --metric '{named[0]}'"))
    return named[0] if named else None


def answers(labels: Labels, metric: Metric | None, intents: Mapping[str, str], shown: str) -> tuple[Labelled, ...]:
    """Return the labelled answers of a metric; as in ``Labels.of``, its own labels come before those that name no metric.

    ``intents`` are those of the plan's queries; what the file says comes first, and a query without either is an intent of its own.

    Raises:
        InputError: rows of one answer have unlike values of the judge, or a query has two intents; every such row.
    """
    rows: dict[tuple[str, str, str], list[Label]] = {}
    for label in labels.labels:
        if label.value is not None and (label.metric is None or metric is None or anyones(label.metric) == anyones(metric)):
            rows.setdefault((label.query, label.answer_sha256, answer_sha256(label.against)), []).append(label)
    problems = Problems()
    _one_intent(labels.labels, shown, problems)
    known = {**intents, **{label.query: label.intent for label in labels.labels if label.intent}}
    made = tuple(_answer(_own(found), known, shown, problems) for found in rows.values())
    problems.raise_if_any()
    return made


def _own(rows: Sequence[Label]) -> Sequence[Label]:
    return [row for row in rows if row.metric is not None] or rows


def _answer(rows: Sequence[Label], intents: Mapping[str, str], shown: str, problems: Problems) -> Labelled:
    first, said = rows[0], [row for row in rows if row.judge is not None]
    for row in said[1:]:
        if row.judge != said[0].judge:
            what = f"judge is {row.judge:g} here, and {said[0].judge:g} in line {said[0].line}, of the same answer to {row.query!r}"
            problems.add(f"{shown}:{row.line}", what, "write the judge's value once, or the same each time; if it judged often, the mean")
    return Labelled(
        query=first.query,
        intent=intents.get(first.query, first.query),
        question=_told(row.question for row in rows),
        answer=_told(row.answer for row in rows),
        answer_sha256=first.answer_sha256,
        against=first.against,
        contexts=next((row.contexts for row in rows if row.contexts), ()),
        labels=tuple(row.value for row in rows if row.value is not None),
        judge=said[0].judge if said else None,
        line=first.line,
    )


def _told(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _one_intent(labels: Iterable[Label], shown: str, problems: Problems) -> None:
    first: dict[str, Label] = {}
    for label in (label for label in labels if label.intent):
        known = first.setdefault(label.query, label)
        if known.intent != label.intent:
            what = f"intent is {label.intent!r} here, and {known.intent!r} in line {known.line}, of the query {label.query!r}"
            problems.add(f"{shown}:{label.line}", what, "a query has one intent, shared by its paraphrases")
