"""Per-query output of ir-measures (``ir_measures QRELS RUN nDCG@10 -q``: query, measure, value; TSV or JSON lines) and of trec_eval -q."""

from collections.abc import Iterator
from pathlib import Path

from ragguard.data.foreign import named
from ragguard.data.foreign.gather import Gather
from ragguard.data.foreign.reading import EXPECTED, Row, json_lines
from ragguard.data.foreign.wanted import Wanted
from ragguard.data.formats.lines import decode, lines
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.foreign import Item, Table

NAME, TREC_EVAL = "ir-measures", "trec_eval"

ALL = "all"
"""The query under which both write means."""

TOTALS = ("runid", "relstring", "num_")
"""How lines of trec_eval begin that are no scores: names, and counts."""

TREC_NAMES = (
    "map",
    "gm_map",
    "Rprec",
    "bpref",
    "recip_rank",
    "ndcg",
    "infAP",
    "set_",
    "P_",
    "recall_",
    "ndcg_cut_",
    "map_cut_",
    "success_",
    "iprec_at_recall_",
)
"""How measures of trec_eval begin."""


def read(path: Path, wanted: Wanted) -> Table:  # noqa: ARG001 - a file is of one run
    """Read what ir-measures says of each query.

    Raises:
        InputError: a line is none of its, a score comes twice, or there are only means.
    """
    return _read(NAME, path, ("query_id", "measure", "value"))


def read_trec_eval(path: Path, wanted: Wanted) -> Table:  # noqa: ARG001 - as above
    """Read what ``trec_eval -q`` says of each query. Raises as ``read``."""
    return _read(TREC_EVAL, path, ("measure", "query_id", "value"))


def _read(tool: str, path: Path, order: tuple[str, str, str]) -> Table:
    gather = Gather(tool, path)
    for where, row in _rows(path, order, gather.problems):
        query, measure = named.text(row.get("query_id")), named.text(row.get("measure"))
        if not query or not measure:
            gather.problems.add(where, "has no query_id or no measure", "is it per-query output? name the tool with --format")
        elif query != ALL and not (tool == TREC_EVAL and measure.startswith(TOTALS)):
            gather.item(Item(query), where)
            gather.score(query, gather.metric(measure), row.get("value"), where)
    if not gather.items and not gather.problems:
        raise InputError(Problem(display(path), "holds no query's scores, only means or nothing", "write those of every query, with -q"))
    only = tuple(gather.metrics)
    return gather.table(main=only if len(only) == 1 else ())


def _rows(path: Path, order: tuple[str, str, str], problems: Problems) -> Iterator[Row]:
    first = next(iter(lines(path, EXPECTED)), None)
    if first is not None and first.raw.lstrip().startswith(b"{"):
        yield from json_lines(path, problems)
        return
    for line in lines(path, EXPECTED):
        where = f"{display(path)}:{line.number}"
        text = decode(line, where, problems)
        cells = [cell.strip() for cell in (text or "").split("\t")]
        cells = cells if len(cells) == 3 else (text or "").split()
        if text is not None and len(cells) != 3:
            problems.add(where, f"has {len(cells)} columns, not 3", f"write, between tabs: {' '.join(order)}")
        elif text is not None:
            yield where, dict(zip(order, cells, strict=True))
