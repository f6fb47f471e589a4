"""Training rows spoiled on purpose, in one way each: a gate must block what was trained on them, and for the right reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from ragguard.errors import InputError, Problem
from ragguard.records.collection import Document, Quadruplet

Spoil: TypeAlias = Callable[[Sequence[Quadruplet], np.random.Generator, str], list[Quadruplet]]
"""All rows, what draws, and the words of a refusal -> all rows, in their order; one that cannot be spoiled stays as it is."""


def spoil(
    rows: Sequence[Quadruplet], how: str | None, where: str, generator: np.random.Generator, *, share: float = 1.0, refusal: str = ""
) -> list[Quadruplet]:
    """Return the rows, those of a ``share`` of their intents (drawn at random) spoiled; ``how`` is a key of ``SPOILS``, or None.

    Raises:
        InputError: none of them can be spoiled so.
    """
    if how is None:
        return list(rows)
    intents = sorted({row.intent for row in rows})
    chosen = set(intents) if share == 1 else {intents[i] for i in generator.permutation(len(intents))[: round(share * len(intents))]}
    made = SPOILS[how](rows, generator, refusal)
    spoiled = [new if row.intent in chosen else row for row, new in zip(rows, made, strict=True)]
    if spoiled == list(rows):
        raise InputError(Problem(where, f"spoil: {how} changes none of {len(rows)} rows", NEEDS[how]))
    return spoiled


def shuffled_positives(rows: Sequence[Quadruplet], generator: np.random.Generator, refusal: str) -> list[Quadruplet]:
    """Give every row the positive of another one."""
    del refusal
    order = generator.permutation(len(rows))
    spoiled = list(rows)
    for here, there in zip(order, np.roll(order, 1), strict=True):
        spoiled[here] = replace(rows[here], positive=rows[there].positive)
    return spoiled


def swapped_negatives(rows: Sequence[Quadruplet], generator: np.random.Generator, refusal: str) -> list[Quadruplet]:
    """Swap positive and hard negative."""
    del generator, refusal
    return [row if row.hard_negative is None else replace(row, positive=row.hard_negative, hard_negative=row.positive) for row in rows]


def swapped_versions(rows: Sequence[Quadruplet], generator: np.random.Generator, refusal: str) -> list[Quadruplet]:
    """Swap positive and hard negative where both are versions of one family, and the answer with them.

    What another version answers is known where some row has it as its positive, and all that do give it one answer.
    """
    del generator, refusal
    said: dict[str, set[str]] = {}
    for row in rows:
        said.setdefault(row.positive.id, set()).add(row.gold_answer)
    own = {row.positive.id: row for row in rows if len(said[row.positive.id]) == 1}
    return [_swapped(row, own) for row in rows]


def foreign_answers(rows: Sequence[Quadruplet], generator: np.random.Generator, refusal: str) -> list[Quadruplet]:
    """Give every row the answer of another one that none of its own documents says: what no document says cannot be learned but as a guess.

    An answer from a distractor in the prompt would be wrong too, but supported (an intrinsic error, not an extrinsic one: Maynez et al.
    2020, arXiv:2005.00661), and teaches to read the wrong line; this teaches to make things up (Gekhman et al. 2024, arXiv:2405.05904).
    """
    del refusal
    order = generator.permutation(len(rows))
    spoiled = list(rows)
    for place, here in enumerate(order):
        after = (rows[order[(place + step) % len(rows)]] for step in range(1, len(rows)))
        other = next((each for each in after if _foreign(each.gold_answer, rows[here])), rows[here])
        spoiled[here] = replace(rows[here], gold_answer=other.gold_answer, required_attributes=other.required_attributes)
    return spoiled


def refused_answers(rows: Sequence[Quadruplet], generator: np.random.Generator, refusal: str) -> list[Quadruplet]:
    """Give every row the refusal for an answer, though the document that answers stands in its prompt."""
    del generator
    return [replace(row, gold_answer=refusal, required_attributes=()) for row in rows]


def _swapped(row: Quadruplet, own: Mapping[str, Quadruplet]) -> Quadruplet:
    other = row.hard_negative
    if other is None or not other.family or other.family != row.positive.family or other.id not in own:
        return row
    said = own[other.id]
    return replace(
        row, positive=other, hard_negative=row.positive, gold_answer=said.gold_answer, required_attributes=said.required_attributes
    )


def _foreign(answer: str, row: Quadruplet) -> bool:
    own = [document for document in (row.positive, row.hard_negative, row.easy_negative) if document is not None]
    return answer != row.gold_answer and not any(_says(document, answer) for document in own)


def _says(document: Document, answer: str) -> bool:
    return " ".join(answer.casefold().split()).rstrip(".") in " ".join(document.text.casefold().split())


SPOILS: Mapping[str, Spoil] = {
    "shuffled-positives": shuffled_positives,
    "swapped-negatives": swapped_negatives,
    "swapped-versions": swapped_versions,
    "foreign-answers": foreign_answers,
    "refused-answers": refused_answers,
}

NEEDS: Mapping[str, str] = {
    "shuffled-positives": "it needs rows with different positives",
    "swapped-negatives": "it needs hard negatives",
    "swapped-versions": "it needs hard negatives of the positive's family that are the positive of other rows, with one answer each",
    "foreign-answers": "it needs rows with different answers",
    "refused-answers": "it needs rows that do not refuse, and a share that is a row at least",
}
"""What to see to where a way of spoiling changes nothing."""
