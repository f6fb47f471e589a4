"""Ways in which people ask the same thing otherwise. Each is a small function with a name.

A perturbation takes a query's text, a random generator of its own, and what is known around it; it returns the new text, or None where
it has nothing to change. The generator is keyed by seed, perturbation and query, so a case is the same in every run, whatever else is
run. But for ``swapped`` the right answer stays the same.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ragguard.records.evidence import Orders

Rng = np.random.Generator
Perturbation = Callable[[str, Rng, "Setting"], str | None]

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


NEGATIONS = (
    "{0} I do not mean {1}.",
    "Not about {1}: {0}",
    "{0} (please nothing about {1})",
)


@dataclass(frozen=True)
class Setting:
    """What a perturbation may know beside the text.

    ``meanings`` maps the domain's abbreviations to what they mean here; ``products`` are those of the corpus, ``own`` those of the
    documents that answer; ``versions`` are other versions than the one that is asked for, where one is. ``orders`` are what planted
    passages order.
    """

    meanings: Mapping[str, str] = field(default_factory=dict)
    products: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    orders: Orders | None = None

    @property
    def others(self) -> tuple[str, ...]:
        """The products that do not answer; none where it is not known which do."""
        return tuple(name for name in self.products if name not in self.own) if self.own else ()


def typos(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
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


def plain(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """Typed on a phone: no capitals, no diacritics, no punctuation at the end."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.lower().rstrip("?!. ")


def keywords(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """Typed into a search box: the words that carry meaning; negations, numbers and abbreviations stay."""
    kept = [word for word in text.split() if word.isupper() or word.strip("?!.,;:").lower() not in STOPWORDS]
    return " ".join(kept).rstrip("?!. ") if len(kept) > 1 else None


def expanded(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """Abbreviations written out, as the glossary has them."""
    words = [setting.meanings.get(word.strip("?!.,;:'s"), "") for word in text.split()]
    if not any(words):
        return None
    return " ".join(word.replace(word.strip("?!.,;:'s"), long, 1) if long else word for word, long in zip(text.split(), words, strict=True))


def contracted(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """Terms of the glossary by their abbreviation."""
    for short, long in setting.meanings.items():
        at = text.lower().find(long.lower())
        if at >= 0:
            text = text[:at] + short + text[at + len(long) :]
    return text


def word_order(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """The end said first: the text cut between two words, its halves exchanged."""
    words = text.rstrip("?!. ").split()
    if len(words) < 4:
        return None
    cut = int(rng.integers(2, len(words) - 1))
    return " ".join([*words[cut:], *words[:cut]])


def polite(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """Wrapped in greetings and thanks."""
    return POLITE[int(rng.integers(len(POLITE)))].format(text)


def confusables(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """A share of the letters replaced by Cyrillic ones that look the same, as pasted text has them (Unicode TS 39)."""
    places = [i for i, letter in enumerate(text) if letter in CONFUSABLE]
    if not places:
        return None
    picked = set(rng.choice(places, size=max(1, round(CONFUSED_SHARE * len(places))), replace=False).tolist())
    return "".join(CONFUSABLE[letter] if i in picked else letter for i, letter in enumerate(text))


def long_context(text: str, rng: Rng, setting: Setting) -> str | None:  # noqa: ARG001
    """The question at the end of a story that has nothing to do with it."""
    return f"{CONTEXT[int(rng.integers(len(CONTEXT)))]} {text}"


def negated(text: str, rng: Rng, setting: Setting) -> str | None:
    """What is not meant said beside it: another version than the one asked for, or else another product than the one that answers."""
    wrong = [f"version {version}" for version in setting.versions] or [spoken(product) for product in setting.others]
    if not wrong:
        return None
    return NEGATIONS[int(rng.integers(len(NEGATIONS)))].format(text, wrong[int(rng.integers(len(wrong)))])


def swapped(text: str, rng: Rng, setting: Setting) -> str | None:
    """The product that the query names exchanged for another one: what answered before no longer does. See ``now_asked``."""
    named = [product for product in setting.own if _naming(product).search(text)]
    if not named or not setting.others:
        return None
    other = spoken(setting.others[int(rng.integers(len(setting.others)))])
    for product in named:
        text = _naming(product).sub(other, text)
    return text


def now_asked(text: str, setting: Setting) -> tuple[str, ...]:
    """The products that a swapped query asks for."""
    return tuple(product for product in setting.others if spoken(product) in text)


def spoken(product: str) -> str:
    """A product's name as people write it: ``fraud-api`` is Fraud Api."""
    return product.replace("-", " ").replace("_", " ").title()


def _naming(product: str) -> re.Pattern[str]:
    words = re.escape(spoken(product)).removesuffix("s")
    return re.compile(rf"\b{words}s?\b", re.IGNORECASE)


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
    "negated": negated,
    "swapped": swapped,
}


def perturb(function: Perturbation, name: str, text: str, *, seed: int, case: str, setting: Setting) -> str | None:
    """Apply a perturbation; None where it changes nothing."""
    changed = function(text, generator(seed, name, case), setting)
    return changed if changed is not None and changed.strip() and changed != text else None


def generator(*key: object) -> Rng:
    """A random generator that is keyed by what it is for."""
    hashed = hashlib.sha256("\n".join(map(str, key)).encode()).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(hashed[:16], dtype=np.uint64)))
