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

    def document(self, rng: random.Random, wordings: int = 3) -> str:
        """The document, in one of the first so many wordings."""
        text = rng.choice(DOCUMENTS[:wordings]).format(a=self.attribute, e=self.entity, v=self.value)
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


def _pair(rng: random.Random, held: bool, near: tuple[str, str] | None = None, likeness: float = 0.6) -> tuple[str, str]:
    """A pair of the wanted side; with chance ``likeness`` it shares a word with ``near``: else every question would be easy."""
    while True:
        pair = rng.choice(ATTRIBUTES), rng.choice(ENTITIES)
        if near and rng.random() < likeness:
            pair = (near[0], pair[1]) if rng.random() < 0.5 else (pair[0], near[1])
        if held_out(*pair) is held and pair != near:
            return pair


def _versions(rng: random.Random, pair: tuple[str, str], count: int) -> list[Fact]:
    """One pair in so many versions, the last of them current; a single one may be superseded, its successor being nowhere."""
    unit = rng.choice(UNITS)
    values = rng.sample(NUMBERS, count)
    numbers = sorted(rng.sample(range(len(VERSIONS)), count))
    last = "superseded" if count == 1 and rng.random() < 0.4 else "current"
    statuses = ["superseded"] * (count - 1) + [last]
    told = zip(values, numbers, statuses, strict=True)
    return [Fact(*pair, f"{value} {unit}", VERSIONS[number], status) for value, number, status in told]


def facts(rng: random.Random, count: int, versioned: bool, held: bool = False, likeness: float = 0.6) -> list[Fact]:
    """What ``count`` documents say; the first pair is held out or not, and no other is."""
    first = _pair(rng, held)
    told: list[Fact] = []
    while len(told) < count:
        pair = _pair(rng, False, first, likeness) if told else first
        if pair in {fact.pair for fact in told}:
            continue
        if versioned:
            told += _versions(rng, pair, min(count - len(told), rng.choice((1, 2, 2, 3))))
        else:
            told.append(Fact(*pair, f"{rng.choice(NUMBERS)} {rng.choice(UNITS)}"))
    return told


def ask(rng: random.Random, told: list[Fact], fact: Fact, wordings: int = 3) -> tuple[str, str, str]:
    """A question that this fact answers: (question, answer, kind). ``told`` is in the order of the documents."""
    answer = f"{fact.value} [{told.index(fact) + 1}]"
    words = {"a": fact.attribute, "e": fact.entity, "x": fact.version}
    if not fact.version:
        return rng.choice(QUESTIONS[:wordings]).format(**words), answer, "plain"
    if fact.status == "superseded" or rng.random() < 0.25:
        return rng.choice(NAMED).format(**words), answer, "named"
    return rng.choice(CURRENT if rng.random() < 0.7 else QUESTIONS).format(**words), answer, "current"


def ask_in_vain(rng: random.Random, told: list[Fact], fact: Fact, held: bool = False) -> tuple[str, str, str]:
    """A question that no document answers: another pair near to one told, a version of ``fact`` that is not there, or what replaced it."""
    forms = QUESTIONS
    if fact.version:
        forms = (*QUESTIONS, *CURRENT)
        known = {other.version: other.status for other in told if other.pair == fact.pair}
        draw = rng.random()
        if draw < 0.3:
            version = rng.choice([v for v in VERSIONS if v not in known])
            return rng.choice(NAMED).format(a=fact.attribute, e=fact.entity, x=version), NOT_TOLD, "not told"
        if "current" not in known.values() and draw < 0.8:
            return rng.choice(forms).format(a=fact.attribute, e=fact.entity), NOT_TOLD, "not told"
    pair = fact.pair
    while pair in {other.pair for other in told}:
        pair = _pair(rng, held, rng.choice(told).pair)
    return rng.choice(forms).format(a=pair[0], e=pair[1]), NOT_TOLD, "not told"


def case(rng: random.Random, documents: tuple[int, int] = (2, 5), versioned: float = 0.5) -> Case:
    """A held-out case: the pair that is asked for stands in no training text. One in four is not told."""
    told = facts(rng, rng.randint(*documents), rng.random() < versioned, held=True)
    asked = max((fact for fact in told if fact.pair == told[0].pair), key=lambda fact: (fact.status == "current") + 1.5 * rng.random())
    rng.shuffle(told)
    vain = rng.random() < 0.25
    question, answer, kind = ask_in_vain(rng, told, asked, held=True) if vain else ask(rng, told, asked)
    return Case(tuple(fact.document(rng) for fact in told), question, answer, kind)
