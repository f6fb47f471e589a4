"""A plan's judge, asked about answers that people labelled."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ragguard import gate, preflight, seating
from ragguard.data.labelled import Labelled
from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.execute.meter import Idle
from ragguard.judges.build import Seat
from ragguard.judges.panel import Panel
from ragguard.metrics import catalog
from ragguard.metrics.judged import judged, settled
from ragguard.plan.judges import RubricJudge
from ragguard.records.collection import Query
from ragguard.records.evidence import Answer
from ragguard.records.judgement import Asked, Judgement, Verdict
from ragguard.records.metric import Metric
from ragguard.reports.redaction import hider
from ragguard.statistics.noise import turns
from ragguard.statistics.prediction import Terms
from ragguard.store import Store
from ragguard.suites.judging import judges_asked
from ragguard.suites.resolve import Resolved
from ragguard.systems.citations import abstains
from ragguard.systems.protocols import Progress


@dataclass(frozen=True)
class Bench:
    """A judge of a plan, ready to be asked: its metric, the queries that the plan knows by the ids of their cases, what a check of the
    metric demands.
    """

    resolved: Resolved
    seat: Seat
    metric: Metric
    queries: Mapping[str, Query]
    terms: Terms

    @property
    def intents(self) -> dict[str, str]:
        """The intent of each query."""
        return {name: query.intent for name, query in self.queries.items()}


@dataclass(frozen=True)
class Said:
    """What a judge said of answers, in their order: values where there are some, its words, and where it looked in both orders of a pair.

    ``failed`` counts the answers without a value, by kind of error; ``first_error`` is the first of those.
    """

    values: tuple[float | None, ...]
    reasons: tuple[str, ...]
    sides: tuple[int | None, ...]
    failed: Mapping[str, int] = field(default_factory=dict)
    first_error: str = ""


def bench(plan: Path, judge: str | None, metric: Metric | None, *, allow_code: bool = False) -> Bench:
    """Resolve a plan and build its judge; nothing is asked.

    Raises:
        InputError: the plan is wrong, it has no such judge, or the judge does not give that metric.
    """
    resolved = preflight.load(plan, allow_code=allow_code)
    judges, where = resolved.loaded.plan.judges, resolved.loaded.source.where(("judges",))
    if judge is None and len(judges) != 1:
        what = "has several judges" if judges else "has no judge"
        raise InputError(Problem(where, what, f"name one: --judge {next(iter(judges))}" if judges else "give it one under judges:"))
    seat = seating.alone(resolved.loaded, judge or next(iter(judges)), allow_code=allow_code)
    asked = metric or _metric(resolved, seat, where)
    _refuse(seat, asked, where)
    queries = {case.id: case.query for suite in resolved.suites for case in suite.cases.cases if not case.task}
    return Bench(resolved, seat, asked, queries, _terms(resolved, asked))


def _metric(resolved: Resolved, seat: Seat, where: str) -> Metric:
    """The metric that the judge is asked: what the plan's suites ask of it, if that is one."""
    if isinstance(seat.plan, RubricJudge):
        return Metric.parse(f"rubric:{seat.name}")
    found = [metric for metric, name in judges_asked(resolved, catalog.inner).items() if name == seat.name]
    if len(found) != 1:
        what = f"the suites ask {seat.name!r} for {', '.join(map(str, found)) or 'nothing'}"
        raise InputError(Problem(where, what, f"say which metric: --metric {found[0] if found else f'{seat.plan.type}:Faithfulness'}"))
    return found[0]


def _refuse(seat: Seat, metric: Metric, where: str) -> None:
    """Refuse a metric that this judge does not give, or that people cannot label."""
    own = f"rubric:{seat.name}" if seat.plan.type == "rubric" else f"{seat.plan.type}:Faithfulness"
    what = f"--metric {metric}"
    try:
        catalog.resolve(metric)
    except ValueError as error:
        told, _, fix = f"{what}: {error}".partition("; ")
        raise InputError(Problem(where, told, fix)) from error
    if metric.judge != seat.plan.type or (metric.judge == "rubric" and str(metric) != own):
        raise InputError(
            Problem(where, f"{what} is not what {seat.name!r}, a judge of type {seat.plan.type}, gives", f"for instance {own}")
        )
    if "answer" not in judged(metric).sees:
        raise InputError(Problem(where, f"{what} looks at what was found, not at answers", "calibrate one of answers: those people label"))


