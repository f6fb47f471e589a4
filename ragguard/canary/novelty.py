"""Whether production asks what the golden queries ask: how many queries are unlike all of them, what is found, how long answers are.

Advisory: a drift of the queries says that the gate's answer is about other questions than production's, not that the candidate is worse.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ragguard.canary.measured import given_to
from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.records.event import Arm, Event
from ragguard.records.novelty import Drifted
from ragguard.systems.protocols import Embeds, Vault
from ragguard.systems.silent import Silent

NOVEL = 0.05
"""Share of the golden queries that would be novel themselves, were they not golden: what is usual."""

Rows = NDArray[np.float32]


class Familiar:
    """The golden queries as an encoder sees them. A query is novel where its nearest golden query is less similar than ``threshold``:
    all but ``NOVEL`` of the golden queries have a golden query of another intent that near.

    Raises:
        InputError: the golden queries have but one intent, so that nothing says what is near.
        CannotJudge: the model failed.
    """

    def __init__(self, system: Embeds, collection: Collection, vault: Vault) -> None:
        self._system, self._collection, self._vault = system, collection, vault
        queries = [collection.queries[name] for name in sorted(collection.queries)]
        if len({query.intent for query in queries}) < 2:
            what = "its queries have one intent, so that nothing says how near another question is"
            raise InputError(Problem(str(collection.folder.name), what, "novelty needs golden queries of several intents"))
        self._golden = self._rows([query.text for query in queries])
        self.threshold = usual(self._golden, [query.intent for query in queries])

    def novel(self, texts: Sequence[str]) -> list[bool]:
        """Tell which queries are unlike all golden ones. Raises CannotJudge where the model fails."""
        return [bool(one < self.threshold) for one in nearest(self._rows(texts), self._golden)] if texts else []

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return the cosine of each query and document (by its id, which the collection has). Raises CannotJudge where the model fails."""
        names = sorted({name for _, name in pairs})
        if not names:
            return []
        texts = [(name, self._system.render(self._collection.document(name))) for name in names]
        documents = dict(zip(names, unit(self._system.embed(texts, "document", self._vault, Silent())), strict=True))
        queries = self._rows([query for query, _ in pairs])
        return [float(row @ documents[name]) for row, (_, name) in zip(queries, pairs, strict=True)]

    def _rows(self, texts: Sequence[str]) -> Rows:
        return unit(self._system.embed([(str(number), text) for number, text in enumerate(texts)], "query", self._vault, Silent()))


def unit(rows: Rows) -> Rows:
    """Return rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def nearest(rows: Rows, others: Rows) -> NDArray[np.float32]:
    """Return each row's cosine to the nearest of the others; rows have length 1."""
    return np.asarray((rows @ others.T).max(axis=1), dtype=np.float32)


def usual(rows: Rows, intents: Sequence[str]) -> float:
    """Return the cosine that all but ``NOVEL`` of the rows have to a row of another intent: paraphrases of a query do not count."""
    labels = np.unique(np.asarray(intents), return_inverse=True)[1]
    alike = np.where(labels[:, None] == labels[None, :], -np.inf, rows @ rows.T)
    return float(np.quantile(alike.max(axis=1), NOVEL))


def drifted(events: Iterable[Event], collection: Collection, familiar: Familiar | None = None) -> list[Drifted]:
    """Return what each arm's requests were like, baseline first; without ``familiar`` (no system embeds) only how long its answers are.

    Raises:
        CannotJudge: the model failed.
    """
    kept = list(events)
    arms: tuple[Arm, ...] = ("baseline", "candidate")
    found = [(arm, [event for event in kept if arm in event.responses]) for arm in arms]
    return [_of(arm, own, collection, familiar) for arm, own in found if own]


def _of(arm: Arm, events: Sequence[Event], collection: Collection, familiar: Familiar | None) -> Drifted:
    lengths = [len(answer) for event in events if (answer := event.responses[arm].answer) is not None]
    characters = float(np.median(lengths)) if lengths else None
    asked = [event for event in events if event.query.strip()]
    if familiar is None or not asked:
        return Drifted(arm, len(events), len(asked), characters=characters)
    novel = familiar.novel([event.query for event in asked])
    firsts = [(event.query, given[0]) for event in asked if (given := given_to(event.responses[arm])) and given[0] in collection]
    alike = familiar.similarities(firsts)
    return Drifted(arm, len(events), len(asked), sum(novel) / len(novel), sum(alike) / len(alike) if alike else None, characters)
