"""Five ways to gate, side by side on the same paired data: how often each lets a worse candidate out, and stops an equal one.

    python benchmarks/peers.py           # 10,000 candidates a cell; a minute or two on one core
    python benchmarks/peers.py 2000

Needs ../shared/data (GSM8K, Cranfield) for the real data; without it, the simulated ones alone are measured.

Candidates are drawn from one of the populations, and every gate sees the same scores: equal ones (a coin for each query says which arm is
which), and ones that are worse by the margin, or by two, half of it in all queries and half in a few that break (wins and losses: all of it
in those).
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "simulation"))

from populations import equal, retrieval

from ragguard import gate
from ragguard.decision.many import decided
from ragguard.plan.load import from_values
from ragguard.records.evidence import Check
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.many import sampled
from ragguard.statistics.redraw import Arms, Drawn, Scored, arms
from ragguard.statistics.seeds import keyed
from ragguard.workspace import share

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
RUNS = ("bm25", "potion4m")
MARGIN, ALPHA = 0.05, 0.05
Array = NDArray[np.float64]
Yes = NDArray[np.bool_]
Answers = tuple[Yes, Yes]
"""Who is promoted, and who is blocked; the others are held."""


def ragguard(before: Array, after: Array, binary: bool) -> Answers:
    check = Check("golden", Metric("nDCG", 10), "blocking", MARGIN)
    found = decided([(check, sampled(check, Scale(binary=binary), before, after, alpha=ALPHA, exact=binary))], alpha=ALPHA)
    return found.promoted, found.blocked


def threshold(before: Array, after: Array, binary: bool) -> Answers:
    """promptfoo, DeepEval, the CLI of ragas: the mean score must reach a threshold; here the baseline's mean minus the margin."""
    del binary
    passed = after.mean(axis=1) >= before.mean(axis=1) - MARGIN
    return passed, ~passed


def unpaired_z(before: Array, after: Array, binary: bool) -> Answers:
    """lm-eval's scripts/model_comparator.py: z of two means with their own standard errors, two-sided p < 0.05."""
    del binary
    n = before.shape[1]
    error = np.sqrt((before.var(axis=1, ddof=1) + after.var(axis=1, ddof=1)) / n)
    z = (after.mean(axis=1) - before.mean(axis=1)) / np.maximum(error, 1e-12)
    worse = (2 * stats.norm.sf(np.abs(z)) < 0.05) & (z < 0)
    return ~worse, worse


def paired_t(before: Array, after: Array, binary: bool) -> Answers:
    """Block only if a one-sided paired t-test says that it is worse."""
    del binary
    worse = p_worse(before, after) < 0.05
    return ~worse, worse


def ranx_compare(before: Array, after: Array, binary: bool) -> Answers:
    """ranx.compare as it comes: a two-sided paired t-test, p <= 0.01, and which of the two is better."""
    del binary
    worse = (2 * p_worse(before, after) <= 0.01) & (after.mean(axis=1) < before.mean(axis=1))
    return ~worse, worse


def p_worse(before: Array, after: Array) -> Array:
    differences = after - before
    error = differences.std(axis=1, ddof=1) / np.sqrt(differences.shape[1])
    spread = error > 1e-12
    t = differences.mean(axis=1) / np.where(spread, error, 1.0)
    return np.asarray(np.where(spread, stats.t.cdf(t, differences.shape[1] - 1), 0.5))


def ranx_says_the_same(before: Array, after: Array) -> None:
    """Its own function, on some of the candidates."""
    from ranx.statistical_tests import paired_student_t_test

    for row in range(20):
        p, significant = paired_student_t_test(before[row], after[row], 0.01)
        ours = 2 * min(one := float(p_worse(before[row : row + 1], after[row : row + 1])[0]), 1 - one)
        assert np.isclose(p, ours, atol=1e-9), (p, ours)
        assert bool(significant) == (ours <= 0.01)


GATES: Mapping[str, Callable[[Array, Array, bool], Answers]] = {
    "ragguard": ragguard,
    "mean and threshold (promptfoo, DeepEval, ragas)": threshold,
    "unpaired z-test (lm-eval)": unpaired_z,
    "block only if the paired t-test is significant": paired_t,
    "ranx.compare": ranx_compare,
}


