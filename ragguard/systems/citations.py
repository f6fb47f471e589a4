"""What an answer cites, and whether it abstains: read from its text, the same for every generator."""

import re
from collections.abc import Sequence

from ragguard.records.collection import Document

_NUMBERS = re.compile(r"\[(\d+(?:\s*[,;]\s*\d+)*)\]")
_QUOTES = re.compile(r"##begin_quote##(.*?)##end_quote##", re.DOTALL)

ABSTENTIONS = (
    "documents do not say",
    "documents do not tell",
    "documentation does not say",
    "documents don't say",
    "not in the documents",
    "cannot be answered from the documents",
    "i do not know",
    "i don't know",
)
"""Beginnings, up to case, of what a generator says that finds no answer; ours says the first."""

ABSTENTION = "The documents do not say."


def cited(text: str, contexts: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the documents that a text cites, in the order of their first citation, each once.

    ``[2]`` and ``[1, 3]`` count ``contexts`` from 1; ``[some-id]`` names one of them. Numbers that count no context cite nothing.
    """
    known = {name: name for name in contexts} | {str(number): name for number, name in enumerate(contexts, 1)}
    places = [(match.start(), part.strip()) for match in _NUMBERS.finditer(text) for part in re.split(r"[,;]", match[1])]
    places += [(text.find(f"[{name}]"), name) for name in contexts if f"[{name}]" in text]
    return tuple(dict.fromkeys(known[part] for _, part in sorted(places, key=lambda place: place[0]) if part in known))


def sources(text: str, contexts: Sequence[Document]) -> tuple[str, ...]:
    """Return the ids of the documents that a text cites or quotes: those of ``cited``, then those that alone hold one of its quotations.

    A quotation counts up to white space; one that several of the contexts hold, or none, tells no source.
    """
    held = {document.id: " ".join(f"{document.title} {document.text}".split()) for document in contexts}
    found = [[name for name, whole in held.items() if quote and quote in whole] for quote in (" ".join(q.split()) for q in quoted(text))]
    return tuple(dict.fromkeys((*cited(text, [document.id for document in contexts]), *(names[0] for names in found if len(names) == 1))))


def quoted(text: str) -> tuple[str, ...]:
    """Return what a text quotes between ``##begin_quote##`` and ``##end_quote##`` (RAFT, Zhang et al. 2024, arXiv:2403.10131)."""
    return tuple(match.strip() for match in _QUOTES.findall(text))


def abstains(text: str) -> bool:
    """Tell whether an answer says that the documents do not tell, or is empty."""
    said = " ".join(text.lower().split())
    return not said or any(phrase in said[:80] for phrase in ABSTENTIONS)
