"""What the gate makes of a mutant: the cases on which it did something else are scored again, all others stand as they were scored."""

from collections.abc import Mapping
from dataclasses import replace

from ragguard import judging, trial
from ragguard.drill.site import Key, Site, key
from ragguard.metrics import catalog
from ragguard.records.evidence import Observation
from ragguard.reports.assemble import ArmScores
from ragguard.suites.golden import Part
from ragguard.suites.resolve import Suite
from ragguard.trial import Trial


def rescore(site: Site, after: Mapping[Key, Observation]) -> Trial:
    """Return the trial of a system that did what the baseline did, but on the cases of ``after``. Items of lm-eval stand as they were.

    Raises:
        CannotJudge: a judge's verdicts cannot be read or written.
    """
    return Trial(scores={suite.name: _suite(site, suite, after) for suite in site.suites if suite.name in site.trial.scores})


def _suite(site: Site, suite: Suite, after: Mapping[Key, Observation]) -> ArmScores:
    before = site.trial.scores[suite.name]
    changed = [(part, [case for case in part.cases if key(part, case) in after]) for part in suite.parts]
    if not any(cases for _, cases in changed):
        return before
    scores = _copy(before)
    for part, cases in changed:
        if cases:
            observations = [after[key(part, case)] for case in cases]
            scores.add(cases, observations, trial.scored(suite, part, cases, observations), 1)
            _judge(site, suite, part, scores, after)
    scores.derive(catalog.derive(suite.metrics, suite.cases.cases, scores.scores))
    return scores


def _judge(site: Site, suite: Suite, part: Part, scores: ArmScores, after: Mapping[Key, Observation]) -> None:
    if site.bench.panel is not None:
        cases = [case for case in part.cases if key(part, case) in after]
        seen = judging.seen(suite, part, cases, [after[key(part, case)] for case in cases])
        judging.judge(site.bench.panel, suite, scores, seen, site.trial.scores[suite.name].answers)


def _copy(scores: ArmScores) -> ArmScores:
    return replace(
        scores,
        scores={case: dict(by_metric) for case, by_metric in scores.scores.items()},
        heads=dict(scores.heads),
        errors=dict(scores.errors),
        answers=dict(scores.answers),
        contexts=dict(scores.contexts),
        costs=dict(scores.costs),
        judgements={case: dict(said) for case, said in scores.judgements.items()},
    )
