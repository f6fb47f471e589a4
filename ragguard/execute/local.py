"""Runs batches of work here, one after the other, and keeps what each gave."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Keeper(Protocol):
    """Where results of batches are kept: ``ragguard.store.Store``."""

    def get(self, kind: str, key: str) -> bytes | None:
        """Return an entry or None."""

    def put(self, kind: str, key: str, payload: bytes) -> None:
        """Keep an entry."""


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into runs of ``size``; the last may be shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def resume(
    work: Sequence[Sequence[T]],
    *,
    keeper: Keeper,
    kind: str,
    key: Callable[[Sequence[T]], str],
    do: Callable[[Sequence[T]], bytes],
    mend: Callable[[Sequence[T], bytes], bytes] = lambda _, kept: kept,
) -> Iterator[tuple[Sequence[T], bytes]]:
    """Yield each batch with its result: taken from ``keeper`` where it is there, else made by ``do`` and kept.

    A run that was killed goes on with the first batch that is not kept. ``mend`` sees what was kept, and returns it, or what is to be
    kept instead.
    """
    for batch in work:
        name = key(batch)
        kept = keeper.get(kind, name)
        payload = do(batch) if kept is None else mend(batch, kept)
        if payload is not kept:
            keeper.put(kind, name, payload)
        yield batch, payload
