"""From two names to a report: opens the files, whatever tool wrote them."""

from dataclasses import replace
from pathlib import Path

from ragguard.data.foreign import opened
from ragguard.data.foreign.formats import Format
from ragguard.data.foreign.wanted import Wanted
from ragguard.elsewhere import ranked
from ragguard.elsewhere.asked import Asked
from ragguard.elsewhere.judged import judged
from ragguard.records.foreign import Table
from ragguard.records.report import Report

Place = tuple[Path, str]
"""A file or folder, and the one of several systems in it that is meant."""


def compare(baseline: Place, candidate: Place, asked: Asked) -> Report:
    """Judge the results in one file against those in another.

    Raises:
        InputError: a file is torn, or is not what it is taken for, or something is to be said that nobody said.
        NotComparable: they are of unlike things.
    """
    kinds = [opened.of(path, asked.format) for path, _ in (baseline, candidate)]
    tables = [_table(place, kind, asked) for place, kind in zip((baseline, candidate), kinds, strict=True)]
    if asked.qrels is not None:
        asked = replace(asked, suite=ranked.suite_of(asked))
    return judged(tables[0], tables[1], asked)


def _table(place: Place, kind: Format, asked: Asked) -> Table:
    path, arm = place
    wanted = Wanted(arm, asked.id)
    if kind.holds == "rankings" and asked.qrels is not None:
        return ranked.scored(path, kind, wanted, asked.qrels, asked)
    return opened.table(path, kind, wanted)
