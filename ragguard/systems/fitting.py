"""Makes documents fit into a prompt of so many tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ragguard.records.collection import Document


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prompt's token ids, the documents in it, and whether that is less than there was."""

    ids: tuple[int, ...]
    documents: tuple[Document, ...]
    cut: bool


def fit(encode: Callable[[Sequence[Document]], Sequence[int]], documents: Sequence[Document], limit: int) -> Fitted:
    """Return the longest prompt within ``limit`` tokens: documents go from the end, whole ones first, and the only one left is cut short.

    Raises:
        ValueError: not even the question alone fits.
    """
    kept = list(documents)
    ids = encode(kept)
    while len(ids) > limit and len(kept) > 1:
        kept.pop()
        ids = encode(kept)
    if len(ids) > limit and kept:
        kept = [_shortened(encode, kept[0], limit)]
        ids = encode(kept)
    if len(ids) > limit:
        raise ValueError(f"the prompt has {len(ids)} tokens without any document's text, and {limit} fit")
    return Fitted(tuple(ids), tuple(kept), cut=kept != list(documents))


def _shortened(encode: Callable[[Sequence[Document]], Sequence[int]], document: Document, limit: int) -> Document:
    """The document with as many characters of its text as fit, by bisection."""
    least, most = 0, len(document.text)
    while least < most:
        middle = (least + most + 1) // 2
        if len(encode([replace(document, text=document.text[:middle])])) <= limit:
            least = middle
        else:
            most = middle - 1
    return replace(document, text=document.text[:least])
