"""Trains and gates the shipped plans from scratch: ``python benchmarks/examples.py [PLAN ...]``. Prints decision, exit code, seconds."""

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ragguard import gate
from ragguard.records.verdict import Decision

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = {
    "gate.yaml": "promote",
    "examples/spoiled/gate.yaml": "block",
    "examples/wrong-version/gate.yaml": "block",
    "examples/forgetful/gate.yaml": "block",
    "examples/brittle/gate.yaml": "block",
    "examples/lora/gate.yaml": "promote",
    "examples/answers/gate.yaml": "promote",
}
BLOCKED_BY = {
    "examples/lora/gate.yaml": {"plain": "skills/TaskScore/boolean"},
    "examples/answers/gate.yaml": {
        "swapped": "cards/VersionConflation",
        "inventing": "cards/UnsupportedValue",
        "refusing": "cards/FalseRefusal",
    },
}
"""Of plans that promote one candidate: which check must fail for each of the others."""


def _endpoints(decision: Decision) -> str:
    """The differences of the blocking checks, and what failed beside them."""
    blocking = [v for v in decision.verdicts if v.check.tier == "blocking" and v.estimate.difference is not None]
    told = [f"{v.check.identity} {v.estimate.difference:+.3f}{'*' if v.outcome == 'fail' else ''}" for v in blocking]
    others = [v.check.identity for v in decision.verdicts if v.outcome == "fail" and v.check.tier in ("veto", "must")]
    return "  ".join(told) + (f"  failed too: {', '.join(others)}" if others else "")


def _missed(decisions: Sequence[Decision], reasons: Mapping[str, str]) -> bool:
    """Tell whether a candidate that must be blocked by a check was not."""
    failed = {each.candidate: {v.check.identity for v in each.verdicts if v.outcome == "fail"} for each in decisions}
    return any(check not in failed[candidate] for candidate, check in reasons.items())


def main() -> int:
    """Print a line a plan; return 1 if one was decided otherwise than expected."""
    wrong = 0
    print(f"{'plan':<34} {'decision':<9} {'exit':>4} {'train s':>8} {'all s':>6}\n  each candidate: what its blocking checks moved by")
    for name in sys.argv[1:] or EXPECTED:
        with tempfile.TemporaryDirectory() as store:
            begin = time.perf_counter()
            report = gate.run(ROOT / name, store=Path(store))
        seconds = time.perf_counter() - begin
        training = sum(spent for key, spent in report.times.seconds.items() if key.endswith("/train"))
        print(f"{name:<34} {report.answer:<9} {report.exit_code:>4} {training:>8.0f} {seconds:>6.0f}", flush=True)
        for decision in report.decisions:
            print(f"  {decision.candidate:<32} {decision.answer:<9} {_endpoints(decision)}", flush=True)
        wrong += report.answer != EXPECTED[name] or _missed(report.decisions, BLOCKED_BY.get(name, {}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
