"""Fits a document of whole parts into a limit, the least important parts left out first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text that is kept or left out whole. ``rank`` 0 matters most; ``kind`` is what the note calls it, in the singular."""

    text: str
    rank: int
    kind: str = ""


def fit(parts: Sequence[Part], limit: int, hidden: Mapping[str, int]) -> str:
    """Join parts in their order, within ``limit`` bytes of UTF-8 (and so of characters); a last line counts what was left out, by kind.

    ``hidden`` counts what was never a part, and is counted with them. Parts enter by rank; once one of a kind finds no room, none of
    that kind that comes after it enters either.
    """
    room = limit - len(_note(Counter({part.kind: len(parts) + sum(hidden.values()) for part in parts})).encode()) - 2
    kept: set[int] = set()
    closed: set[str] = set()
    for index in sorted(range(len(parts)), key=lambda index: parts[index].rank):
        part = parts[index]
        size = len(part.text.encode()) + 2
        if size > room or part.kind in closed:
            closed.add(part.kind)
            continue
        kept.add(index)
        room -= size
    left = Counter(hidden) + Counter(part.kind for index, part in enumerate(parts) if index not in kept)
    texts = [part.text for index, part in enumerate(parts) if index in kept]
    return "\n\n".join([*texts, _note(left)] if left else texts) + "\n"


def _note(left: Counter[str]) -> str:
    plural = {"query": "queries"}
    counted = ", ".join(f"{n:,} {kind if n == 1 else plural.get(kind, kind + 's')}" for kind, n in left.items())
    return f"**Not shown here: {counted}** (GitHub takes no more than 65,536 characters). `report.json` has everything."
