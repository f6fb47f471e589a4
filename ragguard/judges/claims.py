"""What an answer claims: its sentences, without citations and marks of quotations, and without those that claim nothing."""

import re

from ragguard.systems.citations import ABSTENTIONS
from ragguard.systems.sentences import sentences

_FURNITURE = re.compile(r"##begin_quote##|##end_quote##|^\s*(?:\d{1,2}[.)]|[-*•#]+)\s+", re.MULTILINE)
_CITATION = r"\[(?:\d+(?:\s*[,;]\s*\d+)*|(?=[^\[\]\s]*[\d_/-])[^\[\]\s]+)\](?!\()"
_CITATIONS = re.compile(rf"\s*{_CITATION}")
# A citation stands behind what it supports, so what begins like a sentence after it is one; but not after "see [2]".
_BEFORE = r"(?<!\s)" + "".join(rf"(?<!\b(?i:{word}))" for word in ("see", "to", "in", "by", "of", "and", "from"))
_ENDS = re.compile(rf"{_BEFORE}(?:\s*{_CITATION})+(?=\s+[A-Z0-9`\"'(])")
_BUT = re.compile(r"[\s,]*(?:\bbut\b|\bhowever\b|;)[\s,]*", re.IGNORECASE)


def claims(answer: str) -> tuple[str, ...]:
    """Return the sentences of an answer that can be true or false of documents, in order.

    Left out is what says that the documents do not tell (up to a ``but`` or a semicolon), questions, what announces (``The steps:``),
    and what has no letter and no digit. Citations are ``[2]``, ``[1, 3]`` and ids in brackets.
    """
    plain = _CITATIONS.sub("", _ENDS.sub("\n", _FURNITURE.sub(" ", answer)))
    found = (" ".join(_told(sentence).split()) for sentence in sentences(plain))
    return tuple(sentence for sentence in found if _claims(sentence))


def _told(sentence: str) -> str:
    """A sentence without what it admits not to know."""
    if not _admits(sentence):
        return sentence
    return "; ".join(part for part in _BUT.split(sentence) if part and not _admits(part))


def _admits(text: str) -> bool:
    said = " ".join(text.lower().replace("’", "'").split())
    return any(phrase in said for phrase in ABSTENTIONS)


def _claims(sentence: str) -> bool:
    return any(letter.isalnum() for letter in sentence) and not sentence.endswith(("?", ":"))
