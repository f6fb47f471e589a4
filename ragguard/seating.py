"""The judges of a plan, built before anything runs: what they are is part of what is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ragguard.errors import InputError, Problem, suggest
from ragguard.execute.meter import Meter
from ragguard.judges.build import Seat, seat
from ragguard.judges.panel import Panel
from ragguard.judges.protocols import Context
from ragguard.judges.ragas import RagasJudgeRunner
from ragguard.metrics import catalog
from ragguard.plan.judges import JudgePlan, NliJudge, RagasJudge
from ragguard.plan.load import LoadedPlan
from ragguard.plan.lock import NAME as LOCK
from ragguard.plan.parts import retrievers, systems
from ragguard.plan.retrievers import DenseRetriever
from ragguard.plan.systems import SystemPlan
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.noise import turns
from ragguard.store import Store
from ragguard.suites.judging import judges_asked
from ragguard.suites.resolve import Resolved
from ragguard.systems.protocols import Progress
from ragguard.train.arms import Found, find
from ragguard.train.survey import named_here


def seated(resolved: Resolved, *, allow_code: bool = False, reach_out: bool = True) -> tuple[Resolved, dict[str, Seat]]:
    """Build the judges that somebody asks; return them, and the plan with their fingerprints in the versions of their metrics.

    Without ``reach_out`` those are left out whose models are elsewhere, and no fingerprint is taken; a server is asked nothing at all.

    Raises:
        InputError: with everything that is wrong with any of them.
    """
    asks, plans = judges_asked(resolved, catalog.inner), resolved.loaded.plan.judges
    context = Context(resolved.loaded.folder, _encoder(resolved.loaded), allow_code)
    seats, problems = dict[str, Seat](), list[Problem]()
    for name in dict.fromkeys(asks.values()):
        if reach_out or _is_here(plans[name], context):
            try:
                seats[name] = _seat(name, plans[name], context, [metric for metric, asked in asks.items() if asked == name])
            except InputError as error:
                where = resolved.loaded.source.where(("judges", name))
                problems += [each if each.where else replace(each, where=where) for each in error.problems]
    if problems:
        raise InputError(problems)
    scales = {metric: _scale(scale, seats.get(asks.get(metric, "")), resolved) for metric, scale in resolved.scales.items()}
    found = replace(resolved, scales=scales, warnings=(*resolved.warnings, *_idle(resolved, asks)))
    if not reach_out:
        return found, seats
    return replace(found, versions=_versions(resolved, asks, seats), warnings=(*found.warnings, *_others(resolved.loaded, seats))), seats


def alone(loaded: LoadedPlan, name: str, *, metrics: Sequence[Metric] = (), allow_code: bool = False) -> Seat:
    """Build one judge of a plan, whether a suite asks it or not; ``metrics`` are what it must be able to give.

    Raises:
        InputError: the plan has no such judge, what it says of it is wrong, or it cannot give a metric.
    """
    if name not in loaded.plan.judges:
        where, what = loaded.source.where(("judges",)), f"there is no judge {name!r} in the plan"
        raise InputError(Problem(where, what, suggest(name, loaded.plan.judges)))
    try:
        return _seat(name, loaded.plan.judges[name], Context(loaded.folder, _encoder(loaded), allow_code), metrics)
    except InputError as error:
        where = loaded.source.where(("judges", name))
        raise InputError(each if each.where else replace(each, where=where) for each in error.problems) from error


def panel(resolved: Resolved, seats: Mapping[str, Seat], store: Store, progress: Progress, meter: Meter) -> Panel | None:
    """Return the judges, ready to be asked; None where nobody asks any."""
    return Panel(seats, judges_asked(resolved, catalog.inner), store, progress, meter, turns) if seats else None


def _seat(name: str, plan: JudgePlan, context: Context, metrics: Sequence[Metric]) -> Seat:
    """Build a judge that can give these metrics. Raises InputError where it cannot."""
    made = seat(name, plan, context)
    if isinstance(made.judge, RagasJudgeRunner) and (lacking := [each for metric in metrics if (each := made.judge.lacks(metric))]):
        raise InputError(lacking)
    return made


def _versions(resolved: Resolved, asks: Mapping[Metric, str], seats: Mapping[str, Seat]) -> dict[str, str]:
    judged = {str(metric): seats[name].judge.fingerprint for metric in resolved.scales if (name := asks.get(catalog.inner(metric)))}
    return {name: f"{version}/{judged[name]}" if name in judged else version for name, version in resolved.versions.items()}


def _scale(scale: Scale, asked: Seat | None, resolved: Resolved) -> Scale:
    """What a judge says once, of one answer, may be 0 or 1 and nothing between; the mean of several verdicts may be anything."""
    arms = [system for _, system in systems(resolved.loaded.plan)] + [found.system for found in _accepted(resolved.loaded)]
    several = any(getattr(system.generator, "repeats", 1) > 1 for system in arms)
    return replace(scale, binary=asked.binary and asked.repeats == 1 and not several) if asked is not None else scale


def _encoder(loaded: LoadedPlan) -> DenseRetriever | None:
    """The encoder of the baseline's retriever, if it has one, and the first of several."""
    baseline = [loaded.plan.baseline] if isinstance(loaded.plan.baseline, SystemPlan) else [each.system for each in _accepted(loaded)]
    return next((part for system in baseline for _, part in retrievers(system) if isinstance(part, DenseRetriever)), None)


def _accepted(loaded: LoadedPlan) -> list[Found]:
    """The baseline that the lock names, where the plan wants it and it is there."""
    return [find(loaded, "baseline")] if loaded.plan.baseline == "accepted" and (loaded.folder / LOCK).is_file() else []


def _others(loaded: LoadedPlan, seats: Mapping[str, Seat]) -> Iterator[str]:
    """The judges that are not what they were when the baseline was accepted."""
    for found in _accepted(loaded):
        before = found.lock.judges if found.lock is not None else {}
        for name, asked in seats.items():
            if name in before and before[name] != asked.judge.fingerprint:
                yield f"the baseline was accepted under another judge {name!r} than this one; its answers are judged anew, like the others'"


def _is_here(plan: JudgePlan, context: Context) -> bool:
    """Whether all that a judge needs to be built is on this disk."""
    if isinstance(plan, NliJudge):
        return named_here(plan.model, context.folder)
    if isinstance(plan, RagasJudge):
        encoder = plan.embeddings or (context.encoder.model if context.encoder is not None else None)
        return encoder is None or named_here(encoder, context.folder)
    return True


def _idle(resolved: Resolved, asks: Mapping[Metric, str]) -> Iterator[str]:
    for name, plan in resolved.loaded.plan.judges.items():
        if name not in asks.values():
            metric = f"rubric:{name}" if plan.type == "rubric" else f"{plan.type}:Faithfulness"
            yield f"the judge {name!r} is asked nothing, for no suite of the plan checks or reports what it gives, such as {metric}"
