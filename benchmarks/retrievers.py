"""What untuned MiniLM, BM25 and their hybrid reach in every suite, and each suite's seconds: ``python benchmarks/retrievers.py [PLAN]``."""

import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from ragguard import gate
from ragguard.records.metric import Scale
from ragguard.records.report import Report, SuiteRun

ROOT = Path(__file__).resolve().parent.parent
PLAN = "examples/retrievers/gate.yaml"
DIGITS = 3
COLUMN = 18


def rows(report: Report, suite: SuiteRun) -> dict[tuple[str, str], Scale]:
    """The rows of a suite, metric and slice, with the metric's scale: whatever a check judges, and blocking metrics on every slice."""
    verdicts = [verdict for verdict in report.decisions[0].verdicts if verdict.check.suite == suite.name]
    scales = {str(verdict.check.metric): verdict.estimate.scale for verdict in verdicts}
    judged = {(str(verdict.check.metric), verdict.check.slice) for verdict in verdicts}
    blocking = {str(verdict.check.metric) for verdict in verdicts if verdict.check.tier == "blocking"}
    keys = dict.fromkeys((mean.metric, mean.slice) for mean in suite.means)
    return {key: scales[key[0]] for key in keys if key in judged or key[0] in blocking}


def cells(values: Sequence[float | None], scale: Scale) -> Iterator[str]:
    """The values as text, the best ones marked."""
    rounded = [None if value is None else round(value, DIGITS) for value in values]
    known = [value for value in rounded if value is not None]
    best = (max if scale.higher_is_better else min)(known, default=None)
    for value in rounded:
        text = "-" if value is None else f"{value:.{DIGITS}f}{'*' if value == best else ' '}"
        yield f"{text:>{COLUMN}}"


def heads(report: Report) -> list[str]:
    """What the arms' columns are called: by the model, where an arm is no more than one."""
    return [Path(str(arm.description["retriever"].get("model", arm.name))).name for arm in report.arms]


def table(report: Report) -> Iterator[str]:
    """The lines of the means: a row a suite, metric and slice, a column an arm."""
    arms = [arm.name for arm in report.arms]
    yield f"{'suite/metric/slice':<56}{'cases':>6}" + "".join(f"{head:>{COLUMN}}" for head in heads(report))
    for suite in report.suites:
        found = {(mean.metric, mean.slice, mean.arm): mean for mean in suite.means}
        for (metric, slice_), scale in rows(report, suite).items():
            means = [found[metric, slice_, arm] for arm in arms]
            name = f"{suite.name}/{metric}" + (f"/{slice_}" if slice_ else "") + ("" if scale.higher_is_better else " (lower is better)")
            yield f"{name:<56}{max(mean.scored for mean in means):>6}" + "".join(cells([mean.mean for mean in means], scale))


def spent(report: Report) -> Iterator[str]:
    """The lines of the seconds: a row a suite, a column an arm, and the suite's share of all suites."""
    arms = [arm.name for arm in report.arms]
    taken = {suite.name: [report.times.seconds[f"{arm}/{suite.name}"] for arm in arms] for suite in report.suites}
    whole = math.fsum(chain.from_iterable(taken.values()))
    yield f"{'seconds':<32}" + "".join(f"{name:>{COLUMN}}" for name in [*heads(report), "all", "share"])
    for name, seconds in taken.items():
        total = math.fsum(seconds)
        yield f"{name:<32}" + "".join(f"{value:>{COLUMN}.1f}" for value in [*seconds, total]) + f"{total / whole:>{COLUMN}.0%}"


def main() -> int:
    """Run the plan over a store of its own, so that the seconds are those of a first run, and print both tables."""
    name = sys.argv[1] if len(sys.argv) > 1 else PLAN
    with tempfile.TemporaryDirectory() as store:
        report = gate.run(ROOT / name, store=Path(store))
    print(*table(report), sep="\n")
    print("* best of its row\n")
    print(*spent(report), sep="\n")
    print("The suite that comes first over its documents encodes them; vectors that an arm to the left made come from the store.\n")
    for decision in report.decisions:
        print(f"{decision.candidate}: {decision.answer}; {decision.reasons[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
