"""What a page holds of all queries, packed for the script that shows them: JSON, gzip, base64.

The script looks things up by number, so every name stands there once: see ``report.js``, which reads this.
"""

import base64
import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ragguard.records.evidence import Answer, NotApplicable, Score, Unscored
from ragguard.records.report import CaseRun, Report, ShownDocument
from ragguard.reports import verdicts, words, worst
from ragguard.reports.page import detail, diff
from ragguard.reports.page.queries import Row, listed
from ragguard.reports.page.stages import STAGES

_LEVEL = 6
_CONTROL = re.compile(r"\\\\|\\[bf]|\\u00[01][0-9a-f]")
"""A backslash as JSON writes it, which is passed over; or a control character."""

_SAMPLE, _TRIES, _CAREFUL = 32, 4, 0.97


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into a page, and of how many queries what does not: their answers, all their details, or the queries themselves."""

    index: str
    details: str
    without_answers: int = 0
    without_details: int = 0
    without_rows: int = 0

    @property
    def size(self) -> int:
        """Characters, each a byte of the page."""
        return len(self.index) + len(self.details)


@dataclass
class _Names:
    """Numbers for names, in the order of their first use."""

    numbers: dict[Any, int] = field(default_factory=dict)

    def __call__(self, name: Any) -> int:
        return self.numbers.setdefault(name, len(self.numbers))


def pack(report: Report, tables: Mapping[str, Sequence[Row]], room: int) -> Packed:
    """Pack all listed cases into ``room`` characters. What does not go in is left out from the least interesting query on: answers and
    what judges said first; where that is not enough, rankings and scores; at last whole queries. ``tables`` are the rows of each
    candidate, the worst first.
    """
    order = _by_interest(tables)
    details = _Details(report)

    def made(rows: int, kept: int, answers: int) -> Packed:
        index = _index(report, tables, set(order[:rows]))
        inside = details.of(order[:kept], set(order[:answers]), set(order[:rows]))
        lost = sum(1 for number in order[answers:kept] if details.cases[number].answers)
        return Packed(_packed(index), _packed(inside), lost, rows - kept, len(order) - rows)

    every = len(order)
    plans: tuple[Callable[[int], Packed], ...] = (lambda n: made(every, every, n), lambda n: made(every, n, n), lambda n: made(n, 0, 0))
    for plan in plans[:-1]:
        least = plan(0)
        if least.size <= room:
            return _most(plan, least, every, room)
    return _most(plans[-1], plans[-1](0), every, room)


def _most(plan: Callable[[int], Packed], least: Packed, count: int, room: int) -> Packed:
    """The packing with as much as finds room, nearly: sizes grow evenly enough with what is in it to be guessed."""
    some = count // _SAMPLE
    low, high, best, over = 0, count, least, least.size + (plan(some).size - least.size) * count // some if some else 0
    if over < 2 * room:  # it may well fit, so see
        whole = plan(count)
        if whole.size <= room:
            return whole
        over = whole.size
    for _ in range(_TRIES):
        middle = low + int((high - low) * _CAREFUL * (room - best.size) / (over - best.size))
        if middle in (low, high):
            break
        tried = plan(middle)
        if tried.size <= room:
            low, best = middle, tried
        else:
            high, over = middle, tried.size
    return best


def _by_interest(tables: Mapping[str, Sequence[Row]]) -> list[int]:
    """Numbers of cases, those first that stand high in any candidate's table."""
    best: dict[int, int] = {}
    for made in tables.values():
        for place, row in enumerate(made):
            best[row.number] = min(place, best.get(row.number, place))
    return sorted(best, key=lambda number: (best[number], number))


def _packed(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = words.printable(_CONTROL.sub(lambda found: found[0] if found[0] == "\\\\" else "\ufffd", text))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), _LEVEL, mtime=0)).decode()


