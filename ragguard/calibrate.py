"""What a judge is worth: its values set beside labels that people gave to the same answers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from ragguard import rejudging
from ragguard.data.labelled import Labelled, answers, metric_of
from ragguard.data.labels import Labels, answer_sha256, read_labels
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.calibration import Calibration, Disagreement, JudgedAnswer
from ragguard.records.metric import Metric
from ragguard.reports.judge import words
from ragguard.statistics.agreement import Rated, agreement
from ragguard.statistics.prediction import Terms
from ragguard.systems.protocols import Progress

WORST = 10
"""Disagreements that are shown."""

_LEAST = 0.05
"""Differences of judge and label that are no disagreement."""


def calibrate(
    labels: Path,
    *,
    plan: Path | None = None,
    judge: str | None = None,
    metric: str | None = None,
    threshold: float = 0.5,
    level: float = 0.95,
    allow_code: bool = False,
    progress: Progress,
) -> Calibration:
    """Measure a judge on a file of labels: the plan's judge, which is asked; or, without a plan, the one whose values the file holds.

    Raises:
        InputError: the labels, the plan or the usage is wrong; every problem.
        CannotJudge: the judge could not be asked.
    """
    read, shown = read_labels(labels), display(labels)
    wanted = _parsed(metric) or metric_of(read, shown)
    _refuse_usage(plan, judge, threshold, level)
    bench = rejudging.bench(plan, judge, wanted, allow_code=allow_code) if plan is not None else None
    found = answers(read, bench.metric if bench is not None else wanted, bench.intents if bench is not None else {}, shown)
    if bench is None:
        _refuse_unjudged(found, shown)
        said = rejudging.Said(tuple(each.judge for each in found), ("",) * len(found), _sides(found))
    else:
        said = rejudging.ask(bench, found, shown, progress)
    made = _calibration(read, found, said, threshold, level, bench.terms if bench is not None else Terms())
    made = replace(made, metric=str(bench.metric if bench is not None else wanted or ""), ragguard=version("ragguard"))
    if bench is not None:
        made = replace(made, judge=bench.seat.name, judge_fingerprint=bench.seat.judge.fingerprint)
    return replace(made, summary=tuple(words.summary(made)), warnings=tuple(words.warnings(made)))


def _parsed(metric: str | None) -> Metric | None:
    try:
        return Metric.parse(metric) if metric else None
    except ValueError as error:
        raise InputError(Problem("--metric", str(error), "name it as the suite does")) from error


def _refuse_usage(plan: Path | None, judge: str | None, threshold: float, level: float) -> None:
    problems = []
    if judge is not None and plan is None:
        problems.append(Problem("--judge", f"{judge!r} is a judge of a plan", "name that too: --plan gate.yaml"))
    if not 0 <= threshold <= 1:
        problems.append(Problem("--threshold", f"{threshold:g} is none of 0 to 1", "a judge's values go from 0 to 1"))
    if not 0.5 <= level < 1:
        problems.append(Problem("--level", f"{level:g} is none of 0.5 to 1", "give a level of confidence, for instance 0.95"))
    if problems:
        raise InputError(problems)


def _refuse_unjudged(found: Sequence[Labelled], shown: str) -> None:
    if found and all(each.judge is None for each in found):
        raise InputError(
            Problem(shown, "holds no judge's values", "write them as judge, or have the plan's judge asked: --plan gate.yaml --judge NAME")
        )


def _sides(found: Sequence[Labelled]) -> tuple[int | None, ...]:
    """Where the judge looked, of pairs that the file holds in both orders; told with the first of the two rows."""
    rows = {_pair(each): each for each in found if each.against and each.judge is not None}
    sides: dict[tuple[str, str, str], int] = {}
    for (query, one, two), each in rows.items():
        other = rows.get((query, two, one))
        if other is not None and other.line > each.line and each.judge is not None and other.judge is not None:
            leads = each.judge - 0.5, other.judge - 0.5
            sides[query, one, two] = 1 if min(leads) > 0 else -1 if max(leads) < 0 else 0
    return tuple(sides.get(_pair(each)) if each.against else None for each in found)


def _pair(answer: Labelled) -> tuple[str, str, str]:
    return answer.query, answer.answer_sha256, answer_sha256(answer.against)


def _calibration(
    read: Labels, found: Sequence[Labelled], said: rejudging.Said, threshold: float, level: float, terms: Terms
) -> Calibration:
    rated = [
        (each, Rated(each.query, each.intent, each.label, value, _length(each), each.labels, bool(each.against), side), reason)
        for each, value, side, reason in zip(found, said.values, said.sides, said.reasons, strict=True)
        if value is not None
    ]
    return Calibration(
        labels=read.name,
        labels_fingerprint=read.fingerprint,
        ragguard="",
        agreement=agreement([row for _, row, _ in rated], threshold=threshold, level=level, terms=terms),
        raters=len({label.rater for label in read.labels}),
        open=len(read.open),
        unjudged=_unjudged(said),
        worst=tuple(_worst(rated)),
        answers=tuple(
            JudgedAnswer(each.query, each.intent, each.answer_sha256, each.label, row.judge, each.labels, row.tied)
            for each, row, _ in rated
        ),
    )


def _rated(answer: Labelled, judge: float, side: int | None) -> Rated:
    return Rated(answer.query, answer.intent, answer.label, judge, _length(answer), answer.labels, bool(answer.against), side)


def _unjudged(said: rejudging.Said) -> Mapping[str, int]:
    silent = sum(value is None for value in said.values) - sum(said.failed.values())
    return dict(sorted({**said.failed, **({"the file holds no value": silent} if silent else {})}.items()))


def _length(answer: Labelled) -> float | None:
    if not answer.answer:
        return None
    words, others = (max(len(text.split()), 1) for text in (answer.answer, answer.against))
    return math.log2(words / others) if answer.against else math.log2(words)


def _worst(rated: Sequence[tuple[Labelled, Rated, str]]) -> list[Disagreement]:
    """The answers of which label and judge are furthest apart, those with most labels first among equals."""
    order = sorted(rated, key=lambda each: (-abs(each[1].judge - each[1].label), -len(each[1].labels), each[0].line))
    return [
        Disagreement(each.query, each.question, each.answer, each.label, row.judge, len(each.labels), reason, each.against)
        for each, row, reason in order[:WORST]
        if abs(row.judge - row.label) > _LEAST
    ]
