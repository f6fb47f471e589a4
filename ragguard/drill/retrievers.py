"""Mutants of a retriever itself: what its embeddings become, how they are made, and what its index holds."""

import copy
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragguard.drill.mutant import Scene, World
from ragguard.plan.retrievers import DenseRetriever as DensePlan
from ragguard.records.collection import Document
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.systems.dense import DenseRetriever
from ragguard.systems.fingerprints import digest
from ragguard.systems.lexical import LexicalRetriever
from ragguard.systems.protocols import Corpus, Progress, Retriever, Vault
from ragguard.systems.ranking import tie_ranks
from ragguard.systems.silent import Silent
from ragguard.systems.vectors import ExactIndex

if TYPE_CHECKING:
    from ragguard.drill.site import Site

Rows: TypeAlias = NDArray[np.float32]
Change = Callable[[Rows, Sequence[str]], Rows]
"""Embeddings, shape (n, dimension), and the texts that they are of -> embeddings."""

POOLING = Path("1_Pooling") / "config.json"


class Disturbed:
    """A dense retriever whose embeddings are changed after they were made, and compared exactly."""

    def __init__(self, dense: DenseRetriever, name: str, change: Change, order: int = 1) -> None:
        self._dense, self._change, self._order = dense, change, order
        self.fingerprint = digest({"type": "disturbed", "retriever": dense.fingerprint, "name": name})
        self._ids: list[str] = []
        self._index: ExactIndex | None = None
        self._vault: Vault | None = None

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Take the documents' embeddings, change them, and index them; ``order`` -1: the last first. Raises as the dense one's."""
        texts = [(document.id, self._dense.render(document)) for document in corpus.documents()]
        rows = self._change(self._dense.embed(texts, "document", vault, progress), [text for _, text in texts])
        self._ids = [name for name, _ in texts][:: self._order]
        self._vault, self._index = vault, ExactIndex(rows[:: self._order], tie_ranks(self._ids))

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order. Raises as the dense one's."""
        if self._index is None or self._vault is None:
            raise RuntimeError("index() comes before search()")
        began = time.perf_counter()
        rows = self._dense.embed([(case.id, case.text) for case in cases], "query", self._vault, Silent())
        hits = self._index.search(self._change(rows, [case.text for case in cases]), depth)
        share = (time.perf_counter() - began) / max(len(cases), 1)
        return [
            Observation(
                case.id,
                tuple(Ranked(self._ids[at], float(score)) for at, score in zip(*hit, strict=True)),
                seconds={"retrieve": share},
                together={"retrieve": len(cases)},
            )
            for case, hit in zip(cases, hits, strict=True)
        ]

    def notes(self) -> Mapping[str, float | int | str]:
        """Say nothing: it is in no report."""
        return {}


class Rewritten:
    """A corpus whose documents come in another order, or with other texts."""

    def __init__(self, corpus: Corpus, change: Callable[[Document], Document], order: int = 1) -> None:
        self._corpus, self._change, self._order = corpus, change, order
        self.size, self.fingerprint = corpus.size, digest(["rewritten", corpus.fingerprint, order])

    def documents(self) -> Iterator[Document]:
        """Yield every document once."""
        return iter([self._change(document) for document in self._corpus.documents()][:: self._order])

    def document(self, name: str) -> Document:
        """Return one document. Raises KeyError for an unknown id."""
        return self._change(self._corpus.document(name))

    def __contains__(self, name: object) -> bool:
        return name in self._corpus


class Elsewhere:
    """A retriever that indexes a rewritten corpus, and is asked as ever."""

    def __init__(self, retriever: Retriever, name: str, change: Callable[[Document], Document], order: int = 1) -> None:
        self._retriever, self._change, self._order = copy.copy(retriever), change, order
        self.fingerprint = digest({"type": "elsewhere", "retriever": retriever.fingerprint, "name": name})

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Index the rewritten corpus. Raises as the retriever's."""
        self._retriever.index(Rewritten(corpus, self._change, self._order), vault, progress)

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return what the retriever does."""
        return self._retriever.search(cases, depth)

    def notes(self) -> Mapping[str, float | int | str]:
        """Say nothing: it is in no report."""
        return {}


class OneByOne:
    """A dense retriever that is asked one query at a time; the vault is not looked into for what another batch said."""

    def __init__(self, dense: DenseRetriever) -> None:
        self._dense = dense
        self.fingerprint = digest({"type": "one by one", "retriever": dense.fingerprint})
        self._index: ExactIndex | None = None
        self._ids: list[str] = []

    def index(self, corpus: Corpus, vault: Vault, progress: Progress) -> None:
        """Index as the dense one does. Raises as that."""
        texts = [(document.id, self._dense.render(document)) for document in corpus.documents()]
        self._ids = [name for name, _ in texts]
        self._index = ExactIndex(self._dense.embed(texts, "document", vault, progress), tie_ranks(self._ids))

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        """Return one observation per case, in order. Raises as the dense one's."""
        if self._index is None:
            raise RuntimeError("index() comes before search()")
        found = []
        for case in cases:
            began = time.perf_counter()
            row = self._dense.encoder.encode([case.text], "query", [0], lambda _: None)
            ((positions, scores),) = self._index.search(row, depth)
            ranking = tuple(Ranked(self._ids[at], float(score)) for at, score in zip(positions, scores, strict=True))
            found.append(Observation(case.id, ranking, seconds={"retrieve": time.perf_counter() - began}))
        return found

    def notes(self) -> Mapping[str, float | int | str]:
        """Say nothing: it is in no report."""
        return {}