def simulated() -> Iterator[tuple[str, Scored]]:
    for metric, size in (("nDCG@10", 100), ("nDCG@10", 300), ("Success@1", 300)):
        population, rng = equal(retrieval(metric, 0.7)), np.random.default_rng(size)
        picked = rng.integers(0, len(population.baseline), 20_000)
        before, after = population.baseline[picked], population.candidate[picked]
        yield f"simulated {metric}, {size} queries", scored(before, after, binary=metric == "Success@1", size=size)


def gsm8k() -> Iterator[tuple[str, Scored]]:
    rows = [json.loads(line) for line in (DATA / "gsm8k-four-systems" / "correct.jsonl").open(encoding="utf-8")]
    names = [name for name in rows[0] if isinstance(rows[0][name], bool)]
    pairs = [(names[0], names[2]), (names[1], names[2])]
    for one, other in pairs:
        before, after = (np.array([float(row[name]) for row in rows]) for name in (one, other))
        for size in (300, len(rows)):
            yield f"GSM8K, {one} and {other}, {size} items", scored(before, after, binary=True, size=size)


def cranfield() -> Iterator[tuple[str, Scored]]:
    found = cranfield_scores()
    before, after = (np.array([found[name][query] for query in sorted(found["bm25"])]) for name in RUNS)
    yield f"Cranfield, nDCG@10 of BM25 and potion, {len(before)} queries", scored(before, after, binary=False, size=len(before))


def cranfield_scores() -> dict[str, dict[str, float]]:
    """nDCG@10 of both runs, query by query, as a gate scores them."""
    runs = {name: {"retriever": {"type": "recorded", "run": str(DATA / "cranfield" / f"run.{name}.trec")}} for name in RUNS}
    values = {
        "name": "cranfield",
        "collection": str(DATA / "cranfield"),
        "baseline": runs["bm25"],
        "candidates": {"potion4m": runs["potion4m"]},
        "suites": [str(share("suites") / "ranking.yaml")],
    }
    with tempfile.TemporaryDirectory() as store:
        report = gate.run(from_values(values, DATA, "cranfield"), store=Path(store))
    arms = {"bm25": "baseline", "potion4m": "potion4m"}
    return {name: {case.id: float(str(case.scores[arm]["nDCG@10"])) for case in report.cases} for name, arm in arms.items()}


def scored(before: Array, after: Array, *, binary: bool, size: int) -> Scored:
    """A population of which candidates of ``size`` queries are drawn."""
    units = tuple(("all", f"q{number:06}") for number in range(len(before)))
    check = Check(str(size), Metric("nDCG", 10), "blocking", MARGIN)
    return Scored(check, Scale(binary=binary), units, before, after, exact=binary)


def candidates(population: Scored, margins: float, trials: int) -> Iterator[tuple[Array, Array]]:
    """Scores of candidates, five hundred at a time; each is of the first queries that are drawn."""
    size, binary = int(population.check.suite), population.exact
    lost = population.share(margins * MARGIN)
    for batch in range(0, trials, 500):
        rng = keyed("peers", population.check.suite, str(len(population.units)), str(batch))
        rows = rng.integers(0, len(population.units), (min(500, trials - batch), size))
        picked = Drawn(rows, rng.random(rows.shape) < 0.5)
        if not margins:
            yield arms(population, picked, Arms("swapped"))
        elif binary:
            yield arms(population, picked, Arms("broken", lost), rng.random(rows.shape) < lost)
        else:
            before, after = arms(population, picked, Arms("evenly", lost / 2))
            yield before, np.where(rng.random(after.shape) < (lost / 2) / (1 - lost / 2), 0.0, after)


def rates(population: Scored, trials: int) -> dict[str, list[tuple[float, float]]]:
    """The shares that each gate promotes and blocks, of candidates worse by 0, 1 and 2 margins."""
    counts = {name: np.zeros((3, 2)) for name in GATES}
    for row, margins in enumerate((0.0, 1.0, 2.0)):
        for number, (before, after) in enumerate(candidates(population, margins, trials)):
            if not number:
                ranx_says_the_same(before, after)
            for name, decide in GATES.items():
                counts[name][row] += [int(answer.sum()) for answer in decide(before, after, population.exact)]
    return {name: [tuple(pair) for pair in (100 * found / trials).tolist()] for name, found in counts.items()}


