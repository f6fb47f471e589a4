"""Every public function of ragguard/statistics on inputs that hold next to nothing: it says a finite number, or nothing, or why not.

No, one and two cases; all equal; all zero; a constant difference; all lost; one intent; a single case unscored; a margin of 0. What a
module's functions are to say of such inputs by value stands in the tests of the module; here they are all asked, and none is forgotten.
"""

import importlib
import inspect
import math
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

import ragguard.statistics as room
from ragguard.decision.judge import judge
from ragguard.errors import InputError
from ragguard.records.evidence import Check, PairedScores, Score, Truth, Unscored
from ragguard.records.judgement import Judgement
from ragguard.records.judgement import Verdict as Said
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Estimate
from ragguard.statistics import (
    agreement,
    binary,
    bootstrap,
    clusters,
    concordance,
    corrected,
    cusum,
    estimate,
    family,
    gated,
    leaning,
    limits,
    many,
    must,
    noise,
    paired,
    pairing,
    possible,
    power,
    ppi,
    prediction,
    proportions,
    quantile,
    raters,
    redraw,
    roc,
    rows,
    run_length,
    seeds,
    sequential,
    strata,
    tail,
)  # fmt: skip

Array = NDArray[np.float64]
ALPHA, LEVEL = 0.05, 0.95
ELSEWHERE = ("betting", "shares")
"""Modules of the canary, whose tests have their own degenerate inputs."""

SHARE, HIT = Scale(), Scale(binary=True)
TIME = Scale(higher_is_better=False, high=None, quantile=0.95)
NDCG = Metric("nDCG", 10)


