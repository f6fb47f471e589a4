"""How simulated roll-outs end, and after how many pairs, beside threshold counters and a repeated t-test on the same streams.

    python benchmarks/rollouts.py           # 1,000 roll-outs a row; some minutes on one core
    python benchmarks/rollouts.py 200

Three guardrails (nDCG@10, RR, found on rank 1), independent, paired, at most 3,200 pairs. Peers look after every 50 pairs and have ten
looks a stage, then promote. Counter: a guardrail's last 50 pairs lie below the baseline by more than 0.05, failureLimit 3 (Argo Rollouts:
the fourth failed measurement rolls back). T-test: a one-sided paired t-test of any guardrail at 0.05 over all pairs so far.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import t as student

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "simulation"))

from populations import Array, equal, losing, retrieval

from ragguard.decision.rollout import Rules
from ragguard.decision.rollouts import NEVER, Counts, Played, joined, played

PAIRS, WINDOW, LOOKS, AT_ONCE = 3_200, 50, 10, 100
METRICS = (("nDCG@10", 0.7), ("RR", 0.89), ("Success@1", 1.0))
Method = Callable[[list[Array]], Played]


def streams(drop: float, which: int, rng: np.random.Generator) -> list[Array]:
    """Differences of three guardrails of which the first ``which`` have exactly this mean drop."""
    found = []
    for number, (metric, noise) in enumerate(METRICS):
        bad = drop > 0 and number < which
        population = losing(metric, noise, drop, "half") if bad else equal(retrieval(metric, noise))
        found.append(population.sample(rng, AT_ONCE, PAIRS) - (population.mean + (drop if bad else 0.0)))
    return found


def first(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Counts:
    """The number of the first look of each row at which ``mask`` holds, from 1 on."""
    return np.where(mask.any(axis=1), mask.argmax(axis=1) + 1, NEVER)


def ours(guardrails: list[Array]) -> Played:
    """The rules that ship."""
    return played(guardrails, Rules())


def by_schedule(failed: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Played:
    """A peer's roll-out: so many looks a stage, whatever they say, unless it fails first."""
    rolled = first(failed[:, : 3 * LOOKS])
    ends = tuple(np.full(len(failed), (stage + 1) * LOOKS * WINDOW) for stage in range(3))
    return Played(np.where(rolled < NEVER, rolled * WINDOW, NEVER), ends)


def counter(guardrails: list[Array]) -> Played:
    """The fourth window in which a guardrail lies below the baseline by more than the margin."""
    counts = [np.cumsum(each.reshape(len(each), -1, WINDOW).mean(axis=2) < -0.05, axis=1) for each in guardrails]
    return by_schedule(np.logical_or.reduce([each > 3 for each in counts]))


def t_test(guardrails: list[Array]) -> Played:
    """A paired t-test after every window, none corrected."""
    looks = np.arange(WINDOW, PAIRS + 1, WINDOW)
    failed = np.zeros((len(guardrails[0]), len(looks)), dtype=bool)
    for each in guardrails:
        means = np.cumsum(each, axis=1)[:, looks - 1] / looks
        squares = np.cumsum(each**2, axis=1)[:, looks - 1] / looks
        errors = np.sqrt((squares - means**2) / (looks - 1))
        failed |= means / errors < student.ppf(0.05, looks - 1)
    return by_schedule(failed)


METHODS: dict[str, Method] = {"ragguard": ours, "counter": counter, "t-test": t_test}
DROPS = {
    "equal": (0.0, 3),
    "drop of 0.025": (0.025, 3),
    "drop of 0.05": (0.05, 3),
    "drop of 0.10": (0.10, 3),
    "0.10, one guardrail": (0.10, 1),
    "0.10 from 50 % on": (0.10, 3),
}


def rows(name: str, trials: int) -> dict[str, Played]:
    """The roll-outs of one kind, by method."""
    drop, which = DROPS[name]
    rng, found = np.random.default_rng(21), dict[str, list[Played]]()
    for _ in range(trials // AT_ONCE):
        bad = streams(drop, which, rng)
        good = streams(0.0, 3, rng) if "from" in name else bad
        for method, play in METHODS.items():
            begun = play(good)
            found.setdefault(method, []).append(play(_changed(good, bad, begun.left[1])) if "from" in name else begun)
    return {method: joined(parts) for method, parts in found.items()}


def _changed(good: list[Array], bad: list[Array], when: Counts) -> list[Array]:
    late = np.arange(PAIRS) >= when[:, None]
    return [np.where(late, after, before) for before, after in zip(good, bad, strict=True)]


def line(name: str, method: str, found: Played) -> str:
    """A row of the table; a roll-back is false where nothing is lost, or not yet.

    Pairs are means over those that ended so, counted from the 50 % stage on where the drop starts there.
    """
    back, done = found.rolled_back, found.promoted
    since = np.where(found.left[1] < NEVER, found.left[1], 0) if "from" in name else 0
    false = back & ((found.rolled <= since) if "from" in name else name == "equal")
    pairs = (found.rolled - since)[back & (found.rolled > since)]
    ends = [f"{pairs.mean():.0f}" if pairs.size else "-", f"{found.left[-1][done].mean():.0f}" if done.any() else "-"]
    shares = [f"{share:.3f}" for share in (back.mean(), false.mean(), done.mean(), 1 - back.mean() - done.mean())]
    return "| " + " | ".join((name, method, *shares, *ends)) + " |"


def main(trials: int) -> None:
    print("| candidate | rule | rolled back | falsely | promoted | neither | pairs until rollback | pairs until promoted |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in DROPS:
        for method, found in rows(name, trials).items():
            print(line(name, method, found), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
