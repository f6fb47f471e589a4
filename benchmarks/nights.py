"""When a slow drift and a jump are reported over 90 nights, and how often nothing is reported as something.

    python benchmarks/nights.py           # 1,000 series a cell; a minute on one core
    python benchmarks/nights.py 200

A mean of 0.7 moves by itself from night to night, with some standard deviation; from night 31 on it falls by 0.001 a
night, or by 0.04 at once.
Beside the detector that ships (eight watched series, 0.1 false alarms a year in all) stand rules that people use: three nights in a row
below the mean of the first 14, the same but below by a standard deviation, and a night below by two.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from made_nights import day, nights

from ragguard.decision import series
from ragguard.statistics.cusum import LEARNS, Follower, K
from ragguard.statistics.run_length import threshold

Array = NDArray[np.float64]
LEVEL, BEGINS, NIGHTS, YEAR = 0.7, 30, 90, 365
WATCHED = 8
DRIFT, JUMP = 0.001, 0.04
SPREADS = (0.0, 0.002, 0.004, 0.006, 0.01)


def detector(values: Array) -> Iterator[int]:
    """The nights on which the shipped detector reports; after each, the level is learnt anew."""
    follower, h = Follower(floor=0.005), threshold(K, WATCHED * YEAR / series.FALSE_ALARMS)
    for number, value in enumerate(values):
        if follower.step(float(value), h).phase == "fall":
            yield number
            follower.restart()


def run_of(count: int, spreads: float) -> Callable[[Array], Iterator[int]]:
    """A rule: so many nights in a row below the first 14 nights' mean, by so many of their standard deviations."""

    def rule(values: Array) -> Iterator[int]:
        limit, row = values[:LEARNS].mean() - spreads * values[:LEARNS].std(ddof=1), 0
        for number in range(LEARNS, len(values)):
            row = row + 1 if values[number] < limit else 0
            if row == count:
                yield number
                row = 0

    return rule


RULES: dict[str, Callable[[Array], Iterator[int]]] = {
    "ragguard": detector,
    "three nights below": run_of(3, 0),
    "three nights below by 1 sd": run_of(3, 1),
    "a night below by 2 sd": run_of(1, 2),
}


def quiet(rng: np.random.Generator, sd: float, nights: int) -> Array:
    return np.asarray(LEVEL + sd * rng.standard_normal(nights))


def false_alarms(trials: int) -> None:
    print(f"False alarms over {trials:,} quiet series of a year each: per series and year, and the share of series with any")
    print(f"{'sd':>6}  " + "  ".join(f"{name:>26}" for name in RULES))
    for sd in SPREADS:
        rng, told = np.random.default_rng(3), dict.fromkeys(RULES, (0, 0))
        for _ in range(trials):
            values = quiet(rng, sd, YEAR)
            for name, rule in RULES.items():
                count = sum(1 for _ in rule(values))
                told[name] = (told[name][0] + count, told[name][1] + (count > 0))
        cells = (f"{alarms / trials * YEAR / (YEAR - LEARNS):9.4f} a year, {100 * some / trials:5.1f} %" for alarms, some in told.values())
        print(f"{sd:6.3f}  " + "  ".join(f"{cell:>26}" for cell in cells), flush=True)


def moved(values: Array, kind: str) -> Array:
    after = np.arange(len(values)) - BEGINS + 1
    return values - (DRIFT * np.clip(after, 0, None) if kind == "drift" else JUMP * (after > 0))


def waits(trials: int) -> None:
    for kind, what in (("jump", f"a jump of {JUMP}"), ("drift", f"a drift of {DRIFT} a night")):
        print(f"\nNights until {what} from night {BEGINS + 1} on is reported: median (5 % to 95 %);")
        print(f"share of series in which it is within {NIGHTS} nights; share in which something was reported before it")
        print(f"{'sd':>6}  " + "  ".join(f"{name:>30}" for name in RULES))
        for sd in SPREADS:
            rng, found = np.random.default_rng(5), {name: [] for name in RULES}
            for _ in range(trials):
                values = moved(quiet(rng, sd, NIGHTS), kind)
                for name, rule in RULES.items():
                    found[name].append(list(rule(values)))
            print(f"{sd:6.3f}  " + "  ".join(f"{_wait(each):>30}" for each in found.values()), flush=True)


def _wait(found: list[list[int]]) -> str:
    after = [next((night - BEGINS + 1 for night in each if night >= BEGINS), None) for each in found]
    early = sum(any(night < BEGINS for night in each) for each in found) / len(found)
    seen = [wait for wait in after if wait is not None]
    if not seen:
        return "never"
    low, middle, high = np.quantile(seen, (0.05, 0.5, 0.95))
    return f"{middle:.0f} ({low:.0f} to {high:.0f}); {100 * len(seen) / len(found):.0f} %; {100 * early:.0f} %"


def one() -> None:
    """One such history as `ragguard history` sees it."""
    print(f"\nOne history of {NIGHTS} nights, sd 0.004")
    for kind in ("drift", "jump"):
        values = moved(quiet(np.random.default_rng(8), 0.004, NIGHTS), kind)
        for each in series.history("made", nights([float(value) for value in values])).drifts:
            told = f"since {each.since}, reported {each.reported}, {each.level:.3f} -> {each.now:.3f} on {day(NIGHTS - 1)}"
            print(f"{kind}: begins {day(BEGINS)}; {told}")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    false_alarms(count)
    waits(count)
    one()
