"""Tables read by the ``datasets`` library: saved folders, csv, parquet and JSON lines files, and the hub."""

import csv
from pathlib import Path
from typing import Any

from ragguard.errors import CannotJudge, InputError, MissingExtra, Problem, suggest
from ragguard.plan.source import display

_READERS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json"}


def open_local(path: Path, split: str = "") -> Any:
    """Open a folder written by ``save_to_disk``, or a csv, tsv, parquet, json or jsonl file, as a ``datasets.Dataset``.

    Raises:
        InputError: there is nothing there, it is nothing that ``datasets`` reads, or it has no such split.
        MissingExtra: ``datasets`` is not installed.
    """
    library = _library(display(path))
    if not path.exists():
        raise InputError(
            Problem(display(path), "there is no such file or folder", "expected a saved dataset, or a csv, parquet or JSON lines file")
        )
    try:
        if path.is_dir():
            return _split(library.load_from_disk(str(path)), split, display(path))
        return _read(library, path)
    except (ValueError, FileNotFoundError, library.exceptions.DatasetGenerationError) as error:
        raise InputError(Problem(display(path), f"datasets cannot read it: {_line(error)}", "check the format")) from error


def open_hub(dataset: str, name: str, split: str) -> Any:
    """Open a dataset of the hub (or of its cache) as a ``datasets.Dataset``.

    Raises:
        InputError: there is no such dataset, configuration or split.
        CannotJudge: the hub cannot be reached.
        MissingExtra: ``datasets`` is not installed.
    """
    library = _library(dataset)
    try:
        return _split(library.load_dataset(dataset, name or None, split=split or None), split, dataset)
    except ConnectionError as error:
        raise CannotJudge(f"{dataset}: the hub cannot be reached, and the dataset is not in its cache: {_line(error)}") from error
    except (ValueError, FileNotFoundError, library.exceptions.DatasetGenerationError) as error:
        raise InputError(Problem(dataset, f"datasets cannot read it: {_line(error)}", "check dataset, name and split")) from error


def _read(library: Any, path: Path) -> Any:
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise InputError(
            Problem(display(path), f"datasets is not asked to read {path.suffix or 'such'} files", f"known: {', '.join(_READERS)}")
        )
    extra = _all_text(library, path) if reader == "csv" else {}
    return library.load_dataset(reader, data_files=str(path), split="train", **extra)


def _all_text(library: Any, path: Path) -> dict[str, Any]:
    # Left to guess, it would read the id 007 as 7 and the word NA as nothing.
    separator = "\t" if path.suffix == ".tsv" else ","
    with path.open(encoding="utf-8", newline="") as stream:
        names = next(csv.reader(stream, delimiter=separator), [])
    features = library.Features({name: library.Value("string") for name in names})
    return {"features": features, "sep": separator, "keep_default_na": False}


def _split(opened: Any, split: str, shown: str) -> Any:
    if not isinstance(opened, dict):
        return opened
    if split in opened:
        return opened[split]
    if not split and len(opened) == 1:
        return next(iter(opened.values()))
    raise InputError(Problem(shown, f"has no split {split!r}" if split else "has several splits", suggest(split, opened)))


def _library(shown: str) -> Any:
    try:
        import datasets
    except ModuleNotFoundError:
        raise MissingExtra("models", f"reading {shown} with datasets") from None
    datasets.disable_progress_bars()
    return datasets


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
