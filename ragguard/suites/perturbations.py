"""Ways in which people ask the same thing otherwise. Each is a small function with a name; the right answer stays the same.

A perturbation takes a query's text, a random generator of its own, and the glossary; it returns the new text, or None where it has
nothing to change. The generator is keyed by seed, perturbation and query, so a case is the same in every run, whatever else is run.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator
Perturbation = Callable[[str, Rng, "Glossary"], str | None]

KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
TYPO_EVERY = 12
"""Characters to a typo; every text gets one at least."""

CONFUSABLE = dict(zip("aceopxyi", "асеорхуі", strict=True))  # Cyrillic look-alikes
CONFUSED_SHARE = 0.3

_STOPWORDS = """
a an and are as at be been being but by can could did do does for from had has have he her his how i if in into is it its me my of on or our
shall she should so some than that the their them then there these they this those to us was we were what when where which who whom whose
why will with would you your
"""
STOPWORDS = frozenset(_STOPWORDS.split())

POLITE = (
    "Hi there, quick question: {} Thanks a lot!",
    "Sorry to bother you, could you please tell me: {}",
    "Hello team, hope you are well. {} Many thanks in advance.",
    "hey, maybe a stupid question, but um: {}",
)

CONTEXT = (
    "I started here on Monday and am still finding my way around the handbook. My colleague who usually knows these things is away until "
    "next week, and I have a call in an hour.",
    "We have been a customer for about three years and were always happy. Last night something came up that nobody in our office could "
    "answer, and the search of our own wiki did not help either.",
    "I am writing a summary for my manager, who wants one line per topic and a source for each. Most of it is done, only this one is "
    "still open, and the deadline is tonight.",
)


@dataclass(frozen=True)
class Glossary:
    """The abbreviations of the domain: short form to what it means here."""

    meanings: Mapping[str, str]


def typos(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """Slips of the finger: a letter beside the right one, two letters swapped, or one left out, once in twelve characters."""
    places = [i for i in range(len(text) - 1) if text[i].isascii() and text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return None
    picked = sorted(rng.choice(len(places), size=min(len(places), max(1, len(text) // TYPO_EVERY)), replace=False).tolist(), reverse=True)
    for index in picked:
        text = _slip(text, places[index], rng)
    return text


def _slip(text: str, at: int, rng: Rng) -> str:
    kind = int(rng.integers(3))
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    return text[:at] + _neighbour(text[at], rng) + text[at + 1 :]


def _neighbour(letter: str, rng: Rng) -> str:
    row = next(row for row in KEYBOARD if letter.lower() in row)
    at = row.index(letter.lower())
    near = [row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)]
    found = near[int(rng.integers(len(near)))]
    return found.upper() if letter.isupper() else found


def plain(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """Typed on a phone: no capitals, no diacritics, no punctuation at the end."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.lower().rstrip("?!. ")


def keywords(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """Typed into a search box: the words that carry meaning; negations, numbers and abbreviations stay."""
    kept = [word for word in text.split() if word.isupper() or word.strip("?!.,;:").lower() not in STOPWORDS]
    return " ".join(kept).rstrip("?!. ") if len(kept) > 1 else None


def expanded(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """Abbreviations written out, as the glossary has them."""
    words = [glossary.meanings.get(word.strip("?!.,;:'s"), "") for word in text.split()]
    if not any(words):
        return None
    return " ".join(word.replace(word.strip("?!.,;:'s"), long, 1) if long else word for word, long in zip(text.split(), words, strict=True))


def contracted(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """Terms of the glossary by their abbreviation."""
    for short, long in glossary.meanings.items():
        at = text.lower().find(long.lower())
        if at >= 0:
            text = text[:at] + short + text[at + len(long) :]
    return text


def word_order(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """The end said first: the text cut between two words, its halves exchanged."""
    words = text.rstrip("?!. ").split()
    if len(words) < 4:
        return None
    cut = int(rng.integers(2, len(words) - 1))
    return " ".join([*words[cut:], *words[:cut]])


def polite(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """Wrapped in greetings and thanks."""
    return POLITE[int(rng.integers(len(POLITE)))].format(text)


def confusables(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """A share of the letters replaced by Cyrillic ones that look the same, as pasted text has them (Unicode TS 39)."""
    places = [i for i, letter in enumerate(text) if letter in CONFUSABLE]
    if not places:
        return None
    picked = set(rng.choice(places, size=max(1, round(CONFUSED_SHARE * len(places))), replace=False).tolist())
    return "".join(CONFUSABLE[letter] if i in picked else letter for i, letter in enumerate(text))


def long_context(text: str, rng: Rng, glossary: Glossary) -> str | None:  # noqa: ARG001
    """The question at the end of a story that has nothing to do with it."""
    return f"{CONTEXT[int(rng.integers(len(CONTEXT)))]} {text}"


PERTURBATIONS: Mapping[str, Perturbation] = {
    "typos": typos,
    "plain": plain,
    "keywords": keywords,
    "expanded": expanded,
    "contracted": contracted,
    "word_order": word_order,
    "polite": polite,
    "confusables": confusables,
    "long_context": long_context,
}


def perturb(name: str, text: str, *, seed: int, case: str, glossary: Glossary) -> str | None:
    """Apply a perturbation; None where it changes nothing."""
    key = hashlib.sha256(f"{seed}\n{name}\n{case}".encode()).digest()
    rng = np.random.Generator(np.random.Philox(key=np.frombuffer(key[:16], dtype=np.uint64)))
    changed = PERTURBATIONS[name](text, rng, glossary)
    return changed if changed is not None and changed.strip() and changed != text else None
