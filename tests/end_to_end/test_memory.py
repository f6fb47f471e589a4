"""How much memory a large gate takes."""

import importlib.util
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_gate_over_5000_queries_of_100_documents_stays_under_a_gigabyte(root, tmp_path: Path):
    spec = importlib.util.spec_from_file_location("recorded_gate", root / "benchmarks" / "recorded_gate.py")
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    benchmark.make(tmp_path)
    code, _seconds, peak = benchmark.measure(tmp_path)
    assert code in (0, 1, 2)
    assert peak < 1e9, f"{peak / 1e6:.0f} MB"
    again, _seconds, peak = benchmark.measure(tmp_path)
    assert again == code
    assert peak < 1e9, f"again: {peak / 1e6:.0f} MB"
