"""Agreement of a judge with people: against scikit-learn, statsmodels and published numbers, and where there is too little to tell."""

import math
from collections.abc import Iterator
from dataclasses import fields
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from ragguard.records.calibration import Agreement, Figure
from ragguard.statistics.agreement import Rated, agreement
from ragguard.statistics.binary import tango_bounds
from ragguard.statistics.clusters import Clusters
from ragguard.statistics.concordance import kappa
from ragguard.statistics.leaning import bias, length, position
from ragguard.statistics.paired import hall_bounds, moments
from ragguard.statistics.prediction import Terms, prediction
from ragguard.statistics.proportions import exact, proportion
from ragguard.statistics.raters import krippendorff, people
from ragguard.statistics.roc import auroc, best_threshold

LEVEL = 0.95
RNG = np.random.default_rng(5)
GRADES = np.array([[12, 3, 1, 0], [2, 9, 4, 1], [0, 3, 11, 5], [1, 0, 2, 14]])


def alone(n: int) -> Clusters:
    return Clusters(np.arange(n))


def rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two raters' values, in [0, 1], of a square table of counts."""
    pairs = [(i, j) for i, j in product(range(len(table)), repeat=2) for _ in range(int(table[i, j]))]
    first, second = (np.array(values, dtype=np.float64) / (len(table) - 1) for values in zip(*pairs, strict=True))
    return first, second


def half(figure: Figure) -> float:
    assert figure.lower is not None
    assert figure.upper is not None
    return (figure.upper - figure.lower) / 2


# --- kappa ---


def test_kappa_of_cohens_table() -> None:
    """20, 5, 10 and 15 of 50 grant proposals: 0.40 (the example that textbooks give)."""
    assert kappa(*rows(np.array([[15, 10], [5, 20]])), alone(50), LEVEL).value == pytest.approx(0.4)


@pytest.mark.parametrize("table", [np.array([[15, 10], [5, 20]]), np.array([[80, 3], [6, 11]]), GRADES])
def test_kappa_is_scikit_learns(table: np.ndarray) -> None:
    from sklearn.metrics import cohen_kappa_score

    first, second = rows(table)
    known = cohen_kappa_score((first * 12).astype(int), (second * 12).astype(int), weights="quadratic")
    assert kappa(first, second, alone(len(first)), LEVEL).value == pytest.approx(known)


@pytest.mark.parametrize("table", [np.array([[15, 10], [5, 20]]), GRADES])
def test_the_interval_of_kappa_is_statsmodels_where_answers_are_many(table: np.ndarray) -> None:
    """The asymptotic variance of Fleiss, Cohen and Everitt; what is made up weighs nothing there."""
    from statsmodels.stats.inter_rater import cohens_kappa

    large = 400 * table
    known = cohens_kappa(large, wt="quadratic" if len(table) > 2 else None)
    found = kappa(*rows(large), alone(int(large.sum())), LEVEL)
    assert half(found) == pytest.approx(1.959964 * known.std_kappa, rel=2e-3)
    assert found.lower == pytest.approx(known.kappa_low, abs=1e-3)


def test_kappa_of_intents_whose_answers_are_copies_has_the_width_of_one_of_each() -> None:
    first, second = rows(20 * GRADES)
    once, five = alone(len(first)), Clusters(np.repeat(np.arange(len(first)), 5))
    copies = kappa(np.repeat(first, 5), np.repeat(second, 5), five, LEVEL)
    assert half(copies) == pytest.approx(half(kappa(first, second, once, LEVEL)), rel=1e-3)
    assert copies.needed["0.1"] == pytest.approx(5 * kappa(first, second, once, LEVEL).needed["0.1"], rel=0.02)


def test_perfect_agreement_of_few_is_not_sure() -> None:
    few = kappa(*rows(np.array([[6, 0], [0, 6]])), alone(12), LEVEL)
    assert few.value == few.upper == 1
    assert few.lower is not None
    assert few.lower < 0.5


def test_as_many_labels_as_are_needed_give_the_width() -> None:
    """Told from 200 rows, right within a few per cent when the same answers are had so often."""
    table = np.array([[60, 30], [20, 90]])
    wanted = kappa(*rows(table), alone(200), LEVEL).needed["0.05"]
    more = np.round(table * wanted / 200).astype(int)
    assert half(kappa(*rows(more), alone(int(more.sum())), LEVEL)) == pytest.approx(0.05, rel=0.03)


