"""Makes reports/example: the starter workspace gated, run times left out. ``make example`` runs it, and a test compares."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from ragguard import gate, workspace
from ragguard.records.report import Times
from ragguard.reports import store

ROOT = Path(__file__).resolve().parent.parent


def make(out: Path) -> list[Path]:
    """Gate a fresh starter workspace and write its report, which is the same on every run."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "starter"
        workspace.make(place)
        plan = place / "gate.yaml"
        plan.write_text(plan.read_text(encoding="utf-8") + "show: 3 # the example lies in the repository\n", encoding="utf-8")
        return store.write(replace(gate.run(plan), times=Times()), out)


if __name__ == "__main__":
    print("\n".join(map(str, make(ROOT / "reports" / "example"))))
    sys.exit(0)
