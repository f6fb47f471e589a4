"""What is demanded of results made elsewhere: by default of the tool's main metric, or as a suite says."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ragguard.elsewhere.asked import Asked
from ragguard.elsewhere.paired import Pairing
from ragguard.elsewhere.scales import scale
from ragguard.errors import InputError, NotComparable, Problem, suggest
from ragguard.plan.load import MOST_ENDPOINTS, LoadedSuite, load_suite
from ragguard.records.collection import Query
from ragguard.records.evidence import Check
from ragguard.records.foreign import Item
from ragguard.records.metric import TASK_SCORE, Metric, Scale
from ragguard.suites.golden import selects


@dataclass(frozen=True)
class Demands:
    """The checks on which cases: ``slices`` maps names to ids ("": all that count), ``shown`` are metrics without a verdict."""

    suite: str
    checks: tuple[Check, ...]
    scales: Mapping[str, Scale]
    slices: Mapping[str, frozenset[str]]
    shown: tuple[str, ...] = ()
    description: str = ""
    left_out: tuple[str, ...] = ()


def demands(pairing: Pairing, asked: Asked) -> Demands:
    """Return the checks of a suite, or the usual ones.

    Raises:
        InputError: a metric that is not there, of which the direction or range is not known, or that no tool puts first where none is
            named; a suite that asks what stored results cannot say.
    """
    if not pairing.metrics:
        what = f"{pairing.tool} gave no score of any case{_why_none(pairing)}"
        raise InputError(Problem(pairing.shown, what, "a column of numbers, or words such as pass and fail, is a metric"))
    made = _of_suite(pairing, asked, asked.suite) if asked.suite is not None else _usual(pairing, asked)
    one_sided = [problem for check in made.checks if check.tier != "advisory" for problem in _one_sided(pairing, str(check.metric))]
    if one_sided:
        raise NotComparable(dict.fromkeys(one_sided))
    return made


def _one_sided(pairing: Pairing, metric: str) -> list[Problem]:
    """What is wrong where only one of the two has a metric at all."""
    having = [table for table in pairing.tables if metric in table.scores]
    if metric == TASK_SCORE or len(having) != 1:
        return []
    (lacking,) = (table for table in pairing.tables if table not in having)
    what = f"has no metric {pairing.their_name(metric)!r}, which {having[0].shown} has"
    return [Problem(lacking.shown, what, "run both with the same metrics, or let another one decide")]


def _why_none(pairing: Pairing) -> str:
    told = [f"{name} {why}" for name, why in list(pairing.baseline.left_out.items())[:3]]
    return f" ({'; '.join(told)})" if told else ""


def _usual(pairing: Pairing, asked: Asked) -> Demands:
    """The metrics that are named, or the tool's main ones, block; all others of which the meaning is known advise."""
    first = _named(pairing, asked.metrics) if asked.metrics else _main(pairing)
    scales, problems = dict[str, Scale](), list[Problem]()
    for metric in first:
        found = scale(pairing, metric, asked)
        problems += found if isinstance(found, list) else _unbounded(pairing, metric, found)
        if isinstance(found, Scale):
            scales[metric] = found
    if problems:
        raise InputError(problems)
    left_out = []
    for metric in (each for each in pairing.metrics if each not in first and not (TASK_SCORE in first and pairing.is_task_score(each))):
        found = _one_sided(pairing, metric) or scale(pairing, metric, asked)
        if isinstance(found, Scale):
            scales[metric] = found
        else:
            left_out.append(f"{pairing.their_name(metric)} is not shown: {found[0].what}; {found[0].fix}")
    suite, tasks = pairing.tool, _by_task(pairing)
    checks = [Check(suite, Metric.parse(metric), "blocking" if metric in first else "advisory", asked.margin) for metric in scales]
    checks += [Check(suite, Metric.parse(first[0]), "advisory", asked.margin, slice=task) for task in tasks if task]
    checks.sort(key=lambda check: check.tier != "blocking")
    return Demands(suite, tuple(checks), scales, {"": frozenset(pairing.items), **tasks}, left_out=tuple(left_out))


def _by_task(pairing: Pairing) -> dict[str, frozenset[str]]:
    """A slice for each task, where there are several."""
    names = sorted({item.task for item in pairing.items.values()})
    return {task: frozenset(name for name, item in pairing.items.items() if item.task == task) for task in names} if len(names) > 1 else {}


def _named(pairing: Pairing, names: tuple[str, ...]) -> list[str]:
    found = {name: pairing.ours(name) for name in names}
    problems = [Problem(pairing.shown, *_no_metric(pairing, name)) for name, ours in found.items() if ours is None]
    if len(found) > MOST_ENDPOINTS:
        what = f"{len(found)} metrics are to decide; with more than {MOST_ENDPOINTS} an equal candidate would hardly ever pass"
        problems.append(Problem("--metric", what, "name fewer: all others are shown"))
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(ours for ours in found.values() if ours is not None))


def _no_metric(pairing: Pairing, name: str) -> tuple[str, str]:
    for table in pairing.tables:
        if name in table.left_out:
            return f"{name} is no metric that cases can be compared by: it {table.left_out[name]}", suggest(name, pairing.metrics)
    return f"has no metric {name!r}", suggest(name, [pairing.their_name(metric) for metric in pairing.metrics])


