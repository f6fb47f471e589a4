"""Rankings made elsewhere, scored against judgements alone: no corpus and no queries are needed."""

from collections.abc import Mapping
from pathlib import Path

from ragguard import workspace
from ragguard.data.foreign import rankings
from ragguard.data.foreign.formats import Format
from ragguard.data.foreign.reading import fingerprint
from ragguard.data.foreign.wanted import Wanted
from ragguard.data.formats.judgements import read_qrels
from ragguard.elsewhere.asked import Asked
from ragguard.errors import InputError, Problem
from ragguard.metrics import catalog
from ragguard.metrics.scoring import score_all
from ragguard.plan.load import load_suite
from ragguard.plan.source import display
from ragguard.records.collection import Query
from ragguard.records.evidence import Case, NotApplicable, Observation, Ranked
from ragguard.records.foreign import Item, Known, Table
from ragguard.records.metric import Metric
from ragguard.records.report import Shown
from ragguard.store import fingerprint as hashed

SUITE = "ranking.yaml"
"""The shipped suite whose metrics are scored where nothing else is said."""

_DEPTH, _SHOWN = 1000, 10


def suite_of(asked: Asked) -> Path | None:
    """The suite that says what is demanded: the one given, else the shipped one, unless metrics are named."""
    return asked.suite or (None if asked.metrics else workspace.share("suites") / SUITE)


def scored(path: Path, kind: Format, wanted: Wanted, qrels: Path, asked: Asked) -> Table:
    """Score a run, or MTEB's predictions, against judgements.

    A judged query that the run lacks is unscored; one that the judgements lack is no case.

    Raises:
        InputError: a malformed file, a run of other queries, or a metric that is not known, or needs more than rankings.
    """
    run, judged = rankings.read(path, wanted), read_qrels(qrels)
    if run.keys().isdisjoint(judged):
        what = f"has none of the {len(judged):,} queries of {display(qrels)}"
        raise InputError(Problem(display(path), what, "give the judgements of this run"))
    metrics = _metrics(asked)
    cases = [Case(name, "", Query(name, "", name), relevant) for name, relevant in sorted(judged.items())]
    found = {case.id: _observation(case.id, run, path) for case in cases}
    made = score_all(metrics, cases, found)
    named = rankings.model(path)
    return Table(
        tool=kind.name,
        shown=display(path),
        fingerprint=hashed(fingerprint(path) if path.is_file() else display(path), fingerprint(qrels), wanted.arm),
        items={case.id: Item(case.id, intent=case.id, relevant=case.relevant) for case in cases},
        scores={str(metric): {n: s for n, s in by.items() if not isinstance(s, NotApplicable)} for metric, by in made.items()},
        errors={name: each.error for name, each in found.items() if each.error},
        ranked={name: _head(run[name], judged[name]) for name in judged if name in run},
        known={str(metric): _known(metric) for metric in metrics},
        facts={"judgements": fingerprint(qrels)},
        about={"model": named} if named else {},
    )


def _observation(name: str, run: Mapping[str, list[Ranked]], path: Path) -> Observation:
    if name not in run:
        return Observation(name, error=f"query {name}: not in {path.name}")
    return Observation(name, tuple(run[name][:_DEPTH]))


def _head(ranking: list[Ranked], relevant: Mapping[str, int]) -> tuple[Shown, ...]:
    return tuple(Shown(each.id, each.score, relevant.get(each.id)) for each in ranking[:_SHOWN])


def _metrics(asked: Asked) -> list[Metric]:
    suite = suite_of(asked)
    names = list(asked.metrics)
    if suite is not None:
        plan = load_suite(suite).plan
        names = [*(check.metric for check in plan.checks), *plan.report]
    made, problems = list[Metric](), list[Problem]()
    for name in dict.fromkeys(names):
        try:
            metric = Metric.parse(name)
            definition = catalog.resolve(metric)
        except ValueError as error:
            problems.append(Problem("--metric" if suite is None else display(suite), str(error)))
            continue
        if definition.needs_marks or definition.needs_texts or definition.needs_answers or catalog.inner(metric) != metric:
            what = f"{metric} cannot be told from rankings and judgements alone"
            problems.append(Problem("--metric" if suite is None else display(suite), what, "give the whole collection with --collection"))
        made.append(metric)
    if problems:
        raise InputError(problems)
    return made


def _known(metric: Metric) -> Known:
    scale = catalog.scale(metric)
    return Known(scale.higher_is_better, scale.low, scale.high)