@dataclass(frozen=True)
class Sample:
    """What both arms scored, case by case, and the intents of these."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    intents: tuple[str, ...]

    @property
    def n(self) -> int:
        return len(self.before)

    @property
    def differences(self) -> list[float]:
        return [after - before for before, after in zip(self.before, self.after, strict=True)]

    @property
    def arrays(self) -> tuple[Array, Array]:
        return np.array(self.before, dtype=np.float64), np.array(self.after, dtype=np.float64)

    @property
    def clusters(self) -> clusters.Clusters:
        return clusters.Clusters(self.intents)

    @property
    def split(self) -> ppi.Split:
        differences = np.array(self.differences, dtype=np.float64)
        return ppi.Split(differences, differences, np.array([-0.25, 0.0, 0.25]))

    @property
    def moments(self) -> paired.Moments:
        return paired.moments(self.differences)

    def pairs(self, check: Check | None = None, scale: Scale = SHARE, *, lost: int = 0, kind: str = "") -> PairedScores:
        cases, after = tuple(f"q{number:03}" for number in range(self.n)), list[Score](self.after)
        after[:lost] = [Unscored("timeout")] * lost
        truths = tuple(map(Truth, self.before, self.after)) if kind == "labelled" else ()
        tasks = tuple(unlike(self)) if kind == "tasks" else ()
        return PairedScores(check or Check("s", NDCG, "blocking"), scale, cases, self.intents, self.before, tuple(after), tasks, truths)

    @property
    def rows(self) -> tuple[rows.Row, ...]:
        return rows.read_rows(self.pairs())

    @property
    def scored(self) -> redraw.Scored:
        return redraw.Scored(Check("s", NDCG, "blocking"), SHARE, tuple(("a", f"i{number:03}") for number in range(self.n)), *self.arrays)


def alike(n: int, before: float, after: float) -> Sample:
    return Sample((before,) * n, (after,) * n, tuple(f"i{number:03}" for number in range(n)))


SAMPLES: Mapping[str, Sample] = {
    "none": alike(0, 0, 0),
    "one": alike(1, 0.5, 0.25),
    "two": Sample((0.5, 1.0), (0.25, 1.0), ("a", "b")),
    "two opposite": Sample((0.0, 1.0), (1.0, 0.0), ("a", "b")),
    "two alike": alike(2, 0.5, 0.5),
    "all equal": alike(70, 0.5, 0.5),
    "all zero": alike(70, 0.0, 0.0),
    "constant": alike(70, 0.5, 0.46),
    "all lost": alike(70, 1.0, 0.0),
    "one intent": Sample((0.5, 1.0, 0.0, 1.0), (0.25, 1.0, 1.0, 0.0), ("a",) * 4),
}


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def plain(sample: Sample, scale: Scale = SHARE, limit: float | None = None) -> Estimate:
    check = Check("s", NDCG, "must" if limit is not None else "blocking", limit=limit)
    found = Estimate(check, scale, ALPHA, "", sample.n, len(set(sample.intents)), power.guard(ALPHA, 0.05))
    return replace(found, cases=sample.n)


def gates(sample: Sample, manner: redraw.Manner = "swapped") -> Iterator[object]:
    for (drawn,) in redraw.drawn([sample.scored], 20, lambda _: rng(), anew=True):
        how = redraw.Arms(manner, 0.1)
        yield drawn, redraw.arms(sample.scored, drawn, how, redraw.breaks(drawn, how, rng()))
        yield gated.judged(sample.scored, drawn, how, ALPHA, rng()), sample.scored.shift


def many_of(sample: Sample, scale: Scale = SHARE, limit: float | None = 0.5) -> many.Sampled:
    before, after = (each[None, :] for each in sample.arrays)
    return many.sampled(Check("s", NDCG, "blocking", limit=limit), scale, before, after, alpha=ALPHA, exact=scale.binary)


def many_corrected(sample: Sample) -> many.Sampled:
    before, after = (ppi.Split(each[None, :], each[None, :], np.array([[0.0, 0.5, 1.0]])) for each in sample.arrays)
    return many.sampled_corrected(Check("s", NDCG, "blocking", limit=0.5), SHARE, before, after, alpha=ALPHA)


def rated(sample: Sample) -> list[agreement.Rated]:
    each = zip(sample.before, sample.after, sample.intents, strict=True)
    return [agreement.Rated(intent, intent, before, after, 3.0, (before,), side=1) for before, after, intent in each]


def follow(sample: Sample) -> list[cusum.Step]:
    """The differences as nights, and then a night without a mean."""
    nights = [*sample.differences, None]
    return cusum.follow(nights, [4.0] * len(nights), 0.005)


def rule(sample: Sample) -> object:
    return must.rule_of(plain(sample, limit=0.5)), must.must_rule(plain(sample, limit=0.5), sample.rows)


def counted(sample: Sample) -> tuple[int, int, int]:
    return sum(each > 0 for each in sample.differences), sum(each < 0 for each in sample.differences), sample.n


def places(sample: Sample) -> list[pairing.Place]:
    return [pairing.Place(str(number), intent) for number, intent in enumerate(sample.intents)]


def told(sample: Sample) -> list[pairing.Told]:
    return [pairing.Told(score) for score in sample.before]


def verdicts(sample: Sample) -> tuple[Judgement, ...]:
    return tuple(Judgement("q", "judge", (Said(before), Said(after))) for before, after in zip(sample.before, sample.after, strict=True))


def looked(sample: Sample) -> list[sequential.Look]:
    terms, at = sequential.Terms(ALPHA, ALPHA, 3), np.array([sample.n])
    return [sequential.look(np.array(sample.differences, dtype=np.float64), margin, terms, at) for margin in (0.0, 0.05)]


CALLS: Mapping[str, Callable[[Sample], object]] = {
    "agreement.agreement": lambda s: agreement.agreement(rated(s)),
    "binary.tango_bounds": lambda s: binary.tango_bounds(*counted(s), ALPHA),
    "binary.score_variance": lambda s: binary.score_variance(*counted(s), -0.05),
    "binary.tango_exceeds": lambda s: binary.tango_exceeds(*map(np.array, counted(s)[:2]), s.n, -0.05, ALPHA),
    "binary.mcnemar_worse": lambda s: binary.mcnemar_worse(*counted(s)[:2]),
    "binary.mcnemar_uneven": lambda s: binary.mcnemar_uneven(*counted(s)[:2]),
    "bootstrap.quantiles": lambda s: bootstrap.quantiles(*s.arrays, s.clusters.codes, 0.95, rng(), 99),
    "clusters.normal": lambda s: clusters.normal(LEVEL),
    "clusters.student": lambda s: clusters.student(LEVEL, s.n - 1),
    "clusters.Clusters": lambda s: (s.clusters.count, s.clusters.most, s.clusters.effect(s.arrays[0])),
    "concordance.kappa": lambda s: concordance.kappa(*s.arrays, s.clusters, LEVEL),
    "corrected.correct": lambda s: corrected.correct(plain(s), rows.read_rows(s.pairs(kind="labelled")), 1),
    "corrected.seen_of": lambda s: corrected.seen_of(rows.read_rows(s.pairs(kind="labelled"))),
    "cusum.follow": follow,
    "estimate.estimate": lambda s: estimate.estimate(s.pairs(), alpha=ALPHA, endpoints=0),
    "family.holm": lambda s: family.holm(np.array([0.5] * s.n)),
    "leaning.bias": lambda s: leaning.bias(*s.arrays, s.clusters, LEVEL),
    "leaning.length": lambda s: leaning.length(*s.arrays, np.full(s.n, 3.0), s.clusters, LEVEL),
    "leaning.position": lambda s: leaning.position([1] * s.n, s.clusters, LEVEL),
    "limits.p_meets_graded": lambda s: limits.p_meets_graded(paired.moments(s.after), 0.5),
    "limits.p_meets_binary": lambda s: [limits.p_meets_binary(0, s.n, limit) for limit in (0.0, 0.5, 1.0)],
    "many.sampled": many_of,
    "many.sampled_corrected": many_corrected,
    "must.rule_of": rule,
    "must.must_rule": rule,
    "must.meets": lambda s: [must.meets(score, plain(s, limit=0.5)) for score in s.after],
    "noise.turns": lambda s: [noise.turns([s.before, s.after], most) for most in (1, 2, 5)],
    "noise.spread_of": lambda s: noise.spread_of(verdicts(s), verdicts(s), same=False),
    "noise.noise_of": lambda s: noise.noise_of(judged(s), SHARE),
    "paired.moments": lambda s: s.moments,
    "paired.from_central": lambda s: paired.from_central(s.n, 0.0, 0.0, 0.0),
    "paired.moments_of_rows": lambda s: paired.moments_of_rows(np.array([s.differences])),
    "paired.cumulants": lambda s: paired.cumulants(s.moments),
    "paired.from_cumulants": lambda s: paired.from_cumulants(s.n, s.moments.mean, *paired.cumulants(s.moments)),
    "paired.with_phantom": lambda s: paired.with_phantom(s.moments, -1.0),
    "paired.hall_bounds": lambda s: paired.hall_bounds(s.moments, ALPHA),
    "paired.lower_bound": lambda s: paired.lower_bound(s.moments, ALPHA, strict=True),
    "paired.phantom_bound": lambda s: paired.phantom_bound(s.moments, ALPHA),
    "paired.p_below": lambda s: [paired.p_below(s.moments, value) for value in (-1.0, 0.0, 1.0)],
    "pairing.paired": lambda s: pairing.paired(s.pairs().check, SHARE, places(s), told(s), told(s), corrected=True),
    "possible.possible": lambda s: possible.possible(plain(s)),
    "power.guard": lambda s: [power.guard(ALPHA, margin) for margin in (0.0, 0.05, 0.99)],
    "power.mde": lambda s: [power.mde(sd, s.n, ALPHA) for sd in (0.0, 0.2)],
    "power.needed": lambda s: [power.needed(sd, ALPHA, margin, s.n, d) for sd in (0.0, 0.2) for margin in (0.0, 0.05) for d in (-1, 0, 1)],
    "power.chance": lambda s: [power.chance(sd, s.n, ALPHA, margin) for sd in (0.0, 0.2) for margin in (0.0, 0.05, 0.99)],
    "power.sd_limit": lambda s: [power.sd_limit(sd, s.n) for sd in (0.0, 0.2)],
    "ppi.weights": lambda s: ppi.weights(s.split),
    "ppi.rectified": lambda s: ppi.rectified(s.split, np.zeros(s.n)),
    "ppi.alone": lambda s: ppi.alone(s.split),
    "ppi.corrected": lambda s: ppi.corrected(s.split, ppi.weights(s.split)),
    "ppi.guarded_bound": lambda s: ppi.guarded_bound(s.moments, s.moments, ALPHA),
    "ppi.trusted": lambda s: ppi.trusted(s.split, ALPHA),
    "ppi.diluted": lambda s: [ppi.diluted(s.moments, share, 10, -1.0) for share in (0.0, 0.5, 1.0)],
    "prediction.prediction": lambda s: prediction.prediction(s.intents, s.intents, *s.arrays, prediction.Terms()),
    "proportions.proportion": lambda s: proportions.proportion(s.arrays[0] > 0.3, s.arrays[1] > 0.3, s.clusters, LEVEL, "none is yes"),
    "proportions.exact": lambda s: [proportions.exact(share, s.n, LEVEL) for share in (0.0, 1.0)],
    "quantile.ratio": lambda s: quantile.ratio(*(1 + each for each in s.arrays), rng(), resamples=99),
    "raters.people": lambda s: raters.people(list(zip(s.before, s.after, strict=True)), s.before, s.intents, LEVEL),
    "raters.krippendorff": lambda s: raters.krippendorff(list(zip(s.before, s.after, strict=True)), s.intents, LEVEL),
    "redraw.drawn": lambda s: list(gates(s)),
    "redraw.arms": lambda s: list(gates(s, "centred")),
    "redraw.breaks": lambda s: list(gates(s, "broken")),
    "gated.judged": lambda s: list(gates(s, "evenly")),
    "roc.auroc": lambda s: roc.auroc(s.arrays[0] > 0.3, s.arrays[1], s.clusters, LEVEL),
    "roc.best_threshold": lambda s: roc.best_threshold(s.arrays[0] > 0.3, s.arrays[1]),
    "rows.read_rows": lambda s: s.rows,
    "rows.ranged": lambda s: rows.ranged(SHARE),
    "rows.oriented": lambda s: [rows.oriented(each, SHARE) for each in s.after],
    "rows.complete_pairs": lambda s: rows.complete_pairs(s.rows),
    "rows.imputed_pairs": lambda s: rows.imputed_pairs(s.rows, 1.0, 0.0),
    "rows.intent_means": lambda s: rows.intent_means(rows.complete_pairs(s.rows), lambda pair: pair.candidate),
    "rows.intent_strata": lambda s: rows.intent_strata(rows.complete_pairs(s.rows)),
    "rows.mean": lambda s: rows.mean(s.differences),
    "run_length.average_run_length": lambda s: run_length.average_run_length(1.0, s.n / 20),
    "run_length.threshold": lambda s: run_length.threshold(1.0, s.n),
    "seeds.keyed": lambda s: seeds.keyed(*s.intents).random(s.n),
    "sequential.log_money": lambda s: sequential.log_money(np.array(s.differences, dtype=np.float64)),
    "sequential.log_mean": lambda s: sequential.log_mean(np.zeros((7, s.n))),
    "sequential.within_margin": lambda s: sequential.within_margin(np.array(s.differences, dtype=np.float64), 0.0),
    "sequential.worse": lambda s: sequential.worse(np.array(s.differences, dtype=np.float64)),
    "sequential.look": looked,
    "strata.even": lambda s: strata.even(s.intents),
    "strata.pooled_mean": lambda s: strata.pooled_mean(s.differences, unlike(s)),
    "strata.weights": lambda s: strata.weights(unlike(s)),
    "strata.worth": lambda s: strata.worth(unlike(s)),
    "strata.pooled_moments": lambda s: strata.pooled_moments(s.differences, unlike(s)),
    "strata.pooled_moments_of_rows": lambda s: strata.pooled_moments_of_rows(np.array([s.differences]), unlike(s)),
    "tail.least": lambda s: tail.least(0.95),
    "tail.by_quantile": lambda s: tail.by_quantile(plain(s, TIME), s.rows, 1),
}  # fmt: skip


def judged(sample: Sample) -> list[rows.Row]:
    spread = noise.spread_of(verdicts(alike(1, 0.5, 0.5)), verdicts(alike(1, 0.25, 0.5)), same=False)
    return [replace(row, spread=spread) for row in sample.rows]


def unlike(sample: Sample) -> list[str]:
    """One item of a task, and all others of another."""
    return ["small" if number == 0 else "large" for number in range(sample.n)]


NOTHING, SPREAD = "without any value|no value", "two values or more"
NO_MEAN = (
    "paired.from_central", "rows.mean", "paired.moments", "paired.moments_of_rows", "paired.cumulants", "paired.from_cumulants",
    "paired.with_phantom", "paired.phantom_bound", "paired.p_below", "limits.p_meets_graded", "ppi.alone", "ppi.corrected", "ppi.diluted",
    "strata.pooled_mean", "strata.pooled_moments", "strata.pooled_moments_of_rows",
)  # fmt: skip
NO_BOUND = ("paired.hall_bounds", "paired.lower_bound", "ppi.guarded_bound", "many.sampled", "many.sampled_corrected")
NO_GATE = ("redraw.drawn", "redraw.arms", "redraw.breaks", "gated.judged")
REFUSED: Mapping[str, Mapping[str, str]] = {
    **{name: {"none": NOTHING} for name in NO_MEAN},
    **{name: {"none": NOTHING, "one": SPREAD} for name in NO_BOUND},
    **{name: {"none": "has no intent", "one": SPREAD} for name in NO_GATE},
    "bootstrap.quantiles": {"none": "two cases or more", "one": "two cases or more"},
    "quantile.ratio": {"none": "two or more pairs", "one": "two or more pairs"},
    "power.mde": {"none": "without any intent"},
    "power.sd_limit": {"none": "two intents or more", "one": "two intents or more"},
    "sequential.look": {"none": "cannot be looked at"},
}
"""What is refused, and the words for it; everything else has an answer."""


def public() -> list[str]:
    names = []
    for module in pkgutil.iter_modules(room.__path__):
        found = importlib.import_module(f"ragguard.statistics.{module.name}")
        own = [name for name, each in vars(found).items() if inspect.isfunction(inspect.unwrap(each)) and each.__module__ == found.__name__]
        names += [f"{module.name}.{name}" for name in own if not name.startswith("_") and module.name not in ELSEWHERE]
    return names


def test_no_function_is_forgotten() -> None:
    found = set(public())
    assert len(found) > 70
    assert found - set(CALLS) == set()
    assert {name for name in CALLS if name[name.index(".") + 1].islower()} - found == set()


def numbers(found: object, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number in a result, with where it stands."""
    if is_dataclass(found) and not isinstance(found, type):
        for field in fields(found):
            yield from numbers(getattr(found, field.name), f"{path}.{field.name}")
    elif isinstance(found, Mapping):
        for key, each in found.items():
            yield from numbers(each, f"{path}[{key}]")
    elif isinstance(found, np.ndarray | list | tuple):
        for at, each in enumerate(np.ravel(found).tolist() if isinstance(found, np.ndarray) else found):
            yield from numbers(each, f"{path}[{at}]")
    elif isinstance(found, float | int | np.floating | np.integer) and not isinstance(found, bool):
        yield path, float(found)