def _main(pairing: Pairing) -> list[str]:
    if TASK_SCORE in pairing.metrics:
        return [TASK_SCORE]
    main = [metric for metric in pairing.baseline.main if metric in pairing.metrics]
    if main:
        return main
    names = [pairing.their_name(metric) for metric in pairing.metrics]
    what = f"{pairing.tool} puts none of its metrics first ({', '.join(names)})"
    raise InputError(Problem(pairing.shown, what, f'name what decides, for instance --metric "{names[0]}"'))


def _unbounded(pairing: Pairing, metric: str, found: Scale) -> list[Problem]:
    if found.low is not None:
        return []
    shown = pairing.their_name(metric)
    what = f"{shown!r} has no range, so a margin has no meaning and a missing score no worst value"
    return [Problem(pairing.shown, what, f'let another metric decide, or say --range "{shown}=LOW..HIGH"')]


def _of_suite(pairing: Pairing, asked: Asked, path: Path) -> Demands:
    if asked.metrics or asked.margin != Asked().margin:
        raise InputError(Problem("compare", "--suite says metrics and margins already", "leave --metric and --margin out"))
    suite = load_suite(path)
    problems = _unfit(suite)
    chosen = {name for name, item in pairing.items.items() if selects(suite.plan.cases, _query(item))}
    slices = {name: frozenset(c for c in chosen if selects(s, _query(pairing.items[c]))) for name, s in suite.plan.slices.items()}
    slices = {"": frozenset(chosen), **slices}
    scales, checks = dict[str, Scale](), []
    for number, each in enumerate(suite.plan.checks):
        where, ours = suite.source.where(("checks", number)), pairing.ours(each.metric)
        if ours is None:
            problems.append(Problem(where, *_no_metric(pairing, each.metric)))
            continue
        found = scale(pairing, ours, asked)
        if isinstance(found, list):
            problems += [Problem(where, problem.what, problem.fix) for problem in found]
            continue
        if each.tier != "advisory":
            problems += [Problem(where, problem.what, "write tier: advisory") for problem in _unbounded(pairing, ours, found)]
        if not slices[each.slice]:
            problems.append(Problem(where, _no_case(each.slice), _tags(pairing)))
        scales[ours] = found
        checks.append(
            Check(
                suite.plan.suite, Metric.parse(ours), each.tier, each.margin, each.slice, each.limit, each.strict, suite.plan.max_unscored
            )
        )
    shown = _reported(pairing, suite, asked, scales, problems)
    problems += problems or _endpoints(suite, sum(check.tier == "blocking" for check in checks))
    if problems:
        raise InputError(dict.fromkeys(problems))
    return Demands(suite.plan.suite, tuple(checks), scales, slices, shown, suite.plan.description)


def _endpoints(suite: LoadedSuite, blocking: int) -> list[Problem]:
    where = suite.source.where(("checks",))
    if not blocking:
        return [Problem(where, "no check is blocking, so nothing could ever promote", "give one tier: blocking")]
    what = f"{blocking} checks are blocking; with more than {MOST_ENDPOINTS} an equal candidate would hardly ever pass"
    return [Problem(where, what, "make the others tier: veto")] if blocking > MOST_ENDPOINTS else []


def _reported(pairing: Pairing, suite: LoadedSuite, asked: Asked, scales: dict[str, Scale], problems: list[Problem]) -> tuple[str, ...]:
    """The metrics that a suite only shows; of these, none has to have a range."""
    shown = []
    for number, name in enumerate(suite.plan.report):
        ours, where = pairing.ours(name), suite.source.where(("report", number))
        found = scale(pairing, ours, asked) if ours is not None else None
        if ours is None:
            problems.append(Problem(where, *_no_metric(pairing, name)))
        elif isinstance(found, list):
            problems += [Problem(where, problem.what, problem.fix) for problem in found]
        elif found is not None:
            scales.setdefault(ours, found)
            shown.append(ours)
    return tuple(shown)


def _unfit(suite: LoadedSuite) -> list[Problem]:
    """What a suite says that stored results have no answer to."""
    plan = suite.plan
    asks: list[tuple[str, ...]] = [("cases",)] if plan.cases.asks else []
    asks += [("slices", name) for name, selection in plan.slices.items() if selection.asks]
    problems = [
        Problem(suite.source.where(where), "asks: is a field of queries, which these results do not have", "select by tags")
        for where in asks
    ]
    if plan.kind != "golden":
        what = f"kind: {plan.kind} asks systems, and these results are there already"
        problems.append(Problem(suite.source.where(("kind",)), what, "leave kind: out; cases:, slices:, checks: and report: are read"))
    return problems


def _query(item: Item) -> Query:
    return Query(item.id, item.text, item.intent, item.tags)


def _no_case(slice_: str) -> str:
    return f"slice {slice_!r} has no case" if slice_ else "cases: selects none"


def _tags(pairing: Pairing) -> str:
    known = sorted({tag for item in pairing.items.values() for tag in item.tags})
    return f"the tags there are: {', '.join(known[:20])}" if known else "the results have no tags"
