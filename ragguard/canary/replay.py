"""Requests of production, answered again by a plan's baseline and its candidate, and judged by whoever the guardrails ask."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ragguard import judging, seating
from ragguard.canary.requests import Request
from ragguard.data.collection import Collection
from ragguard.data.collection import load as load_collection
from ragguard.errors import InputError, Problem
from ragguard.judges.panel import Panel
from ragguard.judging import Seen
from ragguard.metrics import catalog
from ragguard.metrics.judged import score_of
from ragguard.plan.judges import judge_of
from ragguard.plan.load import LoadedPlan
from ragguard.plan.parts import retrievers
from ragguard.records.collection import Query
from ragguard.records.event import Arm, Event, Response, Retrieved
from ragguard.records.evidence import Answer, Case, Observation
from ragguard.records.metric import Metric
from ragguard.statistics.noise import turns
from ragguard.suites.golden import case_of
from ragguard.suites.resolve import Resolved
from ragguard.suites.runner import Asker
from ragguard.train.arms import Ready, prepare, system_of
from ragguard.train.workshop import Workshop

ARMS: tuple[Arm, ...] = ("baseline", "candidate")


@dataclass(frozen=True)
class Stage:
    """What a replay needs: where systems are made, the corpus that is asked, the candidate's name, and the guardrails' metrics.

    ``redact`` is put over every query before it is asked, so that nothing is kept that production does not keep.
    """

    workshop: Workshop
    collection: Collection
    candidate: str
    metrics: tuple[Metric, ...]
    redact: Callable[[str], str]

    @property
    def loaded(self) -> LoadedPlan:
        """The plan."""
        return self.workshop.loaded

    @property
    def judged(self) -> tuple[Metric, ...]:
        """The guardrails' metrics that are judges' words."""
        return tuple(metric for metric in catalog.direct(self.metrics) if metric.judge)

    @property
    def kept(self) -> int:
        """How far down a ranking events tell of it: as far as a guardrail looks."""
        looked = catalog.direct(self.metrics)
        whole = any(metric.cutoff is None and not metric.judge and catalog.resolve(metric).cutoff == "allowed" for metric in looked)
        return self.loaded.plan.depth if whole else max((metric.cutoff or 0 for metric in looked), default=0)


def collection_of(resolved: Resolved) -> Collection:
    """The plan's own collection, which production's corpus is; a plan's suites may have others.

    Raises:
        InputError: there is no such folder, or its files are wrong.
    """
    plan, folder = resolved.loaded.plan, (resolved.loaded.folder / resolved.loaded.plan.collection).resolve()
    known = (suite.collection for suite in resolved.suites if suite.collection.folder == folder and suite.collection.split == plan.split)
    return next(known, None) or load_collection(folder, plan.split)


def refuse_recorded(loaded: LoadedPlan, arms: Sequence[str]) -> None:
    """Raise InputError where a system only answers what was recorded."""
    for arm in arms:
        system = system_of(loaded, arm)
        if system.recorded is not None or any(part.type == "recorded" for _, part in retrievers(system)):
            where = loaded.source.where(("candidates", arm) if arm in loaded.plan.candidates else (arm,))
            raise InputError(Problem(where, f"{arm} is a recorded run, which has no answer to production's queries", "name a live system"))


def panel(stage: Stage) -> Panel | None:
    """The judges that guardrails ask, ready; None where they ask none.

    Raises:
        InputError: the plan has no such judge, or what it says of one is wrong.
    """
    asks = {metric: _judge(stage, metric) for metric in stage.judged}
    metrics = {name: [metric for metric, asked in asks.items() if asked == name] for name in asks.values()}
    allow = stage.workshop.allow_code
    seats = {name: seating.alone(stage.loaded, name, metrics=asked, allow_code=allow) for name, asked in metrics.items()}
    shop = stage.workshop
    return Panel(seats, asks, shop.store, shop.progress, shop.meter, turns) if seats else None


def _judge(stage: Stage, metric: Metric) -> str:
    try:
        return judge_of(metric, stage.loaded.plan.judges)
    except ValueError as error:
        what, _, fix = f"{metric}: {error}".partition("; ")
        raise InputError(Problem(stage.loaded.source.where(("canary", "guardrails")), what, fix)) from error


def replay(stage: Stage, requests: Sequence[Request], panel: Panel | None) -> tuple[list[Event], dict[Arm, str]]:
    """Have both arms answer every request; return what each did, as events of both, and the arms' fingerprints.

    What was answered or judged before, by systems and judges of the same fingerprints, is taken from the store.

    Raises:
        InputError: the candidate is the baseline, or what a system is made of is wrong.
        CannotJudge: a system failed as a whole, or the store cannot be read or written.
    """
    cases = [_case(request, stage) for request in requests]
    ready = {arm: prepare(stage.workshop, stage.candidate if arm == "candidate" else arm) for arm in ARMS}
    prints = {arm: each.retriever.fingerprint for arm, each in ready.items()}
    if prints["candidate"] == prints["baseline"]:
        where = stage.loaded.source.where(("candidates", stage.candidate))
        what = f"the candidate {stage.candidate!r} is the baseline"
        raise InputError(Problem(where, what, "check that its model is the one you trained"))
    answers: dict[str, Answer] | None = None
    responses: dict[Arm, list[Response]] = {}
    for arm in ARMS:
        observations = _asked(stage, cases, ready[arm], arm)
        scores = _judged(stage, cases, observations, panel, answers)
        responses[arm] = [_response(each, stage, scores.get(each.case, {})) for each in observations]
        answers = answers or {each.case: each.answer for each in observations if each.answer is not None}
    rows = zip(requests, cases, responses["baseline"], responses["candidate"], strict=True)
    queries = stage.collection.queries
    return [
        Event(
            id=request.id,
            at=request.at,
            query=case.text,
            responses={"baseline": baseline, "candidate": candidate},
            user=request.user,
            session=request.session,
            case=request.case if request.case in queries else "",
        )
        for request, case, baseline, candidate in rows
    ], prints


def _case(request: Request, stage: Stage) -> Case:
    """A request as a case: with what the collection knows of it, where it names a golden query."""
    text = stage.redact(request.query)
    known = stage.collection.queries.get(request.case)
    made = case_of(known, stage.collection) if known is not None else Case(request.id, text, Query(request.id, text, request.id), {})
    return replace(made, id=request.id, text=text)


def _asked(stage: Stage, cases: Sequence[Case], ready: Ready, arm: Arm) -> list[Observation]:
    """What an arm does on every case, its rankings as far as they are looked at."""
    shop = stage.workshop
    shop.meter.turn_to(arm)
    asker = Asker(ready.retriever, shop.store, shop.progress, shop.meter)
    rounds = asker.observe(cases, stage.collection, stage.loaded.plan.depth)
    most = max(stage.kept, stage.loaded.plan.show)
    return [replace(each, ranking=each.ranking[:most]) for _, _, found in rounds for each in found]


def _judged(
    stage: Stage, cases: Sequence[Case], observations: Sequence[Observation], panel: Panel | None, reference: Mapping[str, Answer] | None
) -> dict[str, dict[str, float]]:
    """What judges say of an arm's answers, by case and metric; what they said nothing of is not in it."""
    made: dict[str, dict[str, float]] = {}
    for metric in stage.judged if panel is not None else ():
        seen = [
            Seen(case, replace(each, ranking=()), tuple(found.id for found in each.ranking), stage.collection)
            for case, each in zip(cases, observations, strict=True)
            if not each.error and catalog.applicable(metric, case) is None and _answers(metric, each)
        ]
        told = judging.said(panel, metric, seen, reference, f"shadow/{metric}") if panel is not None else {}
        for case, words in told.items():
            score = score_of(words)
            if isinstance(score, float):
                made.setdefault(case, {})[str(metric)] = score
    return made


def _answers(metric: Metric, observation: Observation) -> bool:
    return observation.answer is not None or not catalog.about_answers(metric)


def _response(observation: Observation, stage: Stage, scores: Mapping[str, float]) -> Response:
    marks, answer = stage.collection.marks(found.id for found in observation.ranking), observation.answer
    ranking = (Retrieved(found.id, found.score, marks[found.id].version if found.id in marks else "") for found in observation.ranking)
    # What several cases took together is nobody's latency.
    alone = all(count == 1 for count in observation.together.values())
    return Response(
        ranking=tuple(ranking),
        contexts=observation.contexts,
        answer=answer.text if answer is not None else None,
        citations=answer.citations if answer is not None else (),
        abstained=answer.abstained if answer is not None else None,
        seconds=dict(observation.seconds) if alone else {},
        tokens=answer.tokens or None if answer is not None else None,
        prompt_tokens=answer.prompt_tokens or None if answer is not None else None,
        error=observation.error,
        scores=dict(scores),
    )
