"""Time and memory of the statistics of a whole decision: 20 checks of 5,000 cases, some of them quantiles with 9,999 resamples.

    python benchmarks/decision_speed.py            # every number of quantile checks in a process of its own
    python benchmarks/decision_speed.py 400 10     # cases and checks; the simulated gates of these too

Target: 3 s and 1 GB for 20 checks of 5,000 cases, on one core.
"""

import resource
import subprocess
import sys
import time

import numpy as np

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.decision.simulate import simulate
from ragguard.error_rates import seeded
from ragguard.records.evidence import Check, PairedScores
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.estimate import estimate
from ragguard.statistics.redraw import Scored

SHARE, YES, TIME = Scale(), Scale(binary=True), Scale(higher_is_better=False, high=None, unit="ms", quantile=0.95)


def pairs(number: int, cases: int, *, tail: bool) -> PairedScores:
    """Graded, binary (each third) and, if ``tail``, times."""
    rng = np.random.default_rng(number)
    ids = tuple(f"q{case:06}" for case in range(cases))
    scale = TIME if tail else YES if number % 3 == 2 else SHARE
    common, own = rng.normal(size=cases), 0.3 * rng.normal(size=(2, cases))
    before, after = np.exp(5 + 0.5 * common + own) if tail else 1 / (1 + np.exp(-common - own))
    if scale.binary:
        before, after = (before > 0.4).astype(float), (after > 0.4).astype(float)
    check = Check("speed", Metric.parse("p95(of=Latency)" if tail else "nDCG@10"), "veto" if number else "blocking", slice=str(number))
    return PairedScores(check, scale, ids, ids, tuple(before.tolist()), tuple(after.tolist()))


def measure(cases: int, checks: int, tails: int) -> None:
    jobs = [pairs(number, cases, tail=number >= checks - tails) for number in range(checks)]
    begin, spent, used = time.perf_counter(), time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    estimates = [("baseline", estimate(job, alpha=0.05, endpoints=1)) for job in jobs]
    answer = decide("candidate", judge(estimates, alpha=0.05)).answer
    took, spent, peak = time.perf_counter() - begin, time.process_time() - spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"| {checks} | {cases:,} | {tails} | {took:.2f} | {spent:.2f} | {peak / 1e6:.2f} | {(peak - used) / 1e6:.2f} | {answer} |",
        flush=True,
    )


def gates(cases: int, checks: int, count: int) -> None:
    """The simulated gates of ``ragguard error-rates``: five blocking checks, the others veto, all on the same queries."""
    scored = []
    for number in range(checks):
        job = pairs(number, cases, tail=False)
        tier = "blocking" if number < 5 else "veto"
        check = Check("speed", job.check.metric, tier, slice=str(number))  # type: ignore[arg-type]
        arms = (np.array(job.baseline, dtype=float), np.array(job.candidate, dtype=float))
        scored.append(Scored(check, job.scale, tuple(("a", case) for case in job.cases), *arms, exact=job.scale.binary))
    begin, used = time.perf_counter(), time.process_time()
    found = simulate(scored, alpha_pass=0.05, alpha_fail=0.05, gates=count, random=seeded("speed"))
    took, worked, kinds = time.perf_counter() - begin, time.process_time() - used, len(found.simulated)
    what = f"{count:,} simulated gates of each of {kinds} kinds, {checks} checks, {cases:,} cases"
    print(f"\n{what}: {took:.1f} s, {worked:.1f} s of the processor")


def main(arguments: list[str]) -> int:
    if arguments and arguments[0] == "one":
        measure(*map(int, arguments[1:]))
        return 0
    cases, checks = (int(arguments[0]), int(arguments[1])) if len(arguments) > 1 else (5_000, 20)
    heads = ("checks", "cases", "of them quantiles", "wall s", "processor s", "peak GB", "of it the statistics", "answer")
    print(f"| {' | '.join(heads)} |\n{'| --: ' * 7}| --- |", flush=True)
    for tails in (0, checks // 10, checks // 4, checks):
        subprocess.run([sys.executable, __file__, "one", str(cases), str(checks), str(tails)], check=True)
    gates(400, 10, 2_000)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