def _terms(resolved: Resolved, metric: Metric) -> Terms:
    """What the plan's blocking check of the metric demands, or else any check of it, or the defaults."""
    checks = [check for suite in resolved.suites for check in suite.checks if check.metric == metric and not check.slice]
    first = next((check for check in checks if check.tier == "blocking"), next(iter(checks), None))
    usual = Terms()
    margin = first.margin if first is not None and first.tier != "must" else usual.margin
    return Terms(margin, resolved.alpha_pass, max(resolved.endpoints, 1))


def ask(bench: Bench, answers: Sequence[Labelled], labels: str, progress: Progress) -> Said:
    """Ask the judge about answers; what it said of them before comes from the store.

    Raises:
        InputError: an answer's text is not in the file, or a judge of pairs has nothing to compare it with; every such row.
        CannotJudge: the judge could judge none of them.
    """
    _refuse_rows(bench, answers, labels)
    known = [_settled(bench, answer) for answer in answers]
    open_ = [answer for answer, value in zip(answers, known, strict=True) if value is None]
    store = Store(gate.store_folder(bench.resolved.loaded.folder))
    panel = Panel({bench.seat.name: bench.seat}, {bench.metric: bench.seat.name}, store, progress, Idle(), turns)
    said = iter(panel.ask(bench.seat.name, bench.metric, [_asked(bench, answer) for answer in open_], labels))
    judgements = [next(said) if value is None else value for value in known]
    found = _read(bench, judgements)
    if answers and not any(value is not None for value in found.values):
        raise CannotJudge(f"the judge {bench.seat.name!r} could judge none of {len(answers)} answers: {found.first_error}")
    return found


def _refuse_rows(bench: Bench, answers: Sequence[Labelled], labels: str) -> None:
    pairs = _pairwise(bench)
    problems = [
        Problem(f"{labels}:{each.line}", "has no answer, only its hash", "write the answer itself") for each in answers if not each.answer
    ]
    unpaired = [each for each in answers if bool(each.against) != pairs]
    what, fix = ("has no against", "the judge compares two answers") if pairs else ("has an against", "the judge looks at one answer")
    problems += [Problem(f"{labels}:{each.line}", what, fix) for each in unpaired]
    if problems:
        raise InputError(problems)


def _pairwise(bench: Bench) -> bool:
    return isinstance(bench.seat.plan, RubricJudge) and bench.seat.plan.pairwise


def _settled(bench: Bench, answer: Labelled) -> Judgement | None:
    """What a run would know without asking: of an answer that abstains, or that was given no document."""
    known = settled(bench.metric, Answer(answer.answer, abstained=abstains(answer.answer)), answer.contexts)
    return None if known is None else Judgement(answer.query, "", (Verdict(known[0], known[1]),))


def _asked(bench: Bench, answer: Labelled) -> Asked:
    """What the judge is shown, as in a run: nothing that it does not look at, so that what it said there serves here."""
    sees = judged(bench.metric).sees if bench.seat.sees is None else bench.seat.sees
    query = bench.queries.get(answer.query)
    wanted = query if query is not None and query.answerable else None
    return Asked(
        answer.query,
        (answer.question or (query.text if query is not None else "")) if "question" in sees else "",
        answer.answer if "answer" in sees else "",
        answer.contexts if "contexts" in sees else (),
        wanted.gold_answer if wanted is not None and "reference" in sees else "",
        tuple(wanted.required) if wanted is not None and "required" in sees else (),
        answer.against if _pairwise(bench) else None,
    )


def _read(bench: Bench, judgements: Sequence[Judgement]) -> Said:
    hide, best = hider(bench.resolved.loaded.expanded), judged(bench.metric).higher_is_better
    values, failed, first = list[float | None](), dict[str, int](), ""
    for each in judgements:
        mean = math.fsum(each.values) / len(each.values) if each.values else None
        values.append(mean if mean is None or best else 1 - mean)
        if mean is None:
            error = next(verdict for verdict in each.verdicts if verdict.error)
            failed[error.kind] = failed.get(error.kind, 0) + 1
            first = first or hide(error.error)
    reasons = tuple(hide(next((verdict.reason for verdict in each.verdicts if verdict.reason), "")) for each in judgements)
    sides = tuple(_side(each) if _pairwise(bench) else None for each in judgements)
    return Said(tuple(values), reasons, sides, failed, first)


def _side(judgement: Judgement) -> int | None:
    """Where the judge looked, the first time that it came to something."""
    swayed = next((verdict.swayed for verdict in judgement.verdicts if verdict.value is not None), None)
    return None if swayed is None else {"first": 1, "second": -1, "": 0}[swayed]
