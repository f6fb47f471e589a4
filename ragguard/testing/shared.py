"""Does something once for all of xdist's workers: one does it, under a lock, and the others read what came of it."""

import json
import shutil
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ragguard.errors import CannotJudge, InputError, Problem, RagguardError
from ragguard.testing.options import DONE, SHARED

MOST_TRIES = 2
"""Workers that may die of it; then it is given up, for otherwise each test would kill one."""

_INPUT, _OUTCOME = "ragguard_shared", "outcome.json"


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")


def invite(node: Any) -> None:
    """Tell a worker that is about to start the folder of this test run, which is made for the first of them."""
    config: pytest.Config = node.config
    if SHARED not in config.stash:
        config.stash[SHARED] = Path(tempfile.mkdtemp(prefix="ragguard-pytest-"))
    node.workerinput[_INPUT] = str(config.stash[SHARED])


def leave(config: pytest.Config) -> None:
    """Remove the folder of this test run, if this process made one."""
    folder = config.stash.get(SHARED, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def outcomes(config: pytest.Config) -> list[dict[str, Any]]:
    """What was done, here or by the workers of this process; what failed has the key ``error``."""
    folder = config.stash.get(SHARED, None)
    paths = sorted(folder.glob(f"*/{_OUTCOME}")) if folder is not None else []
    return [*config.stash.get(DONE, []), *(json.loads(path.read_bytes()) for path in paths)]


def once(config: pytest.Config, name: str, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``do`` returns (JSON-able), or has returned in another worker under the same name; where that failed, fail likewise.

    A worker that dies meanwhile loses the lock, and the next one does it again.

    Raises:
        InputError: as ``do``.
        CannotJudge: as ``do``; or too many workers died of it.
    """
    if not is_worker(config):
        outcome = do()
        config.stash.setdefault(DONE, []).append(outcome)
        return outcome
    from filelock import FileLock

    workerinput: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    folder = Path(workerinput[_INPUT]) / sha256(name.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        return _read(folder) if (folder / _OUTCOME).exists() else _do(folder, do)


def _do(folder: Path, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        _begin(folder)
        outcome = do()
    except Exception as error:
        own = isinstance(error, RagguardError)
        told = str(error) if own else f"the gate broke in another worker: {type(error).__name__}: {error}"
        _write(folder, {"error": told, "input": isinstance(error, InputError)})
        raise
    _write(folder, outcome)
    return outcome


def _begin(folder: Path) -> None:
    """Note that it begins. Raises CannotJudge where it did so too often, and never ended."""
    died = len(list(folder.glob("began-*")))
    if died >= MOST_TRIES:
        raise CannotJudge(f"{died} workers died while they ran the gate: out of memory? Try: ragguard gate, or pytest -n 0")
    (folder / f"began-{died}").touch()


def _write(folder: Path, outcome: dict[str, Any]) -> None:
    from ragguard.store import write_atomically

    write_atomically(folder / _OUTCOME, json.dumps(outcome).encode())


def _read(folder: Path) -> dict[str, Any]:
    outcome: dict[str, Any] = json.loads((folder / _OUTCOME).read_bytes())
    if "error" in outcome:
        raise InputError(Problem("", outcome["error"])) if outcome["input"] else CannotJudge(outcome["error"])
    return outcome
