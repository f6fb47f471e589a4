"""What is drawn for a simulated gate: as many intents as a check has, its own, the same ones for all checks together."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ragguard.error_rates import seeded
from ragguard.records.evidence import Check
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.gated import judged
from ragguard.statistics.redraw import Arms, Scored, drawn

NDCG = Metric("nDCG", 10)


def scored(name: str, intents: list[int], *, block: str = "a", seed: int = 0, binary: bool = False) -> Scored:
    rng = np.random.default_rng(seed)
    before, after = rng.random((2, len(intents)))
    if binary:
        before, after = (before < 0.6).astype(float), (after < 0.7).astype(float)
    units = tuple((block, f"i{number:04}") for number in intents)
    return Scored(Check("s", NDCG, "blocking", slice=name), Scale(binary=binary), units, before, after, exact=binary)


def test_every_check_gets_as_many_of_its_own_intents_as_it_has() -> None:
    checks = [scored("", list(range(100))), scored("few", [3, 50, 99]), scored("half", list(range(0, 100, 2)))]
    for anew in (True, False):
        batches = list(drawn(checks, 700, seeded("x"), anew=anew))
        assert [len(batch[0].rows) for batch in batches] == [500, 200]
        for each, found in zip(checks, batches[0], strict=True):
            assert found.rows.shape == found.coin.shape == (500, len(each.units))
            assert found.rows.min() >= 0
            assert found.rows.max() < len(each.units)


def test_as_they_are_every_intent_is_drawn_once_with_one_coin_for_all_checks() -> None:
    checks = [scored("", list(range(100))), scored("few", [3, 50, 99])]
    (whole, few) = next(iter(drawn(checks, 50, seeded("x"), anew=False)))
    assert (whole.rows == np.arange(100)).all()
    assert (few.rows == np.arange(3)).all()
    assert (few.coin == whole.coin[:, [3, 50, 99]]).all()
    assert 0.4 < whole.coin.mean() < 0.6


def test_checks_of_the_same_intents_are_drawn_together_and_those_of_other_corpora_apart() -> None:
    same, twin, other = scored("", list(range(80))), scored("b", list(range(80)), seed=1), scored("c", list(range(80)), block="b")
    one, two, three = next(iter(drawn([same, twin, other], 50, seeded("x"), anew=True)))
    assert (one.rows == two.rows).all()
    assert (one.coin == two.coin).all()
    assert not (one.rows == three.rows).all()


def test_a_slice_gets_the_draws_of_the_whole_that_are_its_own() -> None:
    whole, part = next(iter(drawn([scored("", list(range(400))), scored("part", list(range(0, 400, 2)))], 50, seeded("x"), anew=True)))
    for row in range(50):
        own = [number // 2 for number in whole.rows[row] if number % 2 == 0]
        seen = part.rows[row].tolist()
        assert seen[: len(own)] == own[: len(seen)]


def test_every_intent_is_as_likely_as_any_other_and_drawn_with_replacement() -> None:
    (found,) = next(iter(drawn([scored("", list(range(20))), scored("few", [1, 7, 9])], 500, seeded("x"), anew=True)))[1:]
    shares = np.bincount(found.rows.ravel(), minlength=3) / found.rows.size
    assert shares == pytest.approx([1 / 3] * 3, abs=0.04)
    assert any(len(set(row)) < 3 for row in found.rows.tolist())


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    def rows(key: str) -> NDArray[np.int64]:
        return next(iter(drawn([scored("", list(range(80)))], 50, seeded(key), anew=True)))[0].rows

    assert (rows("x") == rows("x")).all()
    assert not (rows("x") == rows("y")).all()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("manner", ["swapped", "centred", "evenly", "broken"])
def test_planted_losses_are_as_large_as_they_say(manner: str, binary: bool) -> None:
    if binary and manner == "evenly":
        return
    each = scored("", list(range(300)), seed=3, binary=binary)
    loss = 0.08 if manner in {"evenly", "broken"} else 0.0
    means = []
    for batch, (rows,) in enumerate(drawn([each], 2000, seeded("loss"), anew=True)):
        arms = Arms(manner, each.share(loss))  # type: ignore[arg-type]
        means.append(judged(each, rows, arms, 0.05, np.random.default_rng(batch))[0].difference)
    found = np.concatenate(means)
    assert found.mean() == pytest.approx(-loss, abs=5 * found.std() / np.sqrt(len(found)))


def test_what_is_not_there_cannot_be_lost() -> None:
    low = Scored(Check("s", NDCG, "blocking"), Scale(), (("a", "x"), ("a", "y")), np.array([0.0, 0.1]), np.array([0.0, 0.1]))
    assert low.share(0.05) == pytest.approx(1.0)
    assert low.share(0.1) > 1
    nothing = Scored(Check("s", NDCG, "blocking"), Scale(), (("a", "x"), ("a", "y")), np.zeros(2), np.zeros(2))
    assert nothing.share(0.05) == np.inf


def test_of_several_tasks_each_gives_as_many_items_as_it_has() -> None:
    rng = np.random.default_rng(1)
    units = tuple((task, f"i{number:03}") for task, size in (("a", 30), ("b", 50)) for number in range(size))
    strata = ("a",) * 30 + ("b",) * 50
    each = Scored(Check("s", NDCG, "blocking"), Scale(), units, rng.random(80), rng.random(80), strata)
    (found,) = next(iter(drawn([each], 100, seeded("x"), anew=True)))
    assert found.rows[:, :30].max() < 30 <= found.rows[:, 30:].min()
    assert found.rows.shape == (100, 80)
    assert judged(each, found, Arms("swapped"), 0.05)[0].passes.shape == (100,)
