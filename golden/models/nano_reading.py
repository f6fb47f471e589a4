"""Short numbered documents, questions about them, and answers with a citation: made of words, never the same twice.

A document states one fact, ``the timeout of webhooks is 24 hours .``, some marked with version and status in front
(``v1.9 superseded : ...``). One tenth of all (attribute, entity) pairs is held out: no training text states or asks them.
"""

import hashlib
import random
from dataclasses import dataclass

from nano_words import ATTRIBUTES, ENTITIES, NUMBERS, UNITS, VERSIONS

NOT_TOLD = "the documents do not tell"
DOCUMENTS = ("the {a} of {e} is {v} .", "for {e} the {a} is {v} .", "{e} have a {a} of {v} .")
QUESTIONS = ("what is the {a} of {e} ?", "what {a} do {e} have ?", "tell me the {a} for {e} .")
CURRENT = ("what is the current {a} of {e} ?", "what {a} do {e} have now ?", "tell me the current {a} for {e} .")
NAMED = ("what is the {a} of {e} in {x} ?", "what {a} do {e} have in {x} ?", "tell me the {a} for {e} in {x} .")


@dataclass(frozen=True)
class Fact:
    """What one document says. ``version`` is empty where documents are not versioned."""

    attribute: str
    entity: str
    value: str
    version: str = ""
    status: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """What is told of whom."""
        return self.attribute, self.entity

    def document(self, rng: random.Random) -> str:
        """The document, in one of the wordings."""
        text = rng.choice(DOCUMENTS).format(a=self.attribute, e=self.entity, v=self.value)
        return f"{self.version} {self.status} : {text}" if self.version else text


@dataclass(frozen=True)
class Case:
    """A question on documents, and its answer. ``kind``: plain, current, named or not told."""

    documents: tuple[str, ...]
    question: str
    answer: str
    kind: str

    @property
    def prompt(self) -> str:
        """What the model reads."""
        return render(self.documents, self.question)


def render(documents: tuple[str, ...], question: str) -> str:
    """Numbered documents and a question, as the chat template writes them."""
    lines = [f"[{number}] {text}" for number, text in enumerate(documents, 1)]
    return "\n".join([*lines, f"Question: {question}", "Answer:"])


def held_out(*parts: str, one_in: int = 10) -> bool:
    """Whether these parts together belong to the tests: decided by their hash, so always alike."""
    return int(hashlib.sha256(" ".join(parts).encode()).hexdigest(), 16) % one_in == 0


def _pair(rng: random.Random, held: bool, near: tuple[str, str] | None = None) -> tuple[str, str]:
    """A pair of the wanted side; ``near`` one, half of the time, in attribute or in entity: else every question would be easy."""
    while True:
        pair = rng.choice(ATTRIBUTES), rng.choice(ENTITIES)
        if near and rng.random() < 0.6:
            pair = (near[0], pair[1]) if rng.random() < 0.5 else (pair[0], near[1])
        if held_out(*pair) is held and pair != near:
            return pair


def _value(rng: random.Random, unit: str) -> str:
    return f"{rng.choice(NUMBERS)} {unit}"


def _versions(rng: random.Random, pair: tuple[str, str], count: int) -> list[Fact]:
    unit = rng.choice(UNITS)
    values = rng.sample(NUMBERS, count)
    numbers = sorted(rng.sample(range(len(VERSIONS)), count))
    return [
        Fact(*pair, f"{value} {unit}", VERSIONS[number], "current" if number == numbers[-1] else "superseded")
        for value, number in zip(values, numbers, strict=True)
    ]


def facts(rng: random.Random, count: int, versioned: bool, held: bool = False) -> list[Fact]:
    """What ``count`` documents say. Versioned: the first two are one pair in two versions. The first pair is the one on the wanted side."""
    first = _pair(rng, held)
    told = _versions(rng, first, 2) if versioned else [Fact(*first, _value(rng, rng.choice(UNITS)))]
    while len(told) < count:
        pair = _pair(rng, False, first)
        if pair in {fact.pair for fact in told}:
            continue
        if versioned and len(told) + 1 < count:
            told += _versions(rng, pair, 2)
        elif versioned:
            told += _versions(rng, pair, 1)
        else:
            told.append(Fact(*pair, _value(rng, rng.choice(UNITS))))
    return told


def ask(rng: random.Random, told: list[Fact], fact: Fact) -> tuple[str, str, str]:
    """A question that this fact answers: (question, answer, kind). ``told`` is in the order of the documents."""
    answer = f"{fact.value} [{told.index(fact) + 1}]"
    words = {"a": fact.attribute, "e": fact.entity, "x": fact.version}
    if not fact.version:
        return rng.choice(QUESTIONS).format(**words), answer, "plain"
    if fact.status == "superseded" or rng.random() < 0.4:
        return rng.choice(NAMED).format(**words), answer, "named"
    return rng.choice(CURRENT if rng.random() < 0.7 else QUESTIONS).format(**words), answer, "current"


def ask_in_vain(rng: random.Random, told: list[Fact], fact: Fact, held: bool = False) -> tuple[str, str, str]:
    """A question that no document answers: another pair, near to one told, or a version of ``fact`` that is not there."""
    versioned = bool(fact.version)
    if versioned and rng.random() < 0.4:
        known = {other.version for other in told if other.pair == fact.pair}
        version = rng.choice([v for v in VERSIONS if v not in known])
        return rng.choice(NAMED).format(a=fact.attribute, e=fact.entity, x=version), NOT_TOLD, "not told"
    pair = fact.pair
    while pair in {other.pair for other in told}:
        pair = _pair(rng, held, rng.choice(told).pair)
    form = rng.choice([*QUESTIONS, *CURRENT] if versioned else QUESTIONS)
    return form.format(a=pair[0], e=pair[1]), NOT_TOLD, "not told"


def case(rng: random.Random, documents: tuple[int, int] = (2, 4), versioned: float = 0.4) -> Case:
    """A held-out case: the pair that is asked for stands in no training text. One in four is not told."""
    told = facts(rng, rng.randint(*documents), rng.random() < versioned, held=True)
    asked = told[0] if not told[0].version or rng.random() < 0.5 else told[1]
    rng.shuffle(told)
    if rng.random() < 0.25:
        question, answer, kind = ask_in_vain(rng, told, asked, held=True)
    else:
        question, answer, kind = ask(rng, told, asked)
    return Case(tuple(fact.document(rng) for fact in told), question, answer, kind)
