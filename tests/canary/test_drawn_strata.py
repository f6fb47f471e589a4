"""Which requests are replayed: a share, from every kind of request, whole sessions, by seed and name alone."""

import random

import pytest

from ragguard.canary.requests import Request
from ragguard.canary.strata import Stratum, allot, draw

DAY = 86_400.0


def requests(count: int = 600) -> list[Request]:
    """Sessions of three requests, over three days, two products, three lengths."""
    made = []
    for number in range(count):
        session = number // 3
        words = "word " * (2, 8, 20)[session % 3]
        made.append(Request(f"r{number}", DAY * (session % 3) + number, words, session=f"s{session}", found=f"d{session % 2}"))
    return made


def drawn(rows: list[Request], share: float = 0.1, seed: int = 7) -> list[str]:
    products = {"d0": "payouts"}
    return [each.id for each in draw(rows, share, seed, lambda row: row.session or row.id, lambda name: products.get(name, "")).requests]


def test_sessions_are_drawn_whole_and_their_share_is_kept() -> None:
    rows = requests()
    found = draw(rows, 0.1, 7, lambda row: row.session, lambda name: name)
    sessions = {row.session for row in found.requests}
    assert len(found.requests) == 3 * len(sessions)
    assert len(sessions) == sum(found.taken.values()) == round(0.1 * 200)
    assert sum(found.units.values()) == 200
    assert [row.id for row in found.requests] == [row.id for row in rows if row.session in sessions]


def test_a_session_stands_in_the_stratum_of_its_first_request() -> None:
    late = Request("a", 2 * DAY, "one", session="s", found="d1")
    early = Request("b", 0.0, "a question of five words", session="s", found="d0")
    found = draw([late, early], 0.5, 7, lambda row: row.session, lambda name: name)
    assert set(found.units) == {Stratum("d0", "1970-01-01", "medium")}


def test_every_stratum_is_there() -> None:
    rows = requests()
    rare = Request("rare", 9 * DAY, "word", found="d0")
    found = draw([*rows, rare], 0.05, 7, lambda row: row.session or row.id, lambda name: name)
    assert "rare" in {row.id for row in found.requests}
    assert all(found.taken[stratum] >= 1 for stratum in found.units)


def test_the_same_seed_draws_the_same_whatever_the_order_and_another_seed_another() -> None:
    rows = requests()
    shuffled = rows[:]
    random.Random(1).shuffle(shuffled)
    assert sorted(drawn(rows)) == sorted(drawn(shuffled))
    assert drawn(rows) == drawn(rows)
    assert sorted(drawn(rows)) != sorted(drawn(rows, seed=8))


def test_all_of_it_is_all_of_it() -> None:
    rows = requests(60)
    assert drawn(rows, share=1.0) == [row.id for row in rows]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3, 0.5, 1.0])
def test_no_stratum_gives_more_than_it_has_and_none_nothing(share: float) -> None:
    sizes = {Stratum(str(i), "", ""): size for i, size in enumerate([1, 2, 3, 50, 400])}
    taken = allot(sizes, share)
    assert all(1 <= taken[stratum] <= size for stratum, size in sizes.items())
    least = sum(max(1, int(size * share + 1e-9)) for size in sizes.values())
    assert sum(taken.values()) == max(least, round(share * sum(sizes.values())))


def test_seeds_draw_every_session_alike() -> None:
    """Within a stratum each unit is as likely as another: over seeds, each is drawn about as often."""
    rows = [Request(f"r{number}", 0.0, "word") for number in range(20)]
    counts = dict.fromkeys((row.id for row in rows), 0)
    for seed in range(2_000):
        for name in drawn(rows, share=0.25, seed=seed):
            counts[name] += 1
    assert sum(counts.values()) == 2_000 * 5
    # Each count is Binomial(2000, 0.25): 500 with a standard deviation of 19; six of them either way.
    assert all(380 < count < 620 for count in counts.values())
