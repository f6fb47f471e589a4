"""The highest memory of this process, over a stretch of its life where the system lets that be measured."""

import sys
from pathlib import Path
from typing import Any

from ragguard.records.efficiency import Reach

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET = "5"  # of the peak of resident memory, and of nothing else: proc(5)


class Memory:
    """Measures peaks of resident memory from ``restart`` on; processes that this one started are not counted. One at a time.

    Linux keeps a peak that can be reset, once for the process. Whoever reads it afterwards finds it since the last reset, the kernel's
    own ``ru_maxrss`` included; ``highest`` remembers that of the whole life. Where it cannot be reset there is that alone, and
    ``reach`` says so.
    """

    def __init__(self) -> None:
        self._highest: int | None = None
        self._resets = False

    def restart(self) -> None:
        """Begin a stretch."""
        self._highest = larger(self._highest, self.peak())
        try:
            _CLEAR.write_text(_RESET, encoding="ascii")
            self._resets = True
        except OSError:
            self._resets = False  # another system, or one that does not allow it; reach tells
        torch = _torch()
        if torch is not None:
            torch.cuda.reset_peak_memory_stats()

    def peak(self) -> int | None:
        """The highest resident memory since ``restart``, in bytes; None where it cannot be measured."""
        return _high_water() if _STATUS.is_file() else _lifetime()

    def device_peak(self) -> int | None:
        """What torch held of the accelerator at most since ``restart``, in bytes; None where it uses none."""
        torch = _torch()
        return int(torch.cuda.max_memory_allocated()) if torch is not None else None

    @property
    def reach(self) -> Reach:
        """Of what ``peak`` is the highest."""
        return "" if self.peak() is None else "stage" if self._resets else "process"

    @property
    def highest(self) -> int | None:
        """The highest resident memory of the process's life, in bytes; None where it cannot be measured."""
        return larger(self._highest, self.peak())


def larger(one: int | None, other: int | None) -> int | None:
    """The larger of two figures, either of which may be missing."""
    return max(one, other) if one is not None and other is not None else one if other is None else other


def _high_water() -> int | None:
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


def _lifetime() -> int | None:
    try:
        import resource
    except ModuleNotFoundError:  # Windows has none
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _torch() -> Any:
    """Torch, if somebody imported it and uses a CUDA device; it is not imported for this."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized() else None
