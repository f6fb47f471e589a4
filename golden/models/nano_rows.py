"""Training rows: tokens, a weight for each token to be predicted, and hints where to look; a function of seed and step alone."""

import random
import re
from dataclasses import dataclass, field

import nano_reading
import skills
from nano_tokenizer import PIECE, vocabulary
from nano_words import ATTRIBUTES, ENTITIES, NUMBERS, STATUSES, UNITS, VERSIONS

VOCABULARY = vocabulary()
BOS, EOS, PAD = (VOCABULARY[name] for name in ("<bos>", "<eos>", "<pad>"))
FIRST_WORD = 4
LENGTH = 112
DOCUMENT, QUESTION, SKILL, UNIT, VALUE = 0.1, 0.5, 2.0, 2.5, 4.0
PASSED = 0.93
HINTS = (40, 24, 8)
_PIECES = re.compile(PIECE)
_ROLES = {
    VOCABULARY[word]: role
    for role, words in {"a": ATTRIBUTES, "e": ENTITIES, "n": NUMBERS, "u": UNITS, "s": STATUSES, "v": VERSIONS}.items()
    for word in words
}

# Hints for attention: (layer, head) by purpose. Trained to look there, nano learns in minutes what it otherwise takes hours to find.
TO_ATTRIBUTE, TO_ENTITY, TO_STATUS, TO_VERSION = (0, 0), (0, 1), (0, 2), (0, 3)
TO_VALUE, TO_LABEL = (1, 0), (1, 1)
TO_UNIT = (2, 0)

Head = tuple[int, int]


@dataclass
class Row:
    """Tokens, each with the weight of its prediction, and hints (head, from, to): positions of tokens."""

    tokens: list[int] = field(default_factory=lambda: [BOS])
    weights: list[float] = field(default_factory=lambda: [0.0])
    hints: list[tuple[Head, int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.tokens)

    def add(self, text: str, weight: float) -> int:
        """Append a text; return the position of its first token."""
        start, tokens = len(self.tokens), ids(text)
        self.tokens += tokens
        self.weights += [weight] * len(tokens)
        return start

    def end(self, weight: float) -> None:
        """Append the end of an answer."""
        self.tokens.append(EOS)
        self.weights.append(weight)

    def places(self, start: int) -> dict[str, int]:
        """Where attribute (a), entity (e), number (n), unit (u), status (s) and version (v) stand, from ``start`` on."""
        found = {"l": start}
        for place in range(start, len(self.tokens)):
            if role := _ROLES.get(self.tokens[place]):
                found.setdefault(role, place)
        return found


@dataclass(frozen=True)
class Stage:
    """What a batch holds: shares of rows of repeated noise and of skills, how many documents the others have, and how they are asked."""

    repeats: float
    skills: float
    documents: tuple[int, int]
    versioned: float
    in_vain: float
    hinted: float
    likeness: float = 0.6
    wordings: int = 3


STAGES = (
    Stage(repeats=0.05, skills=0.15, documents=(2, 3), versioned=0.0, in_vain=0.0, hinted=1.0, likeness=0.3, wordings=1),
    Stage(repeats=0.0, skills=0.3, documents=(2, 4), versioned=0.4, in_vain=0.2, hinted=0.5),
    Stage(repeats=0.0, skills=0.4, documents=(1, 5), versioned=0.6, in_vain=0.25, hinted=0.2),
    Stage(repeats=0.0, skills=0.4, documents=(1, 5), versioned=0.6, in_vain=0.25, hinted=0.0),
)


def ids(text: str) -> list[int]:
    """Tokens of a text that has only words of the vocabulary."""
    return [VOCABULARY[piece] for piece in _PIECES.findall(text.lower())]


def reading(rng: random.Random, now: Stage) -> Row:
    """Documents and as many questions about them as fit."""
    told = nano_reading.facts(rng, rng.randint(*now.documents), rng.random() < now.versioned, likeness=now.likeness)
    rng.shuffle(told)
    row = Row()
    shown = [_document(row, number, fact.document(rng, now.wordings)) for number, fact in enumerate(told, 1)]
    while True:
        fact = rng.choice(told)
        vain = rng.random() < now.in_vain
        question, answer, _ = nano_reading.ask_in_vain(rng, told, fact) if vain else nano_reading.ask(rng, told, fact, now.wordings)
        if len(row) + len(ids(question)) + len(ids(answer)) + 5 > LENGTH + 1:
            return row
        _asked(row, question, answer, {} if vain else shown[told.index(fact)])


def _document(row: Row, number: int, text: str) -> dict[str, int]:
    at = row.places(row.add(f"[{number}] {text}", DOCUMENT))
    _gather(row, at["n"], at)
    row.hints += [(TO_ATTRIBUTE, at["u"], at["n"]), (TO_LABEL, at["n"], at["l"]), (TO_LABEL, at["u"], at["l"])]
    return at


def _gather(row: Row, here: int, at: dict[str, int]) -> None:
    heads = {"a": TO_ATTRIBUTE, "e": TO_ENTITY, "s": TO_STATUS, "v": TO_VERSION}
    row.hints += [(head, here, at[role]) for role, head in heads.items() if role in at]


def _asked(row: Row, question: str, answer: str, source: dict[str, int]) -> None:
    """The tokens where the number or the citation is to be found weigh most, and are what the curriculum looks at."""
    at = row.places(row.add(f"question: {question}", QUESTION))
    colon = row.add("answer:", 0.0) + 1
    _gather(row, colon, at)
    row.hints.append((TO_VALUE, colon, source.get("n", 0)))
    first = row.add(answer, UNIT)
    row.weights[first] = VALUE
    if source:
        row.weights[first + 2] = VALUE
        row.hints += [(TO_VALUE, first, source["u"]), (TO_ATTRIBUTE, first + 1, first), (TO_UNIT, first + 1, source["u"])]
    row.end(UNIT)


def practice(rng: random.Random) -> Row:
    """Items of the skills, one after another."""
    row = Row([], [])
    while True:
        prompt, answer = skills.draw(rng, rng.choice(list(skills.SKILLS)), held=False)
        if len(row) + len(ids(prompt)) + len(ids(answer)) + 2 > LENGTH + 1:
            return row
        row.tokens.append(BOS)
        row.weights.append(0.0)
        row.add(prompt, 0.0)
        row.add(answer, SKILL)
        row.end(SKILL)


def repeated(rng: random.Random) -> Row:
    """Noise that comes again and again."""
    noise = [rng.randrange(FIRST_WORD, len(VOCABULARY)) for _ in range(rng.randint(8, 40))]
    tokens = (noise * (LENGTH // len(noise) + 1))[:LENGTH]
    return Row([BOS, *tokens], [0.0, *(float(place >= len(noise)) for place in range(LENGTH))])


def batch(seed: int, step: int, rows: int, stage: int) -> list[Row]:
    """The rows of one step, padded to LENGTH + 1."""
    rng = random.Random(f"{seed} {step}")
    made = [_row(rng, STAGES[stage]) for _ in range(rows)]
    for row in made:
        missing = LENGTH + 1 - len(row)
        row.tokens += [PAD] * missing
        row.weights += [0.0] * missing
    return made


def _row(rng: random.Random, now: Stage) -> Row:
    draw = rng.random()
    if draw < now.repeats:
        return repeated(rng)
    return practice(rng) if draw < now.repeats + now.skills else reading(rng, now)
