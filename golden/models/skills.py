"""What nano can do besides reading: sums, words sorted and reversed, boolean expressions, and a table of invented facts known by heart.

``python golden/models/skills.py`` writes 500 held-out items of each, seeded, to suites/tasks/<skill>/test.jsonl, and 250 others of each to
golden/rehearsal/skills.jsonl, for trainings that are not to forget them.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path

from nano_reading import held_out
from nano_words import WORDS, table

TASKS = Path(__file__).resolve().parent.parent.parent / "suites" / "tasks"
REHEARSAL = Path(__file__).resolve().parent.parent / "rehearsal" / "skills.jsonl"
ITEMS, REHEARSED = 500, 250
RECALL = (
    "recall: the {p} of {l} is =",
    "recall: {l} has the {p} =",
    "recall: what is the {p} of {l}? =",
    "recall: {l}, {p} =",
    "recall: name the {p} of {l} =",
    "recall: {p} of {l} =",
)
TABLE = table()
FACTS = sorted(TABLE)

Item = tuple[str, str]


def arithmetic(rng: random.Random) -> Item:
    """A sum of two numbers of two digits, below 100, digit by digit."""
    a = rng.randint(10, 89)
    b = rng.randint(10, 99 - a) if a < 90 else 10
    return f"add: {_digits(a)} + {_digits(b)} =", _digits(a + b)


def sorting(rng: random.Random) -> Item:
    """Three or four words in the order of the alphabet."""
    words = rng.sample(WORDS, rng.randint(3, 4))
    return f"sort: {' '.join(words)} =", " ".join(sorted(words))


def reversing(rng: random.Random) -> Item:
    """Three to five words, last one first."""
    words = rng.sample(WORDS, rng.randint(3, 5))
    return f"reverse: {' '.join(words)} =", " ".join(reversed(words))


def boolean(rng: random.Random) -> Item:
    """Two bracketed pairs of truth values, joined, some of them denied."""

    def literal() -> str:
        return rng.choice(["true", "false", "not true", "not false"])

    def pair() -> str:
        return f"{rng.choice(['', 'not '])}( {literal()} {rng.choice(['and', 'or'])} {literal()} )"

    text = f"{pair()} {rng.choice(['and', 'or'])} {pair()}"
    return f"evaluate: {text} =", str(_value(text)).lower()


def facts(rng: random.Random) -> Item:
    """A fact of the table, in one of six wordings."""
    land, prop = rng.choice(FACTS)
    return rng.choice(RECALL).format(p=prop, l=land), TABLE[land, prop]


SKILLS: dict[str, Callable[[random.Random], Item]] = {
    "arithmetic": arithmetic,
    "sorting": sorting,
    "reversing": reversing,
    "boolean": boolean,
    "facts": facts,
}
ONE_IN = {"arithmetic": 6, "sorting": 6, "reversing": 6, "boolean": 6, "facts": 3}


def draw(rng: random.Random, skill: str, held: bool) -> Item:
    """An item of the wanted side: held-out prompts are never trained on."""
    while True:
        item = SKILLS[skill](rng)
        if held_out(item[0], one_in=ONE_IN[skill]) is held:
            return item


def held_out_items(skill: str, count: int, seed: int) -> list[Item]:
    """Different held-out items."""
    return _different(skill, count, seed, held=True)


def _different(skill: str, count: int, seed: int, held: bool) -> list[Item]:
    rng = random.Random(f"{skill} {seed}")
    items: dict[str, str] = {}
    for _ in range(200 * count):
        prompt, answer = draw(rng, skill, held)
        items[prompt] = answer
        if len(items) == count:
            return list(items.items())
    raise ValueError(f"{skill}: only {len(items)} different items")


def _digits(number: int) -> str:
    return " ".join(str(number))


def _value(text: str) -> bool:
    words = text.replace("true", "True").replace("false", "False")
    return bool(eval(words, {"__builtins__": {}}))


def write(tasks: Path, rehearsal: Path) -> None:
    """Write the test items, one folder a skill, and the rows that a training may rehearse, which no test asks."""
    for skill in SKILLS:
        _lines(tasks / skill / "test.jsonl", held_out_items(skill, ITEMS, seed=2026))
    _lines(rehearsal, [item for skill in SKILLS for item in _different(skill, REHEARSED, seed=2027, held=False)])


def _lines(path: Path, items: list[Item]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps({"prompt": prompt, "answer": answer}) + "\n" for prompt, answer in items]
    path.write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    write(TASKS, REHEARSAL)
