"""Hard negatives: what the candidate's own retriever finds for the training queries, and no row says is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragguard.data.collection import Collection
from ragguard.errors import CannotJudge
from ragguard.records.collection import Document, Quadruplet, Query
from ragguard.records.evidence import Case
from ragguard.systems.protocols import Progress, Retriever, Vault

MINING = "mine negatives"


@dataclass(frozen=True, slots=True)
class Group:
    """A training query, the document that answers it, and those that do not: the row's hard one, mined ones, the row's easy one."""

    query: str
    intent: str
    positive: Document
    negatives: tuple[Document, ...]
    mined: int = 0


def mine(
    retriever: Retriever, corpus: Collection, rows: Sequence[Quadruplet], depth: int, vault: Vault, progress: Progress
) -> dict[str, tuple[str, ...]]:
    """Ask a retriever the rows' queries; return the ids that it found for each query, best first, at most ``depth``.

    Raises:
        InputError: the retriever does not fit the corpus.
        CannotJudge: it failed, on one query or as a whole.
    """
    queries = list(dict.fromkeys(row.query for row in rows))
    cases = [Case(f"train-{i}", text, Query(f"train-{i}", text, text), {}) for i, text in enumerate(queries)]
    retriever.index(corpus, vault, progress)
    progress.start(MINING, len(cases))
    found = retriever.search(cases, depth)
    progress.advance(len(cases))
    failed = [(text, each.error) for text, each in zip(queries, found, strict=True) if each.error]
    if failed:
        what = f"the retriever failed on {len(failed)} of {len(queries)} training queries"
        raise CannotJudge(f"no hard negatives can be mined: {what}, first on {failed[0][0]!r}: {failed[0][1]}")
    return {text: tuple(ranked.id for ranked in each.ranking) for text, each in zip(queries, found, strict=True)}


def group(
    rows: Sequence[Quadruplet], every: Sequence[Quadruplet], found: Mapping[str, Sequence[str]], most: int, corpus: Collection
) -> list[Group]:
    """Give each row its negatives: its own, and the first ``most`` that were found for its query.

    What is the positive of any row of the same intent, among ``every`` row of the file, is no negative, by id or by text.
    """
    right: dict[str, set[str]] = {}
    for row in every:
        right.setdefault(row.intent, set()).update((row.positive.id, row.positive.text))
    known: dict[str, Document] = {}
    return [_group(row, right[row.intent], found.get(row.query, ()), most, corpus, known) for row in rows]


def _group(row: Quadruplet, right: set[str], found: Sequence[str], most: int, corpus: Collection, known: dict[str, Document]) -> Group:
    own = [document for document in (row.positive, row.hard_negative, row.easy_negative) if document is not None]
    taken = right | {name for document in own for name in (document.id, document.text)}
    mined: list[Document] = []
    for name in found:
        if len(mined) == most:
            break
        if name not in taken and name in corpus:
            document = known[name] = known.get(name) or corpus.document(name)
            if document.text not in taken:
                mined.append(document)
                taken |= {name, document.text}
    hard = [row.hard_negative] if row.hard_negative is not None else []
    easy = [row.easy_negative] if row.easy_negative is not None else []
    return Group(row.query, row.intent, row.positive, (*hard, *mined, *easy), len(mined))
