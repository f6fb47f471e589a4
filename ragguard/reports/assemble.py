"""Puts the pieces of a run together into one ``Report``."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version

import numpy as np

from ragguard.errors import EXIT_BLOCK, EXIT_CANNOT_JUDGE, EXIT_HOLD, EXIT_PROMOTE
from ragguard.records.evidence import Answer as Said
from ragguard.records.evidence import Case, NotApplicable, Observation, Score, Unscored
from ragguard.records.judgement import Judgement
from ragguard.records.metric import Metric, Scale
from ragguard.records.report import Arm, CaseRun, JudgeRun, Mean, Moved, Report, Shown, ShownDocument, SuiteRun, TaskRun, Times
from ragguard.records.verdict import Answer, Decision
from ragguard.reports import answered, tasked
from ragguard.reports.redaction import redact
from ragguard.statistics.strata import pooled_mean
from ragguard.store import fingerprint
from ragguard.suites.resolve import Resolved, Suite
from ragguard.suites.runner import NOT_IN_CORPUS

CODES: Mapping[Answer, int] = {"promote": EXIT_PROMOTE, "block": EXIT_BLOCK, "hold": EXIT_HOLD, "error": EXIT_CANNOT_JUDGE}
TRUNCATED, LIMIT = "documents_truncated", "max_seq_length"
GRAVEST_FIRST: tuple[Answer, ...] = ("error", "hold", "block")


@dataclass
class ArmScores:
    """What one arm did on one suite: scores by case and metric, the heads of its rankings, and its errors.

    ``costs`` are the observations of queries without an error, without their rankings: what they took, and how long their answers are.
    ``judgements`` are what judges said, by case and metric, one for each answer that was drawn; ``labels`` what people said of those to
    which any answer is labelled (None: this one is not).
    """

    scores: dict[str, dict[Metric, Score]] = field(default_factory=dict)
    heads: dict[str, tuple[Shown, ...]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Said] = field(default_factory=dict)
    contexts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    costs: dict[str, Observation] = field(default_factory=dict)
    judgements: dict[str, dict[Metric, tuple[Judgement, ...]]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[Metric, float | None]] = field(default_factory=dict)

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
            elif not case.task:
                self.costs[case.id] = replace(observation, ranking=())
            if observation.answer is not None:
                self.answers[case.id], self.contexts[case.id] = observation.answer, observation.contexts

    def judge(self, metric: Metric, judgements: Mapping[str, tuple[Judgement, ...]], scores: Mapping[str, Score]) -> None:
        """Keep what a judge said of cases, and the scores that were made of it."""
        self.derive({metric: scores})
        for case, said in judgements.items():
            self.judgements.setdefault(case, {})[metric] = said

    def derive(self, derived: Mapping[Metric, Mapping[str, Score]]) -> None:
        """Keep scores that were made from others."""
        for metric, values in derived.items():
            for case, value in values.items():
                self.scores[case][metric] = value


def overall(decisions: Sequence[Decision]) -> Answer:
    """The answer of a run: promote if any candidate is promoted, else the first of error, hold, block that occurs."""
    answers = {decision.answer for decision in decisions}
    return "promote" if "promote" in answers else next(answer for answer in GRAVEST_FIRST if answer in answers)


def means(suite: Suite, scales: Mapping[Metric, Scale], arms: Mapping[str, ArmScores]) -> Iterator[Mean]:
    """A suite's metrics by slice and arm; as in checks, a mean is over intents, each the mean of its cases, and tasks weigh alike."""
    intents = {case.id: (case.query.intent, case.task) for case in suite.cases.cases}
    for metric in suite.metrics:
        for name, members in sorted(suite.cases.slices.items()):
            for arm, scores in arms.items():
                values = {case: scores.scores[case][metric] for case in sorted(members) if case in scores.scores}
                numbers = {case: value for case, value in values.items() if isinstance(value, float)}
                yield Mean(
                    metric=str(metric),
                    slice=name,
                    arm=arm,
                    mean=_typical(numbers, intents, scales[metric]),
                    scored=len(numbers),
                    unscored=sum(isinstance(value, Unscored) for value in values.values()),
                    not_applicable=sum(isinstance(value, NotApplicable) for value in values.values()),
                    unit=scales[metric].unit,
                )


def _typical(numbers: Mapping[str, float], intents: Mapping[str, tuple[str, str]], scale: Scale) -> float | None:
    """The mean over intents; of a metric that is a quantile of the cases, that quantile."""
    if scale.quantile is None:
        return mean_over_intents(numbers, intents)
    return float(np.quantile(list(numbers.values()), scale.quantile)) if numbers else None


def mean_over_intents(numbers: Mapping[str, float], intents: Mapping[str, tuple[str, str]]) -> float | None:
    """The mean of cases' scores, over intents as in checks; ``intents`` maps a case to its intent and its task."""
    groups: dict[tuple[str, str], list[float]] = {}
    for case, value in numbers.items():
        groups.setdefault(intents[case], []).append(value)
    each = [math.fsum(group) / len(group) for group in groups.values()]
    return pooled_mean(each, [task for _, task in groups]) if groups else None


