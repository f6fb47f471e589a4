"""What the script of a page shows of one query when it is opened, by number: every name stands in it once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ragguard.records.evidence import Answer, NotApplicable, Score, Unscored
from ragguard.records.report import CaseRun, Report, ShownDocument
from ragguard.reports import verdicts, words, worst
from ragguard.reports.page import detail, diff
from ragguard.reports.page.queries import listed


@dataclass
class Names:
    """Numbers for names, in the order of their first use."""

    numbers: dict[Any, int] = field(default_factory=dict)

    def __call__(self, name: Any) -> int:
        """Return a name's number."""
        return self.numbers.setdefault(name, len(self.numbers))


def arms(report: Report) -> list[str]:
    """The arms, the baseline first."""
    return sorted((arm.name for arm in report.arms), key=lambda name: name != words.baseline(report))


def rounded(value: float | None) -> float | None:
    """A mean as ``figures.mean`` shows it: rounded as Python rounds, which a browser does otherwise."""
    if value is None:
        return None
    digits = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return round(value, digits)


class Details:
    """What the script shows of one query when it is opened."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.cases = listed(report)
        self.arms = arms(report)
        self.metrics = {suite.name: self._metrics(suite.name) for suite in report.suites}
        self._ops: dict[tuple[int, str], list[diff.Op]] = {}

    def _metrics(self, suite: str) -> list[str]:
        return sorted({name for case in self.cases if case.suite == suite for scores in case.scores.values() for name in scores})

    def of(self, kept: Sequence[int], answered: set[int], rows: set[int]) -> dict[str, Any]:
        """Return the details of the ``kept`` cases, with the answers of those that are ``answered``, and a place for all ``rows``."""
        documents, texts = Names(), Names()
        wanted = set(kept)
        made = [self._case(number, documents, texts, number in answered) if number in wanted else 0 for number in sorted(rows)]
        units = {suite.name: {each.metric: each.unit for each in suite.means} for suite in self.report.suites}
        return {
            "docs": [self._document(id_) for id_ in documents.numbers],
            "texts": list(texts.numbers),
            "metrics": {suite: [[name, units[suite].get(name, "")] for name in names] for suite, names in self.metrics.items()},
            "cases": made,
        }

    def _document(self, id_: str) -> list[str | int]:
        document = self.report.documents.get(id_, ShownDocument())
        return [id_, document.title, worst.marks(self.report, id_), int(detail.stale(document))]

    def _case(self, number: int, documents: Names, texts: Names, answered: bool) -> list[Any]:
        case = self.cases[number]
        grades = dict(case.relevant) | {
            shown.id: shown.grade for head in case.rankings.values() for shown in head if shown.grade is not None
        }
        return [
            case.text if len(case.text) > detail.CLIP else 0,
            0 if case.intent == case.id else case.intent,
            list(case.tags),
            [part for id_, grade in grades.items() for part in (documents(id_), grade)],
            self._rankings(case, documents),
            self._alike([self._scores(case, arm, texts) for arm in self.arms]),
            [case.errors.get(arm, 0) for arm in self.arms] if case.errors else 0,
            self._long(number, case, documents, texts) if answered else (1 if case.answers or case.expected else 0),
        ]

    @staticmethod
    def _alike(columns: list[Any]) -> list[Any]:
        """What the arms have, with 0 where one has what the first has."""
        return [columns[0], *(0 if column == columns[0] else column for column in columns[1:])]

    def _rankings(self, case: CaseRun, documents: Names) -> list[Any]:
        """Of the first arm, documents; of the others, a place in that one's ranking, or -1 - document where it is not there."""
        first = [shown.id for shown in case.rankings.get(self.arms[0], ())]
        at = {id_: place for place, id_ in enumerate(first)}
        others = (
            [at[shown.id] if shown.id in at else -1 - documents(shown.id) for shown in case.rankings.get(arm, ())] for arm in self.arms[1:]
        )
        alike = list(range(len(first)))
        return [[documents(id_) for id_ in first], *(0 if other == alike else other for other in others)]

    def _scores(self, case: CaseRun, arm: str, texts: Names) -> list[Any]:
        scores = case.scores.get(arm, {})
        return [self._score(scores.get(name), texts) for name in self.metrics[case.suite]] if scores else []

    @staticmethod
    def _score(score: Score | None, texts: Names) -> Any:
        """A number; or a text's number in a list; None for a score that is not there."""
        if isinstance(score, NotApplicable | Unscored):
            return [texts(detail.score(score, ""))]
        return rounded(score)

    def _long(self, number: int, case: CaseRun, documents: Names, texts: Names) -> Any:
        """What is left out first: the wanted answer, the answers, and what judges said."""
        answers = [self._answer(number, case, arm, documents) for arm in self.arms]
        told = [[[texts(name), said] for name, said in verdicts.reasons(case, [arm])] for arm in self.arms]
        return [case.expected, answers, told] if case.expected or any(answers) or any(told) else 0

    def _answer(self, number: int, case: CaseRun, arm: str, documents: Names) -> Any:
        answer = case.answers.get(arm)
        if answer is None:
            return 0
        first = case.answers.get(self.arms[0]) if arm != self.arms[0] else None
        text: Any = answer.text if first is None else self._steps(number, arm, first, answer)
        given = case.contexts.get(arm)
        cites = [documents(id_) for id_ in answer.citations]
        return [
            text,
            cites,
            None if given is None else [documents(id_) for id_ in given],
            [answer.abstained, answer.cut, len(answer.samples)],
        ]

    def _steps(self, number: int, arm: str, first: Answer, answer: Answer) -> list[diff.Op]:
        key = number, arm
        if key not in self._ops:
            self._ops[key] = diff.ops(diff.words(first.text), diff.words(answer.text))
        return self._ops[key]
