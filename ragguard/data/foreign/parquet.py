"""Parquet files, by pyarrow where it is installed, else by fastparquet, which ranx brings along."""

from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.source import display


def parquet_columns(path: Path) -> list[str]:
    """The names of a Parquet file's columns.

    Raises:
        InputError: it is none.
        MissingExtra: nothing that reads it is installed.
    """
    return _read(path, rows=False)[0]


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet file. Raises as ``parquet_columns``."""
    return _read(path, rows=True)[1]


def _read(path: Path, *, rows: bool) -> tuple[list[str], list[dict[str, Any]]]:
    if not path.is_file():
        raise InputError(Problem(display(path), "there is no such file", "check the path"))
    try:
        return _by_pyarrow(path, rows=rows)
    except ModuleNotFoundError:
        return _by_fastparquet(path, rows=rows)


def _by_pyarrow(path: Path, *, rows: bool) -> tuple[list[str], list[dict[str, Any]]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            return list(file.schema_arrow.names), file.read().to_pylist() if rows else []
    except (ArrowException, OSError, ValueError) as error:
        raise _no_parquet(path, error) from error


def _by_fastparquet(path: Path, *, rows: bool) -> tuple[list[str], list[dict[str, Any]]]:
    try:
        from fastparquet import ParquetFile
        from fastparquet.util import ParquetException
    except ModuleNotFoundError:
        raise MissingExtra("models", f"reading {display(path)}, a Parquet file,") from None
    with ExitStack() as stack:  # fastparquet leaves files open

        def opens(name: str, mode: str = "rb") -> IO[bytes]:
            return stack.enter_context(Path(name).open(mode))

        try:
            file = ParquetFile(str(path), open_with=opens)
            found = file.to_pandas().to_dict("records") if rows else []
        except (ParquetException, OSError, ValueError) as error:
            raise _no_parquet(path, error) from error
    return list(map(str, file.columns)), [{str(key): value for key, value in row.items()} for row in found]


def _no_parquet(path: Path, error: Exception) -> InputError:
    return InputError(Problem(display(path), f"is not Parquet: {' '.join(str(error).split())}", "write it again"))
