"""Which questions mean alike, by the encoder of a plan's baseline."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ragguard.store import Store
from ragguard.systems.protocols import Embeds, Progress

FOREIGN = 0.05
"""Share of golden queries that the threshold would put into an intent which is not theirs."""

FEW = 20
"""Golden queries without which no threshold can be told."""

Rows = NDArray[np.float32]


class Likeness:
    """Compares questions by the cosine of their embeddings.

    What counts as alike is learned from the golden queries, whose intents people gave: at most ``FOREIGN`` of them lie as near to one of
    another intent. ``threshold`` is above 1 where there are too few of them to tell.
    """

    def __init__(self, system: Embeds, store: Store, progress: Progress, golden: Mapping[str, str]) -> None:
        self._system, self._store, self._progress = system, store, progress
        self._vectors: dict[str, Rows] = {}
        self.threshold = self._learned(golden)

    def neighbours(self, left: Sequence[str], right: Sequence[str]) -> dict[str, list[tuple[str, float]]]:
        """Return the texts on the right that are alike to each on the left, the most similar first; a text is not its own neighbour."""
        if not left or not right or self.threshold > 1:
            return {}
        cosines = self._embedded(left) @ self._embedded(right).T
        found: dict[str, list[tuple[str, float]]] = {}
        for i, j in zip(*np.nonzero(cosines >= self.threshold), strict=True):
            if left[i] != right[j]:
                found.setdefault(left[i], []).append((right[j], float(cosines[i, j])))
        return {text: sorted(row, key=lambda pair: (-pair[1], pair[0])) for text, row in found.items()}

    def _learned(self, golden: Mapping[str, str]) -> float:
        """The cosine that all but ``FOREIGN`` of the golden queries (text -> intent) stay below with queries of other intents."""
        texts, intents = list(golden), np.unique(list(golden.values()), return_inverse=True)[1]
        if len(texts) < FEW or len(set(intents.tolist())) < 2:
            return 2.0
        rows = self._embedded(texts)
        cosines = rows @ rows.T
        cosines[intents[:, None] == intents[None, :]] = -1.0
        return float(np.quantile(cosines.max(axis=1), 1 - FOREIGN, method="higher"))

    def _embedded(self, texts: Sequence[str]) -> Rows:
        """Embeddings of length 1, as queries are embedded."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if fresh:
            self._progress.start("compare questions by meaning", len(fresh))
            made = self._system.embed([(text, text) for text in fresh], "query", self._store, self._progress)
            lengths = np.linalg.norm(made, axis=1, keepdims=True)
            self._vectors |= dict(zip(fresh, made / np.where(lengths > 0, lengths, 1.0), strict=True))
        return np.stack([self._vectors[text] for text in texts])
