"""Trains and gates the shipped plans from scratch: ``python benchmarks/examples.py``. Prints decision, exit code, gain and seconds."""

import sys
import tempfile
import time
from pathlib import Path

from ragguard import gate

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = {"gate.yaml": "promote", "examples/spoiled/gate.yaml": "block"}


def main() -> int:
    """Print a line a plan; return 1 if one was decided otherwise than expected."""
    wrong = 0
    print(f"{'plan':<28} {'decision':<9} {'exit':>4} {'nDCG@10':>16} {'train s':>8} {'all s':>7}")
    for name, expected in EXPECTED.items():
        with tempfile.TemporaryDirectory() as store:
            begin = time.perf_counter()
            report = gate.run(ROOT / name, store=Path(store))
        seconds = time.perf_counter() - begin
        estimate = report.decisions[0].verdicts[0].estimate
        training = sum(spent for key, spent in report.times.seconds.items() if key.endswith("/train"))
        means = f"{estimate.baseline_mean:.3f} -> {estimate.candidate_mean:.3f}"
        print(f"{name:<28} {report.answer:<9} {report.exit_code:>4} {means:>16} {training:>8.0f} {seconds:>7.0f}", flush=True)
        wrong += report.answer != expected
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