# --- shares ---


@pytest.mark.parametrize(("held", "n"), [(0, 12), (7, 12), (12, 12), (55, 60)])
def test_shares_are_exact_as_statsmodels_says(held: int, n: int) -> None:
    from statsmodels.stats.proportion import proportion_confint

    found = proportion(np.arange(n) < held, np.ones(n, dtype=bool), alone(n), LEVEL, "")
    assert (found.lower, found.upper) == pytest.approx(proportion_confint(held, n, method="beta"))


def test_copies_within_an_intent_add_nothing_to_a_share() -> None:
    held = np.repeat(np.arange(40) < 30, 4)
    found = proportion(held, np.ones(160, dtype=bool), Clusters(np.repeat(np.arange(40), 4)), LEVEL, "")
    unsure = (1.959964 / student.ppf(0.975, 39)) ** 2
    assert (found.lower, found.upper) == pytest.approx(exact(0.75, 39 * unsure, LEVEL), abs=1e-6)


def test_as_many_draws_as_are_needed_give_a_share_its_width() -> None:
    found = proportion(np.arange(50) < 40, np.ones(50, dtype=bool), alone(50), LEVEL, "")
    lower, upper = exact(0.8, found.needed["0.1"], LEVEL)
    assert upper - lower <= 0.2
    lower, upper = exact(0.8, found.needed["0.1"] - 1, LEVEL)
    assert upper - lower > 0.2


# --- area under the ROC curve ---


@pytest.mark.parametrize("grades", [1, 4, 1000])
def test_the_area_is_scikit_learns(grades: int) -> None:
    from sklearn.metrics import roc_auc_score

    yes = RNG.random(80) < 0.4
    judge = np.round(np.clip(RNG.normal(0.4 + 0.2 * yes, 0.2), 0, 1) * grades) / grades
    assert auroc(yes, judge, alone(80), LEVEL).value == pytest.approx(roc_auc_score(yes, judge))


def test_the_interval_of_the_area_is_delongs_where_answers_are_many() -> None:
    yes = RNG.random(3000) < 0.3
    judge = np.round(RNG.normal(0.5 + 0.15 * yes, 0.2), 1)
    above = (judge[yes][:, None] > judge[~yes]) + 0.5 * (judge[yes][:, None] == judge[~yes])
    variance = above.mean(axis=1).var(ddof=1) / yes.sum() + above.mean(axis=0).var(ddof=1) / (~yes).sum()
    assert half(auroc(yes, judge, alone(3000), LEVEL)) == pytest.approx(1.959964 * math.sqrt(variance), rel=0.01)


def test_what_is_told_apart_without_fault_is_not_sure() -> None:
    found = auroc(np.arange(12) < 5, -np.arange(12.0), alone(12), LEVEL)
    assert found.value == found.upper == 1
    assert found.lower is not None
    assert 0.4 < found.lower < 0.9


def test_the_best_threshold_is_the_best() -> None:
    yes = np.array([True, True, False, True, False, False])
    found = best_threshold(yes, np.array([0.9, 0.8, 0.7, 0.6, 0.3, 0.1]))
    assert found is not None
    assert (found.threshold, found.sensitivity, found.specificity) == pytest.approx((0.8, 2 / 3, 1))
    assert best_threshold(np.ones(3, dtype=bool), np.array([0.1, 0.2, 0.3])) is None


# --- leanings ---


def test_bias_of_yes_and_no_is_tangos_and_of_grades_halls() -> None:
    label, judge = (np.array(values, dtype=np.float64) for values in ([1, 1, 0, 0, 1, 0, 1, 1], [1, 1, 1, 1, 0, 0, 1, 1]))
    found = bias(label, judge, alone(8), LEVEL)
    assert (found.lower, found.upper) == pytest.approx(tango_bounds(2, 1, 8, 0.025))
    graded = bias(label, 0.8 * judge, alone(8), LEVEL)
    known = hall_bounds(moments(list(0.8 * judge - label)), 0.025)
    assert (graded.value, graded.lower, graded.upper) == pytest.approx((float(np.mean(0.8 * judge - label)), *map(float, known)))


