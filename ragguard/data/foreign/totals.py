"""Files that hold the scores of whole tasks alone: known, so that a person hears what to give instead."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ragguard.data.foreign.reading import content, document
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display

_MOST = 50
"""Files of a folder that are looked at."""


def refuse(path: Path) -> None:
    """Refuse the results files of lm-eval and MTEB, or a folder of them; let anything else through.

    Raises:
        InputError: it holds scores of whole tasks, of which nothing can be paired.
    """
    for file in _files(path):
        fix = _instead(file)
        if fix:
            raise InputError(Problem(display(file), "holds scores of whole tasks, and none of single cases, which are what is paired", fix))


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    found = (file for pattern in ("*.json", "*/*.json", "*/*/*.json") for file in sorted(path.glob(pattern)))
    yield from (file for _, file in zip(range(_MOST), found, strict=False))


def _instead(path: Path) -> str:
    """What to give instead of a file; empty where it is no such file."""
    try:
        whole: Any = document(content(path), display(path))
    except InputError:
        return ""
    keys = whole.keys() if isinstance(whole, dict) else set()
    if {"results", "n-shot", "versions"} <= keys:
        return "run lm-eval with --log_samples, and give the folders of the samples_*.jsonl"
    if {"task_name", "scores", "mteb_version"} <= keys:
        return "let MTEB keep its predictions (prediction_folder=...), and give those folders with --qrels FILE"
    return ""