def dense_of(site: "Site") -> tuple[DensePlan, DenseRetriever]:
    """The baseline's dense retriever, as the plan has it and as it is. Raises TypeError where it is another: ``fits`` says so before."""
    plan, retriever = site.plan.retriever, site.retriever
    if not isinstance(plan, DensePlan) or not isinstance(retriever, DenseRetriever):
        raise TypeError("the baseline's retriever is not dense")
    return plan, retriever


def noised(site: "Site", strength: float) -> Retriever:
    """Noise of so many times the length of each embedding is added to it."""
    scene = Scene("embeddings-noised", strength, World(site.collection))

    def change(rows: Rows, texts: Sequence[str]) -> Rows:
        noise = np.stack([scene.rng(text).standard_normal(rows.shape[1]) for text in texts]) if len(texts) else np.zeros(rows.shape)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return _unit(rows + strength * lengths * noise / np.linalg.norm(noise, axis=1, keepdims=True), lengths)

    return Disturbed(dense_of(site)[1], f"noised {strength:g}", change)


def truncated(site: "Site", strength: float) -> Retriever:
    """The last dimensions, such a share of them, are cut off."""

    def change(rows: Rows, _: Sequence[str]) -> Rows:
        left = max(1, round(rows.shape[1] * (1 - strength)))
        return _unit(rows[:, :left], np.linalg.norm(rows, axis=1, keepdims=True))

    return Disturbed(dense_of(site)[1], f"truncated {strength:g}", change)


def _unit(rows: NDArray[np.floating], lengths: NDArray[np.floating]) -> Rows:
    """Rows of the lengths given."""
    now = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows * lengths / np.where(now == 0, 1, now), dtype=np.float32)


def in_float16(site: "Site", strength: float) -> Retriever:
    """Harmless: embeddings that are stored in half precision."""
    del strength
    return Disturbed(dense_of(site)[1], "float16", lambda rows, _: rows.astype(np.float16).astype(np.float32))


def reordered(site: "Site", strength: float) -> Retriever:
    """Harmless: the documents stand in the index in the reverse order."""
    del strength
    if isinstance(site.retriever, DenseRetriever):
        return Disturbed(site.retriever, "reordered", lambda rows, _: rows, order=-1)
    return Elsewhere(_lexical(site), "reordered", lambda document: document, order=-1)


def _lexical(site: "Site") -> LexicalRetriever:
    if not isinstance(site.retriever, LexicalRetriever):
        raise TypeError("the baseline's retriever is not lexical")
    return site.retriever


def one_by_one(site: "Site", strength: float) -> Retriever:
    """Harmless: queries are encoded one at a time, not in batches."""
    del strength
    return OneByOne(dense_of(site)[1])


def in_bfloat16(site: "Site", strength: float) -> Retriever:
    """Harmless: the encoder computes in bfloat16."""
    del strength
    plan, dense = dense_of(site)
    return DenseRetriever(plan.model_copy(update={"dtype": "bfloat16"}), dense.encoder.folder)


def prefix_lost(site: "Site", strength: float) -> Retriever:
    """Queries lose what stands before them: white space stands there."""
    del strength
    plan, dense = dense_of(site)
    return DenseRetriever(plan.model_copy(update={"query_prompt": " "}), dense.encoder.folder)


def documents_cut(site: "Site", strength: float) -> Retriever:
    """The last words of each document, such a share of them, are not indexed."""

    def change(document: Document) -> Document:
        words = document.text.split(" ")
        return replace(document, text=" ".join(words[: max(1, round(len(words) * (1 - strength)))]))

    return Elsewhere(site.retriever, f"cut {strength:g}", change)


def wrong_pooling(site: "Site", strength: float) -> Retriever:
    """The encoder pools by the first token where it learnt to take the mean, or the other way round."""
    del strength
    plan, dense = dense_of(site)
    return DenseRetriever(plan, _pooled_otherwise(dense.encoder.folder, site.scratch))


def pooling_of(folder: Path) -> dict[str, object] | None:
    """What the model's folder says of its pooling; None where it says nothing."""
    path = folder / POOLING
    if not path.is_file():
        return None
    read: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return read


def _pooled_otherwise(folder: Path, scratch: Path) -> Path:
    """A copy of a model that pools otherwise; weights are linked, not copied."""
    config = pooling_of(folder) or {}
    mean = config.get("pooling_mode") == "mean" or bool(config.get("pooling_mode_mean_tokens"))
    other = dict(config)
    if "pooling_mode" in config:
        other["pooling_mode"] = "cls" if mean else "mean"
    else:
        other |= {"pooling_mode_mean_tokens": not mean, "pooling_mode_cls_token": mean}
    target = scratch / f"pooling-{digest([str(folder.resolve()), other])[:16]}"
    for path in _files(folder):
        place = target / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() and path.relative_to(folder) != POOLING:
            shutil.copyfile(path, place) if path.stat().st_size < 1_000_000 else place.symlink_to(path.resolve())
    (target / POOLING).write_text(json.dumps(other, indent=2), encoding="utf-8")
    return target


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
