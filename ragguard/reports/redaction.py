"""Keeps what came from the environment out of what people read."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ragguard.records.evidence import Answer, Score, Unscored
from ragguard.records.judgement import Judgement
from ragguard.records.report import CaseRun, Report

SURE = 8
"""From this length on a value is hidden wherever it stands; a shorter one only where it is a word, and never if it is a number."""


def hider(expanded: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that replaces values (keys of ``expanded``) by ``${NAME}``, also where they are escaped for URLs or JSON."""
    names = {form: name for value, name in expanded.items() if _hideable(value) for form in _forms(value)}
    if not names:
        return lambda text: text
    pattern = re.compile("|".join(_pattern(form) for form in sorted(names, key=lambda form: (-len(form), form))))
    return lambda text: pattern.sub(lambda found: f"${{{names[found[0]]}}}", text)


def redact(report: Report, expanded: Mapping[str, str]) -> Report:
    """Replace values that came from the environment by ``${NAME}`` in every text of a report that is not the collection's own.

    Verdicts are left alone: their words are made of names and numbers only. So are descriptions, which hold what the plan says, as
    written.
    """
    hide = hider(expanded)
    return replace(
        report,
        arms=tuple(replace(arm, notes=_clean(arm.notes, hide), provenance=_clean(arm.provenance, hide)) for arm in report.arms),
        suites=tuple(
            replace(
                suite,
                description=hide(suite.description),
                collection=hide(suite.collection),
                split=hide(suite.split),
                moved=tuple(replace(figure, of=hide(figure.of), note=hide(figure.note)) for figure in suite.moved),
                tasks=tuple(replace(row, note=hide(row.note)) for row in suite.tasks),
            )
            for suite in report.suites
        ),
        cases=tuple(_case(case, hide) if case.errors or case.answers or case.judged else case for case in report.cases),
        judges=tuple(replace(judge, model=hide(judge.model), failed=_kinds(judge.failed, hide)) for judge in report.judges),
        warnings=tuple(map(hide, report.warnings)),
    )


def _case(case: CaseRun, hide: Callable[[str], str]) -> CaseRun:
    scores = {arm: {metric: _score(score, hide) for metric, score in by_metric.items()} for arm, by_metric in case.scores.items()}
    answers = {arm: _answer(answer, hide) for arm, answer in case.answers.items()}
    judged = {arm: {name: tuple(_judgement(each, hide) for each in said) for name, said in by.items()} for arm, by in case.judged.items()}
    return replace(case, errors=_clean(case.errors, hide), scores=scores, answers=answers, judged=judged)


def _judgement(judgement: Judgement, hide: Callable[[str], str]) -> Judgement:
    said = (replace(verdict, reason=hide(verdict.reason), error=hide(verdict.error)) for verdict in judgement.verdicts)
    return replace(judgement, verdicts=tuple(said))


def _kinds(failed: Mapping[str, int], hide: Callable[[str], str]) -> dict[str, int]:
    return {hide(kind): count for kind, count in failed.items()}


def _answer(answer: Answer, hide: Callable[[str], str]) -> Answer:
    return replace(answer, text=hide(answer.text), samples=tuple(_answer(sample, hide) for sample in answer.samples))


def _score(score: Score, hide: Callable[[str], str]) -> Score:
    return Unscored(hide(score.unscored)) if isinstance(score, Unscored) else score


def _clean(value: Any, hide: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {key: _clean(child, hide) for key, child in value.items()}
    return type(value)(_clean(child, hide) for child in value) if isinstance(value, tuple | list) else value


def _hideable(value: str) -> bool:
    return len(value) >= SURE or not re.fullmatch(r"[-+.\d]*(?:[eE][-+]?\d+)?", value)


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote(value), json.dumps(value)[1:-1], repr(value)[1:-1]}


def _pattern(form: str) -> str:
    return re.escape(form) if len(form) >= SURE else rf"(?<![^\W_]){re.escape(form)}(?![^\W_])"
