"""Long texts in windows: runs of sentences that a model reads together with a statement."""

from collections.abc import Callable, Iterator, Sequence

Count = Callable[[Sequence[str]], list[int]]
"""Tokens of each text, without those that the model puts around it."""


def pieces(texts: Sequence[str], most: int, count: Count) -> list[tuple[str, int]]:
    """Return texts of at most ``most`` tokens with their tokens, in order; a longer text is cut between words, a longer word within."""
    found: list[tuple[str, int]] = []
    for text, size in zip(texts, count(texts), strict=True):
        found += [(text, size)] if size <= most else _cut(text, most, count)
    return found


def _cut(text: str, most: int, count: Count) -> list[tuple[str, int]]:
    words = text.split()
    if len(words) < 2:
        middle = len(text) // 2
        return pieces([text[:middle], text[middle:]], most, count) if middle else [(text, most)]
    sized = pieces(words, most, count)
    rows = windows([size for _, size in sized], most, overlap=False)
    return [(" ".join(word for word, _ in sized[start:end]), sum(size for _, size in sized[start:end])) for start, end in rows]


def windows(sizes: Sequence[int], room: int, *, overlap: bool = True) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of runs that fill ``room`` as far as it goes, in order, which together hold everything.

    With ``overlap`` a run begins with the last of the run before, where something new still fits behind it: what belongs together is
    then together in one of them. A size above ``room`` is a run of its own.
    """
    start = 0
    while start < len(sizes):
        end = _end(sizes, start, room)
        yield start, end
        if end == len(sizes):
            return
        again = overlap and end - start > 1 and sizes[end - 1] + sizes[end] <= room
        start = end - 1 if again else end


def _end(sizes: Sequence[int], start: int, room: int) -> int:
    """Where a run ends that begins at ``start``: it holds one, and more while they fit."""
    end, used = start + 1, sizes[start]
    while end < len(sizes) and used + sizes[end] <= room:
        used += sizes[end]
        end += 1
    return end
