"""Before anything runs: everything that a plan names is resolved, and what could never be judged is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ragguard.errors import InputError, Problem
from ragguard.metrics import catalog
from ragguard.metrics.judged import about_the_answer
from ragguard.plan import load as plans
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.load import LoadedPlan
from ragguard.plan.lock import NAME as LOCK
from ragguard.records.metric import Metric
from ragguard.statistics.tail import least
from ragguard.suites import answering, judging
from ragguard.suites.resolve import Resolved, Suite, resolve
from ragguard.train.arms import system_of


def load(plan: LoadedPlan | Path | str, *, allow_code: bool = False) -> Resolved:
    """Read a plan (or take one that was read) and resolve everything that it names, without training or running anything.

    Perturbations that are code of the user's own do run, if ``allow_code`` says that they may.

    Raises:
        InputError: with every problem found.
    """
    loaded = plan if isinstance(plan, LoadedPlan) else plans.load(Path(plan))
    resolved = resolve(loaded, catalog.scale, catalog.version, allow_code=allow_code)
    resolved = _answered(judging.fit(resolved, catalog.inner, about_the_answer))
    wrong = [
        problem
        for suite in resolved.suites
        for problem in (*_says_nothing(suite), *_never_judged(suite), *_too_few_for_a_tail(resolved, suite))
    ]
    if wrong:
        raise InputError(wrong)
    return resolved


def _answered(resolved: Resolved) -> Resolved:
    """What of the suites can be judged of systems that answer, or do not."""
    plan, folder = resolved.loaded.plan, resolved.loaded.folder
    known = [arm for arm in references(resolved.loaded) if arm != "baseline" or plan.baseline != "accepted" or (folder / LOCK).is_file()]
    systems = {arm: system_of(resolved.loaded, arm) for arm in (*known, *plan.candidates)}
    fitting = answering.fit(resolved, {arm: system.answers for arm, system in systems.items()}, catalog.about_answers)
    several = any(getattr(system.generator, "repeats", 1) > 1 for system in systems.values())
    return replace(fitting, scales=answering.graded(fitting.scales, catalog.about_answers)) if several else fitting


def _never_judged(suite: Suite) -> Iterator[Problem]:
    """The checks that would let a verdict hang on a metric which says nothing of better or worse."""
    for check in suite.checks:
        if catalog.advisory(check.metric) and check.tier != "advisory":
            what = f"{check.metric} can only be advisory: {catalog.why_advisory(check.metric)}"
            instead = catalog.instead(check.metric)
            fix = f"write tier: advisory, or check {instead}" if instead else "write tier: advisory"
            yield Problem(suite.loaded.source.where(("checks", suite.place(check))), what, fix)


def _too_few_for_a_tail(resolved: Resolved, suite: Suite) -> Iterator[Problem]:
    """The checks of a quantile that gate on fewer intents than it takes to see one, and rules for single cases, which it is none of."""
    for check in suite.checks:
        quantile, where = resolved.scale(suite, check).quantile, suite.loaded.source.where(("checks", suite.place(check)))
        if quantile is None or check.tier == "advisory":
            continue
        if check.tier == "must":
            fix = f"write tier: blocking, or check {catalog.inner(check.metric)} itself with a limit:"
            yield Problem(where, f"{check.metric} is of all cases together, and tier: must of each alone", fix)
        members = suite.members(check)
        intents = len({each.query.intent for each in suite.cases.cases if each.id in members and not each.task})
        if intents < least(quantile):
            what = f"{check.metric} gates from {least(quantile):,} intents on, and this has {intents:,}"
            yield Problem(where, what, "write tier: advisory, or add cases")


def _says_nothing(suite: Suite) -> Iterator[Problem]:
    """The metrics that apply to no case of their check, or of the suite that reports them: no run could ever score them."""
    checks = [(("checks", suite.place(check)), check.metric, check.slice) for check in suite.checks]
    shown = [(("report", i), Metric.parse(name), "") for i, name in enumerate(suite.loaded.plan.report)]
    for location, metric, slice_ in (*checks, *(each for each in shown if each[1] in suite.metrics)):
        members = [case for case in suite.cases.cases if case.id in suite.cases.slices[slice_]]
        needs = catalog.needs(metric) or ("queries" if all(case.task for case in members) else "")
        members = members if needs else []
        given = [reason for case in members if (reason := catalog.applicable(metric, case)) is not None]
        if members and len(given) == len(members):
            what = f"{metric} applies to none of its {len(members)} cases: {given[0].not_applicable}"
            yield Problem(suite.loaded.source.where(location), what, f"drop it, or name another slice: it needs {needs}")


def references(loaded: LoadedPlan) -> list[str]:
    """The arms that candidates are compared with: the baseline, and the anchor if there is one."""
    return ["baseline", *(["anchor"] if loaded.plan.anchor is not None else [])]


def refuse_speechless(resolved: Resolved, arms: Sequence[str]) -> None:
    """Raise InputError where a suite has tasks of lm-eval, and an arm no language model that they could be run on."""
    systems = {arm: system_of(resolved.loaded, arm).generator for arm in arms}
    problems = [
        Problem(
            suite.loaded.source.where(("lm_eval",)),
            f"lm-eval runs language models on this machine, and {arm} has "
            + (f"a generator of type {generator.type}" if generator is not None else "no generator"),
            "give it a generator of type: causal-lm, or take this suite's lm_eval: out",
        )
        for suite in resolved.suites
        for arm, generator in systems.items()
        if suite.tasks and not isinstance(generator, CausalGenerator)
    ]
    if problems:
        raise InputError(problems)
