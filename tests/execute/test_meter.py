"""Seconds and peaks of memory, stage by stage."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragguard.execute import memory
from ragguard.execute.memory import Memory, larger
from ragguard.execute.meter import Meter

MB = 1_000_000


def fill(megabytes: int) -> float:
    """Hold so much memory for a moment; every page of it is written."""
    return float(np.ones(megabytes * MB // 8)[-1])


@pytest.fixture
def meter() -> Meter:
    made = Meter()
    with made.stage("first"):
        pass
    if made.memory.reach != "stage":
        pytest.skip("this system does not let a peak be reset")
    return made


def test_a_stage_that_holds_200_mb_shows_them_and_the_next_does_not(meter: Meter) -> None:
    with meter.stage("small"):
        fill(1)
    with meter.stage("large"):
        fill(200)
    with meter.stage("after"):
        fill(1)
    small, large, after = (meter.of(name).memory or 0 for name in ("small", "large", "after"))
    assert large - small > 195 * MB
    assert large - after > 195 * MB
    assert (meter.memory.highest or 0) >= large, "the highest of all outlives the resets"


def test_what_happens_within_another_stage_is_the_inner_ones_alone(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    with meter.stage("outer") as outer:
        clock[0] += 1
        with meter.stage("inner") as inner:
            clock[0] += 10
            fill(200)
        clock[0] += 2
    assert (outer.seconds, inner.seconds) == (3, 10)
    assert (inner.memory or 0) - (outer.memory or 0) > 195 * MB


def test_a_stage_goes_on_and_one_that_fails_was_measured_too(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    meter.turn_to("new")

    def fail() -> None:
        with meter.stage("retrieve") as used:
            used.done += 1
            clock[0] += 0.5
            raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            fail()
    found = meter.stages()[-1]
    assert (found.arm, found.name, found.seconds, found.done, found.kept) == ("new", "retrieve", 1.0, 2, 0)
    assert [each.arm for each in meter.stages()] == ["", "new"]


def test_where_a_peak_cannot_be_reset_it_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_CLEAR", tmp_path)
    meter = Meter()
    with meter.stage("large"):
        fill(200)
    with meter.stage("after"):
        fill(1)
    assert meter.memory.reach == "process"
    assert (meter.of("after").memory or 0) >= (meter.of("large").memory or 0) > 200 * MB


def test_without_proc_the_kernels_own_figure_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_CLEAR", tmp_path)
    monkeypatch.setattr(memory, "_STATUS", tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert (Memory().peak() or 0) >= before > MB


def test_what_cannot_be_measured_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "_CLEAR", tmp_path)
    monkeypatch.setattr(memory, "_STATUS", tmp_path)
    monkeypatch.setitem(sys.modules, "resource", None)
    meter = Meter()
    with meter.stage("any"):
        pass
    assert meter.of("any").memory is None
    assert meter.memory.highest is None
    assert meter.memory.reach == ""


def test_missing_figures_do_not_count() -> None:
    assert [larger(None, None), larger(None, 2), larger(3, None), larger(3, 2), larger(2, 3)] == [None, 2, 3, 3, 3]


@pytest.fixture
def cuda() -> Iterator[None]:
    torch = pytest.importorskip("torch", reason="needs the extra models")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    torch.cuda.init()
    yield
    torch.cuda.empty_cache()


def test_what_torch_held_of_a_device(cuda: None) -> None:
    import torch

    meter = Meter()
    with meter.stage("large"):
        torch.ones(200 * MB // 4, device="cuda").sum().item()
    with meter.stage("after"):
        torch.ones(1, device="cuda").sum().item()
    assert (meter.of("large").device_memory or 0) >= 200 * MB > (meter.of("after").device_memory or 0)


def test_measuring_loads_no_torch() -> None:
    code = "import sys; from ragguard.execute.meter import Meter\nwith Meter().stage('x'): pass\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
