"""Trains and gates the shipped plans from scratch: ``python benchmarks/examples.py [PLAN ...]``. Prints decision, exit code, seconds."""

import sys
import tempfile
import time
from pathlib import Path

from ragguard import gate
from ragguard.records.report import Report

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = {
    "gate.yaml": "promote",
    "examples/spoiled/gate.yaml": "block",
    "examples/wrong-version/gate.yaml": "block",
    "examples/forgetful/gate.yaml": "block",
    "examples/brittle/gate.yaml": "block",
}
SUITES = {"golden": "nDCG@10", "adversarial": "nDCG@10", "version-confusion": "VersionAcc@1", "forgetting": "nDCG@10"}
"""The blocking endpoint of each suite."""


def _endpoints(report: Report) -> str:
    found = {(v.check.suite, str(v.check.metric)): v for v in report.decisions[0].verdicts if not v.check.slice}
    verdicts = [(suite, found[suite, metric]) for suite, metric in SUITES.items()]
    endpoints = [f"{suite} {v.estimate.difference:+.3f}{'*' if v.outcome == 'fail' else ''}" for suite, v in verdicts]
    slices = [
        v.check.identity for v in report.decisions[0].verdicts if v.check.slice and v.outcome == "fail" and v.check.tier != "advisory"
    ]
    return "  ".join(endpoints) + (f"  failed too: {', '.join(slices)}" if slices else "")


def main() -> int:
    """Print a line a plan; return 1 if one was decided otherwise than expected."""
    wrong = 0
    print(f"{'plan':<34} {'decision':<9} {'exit':>4} {'train s':>8} {'all s':>6}  candidate - baseline, * failed")
    for name in sys.argv[1:] or EXPECTED:
        with tempfile.TemporaryDirectory() as store:
            begin = time.perf_counter()
            report = gate.run(ROOT / name, store=Path(store))
        seconds = time.perf_counter() - begin
        training = sum(spent for key, spent in report.times.seconds.items() if key.endswith("/train"))
        print(f"{name:<34} {report.answer:<9} {report.exit_code:>4} {training:>8.0f} {seconds:>6.0f}  {_endpoints(report)}", flush=True)
        wrong += report.answer != EXPECTED[name]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
