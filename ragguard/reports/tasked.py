"""What lm-eval's tasks came to: a row a task with the items that flipped, made of the cases; the same for a gate and a comparison."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ragguard.records.metric import TASK_SCORE
from ragguard.records.report import CaseRun, TaskRun
from ragguard.records.verdict import Decision, Verdict
from ragguard.statistics.rows import Pair, intent_means, intent_strata
from ragguard.statistics.strata import pooled_mean

_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class About:
    """A task as the suite has it: which metric counts, and why there is no data, if there is none."""

    name: str
    metric: str
    note: str = ""


def rows(tasks: Sequence[About], cases: Iterable[CaseRun], decisions: Iterable[Decision], suite: str, baseline: str) -> Iterator[TaskRun]:
    """Yield, for each candidate, a row for all tasks together (its ``task`` is "") and one for each."""
    items = [case for case in cases if case.suite == suite and case.task]
    for decision in decisions if tasks else ():
        metrics = ", ".join(dict.fromkeys(task.metric for task in tasks if task.metric))
        absent = "; ".join(f"{task.name}: {task.note}" for task in tasks if task.note)
        yield _row(About("", metrics, absent), items, decision, suite, baseline)
        for task in tasks:
            yield _row(task, [case for case in items if case.task == task.name], decision, suite, baseline)


def _row(task: About, items: Sequence[CaseRun], decision: Decision, suite: str, baseline: str) -> TaskRun:
    arm = decision.candidate
    scores = ((case, _score(case, baseline), _score(case, arm)) for case in items)
    pairs = [Pair(case.id, case.intent, b, c, case.task) for case, b, c in scores if b is not None and c is not None]
    before, after = _means(pairs) if pairs and not task.note else (None, None)
    bounds = _verdict(decision, suite, task.name)
    return TaskRun(
        task=task.name,
        metric=task.metric,
        arm=arm,
        items=len(pairs),
        baseline=before,
        candidate=after,
        difference=None if before is None or after is None else after - before,
        lower=bounds.estimate.lower if bounds is not None and not task.note else None,
        upper=bounds.estimate.upper if bounds is not None and not task.note else None,
        lost=tuple(pair.case for pair in pairs if pair.candidate < pair.baseline - _NOISE),
        won=tuple(pair.case for pair in pairs if pair.candidate > pair.baseline + _NOISE),
        note=task.note,
    )


def _score(case: CaseRun, arm: str) -> float | None:
    scores: Mapping[str, object] = case.scores.get(arm, {})
    found = scores.get(TASK_SCORE)
    return float(found) if isinstance(found, float | int) else None


def _means(pairs: Sequence[Pair]) -> tuple[float, float]:
    """Of the baseline and the candidate; as in checks, tasks weigh alike."""
    strata = intent_strata(pairs)
    before, after = intent_means(pairs, lambda pair: pair.baseline), intent_means(pairs, lambda pair: pair.candidate)
    return pooled_mean(before, strata), pooled_mean(after, strata)


def _verdict(decision: Decision, suite: str, task: str) -> Verdict | None:
    """The check on a task against the baseline, if there is one."""
    made = (each for each in decision.verdicts if each.check.suite == suite and each.against == "baseline" and each.check.tier != "must")
    return next((each for each in made if str(each.check.metric) == TASK_SCORE and each.check.slice == task), None)
