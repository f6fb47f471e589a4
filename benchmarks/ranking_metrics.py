"""Time and memory of ranking metrics: 5,000 queries of 100 documents, six metrics, two systems."""

import random
import resource
import sys
import time

from ragguard.metrics.scoring import score_all
from ragguard.records.collection import Query
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.records.metric import Metric

METRICS = [Metric.parse(name) for name in ("nDCG@10", "RR", "AP", "R@100", "P@5", "Success@5")]


def peak() -> float:
    """Peak resident memory of this process, in MiB."""
    raw = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return raw / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    draw = random.Random(7)
    cases = []
    for i in range(5000):
        relevant = {f"d{draw.randrange(200)}": draw.randrange(1, 4) for _ in range(3)}
        cases.append(Case(f"q{i}", "asked", Query(f"q{i}", "asked", f"q{i}"), relevant))
    systems = [
        {case.id: Observation(case.id, tuple(Ranked(f"d{k}", draw.random()) for k in draw.sample(range(200), 100))) for case in cases}
        for _ in range(2)
    ]
    print(f"data                      peak {peak():6.0f} MiB")
    start = time.perf_counter()
    score_all(METRICS, cases[:50], systems[0])
    print(f"import, compile {time.perf_counter() - start:7.2f} s peak {peak():6.0f} MiB")
    for name, observations in zip(("baseline", "candidate"), systems, strict=True):
        start = time.perf_counter()
        score_all(METRICS, cases, observations)
        print(f"{name:<15} {time.perf_counter() - start:7.2f} s peak {peak():6.0f} MiB")


if __name__ == "__main__":
    main()
