"""What a page holds of all queries, packed for the script that shows them: JSON, gzip, base64.

The script looks things up by number, so every name stands there once: see ``report.js``, which reads this.
"""

import base64
import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragguard.records.report import Report
from ragguard.reports import words
from ragguard.reports.page import detail
from ragguard.reports.page.inside import Details, Names, arms, rounded
from ragguard.reports.page.queries import Row, listed
from ragguard.reports.page.stages import STAGES

_LEVEL = 6
_CONTROL = re.compile(r"\\\\|\\[bf]|\\u00[01][0-9a-f]")
"""A backslash as JSON writes it, which is passed over; or a control character."""

_SAMPLE, _TRIES, _CAREFUL = 32, 4, 0.97


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into a page, and of how many queries what does not: their answers, all their details, or the queries themselves."""

    index: str
    details: str
    without_answers: int = 0
    without_details: int = 0
    without_rows: int = 0

    @property
    def size(self) -> int:
        """Characters, each a byte of the page."""
        return len(self.index) + len(self.details)


def pack(report: Report, tables: Mapping[str, Sequence[Row]], room: int) -> Packed:
    """Pack all listed cases into ``room`` characters. What does not go in is left out from the least interesting query on: answers and
    what judges said first; where that is not enough, rankings and scores; at last whole queries. ``tables`` are the rows of each
    candidate, the worst first.
    """
    order = _by_interest(tables)
    details = Details(report)

    def made(rows: int, kept: int, answers: int) -> Packed:
        index = _index(report, tables, set(order[:rows]))
        inside = details.of(order[:kept], set(order[:answers]), set(order[:rows]))
        lost = sum(1 for number in order[answers:kept] if details.cases[number].answers)
        return Packed(_packed(index), _packed(inside), lost, rows - kept, len(order) - rows)

    every = len(order)
    plans: tuple[Callable[[int], Packed], ...] = (lambda n: made(every, every, n), lambda n: made(every, n, n), lambda n: made(n, 0, 0))
    for plan in plans[:-1]:
        least = plan(0)
        if least.size <= room:
            return _most(plan, least, every, room)
    return _most(plans[-1], plans[-1](0), every, room)


def _most(plan: Callable[[int], Packed], least: Packed, count: int, room: int) -> Packed:
    """The packing with as much as finds room, nearly: sizes grow evenly enough with what is in it to be guessed."""
    some = count // _SAMPLE
    low, high, best, over = 0, count, least, least.size + (plan(some).size - least.size) * count // some if some else 0
    if over < 2 * room:  # it may well fit, so see
        whole = plan(count)
        if whole.size <= room:
            return whole
        over = whole.size
    for _ in range(_TRIES):
        middle = low + int((high - low) * _CAREFUL * (room - best.size) / (over - best.size))
        if middle in (low, high):
            break
        tried = plan(middle)
        if tried.size <= room:
            low, best = middle, tried
        else:
            high, over = middle, tried.size
    return best


def _by_interest(tables: Mapping[str, Sequence[Row]]) -> list[int]:
    """Numbers of cases, those first that stand high in any candidate's table."""
    best: dict[int, int] = {}
    for made in tables.values():
        for place, row in enumerate(made):
            best[row.number] = min(place, best.get(row.number, place))
    return sorted(best, key=lambda number: (best[number], number))


def _packed(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = words.printable(_CONTROL.sub(lambda found: found[0] if found[0] == "\\\\" else "\ufffd", text))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), _LEVEL, mtime=0)).decode()


def _index(report: Report, tables: Mapping[str, Sequence[Row]], kept: set[int]) -> dict[str, Any]:
    """What the table of queries needs: a list for each column, with a place for each case."""
    cases, slices, suites = listed(report), Names(), Names()
    shown = [(number, case) for number, case in enumerate(cases) if number in kept]
    places = {number: place for place, (number, _) in enumerate(shown)}
    return {
        "ids": [case.id for _, case in shown],
        "texts": [case.text if len(case.text) <= detail.CLIP else case.text[: detail.CLIP] + "…" for _, case in shown],
        "suite": [suites(case.suite) for _, case in shown],
        "slices": [[slices(name) for name in case.slices if name] for _, case in shown],
        "suites": list(suites.numbers),
        "sliceNames": list(slices.numbers),
        "stages": list(STAGES),
        "arms": arms(report),
        "candidates": [
            {
                **_columns([row for row in made if row.number in kept], places),
                "arms": [arms(report).index(arm) for arm in _sides(report, name)],
            }
            for name, made in tables.items()
        ],
    }


def _sides(report: Report, candidate: str) -> list[str]:
    """The arms that a candidate's queries are shown in."""
    sides = (words.baseline(report), *(arm.name for arm in report.arms if arm.role == "anchor"), candidate)
    return [name for name in sides if name in arms(report)]


def _columns(made: Sequence[Row], places: Mapping[int, int]) -> dict[str, Any]:
    """A candidate's columns, by place; the script puts them into the order of ``queries.rows``."""
    by_place = sorted(made, key=lambda row: places[row.number])
    return {
        "was": [STAGES.index(row.was[0]) for row in by_place],
        "now": [STAGES.index(row.now[0]) for row in by_place],
        "before": [rounded(row.before) for row in by_place],
        "after": [rounded(row.after) for row in by_place],
        "change": [row.change for row in by_place],
        "unit": {row.case.suite: row.unit for row in by_place if not row.case.task},
        "why": [row.why for row in by_place],
    }
