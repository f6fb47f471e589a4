"""The queries of a collection, checked against its corpus."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from ragguard.data.corpus import Corpus, some
from ragguard.data.formats.fields import Fields
from ragguard.data.formats.records import QUERY_FIELDS, query
from ragguard.errors import Problem
from ragguard.records.collection import Query


def read_queries(rows: Iterable[Fields], corpus: Corpus) -> dict[str, Query]:
    """Read queries by id. Duplicate ids, and asked versions that the corpus does not have, become problems of their rows."""
    found: dict[str, Query] = {}
    first: dict[str, int] = {}
    for fields in rows:
        read = query(fields)
        if read is None:
            continue
        _check_names(fields)
        if read.id in found:
            fields.wrong(f"duplicate id {read.id!r}, first in line {first[read.id]}", "give each query an id of its own")
        found[read.id] = read
        first.setdefault(read.id, fields.line)
        if len(corpus):
            check_versions(fields, read, corpus.families)
    return found


def oddities(shown: str, queries: Mapping[str, Query], qrels: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Say what is strange about queries, though nothing stops because of it."""
    bare = [name for name, asked in queries.items() if asked.answerable and not any(grade > 0 for grade in qrels.get(name, {}).values())]
    if bare:
        fix = "ranking metrics leave them out; judge them, or set answerable: false"
        yield str(Problem(shown, f"{len(bare)} answerable queries have no relevant document: {some(bare)}", fix))
    by_text: dict[str, list[str]] = {}
    for name, asked in queries.items():
        by_text.setdefault(" ".join(asked.text.split()).casefold(), []).append(name)
    same = [f"{names[0]} = {names[1]}" for names in by_text.values() if len(names) > 1]
    if same:
        yield str(Problem(shown, f"{len(same)} queries are asked more than once: {some(same)}", "keep one of each"))


def _check_names(fields: Fields) -> None:
    """Unknown fields are allowed (BEIR has metadata), misspelt ones are not."""
    for key in fields.row.keys() - QUERY_FIELDS:
        near = get_close_matches(str(key), QUERY_FIELDS, n=1, cutoff=0.8)
        if near:
            fields.wrong(f"has a field {key!r}", f"did you mean {near[0]!r}?")


def check_versions(fields: Fields, read: Query, families: Mapping[str, frozenset[str]]) -> None:
    """Note a family or a version that a query asks for and the corpus (``families``: the versions of each) does not have."""
    if read.asks is None or not read.asks.family:
        return
    family = read.asks.family
    if family not in families:
        fields.wrong(f'asks.family "{family}" is the family of no document', "check it against the corpus")
        return
    known = ", ".join(sorted(families[family]))
    for version in read.asks.versions:
        if version not in families[family]:
            fields.wrong(f'asks.versions "{version}" names no version of family "{family}" (known: {known})')
