"""reports/example is what the program makes now."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "reports" / "example"


def _same(made: Any, kept: Any, where: str) -> None:
    """Equal, numbers to six digits: another processor may add in another order."""
    if isinstance(made, float) and isinstance(kept, float):
        assert math.isclose(made, kept, rel_tol=1e-6, abs_tol=1e-9), (where, made, kept)
    elif isinstance(made, dict) and isinstance(kept, dict):
        assert list(made) == list(kept), where
        for key, value in made.items():
            _same(value, kept[key], f"{where}.{key}")
    elif isinstance(made, list) and isinstance(kept, list):
        assert len(made) == len(kept), where
        for index, value in enumerate(made):
            _same(value, kept[index], f"{where}[{index}]")
    else:
        assert made == kept, where


@pytest.mark.slow
def test_the_committed_example_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import make_report

    make_report.make(tmp_path)
    _same(json.loads((tmp_path / "report.json").read_bytes()), json.loads((EXAMPLE / "report.json").read_bytes()), "report")
    for name in ("report.md", "report.junit.xml"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (EXAMPLE / name).read_text(encoding="utf-8"), name