def test_bias_without_any_spread_has_a_width() -> None:
    found = bias(np.full(20, 0.5), np.full(20, 0.75), alone(20), LEVEL)
    assert found.value == 0.25
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < 0.2 < 0.3 < found.upper


def test_bias_is_over_intents() -> None:
    found = bias(np.zeros(4), np.array([1.0, 1.0, 1.0, 0.0]), Clusters(["a", "a", "a", "b"]), LEVEL)
    assert found.value == 0.5


def test_length_is_least_squares_with_hc3_of_statsmodels() -> None:
    import statsmodels.api as sm

    label, doubled = (RNG.random(40) < 0.5).astype(np.float64), RNG.normal(5, 1, 40)
    judge = 0.2 + 0.4 * label + 0.05 * doubled + RNG.normal(0, 0.1, 40) * doubled
    known = sm.OLS(judge, np.column_stack([doubled, np.ones(40), label])).fit(cov_type="HC3")
    found = length(label, judge, doubled, alone(40), LEVEL)
    assert found.value == pytest.approx(known.params[0])
    assert half(found) == pytest.approx(student.ppf(0.975, 37) * known.bse[0])


def test_length_says_why_it_cannot_be_told() -> None:
    label, words = np.tile([0.0, 1.0], 10), np.arange(20.0)
    assert "too few intents (9)" in length(label[:9], label[:9], words[:9], alone(9), LEVEL).note
    assert "all alike" in length(label, np.ones(20), words, alone(20), LEVEL).note
    assert "no more than the labels" in length(label, words / 20, label, alone(20), LEVEL).note
    assert "without any rest" in length(label, label, words, alone(20), LEVEL).note
    assert "one intent" in length(np.zeros(20), words / 20, np.array([1.0] + [0.0] * 19), alone(20), LEVEL).note


def test_position_counts_and_tests_what_is_swayed() -> None:
    found = position([1] * 9 + [-1] + [0] * 30, alone(40), LEVEL)
    assert found is not None
    assert (found.pairs, found.first, found.second, found.share.value) == (40, 9, 1, 0.25)
    assert found.p_value == pytest.approx(2 * 11 / 1024)
    assert position([], alone(0), LEVEL) is None
    steady = position([0, 0, 0], alone(3), LEVEL)
    assert steady is not None
    assert steady.p_value is None
    assert steady.share.upper is not None
    assert steady.share.upper > 0.5


# --- people among themselves ---


