"""What training left: a model folder, taken only when complete, and the story of how it was made."""

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ragguard.errors import CannotJudge
from ragguard.plan.recipes import Recipe
from ragguard.systems.fingerprints import digest, file_digest, folder_digest

PROVENANCE, MARKER = "provenance.json", "complete.json"
LIBRARIES = ("accelerate", "sentence-transformers", "tokenizers", "torch", "transformers")
_NAMES_OF_CONTENT = {"base", "data", "revision", "seed", "device", "threads", "trust_remote_code", "allow_pickle", "generator"}


@dataclass(frozen=True)
class Checkpoint:
    """A trained model: its folder, the SHA-256 (hex) of its files, and its provenance (``provenance.json`` beside the weights).

    ``fresh`` says that it was trained just now, and not found complete.
    """

    folder: Path
    fingerprint: str
    provenance: Mapping[str, Any]
    fresh: bool = field(default=False, compare=False)


def key(*, base_fingerprint: str, data_hash: str, recipe: Recipe, seed: int, document_text: str, more: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of everything that goes into a training; ``more`` is what goes into its kind alone.

    Files count by content, not by name. Device and threads are left out: they change weights by rounding alone.
    """
    return digest(
        {
            "base": base_fingerprint,
            "data": data_hash,
            "recipe": recipe.model_dump(mode="json", exclude=_NAMES_OF_CONTENT),
            "seed": seed,
            "document_text": document_text,
            "versions": versions(),
            **more,
        }
    )


def versions(names: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """Return the versions of libraries, by default those that every training goes through ("" where one is not installed)."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def load(folder: Path) -> Checkpoint | None:
    """Return the checkpoint in a folder, or None where there is none, or one that is torn or was changed."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        provenance = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
        found = {"weights": folder_digest(folder), "provenance": file_digest(folder / PROVENANCE)}
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return Checkpoint(folder, found["weights"], provenance) if marker == found else None


def seal(folder: Path, provenance: Mapping[str, Any]) -> None:
    """Write the provenance and the marker that says that a folder is complete."""
    text = json.dumps(provenance, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    (folder / PROVENANCE).write_text(text + "\n", encoding="utf-8")
    marker = {"weights": folder_digest(folder), "provenance": file_digest(folder / PROVENANCE)}
    (folder / MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")


@contextmanager
def workplace(out: Path) -> Iterator[tuple[Path, Path]]:
    """Give two temporary folders beside ``out``: one to save the model in, which becomes ``out``, and one for what passes.

    ``out`` is replaced only if the block ends well.

    Raises:
        CannotJudge: the disk is full or not writable.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        with tempfile.TemporaryDirectory(prefix=f"{_passing(out)}{os.getpid()}-", dir=out.parent) as passing:
            result = Path(passing) / "result"
            result.mkdir()
            (Path(passing) / "scratch").mkdir()
            yield result, Path(passing) / "scratch"
            if out.exists():
                shutil.rmtree(out)
            result.rename(out)
    except OSError as error:
        raise CannotJudge(f"{out}: the checkpoint cannot be written: {error}; free some space, or put the store on another disk") from error


def _passing(out: Path) -> str:
    """How the temporary folders of one checkpoint are called on this machine, up to the process."""
    return f".{out.name}-{socket.gethostname()}-"


def _sweep(out: Path) -> None:
    """Remove what trainings of this checkpoint left that were killed on this machine."""
    for folder in out.parent.glob(f"{_passing(out)}*"):
        process = folder.name.removeprefix(_passing(out)).split("-")[0]
        if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            shutil.rmtree(folder, ignore_errors=True)
