"""Embeddings in blocks that are kept in a vault: a killed run goes on where it was, unchanged texts are never encoded again."""

import hashlib
import io
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragguard.errors import CannotJudge
from ragguard.systems.encoder import Encoder, Role
from ragguard.systems.fingerprints import digest
from ragguard.systems.protocols import Progress, Vault

BLOCK = 256
"""Texts of a block, on average; at most four times as many."""


@dataclass(frozen=True, slots=True)
class Block:
    """The embeddings of some consecutive texts.

    ``vectors`` has shape (n, dimension); ``truncated`` counts the texts longer than ``limit`` tokens; ``seconds`` is what the
    encoding took when it was done.
    """

    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    truncated: int
    limit: int | None
    seconds: float


def embed(
    encoder: Encoder, texts: Iterable[tuple[str, str]], role: Role, vault: Vault, progress: Progress, size: int = BLOCK
) -> Iterator[Block]:
    """Yield the embeddings of ``(id, text)`` pairs block by block, in order, from the vault where they are there.

    Raises:
        CannotJudge: the model failed, or an embedding is not finite.
    """
    for chunk in split(texts, size):
        ids, contents = tuple(id_ for id_, _ in chunk), [text for _, text in chunk]
        key = digest([encoder.fingerprint, role, contents])
        block = _kept(vault, key, ids)
        if block is None:
            block = _encode(encoder, ids, contents, role, progress)
            _keep(vault, key, block)
        else:
            progress.advance(len(ids))
        yield block


def split(texts: Iterable[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    """Cut a sequence of texts where the texts themselves say so.

    A block ends at a text whose hash is divisible by ``size``, so a text added or removed changes its own block only, and not all
    those behind it, as blocks of a fixed length would.
    """
    chunk: list[tuple[str, str]] = []
    for pair in texts:
        chunk.append(pair)
        mark = hashlib.sha256(pair[1].encode("utf-8", "surrogatepass")).digest()
        if int.from_bytes(mark[:8], "big") % size == 0 or len(chunk) == 4 * size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _encode(encoder: Encoder, ids: tuple[str, ...], texts: Sequence[str], role: Role, progress: Progress) -> Block:
    lengths = encoder.lengths(texts, role)
    limit = encoder.model.max_seq_length
    # Longest first: like lengths share a batch, so little is spent on padding, and memory runs out at once or not at all.
    order = sorted(range(len(texts)), key=lambda i: -lengths[i])
    began = time.perf_counter()
    vectors = encoder.encode(texts, role, order, progress.advance)
    seconds = time.perf_counter() - began
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise CannotJudge(f"{encoder.folder}: the embedding of {role} {ids[broken[0]]!r} is not finite ({len(broken)} such in this block)")
    return Block(ids, vectors, sum(length > limit for length in lengths) if limit else 0, limit, seconds)


def _keep(vault: Vault, key: str, block: Block) -> None:
    payload = io.BytesIO()
    np.save(payload, block.vectors, allow_pickle=False)
    about = {"truncated": block.truncated, "limit": block.limit, "seconds": block.seconds}
    vault.put("embeddings-about", key, json.dumps(about).encode())
    vault.put("embeddings", key, payload.getvalue())


def _kept(vault: Vault, key: str, ids: tuple[str, ...]) -> Block | None:
    payload, about = vault.get("embeddings", key), vault.get("embeddings-about", key)
    if payload is None or about is None:
        return None
    vectors = np.load(io.BytesIO(payload), allow_pickle=False)
    return Block(ids, vectors, **json.loads(about))