def _index(report: Report, tables: Mapping[str, Sequence[Row]], kept: set[int]) -> dict[str, Any]:
    """What the table of queries needs: a list for each column, with a place for each case."""
    cases, slices, suites = listed(report), _Names(), _Names()
    shown = [(number, case) for number, case in enumerate(cases) if number in kept]
    places = {number: place for place, (number, _) in enumerate(shown)}
    return {
        "ids": [case.id for _, case in shown],
        "texts": [case.text if len(case.text) <= detail.CLIP else case.text[: detail.CLIP] + "…" for _, case in shown],
        "suite": [suites(case.suite) for _, case in shown],
        "slices": [[slices(name) for name in case.slices if name] for _, case in shown],
        "suites": list(suites.numbers),
        "sliceNames": list(slices.numbers),
        "stages": list(STAGES),
        "arms": arms(report),
        "candidates": [
            {
                **_columns([row for row in made if row.number in kept], places),
                "arms": [arms(report).index(arm) for arm in _sides(report, name)],
            }
            for name, made in tables.items()
        ],
    }


def arms(report: Report) -> list[str]:
    """The arms, the baseline first."""
    return sorted((arm.name for arm in report.arms), key=lambda name: name != words.baseline(report))


def _sides(report: Report, candidate: str) -> list[str]:
    """The arms that a candidate's queries are shown in."""
    sides = (words.baseline(report), *(arm.name for arm in report.arms if arm.role == "anchor"), candidate)
    return [name for name in sides if name in arms(report)]


def _columns(made: Sequence[Row], places: Mapping[int, int]) -> dict[str, Any]:
    """A candidate's columns, by place; the script puts them into the order of ``queries.rows``."""
    by_place = sorted(made, key=lambda row: places[row.number])
    return {
        "was": [STAGES.index(row.was[0]) for row in by_place],
        "now": [STAGES.index(row.now[0]) for row in by_place],
        "before": [_shown(row.before) for row in by_place],
        "after": [_shown(row.after) for row in by_place],
        "change": [row.change for row in by_place],
        "unit": {row.case.suite: row.unit for row in by_place if not row.case.task},
        "why": [row.why for row in by_place],
    }


def _shown(value: float | None) -> float | None:
    """A mean as ``figures.mean`` shows it: rounded as Python rounds, which a browser does otherwise."""
    if value is None:
        return None
    digits = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return round(value, digits)


class _Details:
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
        documents, texts = _Names(), _Names()
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

    def _case(self, number: int, documents: _Names, texts: _Names, answered: bool) -> list[Any]:
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

    def _rankings(self, case: CaseRun, documents: _Names) -> list[Any]:
        """Of the first arm, documents; of the others, a place in that one's ranking, or -1 - document where it is not there."""
        first = [shown.id for shown in case.rankings.get(self.arms[0], ())]
        at = {id_: place for place, id_ in enumerate(first)}
        others = (
            [at[shown.id] if shown.id in at else -1 - documents(shown.id) for shown in case.rankings.get(arm, ())] for arm in self.arms[1:]
        )
        alike = list(range(len(first)))
        return [[documents(id_) for id_ in first], *(0 if other == alike else other for other in others)]

    def _scores(self, case: CaseRun, arm: str, texts: _Names) -> list[Any]:
        scores = case.scores.get(arm, {})
        return [self._score(scores.get(name), texts) for name in self.metrics[case.suite]] if scores else []

    @staticmethod
    def _score(score: Score | None, texts: _Names) -> Any:
        """A number; or a text's number in a list; None for a score that is not there."""
        if isinstance(score, NotApplicable | Unscored):
            return [texts(detail.score(score, ""))]
        return _shown(score)

    def _long(self, number: int, case: CaseRun, documents: _Names, texts: _Names) -> Any:
        """What is left out first: the wanted answer, the answers, and what judges said."""
        answers = [self._answer(number, case, arm, documents) for arm in self.arms]
        told = [[[texts(name), said] for name, said in verdicts.reasons(case, [arm])] for arm in self.arms]
        return [case.expected, answers, told] if case.expected or any(answers) or any(told) else 0

    def _answer(self, number: int, case: CaseRun, arm: str, documents: _Names) -> Any:
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
