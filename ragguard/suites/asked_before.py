"""Suites share queries: what one of them asked of a corpus, the others need not ask again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from ragguard.records.evidence import Case, Observation
from ragguard.store import Store

OBSERVATIONS = TypeAdapter(list[Observation])


@dataclass
class AskedBefore:
    """Where, in this run, the observations of a system are kept, by what was asked; they are read again when they are wanted.

    Nothing that failed is found. The same question counts as such under the same case id alone: systems that were recorded answer by id.
    """

    store: Store
    _places: dict[tuple[str, int, str, str], tuple[str, int]] = field(default_factory=dict)
    _last: tuple[str, list[Observation]] = ("", [])

    def add(self, key: str, corpus: str, depth: int, cases: Sequence[Case]) -> None:
        """Say under which key the store has what came of a batch, asked of a corpus (its fingerprint) to a depth."""
        for i, case in enumerate(cases):
            self._places.setdefault((corpus, depth, case.id, case.text), (key, i))

    def find(self, corpus: str, depth: int, case: Case) -> Observation | None:
        """Return what the system did on a case, if it was asked it before and did not fail."""
        place = self._places.get((corpus, depth, case.id, case.text))
        if place is None:
            return None
        key, i = place
        if self._last[0] != key:
            kept = self.store.get("observations", key)
            self._last = (key, OBSERVATIONS.validate_json(kept) if kept is not None else [])
        found = self._last[1][i] if i < len(self._last[1]) else None
        return found if found is not None and not found.error else None