P_VALUES = ("p_worse", "p_limit", "p_value", "missing_p", "alike_p", "mcnemar", "p_meets", "p_below", "holm")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", CALLS)
def test_a_finite_answer_or_words(name: str, sample: str) -> None:
    words = REFUSED.get(name, {}).get(sample)
    if words:
        with pytest.raises(ValueError, match=words):
            CALLS[name](SAMPLES[sample])
        return
    for where, value in numbers(CALLS[name](SAMPLES[sample]), name):
        assert math.isfinite(value), (where, value)
        if any(each in where for each in P_VALUES):
            assert 0 < value <= 1, (where, value)


CHECKS: Mapping[str, tuple[Check, Scale]] = {
    "graded": (Check("s", NDCG, "blocking", limit=0.5), SHARE),
    "strict": (Check("s", NDCG, "blocking", strict=True), SHARE),
    "binary": (Check("s", Metric("Hit"), "blocking", limit=0.5), HIT),
    "less is better": (Check("s", Metric("Stale", 5), "veto", limit=0.5), Scale(higher_is_better=False)),
    "wide": (Check("s", Metric("Wide"), "blocking"), Scale(low=-10.0, high=30.0)),
    "tasks": (Check("s", Metric("TaskScore"), "blocking"), SHARE),
    "labelled": (Check("s", NDCG, "blocking", limit=0.5), SHARE),
    "quantile": (Check("s", Metric.parse("p95(of=Latency)"), "blocking", limit=0.5), TIME),
    "no range": (Check("s", Metric("Latency"), "advisory"), Scale(higher_is_better=False, high=None)),
    "must": (Check("s", NDCG, "must", limit=0.5), SHARE),
}
PATTERNS = {
    "equal": (0.5, 0.5), "zero": (0.0, 0.0), "best": (1.0, 1.0), "lost": (1.0, 0.0), "won": (0.0, 1.0), "a little lost": (0.5, 0.48),
}  # fmt: skip
SIZES = (0, 1, 2, 3, 58, 59, 70)