def _case_runs(suite: Suite, arms: Mapping[str, ArmScores]) -> Iterator[CaseRun]:
    """A suite's cases with what every arm made of them."""
    for case in suite.cases.cases:
        ran = {name: scores for name, scores in arms.items() if case.id in scores.scores}
        answers = {name: arm.answers[case.id] for name, arm in ran.items() if case.id in arm.answers}
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
            aside=case.id not in suite.cases.slices[""],
            answers=answers,
            contexts={name: arm.contexts[case.id] for name, arm in ran.items() if case.id in arm.contexts},
            task=case.task,
            expected=case.expected or (case.query.gold_answer if answers else ""),
            judged={
                name: {str(metric): said for metric, said in arm.judgements[case.id].items()}
                for name, arm in ran.items()
                if case.id in arm.judgements
            },
            labels={
                name: {str(metric): said for metric, said in arm.labels[case.id].items()}
                for name, arm in ran.items()
                if case.id in arm.labels
            },
            unlabelled=case.id in suite.cases.alone(),
        )


def assemble(
    resolved: Resolved,
    arms: tuple[Arm, ...],
    scores: Mapping[str, Mapping[str, ArmScores]],
    decisions: tuple[Decision, ...],
    times: Times,
    expanded: Mapping[str, str],
    moved: Mapping[str, Sequence[Moved]],
    warnings: Sequence[str] = (),
    judges: tuple[JudgeRun, ...] = (),
) -> Report:
    """Make the report of a run. ``scores`` is by suite, then arm; ``moved`` by suite; ``warnings`` are those that came up on the way;
    ``judges`` are those that were asked.

    ``expanded`` maps values that came from the environment to the names of their variables, by which they are replaced.
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
        suites=tuple(
            replace(_suite_run(resolved, suite, scores[suite.name], moved.get(suite.name, ())), tasks=_tasks(suite, cases, decisions))
            for suite in resolved.suites
        ),
        decisions=decisions,
        cases=cases,
        documents=_documents(resolved, cases),
        warnings=tuple(dict.fromkeys([*_warnings(resolved, arms), *answered.warnings(arms, cases), *warnings])),
        best=_best(decisions),
        judges=judges,
        times=times,
    )
    return redact(report, expanded)


def _suite_run(resolved: Resolved, suite: Suite, arms: Mapping[str, ArmScores], moved: Sequence[Moved]) -> SuiteRun:
    collection = suite.collection
    return SuiteRun(
        name=suite.name,
        kind=suite.loaded.plan.kind,
        fingerprint=suite.fingerprint,
        collection=suite.where,
        split=collection.split,
        collection_fingerprint=collection.fingerprint,
        cases=len(suite.whole),
        intents=len({case.query.intent for case in suite.whole}),
        description=suite.loaded.plan.description,
        means=tuple(means(suite, resolved.scales, arms)),
        made=suite.cases.made,
        moved=tuple(moved),
        note=suite.cases.note,
        corrected=tuple(sorted(map(str, suite.corrected))),
        unlabelled=len(suite.unlabelled),
    )


def _tasks(suite: Suite, cases: Sequence[CaseRun], decisions: Sequence[Decision]) -> tuple[TaskRun, ...]:
    about = [tasked.About(task.name, task.metric, task.absent) for task in suite.tasks]
    return tuple(tasked.rows(about, cases, decisions, suite.name, "baseline"))


def _documents(resolved: Resolved, cases: Sequence[CaseRun]) -> dict[str, ShownDocument]:
    """Title, version and status of every document that a case shows, where its corpus has it."""
    corpora = {(suite.name, case.id): part.collection for suite in resolved.suites for part in suite.parts for case in part.cases}
    shown: dict[str, ShownDocument] = {}
    for case in cases:
        if (collection := corpora.get((case.suite, case.id))) is None:
            continue  # an item of a task
        for name in (*case.relevant, *(ranked.id for head in case.rankings.values() for ranked in head)):
            if name not in shown and name in collection.corpus:
                document = collection.document(name)
                shown[name] = ShownDocument(document.title, document.version, document.status, document.product, document.planted)
    return shown


def _warnings(resolved: Resolved, arms: Sequence[Arm]) -> Iterator[str]:
    yield from resolved.warnings
    for suite in resolved.suites:
        yield from (warning for collection in suite.collections for warning in collection.warnings)
        yield from suite.cases.warnings
    for arm in arms:
        for key, value in sorted(arm.notes.items()):
            if key.endswith(TRUNCATED) and isinstance(value, float | int) and value > 0:
                yield _truncated(arm, key, value)
        strange = arm.notes.get(NOT_IN_CORPUS, 0)
        if strange:
            yield (
                f"{arm.name}: {strange} ranked results name documents that the corpus does not have, and count as not relevant: "
                "was it built over another corpus?"
            )


def _truncated(arm: Arm, key: str, share: float) -> str:
    """A note may belong to a suite's own corpus, or to a part of a hybrid: its key begins with that."""
    place = key.removesuffix(TRUNCATED)
    named = f" ({place.rstrip('.: ')})" if place else ""
    return (
        f"{arm.name}{named}: {share:.1%} of the documents are longer than the encoder's {arm.notes.get(place + LIMIT, '')} tokens; "
        "what lies beyond is not seen: split them, or raise max_seq_length"
    )


def _best(decisions: Sequence[Decision]) -> str:
    """The promoted candidate with the largest mean difference over its blocking checks, where several were gated."""
    promoted = [decision for decision in decisions if decision.answer == "promote"]
    return max(promoted, key=lambda decision: (_gain(decision), decision.candidate)).candidate if promoted and len(decisions) > 1 else ""


def _gain(decision: Decision) -> float:
    blocking = [v.estimate.difference or 0.0 for v in decision.verdicts if v.check.tier == "blocking" and v.against == "baseline"]
    return math.fsum(blocking) / len(blocking)
