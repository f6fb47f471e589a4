"""Judges results made elsewhere as a gate judges its own: the same estimates, decision and report."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.elsewhere.alike import alike
from ragguard.elsewhere.asked import Asked
from ragguard.elsewhere.checks import Demands, demands
from ragguard.elsewhere.paired import Pairing
from ragguard.records.evidence import Answer, NotApplicable, PairedScores, Score, Unscored
from ragguard.records.foreign import Item, Reply, Table
from ragguard.records.metric import TASK_SCORE
from ragguard.records.report import Arm, CaseRun, Mean, Report, SuiteRun
from ragguard.records.verdict import Decision, Estimate
from ragguard.reports import tasked
from ragguard.reports.assemble import CODES, mean_over_intents
from ragguard.statistics.estimate import estimate
from ragguard.store import fingerprint

ALPHA = 0.05
"""The one-sided error rate of a false promotion, and of a false block."""

BASELINE, CANDIDATE = "baseline", "candidate"


def judged(baseline: Table, candidate: Table, asked: Asked) -> Report:
    """Compare two tables, decide on the second, and make the report.

    Raises:
        NotComparable: they are of unlike things.
        InputError: what decides is not known, or not there.
    """
    warnings = alike(baseline, candidate)
    pairing = Pairing(baseline, candidate)
    wanted = demands(pairing, asked)
    decision = decide(CANDIDATE, judge([(BASELINE, each) for each in _estimates(pairing, wanted)], alpha=ALPHA))
    return _report(pairing, wanted, decision, (*warnings, *wanted.left_out))


def _estimates(pairing: Pairing, wanted: Demands) -> Iterator[Estimate]:
    endpoints = sum(check.tier == "blocking" for check in wanted.checks)
    intents = pairing.intents()
    for check in wanted.checks:
        metric, members = str(check.metric), wanted.slices[check.slice]
        cases = [name for name in pairing.items if name in members]
        pairs = PairedScores(
            check=check,
            scale=wanted.scales[metric],
            cases=tuple(cases),
            intents=tuple(intents[name] for name in cases),
            baseline=tuple(pairing.score(pairing.baseline, metric, name) for name in cases),
            candidate=tuple(pairing.score(pairing.candidate, metric, name) for name in cases),
            strata=tuple(pairing.items[name].task for name in cases),
        )
        yield estimate(pairs, alpha=ALPHA, endpoints=endpoints)


def _report(pairing: Pairing, wanted: Demands, decision: Decision, warnings: Sequence[str]) -> Report:
    cases = tuple(_case(pairing, wanted, item) for item in pairing.items.values())
    demanded = [[c.identity, c.tier, c.margin, c.limit, c.strict, c.max_unscored] for c in wanted.checks]
    content = [[item.id, item.content, item.intent] for item in pairing.items.values()]
    question = fingerprint("compare", pairing.tool, ALPHA, demanded, content)
    arms = (_arm(pairing.baseline, BASELINE), _arm(pairing.candidate, CANDIDATE))
    return Report(
        plan="compare",
        run=fingerprint("run", question, [arm.fingerprint for arm in arms])[:12],
        question=question,
        ragguard=version("ragguard"),
        seed=0,
        alpha=ALPHA,
        looks=1,
        answer=decision.answer,
        exit_code=CODES[decision.answer],
        arms=arms,
        suites=(_suite(pairing, wanted, decision, cases, content),),
        decisions=(decision,),
        cases=cases,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _arm(table: Table, role: str) -> Arm:
    description = {"results": table.shown, "format": table.tool}
    return Arm(
        role, "baseline" if role == BASELINE else "candidate", table.fingerprint, description, {"cases": len(table.items), **table.about}
    )


def _suite(pairing: Pairing, wanted: Demands, decision: Decision, cases: tuple[CaseRun, ...], content: list[list[str]]) -> SuiteRun:
    whole = [case for case in cases if not case.aside]
    tasks = [tasked.About(task, pairing.their_name(metric)) for task, metric in sorted(pairing.tasks.items())]
    return SuiteRun(
        name=wanted.suite,
        kind=pairing.tool,
        fingerprint=fingerprint("suite", wanted.suite, [check.identity for check in wanted.checks], content),
        collection=", ".join(sorted({item.task for item in pairing.items.values()} - {""})) or pairing.tool,
        split="",
        collection_fingerprint=fingerprint("cases", content),
        cases=len(whole),
        intents=len({case.intent for case in whole}),
        description=wanted.description,
        means=tuple(_means(wanted, cases)),
        tasks=tuple(tasked.rows(tasks, cases, [decision], wanted.suite, BASELINE)) if TASK_SCORE in wanted.scales else (),
    )


def _means(wanted: Demands, cases: Sequence[CaseRun]) -> Iterator[Mean]:
    metrics = dict.fromkeys([*(str(check.metric) for check in wanted.checks), *wanted.shown])
    for metric in metrics:
        for slice_ in sorted(wanted.slices):
            members = [case for case in cases if (slice_ in case.slices if slice_ else not case.aside)]
            for arm in (BASELINE, CANDIDATE):
                yield _mean(metric, slice_, arm, members)


def _mean(metric: str, slice_: str, arm: str, members: Sequence[CaseRun]) -> Mean:
    values = {case.id: case.scores[arm][metric] for case in members}
    numbers = {name: value for name, value in values.items() if isinstance(value, float)}
    return Mean(
        metric=metric,
        slice=slice_,
        arm=arm,
        mean=mean_over_intents(numbers, {case.id: (case.intent, case.task) for case in members}),
        scored=len(numbers),
        unscored=sum(isinstance(value, Unscored) for value in values.values()),
        not_applicable=sum(isinstance(value, NotApplicable) for value in values.values()),
    )


def _case(pairing: Pairing, wanted: Demands, item: Item) -> CaseRun:
    arms = {BASELINE: pairing.baseline, CANDIDATE: pairing.candidate}
    return CaseRun(
        id=item.id,
        suite=wanted.suite,
        text=item.text,
        intent=item.intent,
        tags=item.tags,
        slices=tuple(name for name, members in wanted.slices.items() if name and item.id in members),
        relevant=item.relevant,
        scores={arm: _scores(pairing, wanted, table, item.id) for arm, table in arms.items()},
        rankings={arm: table.ranked[item.id] for arm, table in arms.items() if item.id in table.ranked},
        errors={arm: table.errors[item.id] for arm, table in arms.items() if item.id in table.errors},
        aside=item.id not in wanted.slices[""],
        answers=_answers({arm: table.said.get(item.id) for arm, table in arms.items()}),
        task=item.task if TASK_SCORE in wanted.scales else "",
        expected=item.expected,
    )


def _scores(pairing: Pairing, wanted: Demands, table: Table, case: str) -> dict[str, Score]:
    return {metric: pairing.score(table, metric, case) for metric in wanted.scales}


def _answers(replies: Mapping[str, Reply | None]) -> dict[str, Answer]:
    return {arm: Answer(reply.text) for arm, reply in replies.items() if reply is not None}