def one_pair() -> None:
    """The real pair as it is: BM25 against potion on Cranfield, asked of ranx.compare itself."""
    from ranx import Qrels, Run, compare

    qrels = Qrels.from_file(str(trec_qrels()), kind="trec")
    runs = [Run.from_file(str(DATA / "cranfield" / f"run.{name}.trec"), kind="trec") for name in RUNS]
    report = compare(qrels, runs, ["ndcg@10"], make_comparable=True)
    told = report.comparisons[frozenset(report.model_names)]["ndcg@10"]
    means = " -> ".join(f"{report.results[name]['ndcg@10']:.4f}" for name in report.model_names)
    verdict = "significant: block" if told["significant"] else "not significant: pass"
    print(f"\nCranfield as it is, BM25 -> potion: nDCG@10 {means}. ranx.compare: p = {told['p_value']:.4f}, {verdict}.")


def trec_qrels() -> Path:
    """ranx reads TREC qrels."""
    rows = (DATA / "cranfield" / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
    path = Path(tempfile.mkdtemp()) / "qrels.txt"
    path.write_text("".join(f"{query} 0 {document} {grade}\n" for query, document, grade in (row.split("\t") for row in rows)))
    return path


def many_metrics(trials: int, metrics: int = 8, size: int = 100) -> dict[str, float]:
    """The share of equal candidates that are blocked where 8 metrics of the same queries are looked at, one of them blocking."""
    blocked = dict.fromkeys(GATES, 0)
    kinds = [(("nDCG@10", "RR", "Success@1")[number % 3], number // 3) for number in range(metrics)]
    populations = [equal(retrieval(metric, 0.7, seed=seed)) for metric, seed in kinds]
    for batch in range(0, trials, 500):
        picked = np.random.default_rng([8, batch]).integers(0, 200_000, (min(500, trials - batch), size))
        scores = [(each.baseline[picked], each.candidate[picked]) for each in populations]
        checks = [
            Check("golden", Metric(metric.partition("@")[0], 10), "veto" if number else "blocking", MARGIN, slice=str(number))
            for number, (metric, _) in enumerate(kinds)
        ]
        binary = [metric == "Success@1" for metric, _ in kinds]
        found = [
            (check, sampled(check, Scale(binary=exact), *arms_, alpha=ALPHA, exact=exact))
            for check, exact, arms_ in zip(checks, binary, scores, strict=True)
        ]
        blocked["ragguard"] += int(decided(found, alpha=ALPHA).blocked.sum())
        for name, decide in GATES.items():
            if name != "ragguard":
                any_of = [decide(*arms_, exact)[1] for exact, arms_ in zip(binary, scores, strict=True)]
                blocked[name] += int(np.any(any_of, axis=0).sum())
    return {name: 100 * count / trials for name, count in blocked.items()}


def main(trials: int) -> int:
    populations = list(simulated())
    if DATA.is_dir():
        populations += [*gsm8k(), *cranfield()]
    print(f"{trials:,} candidates a cell; margin {MARGIN}; in %. What ragguard neither promotes nor blocks it holds; the others cannot.")
    for name, population in populations:
        print(f"\n**{name}**\n\n| gate | equal: promoted | equal: blocked | worse by the margin: promoted | worse by two: promoted |")
        print("| --- | --: | --: | --: | --: |")
        for who, ((promoted, blocked), (once, _), (twice, _)) in rates(population, trials).items():
            print(f"| {who} | {promoted:.1f} | {blocked:.1f} | {once:.1f} | {twice:.1f} |", flush=True)
    print("\n**simulated, 8 metrics of 100 queries**\n\n| gate | equal: blocked |\n| --- | --: |")
    for who, share_ in many_metrics(trials).items():
        print(f"| {who} | {share_:.1f} |")
    if DATA.is_dir():
        one_pair()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
