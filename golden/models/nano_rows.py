"""Training rows: fixed lengths of tokens with a weight for each token to be predicted, a function of seed and step alone."""

import random
import re
from dataclasses import dataclass

import nano_reading
import skills
from nano_tokenizer import PIECE, vocabulary

VOCABULARY = vocabulary()
BOS, EOS, PAD = (VOCABULARY[name] for name in ("<bos>", "<eos>", "<pad>"))
FIRST_WORD = 4
LENGTH = 112
DOCUMENT, QUESTION, ANSWER = 0.1, 0.5, 3.0
_PIECES = re.compile(PIECE)

Row = list[tuple[int, float]]


@dataclass(frozen=True)
class Mix:
    """What a batch holds: shares of rows of repeated noise and of skills, and how many documents the others have."""

    repeats: float
    skills: float
    documents: tuple[int, int]
    versioned: float
    in_vain: float = 0.22


def mix(progress: float) -> Mix:
    """The curriculum: repeated noise makes copying emerge, then more documents and versions come."""
    if progress < 0.1:
        return Mix(repeats=0.2, skills=0.2, documents=(2, 2), versioned=0.1, in_vain=0.1)
    if progress < 0.3:
        return Mix(repeats=0.1, skills=0.3, documents=(2, 3), versioned=0.3)
    return Mix(repeats=0.0, skills=0.35, documents=(2, 4), versioned=0.5)


def ids(text: str) -> list[int]:
    """Tokens of a text that has only words of the vocabulary."""
    return [VOCABULARY[piece] for piece in _PIECES.findall(text.lower())]


def _weighted(text: str, weight: float) -> Row:
    return [(token, weight) for token in ids(text)]


def reading(rng: random.Random, now: Mix) -> Row:
    """Documents and as many questions about them as fit."""
    told = nano_reading.facts(rng, rng.randint(*now.documents), rng.random() < now.versioned)
    rng.shuffle(told)
    lines = [f"[{number}] {fact.document(rng)}" for number, fact in enumerate(told, 1)]
    row = [(BOS, 0.0), *_weighted(" ".join(lines), DOCUMENT)]
    while True:
        fact = rng.choice(told)
        vain = rng.random() < now.in_vain
        question, answer, _ = nano_reading.ask_in_vain(rng, told, fact) if vain else nano_reading.ask(rng, told, fact)
        asked = [*_weighted(f"question: {question}", QUESTION), *_weighted("answer:", 0.0), *_weighted(answer, ANSWER), (EOS, ANSWER)]
        if len(row) + len(asked) > LENGTH + 1:
            return row
        row += asked


def practice(rng: random.Random) -> Row:
    """Items of the skills, one after another."""
    row: Row = []
    while True:
        prompt, answer = skills.draw(rng, rng.choice(list(skills.SKILLS)), held=False)
        item = [(BOS, 0.0), *_weighted(prompt, 0.0), *_weighted(answer, ANSWER), (EOS, ANSWER)]
        if len(row) + len(item) > LENGTH + 1:
            return row
        row += item


def repeated(rng: random.Random) -> Row:
    """Noise that comes again and again."""
    noise = [rng.randrange(FIRST_WORD, len(VOCABULARY)) for _ in range(rng.randint(8, 40))]
    tokens = (noise * (LENGTH // len(noise) + 1))[:LENGTH]
    return [(BOS, 0.0), *((token, 0.0 if place < len(noise) else 1.0) for place, token in enumerate(tokens))]


def row(rng: random.Random, now: Mix) -> Row:
    """One row, padded to LENGTH + 1."""
    draw = rng.random()
    made = repeated(rng) if draw < now.repeats else practice(rng) if draw < now.repeats + now.skills else reading(rng, now)
    return made + [(PAD, 0.0)] * (LENGTH + 1 - len(made))


def batch(seed: int, step: int, rows: int, progress: float) -> list[Row]:
    """The rows of one step."""
    rng = random.Random(f"{seed} {step}")
    now = mix(progress)
    return [row(rng, now) for _ in range(rows)]
