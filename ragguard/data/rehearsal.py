"""General prompts and their answers, which a training rehearses so as not to forget them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ragguard.data.formats.tables import json_lines
from ragguard.data.problems import Problems
from ragguard.plan.source import display

EXPECTED = 'rows of rehearsal: JSON lines with "prompt" and "answer"'


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A prompt as it stands, without any template, and what is to be said after it."""

    prompt: str
    answer: str


def load_rehearsal(path: Path) -> list[Rehearsed]:
    """Read rows of rehearsal.

    Raises:
        InputError: with every row that is malformed, or has no prompt or no answer.
    """
    problems, rows = Problems(), list[Rehearsed]()
    for fields in json_lines(path, EXPECTED, problems):
        row = Rehearsed(fields.text("prompt"), fields.text("answer"))
        for key in ("prompt", "answer"):
            if not getattr(row, key).strip():
                fields.wrong(f"has no {key}", f"expected {EXPECTED}")
        rows.append(row)
    if not rows and not len(problems):
        problems.add(display(path), "there is no row", f"expected {EXPECTED}")
    problems.raise_if_any()
    return rows


def count(share: float, others: int) -> int:
    """Return how many rows of rehearsal make up a ``share`` of all rows, beside so many others: one at least."""
    return max(1, round(share / (1 - share) * others))


def draw(rows: Sequence[Rehearsed], number: int, generator: np.random.Generator) -> list[Rehearsed]:
    """Draw so many rows: each once before any comes again."""
    rounds = [generator.permutation(len(rows)) for _ in range(-(-number // len(rows)))]
    return [rows[int(i)] for i in np.concatenate(rounds)[:number]]
