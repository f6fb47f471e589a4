"""Lets a person check the judgements of a query: ``python golden/review.py payments b-ssh-max-length-current.1`` (or no id: all).

Prints the query, what its answer must and must not contain, every judged document, and the near misses: what BM25 ranks high and
nobody judged relevant. Values of the answer are marked ``>>so<<`` wherever they stand.
"""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from ragguard.data.collection import Collection, load
from ragguard.errors import InputError, Problem, suggest
from ragguard.gate import Silent
from ragguard.plan.retrievers import LexicalRetriever as LexicalPlan
from ragguard.records.collection import Document, Query
from ragguard.records.evidence import Case
from ragguard.systems.lexical import LexicalRetriever

HERE = Path(__file__).parent
NEAR_MISSES = 5


class NoVault:
    """Keeps nothing: an index of a few hundred documents takes no time."""

    def get(self, kind: str, key: str) -> bytes | None:
        """Return nothing."""

    def put(self, kind: str, key: str, payload: bytes) -> None:
        """Keep nothing."""


def review(collection: Collection, ids: list[str]) -> Iterator[str]:
    """Yield the pages of the queries named (all, if none is named).

    Raises:
        InputError: a query that the collection does not have.
    """
    for name in ids:
        if name not in collection.queries:
            raise InputError(Problem(str(collection.folder), f"has no query {name!r}", suggest(name, collection.queries)))
    retriever = LexicalRetriever(LexicalPlan(type="lexical"))
    retriever.index(collection, NoVault(), Silent())
    for name in ids or sorted(collection.queries):
        query, grades = collection.queries[name], collection.qrels.get(name, {})
        (observation,) = retriever.search([Case(name, query.text, query, grades)], NEAR_MISSES + len(grades))
        missed = [ranked.id for ranked in observation.ranking if ranked.id not in grades][:NEAR_MISSES]
        judged = [(collection.document(name), grade) for name, grade in grades.items()]
        yield _page(query, judged, [collection.document(name) for name in missed])


def _page(query: Query, judged: list[tuple[Document, int]], missed: list[Document]) -> str:
    asks = f"asks {query.asks.mode} {', '.join(query.asks.versions) or query.asks.as_of} of {query.asks.family}" if query.asks else ""
    lines = [f"=== {query.id} (intent {query.intent}; {', '.join(query.tags)})", query.text, asks]
    lines += [f"answer: {query.gold_answer}", f"required: {list(query.required)}  forbidden: {list(query.forbidden)}"]
    for document, grade in sorted(judged, key=lambda pair: -pair[1]):
        lines += [f"--- relevant, grade {grade}" if grade else "--- judged 0", _text(document, query)]
    for document in missed:
        lines += ["--- near miss", _text(document, query)]
    return "\n".join(line for line in lines if line)


def _text(document: Document, query: Query) -> str:
    text = document.text
    for value in (*query.required, *query.forbidden):
        text = text.replace(value, f">>{value}<<")
    head = f"{document.id} (v{document.version} {document.status}, from {document.effective_from}, {document.type}): {document.title}"
    return f"{head}\n{textwrap.indent(textwrap.fill(text, 116), '    ')}"


def main(arguments: list[str]) -> int:
    """Print the pages; return 3 if something named is not there."""
    if not arguments:
        print(__doc__)
        return 3
    try:
        for page in review(load(HERE / arguments[0]), arguments[1:]):
            print(f"{page}\n")
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
