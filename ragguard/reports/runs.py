"""Runs that the store holds, and reports in folders."""

from collections.abc import Iterator
from pathlib import Path

from ragguard.errors import InputError
from ragguard.records.report import Report
from ragguard.reports import document
from ragguard.reports.store import JSON, read
from ragguard.store import Store

__all__ = ["newest_first", "read"]

_HEAD = 4_096
"""Bytes in which a report's name stands."""


def newest_first(store: Store, plan: str) -> Iterator[Report]:
    """Yield the stored runs of a plan, the last one written first. One that this version cannot read is none."""
    files = sorted((store.folder / "runs").glob(f"*/{JSON}"), key=lambda path: (-path.stat().st_mtime_ns, path))
    for path in files:
        if not _named(path, plan):
            continue
        try:
            yield document.from_json(path)
        except InputError:  # of another version, or torn: what it asked cannot be told
            continue


def _named(path: Path, plan: str) -> bool:
    with path.open("rb") as file:
        return f'"plan": {document.quoted(plan)}'.encode() in file.read(_HEAD)