def test_krippendorffs_published_examples() -> None:
    """Krippendorff 2011, Computing Krippendorff's Alpha-Reliability: two observers and two values; four observers, gaps, intervals."""
    meg, owen = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    names = [str(number) for number in range(12)]
    assert krippendorff([*zip(meg, owen, strict=True)], names[:10], LEVEL).value == pytest.approx(0.095, abs=5e-4)
    observers = ["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]
    table = [line.split() for line in observers]
    units = [[(int(line[unit]) - 1) / 4 for line in table if line[unit] != "."] for unit in range(12)]
    assert krippendorff(units, names, LEVEL).value == pytest.approx(0.849, abs=5e-4)


def test_people_and_judge_are_compared_on_answers_with_several_labels() -> None:
    labels = [(1.0, 1.0), (0.0, 1.0), (0.0,), (0.0, 0.0), (1.0, 1.0)]
    found = people(labels, [1.0, 0.0, 1.0, 0.0, 1.0], ["a", "b", "c", "d", "e"], LEVEL)
    assert found is not None
    assert (found.answers, found.raters, found.alpha.n, found.judge.n, found.alpha.intents) == (4, 2, 8, 8, 4)
    assert people([(1.0,), (0.0,)], [1.0, 0.0], ["a", "b"], LEVEL) is None


# --- what a judge saves ---


def test_a_judge_that_knows_the_labels_leaves_the_guard_and_a_useless_one_saves_nothing() -> None:
    queries = [f"q{number // 2}" for number in range(200)]
    label = (RNG.random(200) < 0.5).astype(np.float64)
    perfect = prediction(queries, queries, label, label, Terms())
    useless = prediction(queries, queries, label, np.full(200, 0.7), Terms())
    assert perfect is not None
    assert useless is not None
    assert (perfect.residual, perfect.weight, perfect.with_judge, perfect.paired) == (0, 1, 59, True)
    assert (useless.weight, useless.with_judge) == (0, useless.labels_alone)
    assert perfect.labels_alone > 800


def test_which_answer_comes_first_does_not_matter_and_lone_answers_are_assumed_unlike() -> None:
    queries = [f"q{number // 2}" for number in range(60)]
    label, judge = RNG.random(60), RNG.random(60)
    turned = np.arange(60).reshape(-1, 2)[:, ::-1].ravel()
    assert prediction(queries, queries, label, judge, Terms()) == prediction(queries, queries, label[turned], judge[turned], Terms())
    lone = prediction(list(map(str, range(60))), list(map(str, range(60))), label, judge, Terms())
    assert lone is not None
    assert (lone.paired, lone.sd) == (False, pytest.approx(math.sqrt(2) * label.std(ddof=1)))
    assert prediction(queries[:18], queries[:18], label[:18], judge[:18], Terms()) is None


# --- all of it ---


def figures(found: Agreement) -> Iterator[Figure]:
    yield from (value for field in fields(found) if isinstance(value := getattr(found, field.name), Figure))
    if found.people is not None:
        yield from (found.people.alpha, found.people.judge)
    if found.position is not None:
        yield found.position.share


VALUES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
ROWS = st.builds(
    lambda query, intent, labels, judge, words, compared, side: Rated(
        f"q{query}", f"i{intent}", sum(labels) / len(labels), judge, words, tuple(labels), compared, side if compared else None
    ),
    st.integers(0, 20), st.integers(0, 12), st.lists(VALUES, min_size=1, max_size=3), VALUES, st.none() | st.floats(0, 10), st.booleans(),
    st.sampled_from([None, 1, -1, 0]),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(ROWS, max_size=14))
def test_whatever_it_is_given_a_figure_is_a_number_within_its_interval_or_says_why_not(given: list[Rated]) -> None:
    for figure in figures(agreement(given)):
        if figure.value is None or figure.lower is None or figure.upper is None:
            assert figure.note
            assert figure.lower is figure.upper is None
            continue
        assert all(map(math.isfinite, (figure.value, figure.lower, figure.upper)))
        assert figure.lower <= figure.value <= figure.upper
        assert figure.upper - figure.lower > 1e-9


def rated(number: int, label: float, judge: float, labels: tuple[float, ...] = (), compared: bool = False) -> Rated:
    return Rated(f"q{number}", f"q{number}", label, judge, 3.0, labels or (label,), compared)


def test_labels_that_are_all_alike_and_a_judge_that_always_says_the_same() -> None:
    alike = agreement([rated(number, 1, number % 2) for number in range(20)])
    assert (alike.kappa.value, alike.specificity.value, alike.auroc.value, alike.best) == (None, None, None, None)
    assert "all labels are alike" in alike.kappa.note
    assert alike.sensitivity.value == 0.5
    constant = agreement([rated(number, number % 2, 1) for number in range(20)])
    assert constant.kappa.value is None
    assert "all alike" in constant.kappa.note
    assert constant.auroc.value == 0.5


def test_yes_and_no_at_the_threshold_with_ties_left_out() -> None:
    given = [rated(1, 1, 0.7), rated(2, 1, 0.6), rated(3, 0, 0.7), rated(4, 0, 0.1), rated(5, 0.5, 0.9, (0, 1)), rated(6, 0.5, 0.9, (0.5,))]
    found = agreement(given, threshold=0.65)
    table = found.confusion
    assert (table.both_yes, table.people_only, table.judge_only, table.both_no, found.tied) == (2, 1, 1, 1, 1)
    assert found.graded
    pairs = agreement([rated(1, 1, 1, compared=True), rated(2, 0.5, 1, compared=True), rated(3, 0, 0.5, compared=True)])
    assert (pairs.tied, pairs.confusion.total) == (2, 1)


def test_the_order_of_rows_does_not_matter() -> None:
    given = [rated(number, number % 2, (number * 7 % 11) / 10) for number in range(30)]
    assert agreement(given) == agreement(given[::-1])
