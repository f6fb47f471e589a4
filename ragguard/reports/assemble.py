"""Puts the pieces of a run together into one ``Report``."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from ragguard.errors import EXIT_BLOCK, EXIT_CANNOT_JUDGE, EXIT_HOLD, EXIT_PROMOTE
from ragguard.records.evidence import Case, NotApplicable, Observation, Score, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.records.report import Arm, CaseRun, Mean, Report, Shown, ShownDocument, SuiteRun, Times
from ragguard.records.verdict import Answer, Decision
from ragguard.store import fingerprint
from ragguard.suites.resolve import Resolved, Suite

CODES: Mapping[Answer, int] = {"promote": EXIT_PROMOTE, "block": EXIT_BLOCK, "hold": EXIT_HOLD, "error": EXIT_CANNOT_JUDGE}
TRUNCATED = "documents_truncated"
GRAVEST_FIRST: tuple[Answer, ...] = ("error", "hold", "block")


@dataclass
class ArmScores:
    """What one arm did on one suite: scores by case and metric, the heads of its rankings, and its errors."""

    scores: dict[str, dict[Metric, Score]] = field(default_factory=dict)
    heads: dict[str, tuple[Shown, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def add(
        self, cases: Sequence[Case], observations: Sequence[Observation], scores: Mapping[Metric, Mapping[str, Score]], show: int
    ) -> None:
        """Keep a batch; of each ranking only the first ``show`` documents."""
        for case, observation in zip(cases, observations, strict=True):
            self.scores[case.id] = {metric: values[case.id] for metric, values in scores.items()}
            head = observation.ranking[:show]
            self.heads[case.id] = tuple(Shown(ranked.id, ranked.score, case.relevant.get(ranked.id)) for ranked in head)
            if observation.error:
                self.errors[case.id] = observation.error


def overall(decisions: Sequence[Decision]) -> Answer:
    """The answer of a run: promote if any candidate is promoted, else the first of error, hold, block that occurs."""
    answers = {decision.answer for decision in decisions}
    return "promote" if "promote" in answers else next(answer for answer in GRAVEST_FIRST if answer in answers)


def means(metrics: Mapping[Metric, Scale], slices: Mapping[str, frozenset[str]], arms: Mapping[str, ArmScores]) -> Iterator[Mean]:
    """A suite's metrics by slice and arm."""
    for metric, scale in metrics.items():
        for name, members in sorted(slices.items()):
            for arm, scores in arms.items():
                values = [scores.scores[case][metric] for case in sorted(members) if case in scores.scores]
                numbers = [value for value in values if isinstance(value, float)]
                yield Mean(
                    metric=str(metric),
                    slice=name,
                    arm=arm,
                    mean=math.fsum(numbers) / len(numbers) if numbers else None,
                    scored=len(numbers),
                    unscored=sum(isinstance(value, Unscored) for value in values),
                    not_applicable=sum(isinstance(value, NotApplicable) for value in values),
                    unit=scale.unit,
                )


def _case_runs(suite: Suite, arms: Mapping[str, ArmScores]) -> Iterator[CaseRun]:
    """A suite's cases with what every arm made of them."""
    for case in suite.cases.cases:
        ran = {name: scores for name, scores in arms.items() if case.id in scores.scores}
        yield CaseRun(
            id=case.id,
            suite=suite.name,
            text=case.text,
            intent=case.query.intent,
            tags=case.query.tags,
            slices=suite.cases.slices_of(case.id),
            relevant=case.relevant,
            scores={name: {str(metric): score for metric, score in arm.scores[case.id].items()} for name, arm in ran.items()},
            rankings={name: arm.heads[case.id] for name, arm in ran.items()},
            errors={name: arm.errors[case.id] for name, arm in ran.items() if case.id in arm.errors},
        )


