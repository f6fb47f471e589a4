"""Identity of a system: SHA-256 over its configuration and over the files of its weights."""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

IGNORED_FOLDERS = {".git", ".cache", "__pycache__", "eval", "runs"}
IGNORED_FILES = {"provenance.json", "complete.json", "training_args.bin", ".gitattributes", ".gitignore", "LICENSE", "NOTICE"}
IGNORED_SUFFIXES = {".md", ".lock", ".tmp", ".png"}


def digest(value: object) -> str:
    """Return the SHA-256 (hex) of a value made of JSON types, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes; remembered while its size and time of change stay the same."""
    stat = path.stat()
    return _hash_file(str(path.resolve()), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_file(path: str, _size: int, _mtime_ns: int) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 (hex) over the names and contents of a model folder's files: weights, tokenizer, pooling, code.

    Readmes, provenance and training leftovers are not part of it: they do not change a result.
    """
    return digest({path.relative_to(folder).as_posix(): file_digest(path) for path in model_files(folder)})


def model_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a model folder that can change what the model computes, sorted by path."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        skipped = IGNORED_FOLDERS & set(inside.parts[:-1]) or path.name in IGNORED_FILES or path.suffix in IGNORED_SUFFIXES
        if path.is_file() and not skipped:
            yield path
