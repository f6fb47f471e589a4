"""Per-query values must be trec_eval's own, to the four decimals that it prints."""

from pathlib import Path

import pytest

from ragguard.data.formats.judgements import read_qrels
from ragguard.data.formats.runs import read_run
from ragguard.metrics.scoring import score_all
from ragguard.records.collection import Query
from ragguard.records.evidence import Case, Observation
from ragguard.records.metric import Metric

WHOLE = {"ndcg": "nDCG", "recip_rank": "RR", "map": "AP", "Rprec": "Rprec"}
CUT = {"ndcg_cut": "nDCG", "map_cut": "AP", "recall": "R", "P": "P", "success": "Success"}
UNGRADED = {"ndcg", "ndcg_cut"}


def ours(name: str, level: int) -> Metric | None:
    rel = f"(rel={level})" if level > 1 and name.rpartition("_")[0] not in UNGRADED and name not in UNGRADED else ""
    if name in WHOLE:
        return Metric.parse(WHOLE[name] + rel)
    base, _, cutoff = name.rpartition("_")
    return Metric.parse(f"{CUT[base]}{rel}@{cutoff}") if base in CUT and cutoff.isdigit() else None


def expected_values(path: Path, level: int) -> dict[tuple[Metric, str], float]:
    rows = [line.split() for line in path.read_text().splitlines()]
    return {(metric, row[1]): float(row[2]) for row in rows if (metric := ours(row[0], level)) is not None}


def scored(folder: Path, qrels_name: str, run_name: str, metrics: list[Metric], depth: int | None = None):
    qrels, run = read_qrels(folder / qrels_name), read_run(folder / run_name)
    cases = [Case(name, "asked", Query(name, "asked", name), grades) for name, grades in qrels.items()]
    observations = {name: Observation(name, tuple(run.get(name, ())[:depth])) for name in qrels}
    return score_all(metrics, cases, observations)


@pytest.mark.parametrize(
    ("output", "qrels", "run", "depth", "level", "least"),
    [
        ("out.test.aq", "qrels.test", "results.test", None, 1, 100),
        ("out.test.aqc", "qrels.test", "results.trunc", None, 1, 100),  # query 302 is absent, and counts as empty
        ("out.test.aqcM", "qrels.test", "results.trunc", 100, 1, 100),
        ("out.test.aql", "qrels.rel_level", "results.test", None, 2, 100),
        ("out.test.meas_params", "qrels.test", "results.test", None, 1, 30),
    ],
)
def test_per_query_values_are_those_of_trec_eval(shared_data, output, qrels, run, depth, level, least):
    folder = shared_data / "trec_eval"
    expected = expected_values(folder / output, level)
    values = scored(folder, qrels, run, sorted({metric for metric, _ in expected}, key=str), depth)
    per_query = {key: value for key, value in expected.items() if key[1] != "all"}
    assert len(per_query) >= least
    wrong = {(str(m), q): (values[m][q], want) for (m, q), want in per_query.items() if not round(abs(values[m][q] - want), 10) <= 0.00005}
    assert not wrong


def test_means_over_a_run_with_many_ties_are_those_of_trec_eval(shared_data):
    folder = shared_data / "trec_eval"
    expected = {metric: want for (metric, query), want in expected_values(folder / "out.comment.test", 1).items() if query == "all"}
    values = scored(folder, "qrels.comment.test", "results.comment.test", list(expected))
    judged_in_run = read_run(folder / "results.comment.test").keys()
    assert len(expected) == 12
    for metric, want in expected.items():
        # trec_eval counts queries without a relevant document as 0; here they are not applicable.
        scores = [value for query, value in values[metric].items() if query in judged_in_run]
        found = [value if isinstance(value, float) else 0.0 for value in scores]
        assert len(found) == 31
        assert sum(found) / len(found) == pytest.approx(want, abs=0.00005), metric


@pytest.mark.parametrize(("run", "mean"), [("run.bm25.trec", 0.316), ("run.potion4m.trec", 0.284)])
def test_cranfield_means_are_the_published_ones(shared_data, run, mean):
    from ragguard.data.collection import load

    collection, metric = load(shared_data / "cranfield"), Metric.parse("nDCG@10")
    cases = [Case(name, query.text, query, collection.qrels[name]) for name, query in collection.queries.items()]
    rankings = read_run(shared_data / "cranfield" / run)
    values = score_all([metric], cases, {name: Observation(name, tuple(ranking)) for name, ranking in rankings.items()})[metric]
    assert len(values) == 225
    assert sum(values.values()) / 225 == pytest.approx(mean, abs=0.0005)
