"""From a training to the checkpoint that it leaves, or the story of how it broke."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragguard.errors import CannotJudge
from ragguard.plan.source import display
from ragguard.store import write_atomically
from ragguard.systems.encoder import quiet
from ragguard.train import checkpoint
from ragguard.train.checkpoint import Checkpoint
from ragguard.train.trainer import reproducible
from ragguard.train.watch import Broken

KEY_SHOWN = 24
"""Digits of its key that a checkpoint's folder is called by."""

BROKEN = ".broken.json"
"""What the file is called, after the checkpoint's folder, that tells of a training which was stopped."""


def make(key: str, out: Path, fit: Callable[[Path, Path], Mapping[str, Any]]) -> Checkpoint:
    """Return the checkpoint of a key in a folder under ``out``: the one that is complete there, or one that ``fit`` makes.

    ``fit`` saves the model in the first folder that it is given, may leave what passes in the second, and returns the provenance.
    Random states are put back afterwards.

    Raises:
        CannotJudge: the training broke (what is known of it then lies beside the checkpoints), or the disk failed.
    """
    folder = out / key[:KEY_SHOWN]
    kept = checkpoint.load(folder)
    if kept is not None and kept.provenance.get("key") == key:
        return kept
    broken = out / f"{folder.name}{BROKEN}"
    try:
        with checkpoint.workplace(folder) as (result, scratch), reproducible(), quiet():
            checkpoint.seal(result, fit(result, scratch))
    except Broken as stopped:
        write_atomically(broken, (json.dumps(stopped.story, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode())
        raise CannotJudge(f"{stopped}; the batch is in {display(broken)}") from stopped
    broken.unlink(missing_ok=True)
    made = checkpoint.load(folder)
    if made is None:
        raise CannotJudge(f"{folder}: the checkpoint changed while it was written; train again")
    return replace(made, fresh=True)
