"""Parquet files, by pyarrow where it is installed, else by fastparquet, which ranx brings along."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.source import display


def parquet_columns(path: Path) -> list[str]:
    """The names of a Parquet file's columns.

    Raises:
        InputError: it is none.
        MissingExtra: nothing that reads it is installed.
    """
    made = _opened(path)
    return [str(name) for name in (made.schema_arrow.names if hasattr(made, "schema_arrow") else made.columns)]


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file. Raises as ``parquet_columns``."""
    made = _opened(path)
    rows = made.read().to_pylist() if hasattr(made, "schema_arrow") else made.to_pandas().to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def _opened(path: Path) -> Any:
    """The file as pyarrow opens it, or fastparquet, which ranx brings along."""
    if not path.is_file():
        raise InputError(Problem(display(path), "there is no such file", "check the path"))
    with suppress(ModuleNotFoundError):
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        return _open(path, ParquetFile, ArrowException)
    try:
        from fastparquet import ParquetFile as Plain
        from fastparquet.util import ParquetException
    except ModuleNotFoundError:
        raise MissingExtra("models", f"reading {display(path)}, a Parquet file,") from None
    return _open(path, Plain, ParquetException)


def _open(path: Path, opener: Callable[[str], Any], error_of_library: type[Exception]) -> Any:
    try:
        return opener(str(path))
    except (error_of_library, OSError, ValueError) as error:
        raise InputError(Problem(display(path), f"is not Parquet: {' '.join(str(error).split())}", "write it again")) from error