def compared(kind: str, sample: Sample, margin: float, lost: int = 0) -> tuple[Estimate, str]:
    check, scale = CHECKS[kind]
    check = replace(check, margin=margin)
    found = estimate.estimate(sample.pairs(check, scale, lost=lost, kind=kind), alpha=ALPHA, endpoints=1)
    return found, judge([("baseline", found)], alpha=ALPHA)[0].outcome


def whole(values: Sequence[float], kind: str) -> bool:
    return kind != "binary" or set(values) <= {0.0, 1.0}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("margin", [0.0, 0.05])
@pytest.mark.parametrize("lost", [0, 1])
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("kind", CHECKS)
def test_a_check_of_next_to_nothing_is_neither_sure_nor_a_crash(kind: str, pattern: str, lost: int, margin: float) -> None:
    if not whole(PATTERNS[pattern], kind):
        with pytest.raises(InputError, match="is binary"):
            compared(kind, alike(2, *PATTERNS[pattern]), margin)
        return
    for size in SIZES:
        found, outcome = compared(kind, alike(size, *PATTERNS[pattern]), margin, min(lost, size))
        sane(found, kind)
        assert outcome != "pass" or kind == "must" or found.intents >= found.guard
        assert outcome != "pass" or margin or kind == "must" or (found.difference or 0) > 0  # equal is not better
        assert outcome == "error" or size > lost or (kind, outcome) == ("must", "fail")
        assert outcome != "fail" or size > 4 or kind == "must"  # so few blame nobody


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", CHECKS)
def test_one_intent_alone_is_neither_sure_nor_a_crash(kind: str) -> None:
    for values in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        sample = Sample((values[0],) * 80, (values[1],) * 80, ("a",) * 80)
        found, outcome = compared(kind, sample, 0.05)
        sane(found, kind)
        assert found.intents == 1
        assert (found.lower, found.upper, found.sd) == (None, None, None)
        assert outcome == "inconclusive" or kind == "must"


def sane(found: Estimate, kind: str) -> None:
    """Nothing is no number, no p-value is 0, and bounds hold the estimate and lie where differences can."""
    for where, value in numbers(found, kind):
        assert math.isfinite(value), (where, value)
        if any(each in where for each in P_VALUES):
            assert 0 < value <= 1, (where, value)
    if found.lower is None or found.upper is None or found.difference is None:
        return
    rounding = 1e-9 * max(1.0, abs(found.difference))
    assert found.lower - rounding <= found.difference <= found.upper + rounding
    if kind not in {"quantile", "no range"}:
        assert -1 <= found.lower <= found.upper <= 1
        assert found.pass_lower is not None
        assert -1 <= found.pass_lower <= 1
    if kind == "binary":
        assert found.lower < found.upper  # Tango's interval has width however alike the cases are
    if kind == "strict" and found.difference > -1:
        assert found.lower < found.difference