def assemble(
    resolved: Resolved, arms: tuple[Arm, ...], scores: Mapping[str, Mapping[str, ArmScores]], decisions: tuple[Decision, ...], times: Times
) -> Report:
    """Make the report of a run. ``scores`` is by suite, then arm.

    Values that the plan took from the environment are replaced by the names of their variables wherever they occur.
    """
    plan = resolved.loaded.plan
    answer = overall(decisions)
    cases = tuple(case for suite in resolved.suites for case in _case_runs(suite, scores[suite.name]))
    report = Report(
        plan=plan.name,
        run=fingerprint("run", resolved.question, [[arm.name, arm.fingerprint] for arm in arms])[:12],
        question=resolved.question,
        ragguard=version("ragguard"),
        seed=plan.seed,
        alpha=plan.alpha,
        looks=plan.looks,
        answer=answer,
        exit_code=CODES[answer],
        arms=arms,
        suites=tuple(_suite_run(resolved, suite, scores[suite.name]) for suite in resolved.suites),
        decisions=decisions,
        cases=cases,
        documents=_documents(resolved, cases),
        warnings=tuple(dict.fromkeys(_warnings(resolved, arms))),
        best=_best(decisions),
        times=times,
    )
    return redact(report, resolved.loaded.expanded)


def _suite_run(resolved: Resolved, suite: Suite, arms: Mapping[str, ArmScores]) -> SuiteRun:
    collection = suite.collection
    return SuiteRun(
        name=suite.name,
        kind=suite.loaded.plan.kind,
        fingerprint=suite.fingerprint,
        collection=collection.folder.name,
        split=collection.split,
        collection_fingerprint=collection.fingerprint,
        cases=len(suite.cases.cases),
        intents=len({case.query.intent for case in suite.cases.cases}),
        description=suite.loaded.plan.description,
        means=tuple(means({metric: resolved.scales[metric] for metric in suite.metrics}, suite.cases.slices, arms)),
    )


def _documents(resolved: Resolved, cases: Sequence[CaseRun]) -> dict[str, ShownDocument]:
    """Title, version and status of every document that a case shows, where its corpus has it."""
    collections = {suite.name: suite.collection for suite in resolved.suites}
    shown: dict[str, ShownDocument] = {}
    for case in cases:
        collection = collections[case.suite]
        for name in (*case.relevant, *(ranked.id for head in case.rankings.values() for ranked in head)):
            if name not in shown and name in collection.corpus:
                document = collection.document(name)
                shown[name] = ShownDocument(document.title, document.version, document.status, document.product)
    return shown


def _warnings(resolved: Resolved, arms: Sequence[Arm]) -> Iterator[str]:
    for suite in resolved.suites:
        yield from suite.collection.warnings
    for arm in arms:
        share = arm.notes.get(TRUNCATED, 0.0)
        if isinstance(share, float | int) and share > 0:
            yield (
                f"{arm.name}: {share:.1%} of the documents are longer than the encoder's {arm.notes.get('max_seq_length', '')} tokens; "
                "what lies beyond is not seen: split them, or raise max_seq_length"
            )


def _best(decisions: Sequence[Decision]) -> str:
    """The promoted candidate with the largest mean difference over its blocking checks, where several were gated."""
    promoted = [decision for decision in decisions if decision.answer == "promote"]
    return max(promoted, key=lambda decision: (_gain(decision), decision.candidate)).candidate if promoted and len(decisions) > 1 else ""


def _gain(decision: Decision) -> float:
    blocking = [v.estimate.difference or 0.0 for v in decision.verdicts if v.check.tier == "blocking" and v.against == "baseline"]
    return math.fsum(blocking) / len(blocking)


def redact(report: Report, expanded: Mapping[str, str]) -> Report:
    """Replace values that came from the environment by ``${NAME}`` in everything that a person may read."""
    if not expanded:
        return report

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for secret, name in expanded.items():
                value = value.replace(secret, f"${{{name}}}")
            return value
        if isinstance(value, Mapping):
            return {key: clean(child) for key, child in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(clean(child) for child in value)
        return value

    arms = tuple(
        replace(arm, description=clean(arm.description), notes=clean(arm.notes), provenance=clean(arm.provenance)) for arm in report.arms
    )
    decisions = tuple(replace(decision, reasons=clean(decision.reasons)) for decision in report.decisions)
    cases = tuple(replace(case, errors=clean(case.errors)) if case.errors else case for case in report.cases)
    return replace(report, arms=arms, decisions=decisions, cases=cases, warnings=clean(report.warnings))
