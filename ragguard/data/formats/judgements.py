"""Judgements (qrels) of any format, collected and checked against the queries and documents there are."""

from collections.abc import Container, Iterable
from pathlib import Path

from ragguard.data.formats.fields import Fields
from ragguard.data.formats.lines import lines
from ragguard.data.formats.records import judgement
from ragguard.data.formats.tables import beir_qrels, json_lines, trec_qrels
from ragguard.data.problems import Problems

Qrels = dict[str, dict[str, int]]

EXPECTED = "judgements: BEIR (a header query-id, corpus-id, score, then rows between tabs), TREC (qid 0 docid grade) or JSON lines"


def read_qrels(path: Path) -> Qrels:
    """Read a file of judgements, BEIR, TREC or JSON lines (told apart by their first line), as query id -> document id -> grade.

    Raises:
        InputError: with every malformed line.
    """
    problems = Problems()
    first = next(iter(lines(path, EXPECTED)), None)
    raw = first.raw.lstrip() if first else b""
    if raw.startswith(b"{"):
        rows = json_lines(path, EXPECTED, problems)
    else:
        rows = trec_qrels(path, EXPECTED, problems) if len(raw.split()) == 4 else beir_qrels(path, EXPECTED, problems)
    qrels = collect(rows)
    problems.raise_if_any()
    return qrels


def collect(rows: Iterable[Fields], queries: Container[str] | None = None, documents: Container[str] | None = None) -> Qrels:
    """Gather judgements; ids that ``queries`` or ``documents`` lack, and documents judged twice for a query, are problems."""
    qrels: Qrels = {}
    for fields in rows:
        read = judgement(fields)
        if read is None:
            continue
        asked, judged, grade = read
        if queries is not None and asked not in queries:
            fields.wrong(f"judges query {asked!r}, which is not among the queries", "add the query, or drop the row")
        if documents is not None and judged not in documents:
            fields.wrong(f"judges document {judged!r}, which is not in the corpus", "add the document, or drop the row")
        of_query = qrels.setdefault(asked, {})
        if judged in of_query:
            fields.wrong(f"document {judged!r} is judged twice for query {asked!r} (grades {of_query[judged]} and {grade})", "keep one")
        of_query[judged] = grade
    return qrels
