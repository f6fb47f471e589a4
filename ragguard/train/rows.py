"""Training rows: what is taken of them, what is kept for the dev split, and the columns that a loss wants."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ragguard.data.audit import overlaps
from ragguard.errors import InputError, Problem
from ragguard.plan.recipes import BiEncoderRecipe, RetrieverRecipe
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.templates import render
from ragguard.train.spoil import spoil

SHOWN = 20
WITH_NEGATIVES = ("triplet", "cosent")


@dataclass(frozen=True)
class Split:
    """The rows to train on, and those kept for early stopping (none without it). No intent is in both."""

    train: tuple[Quadruplet, ...]
    dev: tuple[Quadruplet, ...]


def refuse_golden(rows: Sequence[Quadruplet], golden: Mapping[str, str], where: str) -> None:
    """Refuse to train on queries of a golden set. Raises as ``refuse_texts``."""
    refuse_texts([row.query for row in rows], golden, where)


def refuse_texts(texts: Sequence[str], golden: Mapping[str, str], where: str) -> None:
    """Refuse to train on texts that no training may see (id -> text), exact or nearly.

    Raises:
        InputError: naming each pair, up to 20.
    """
    ids: dict[str, str] = {}
    for id_, text in golden.items():
        ids.setdefault(text, id_)
    found = overlaps(texts, golden.values())
    if not found:
        return
    problems = [
        Problem(
            where,
            f"the training query {pair.train!r} is golden query {ids[pair.golden]} {pair.golden!r} (similarity {pair.similarity:.2f})",
        )
        for pair in found[:SHOWN]
    ]
    more = f" ({len(found)} such pairs)" if len(found) > SHOWN else ""
    raise InputError([*problems, Problem(where, f"training on what the gate asks would void the gate{more}", "remove these rows")])


def divide(rows: Sequence[Quadruplet], recipe: RetrieverRecipe, seed: int) -> Split:
    """Cap the rows, keep whole intents for the dev split, and spoil the others where the recipe says so. The seed decides.

    Raises:
        InputError: too few intents for a dev split, or no row can be spoiled so.
    """
    generator = np.random.default_rng(seed)
    rows = cap(rows, recipe.max_rows, generator)
    dev: set[str] = set()
    if recipe.early_stopping is not None:
        dev = kept_out(rows, recipe.early_stopping.dev_share, recipe.data, generator)
    train = [row for row in rows if row.intent not in dev]
    if isinstance(recipe, BiEncoderRecipe):
        train = spoil(train, recipe.spoil, recipe.data, generator)
    return Split(tuple(train), tuple(row for row in rows if row.intent in dev))


def kept_out(rows: Sequence[Quadruplet], share: float, where: str, generator: np.random.Generator) -> set[str]:
    """Return the intents, a share of all and one at least, that a dev split has for itself.

    Raises:
        InputError: there are fewer than two.
    """
    intents = sorted({row.intent for row in rows})
    if len(intents) < 2:
        raise InputError(Problem(where, "early stopping needs rows of two intents at least", "add rows, or leave early_stopping out"))
    count = min(len(intents) - 1, max(1, round(share * len(intents))))
    return {intents[i] for i in generator.choice(len(intents), size=count, replace=False)}


def cap(rows: Sequence[Quadruplet], most: int | None, generator: np.random.Generator) -> list[Quadruplet]:
    """Return at most so many rows, those of whole intents, drawn at random, but for the last."""
    if most is None or len(rows) <= most:
        return list(rows)
    intents = sorted({row.intent for row in rows})
    sizes = Counter(row.intent for row in rows)
    left, taken = most, dict[str, int]()
    for i in generator.permutation(len(intents)):
        taken[intents[i]] = min(left, sizes[intents[i]])
        left -= taken[intents[i]]
    kept = []
    for row in rows:
        if taken[row.intent]:
            taken[row.intent] -= 1
            kept.append(row)
    return kept


def columns(rows: Sequence[Quadruplet], recipe: BiEncoderRecipe, template: str) -> dict[str, list[str] | list[float]]:
    """Return the columns that the recipe's loss wants, documents as the template renders them.

    ``anchor, positive`` and ``negative`` where hard negatives are used; for cosent ``sentence1, sentence2, score``, two rows each.

    Raises:
        InputError: a loss that needs negatives, or ``hard_negatives``, and rows without.
    """
    anchors, positives = [row.query for row in rows], [render(template, row.positive) for row in rows]
    negatives = [render(template, document) for document in _negatives(rows, recipe)]
    if recipe.loss == "cosent":
        scores = [1.0] * len(positives) + [0.0] * len(negatives)
        return {"sentence1": anchors * 2, "sentence2": positives + negatives, "score": scores}
    if negatives:
        return {"anchor": anchors, "positive": positives, "negative": negatives}
    return {"anchor": anchors, "positive": positives}


def _negatives(rows: Sequence[Quadruplet], recipe: BiEncoderRecipe) -> list[Document]:
    """The hard negative of each row, or its easy one; none where the recipe wants none, or no row has any."""
    needed = recipe.loss in WITH_NEGATIVES
    if not recipe.hard_negatives and not needed:
        return []
    found = [row.hard_negative or row.easy_negative for row in rows]
    documents = [document for document in found if document is not None]
    if len(documents) == len(rows) or (not documents and not needed):
        return documents
    what = f"{len(rows) - len(documents)} of {len(rows)} rows have no negative"
    fix = "give every row a hard or an easy negative" + ("" if needed else ", or say hard_negatives: false")
    raise InputError(
        Problem(recipe.data, f"{what}, and loss: {recipe.loss} {'needs one' if needed else 'with hard_negatives uses one'}", fix)
    )


def told(rows: Sequence[Quadruplet], recipe: BiEncoderRecipe) -> list[dict[str, Any]]:
    """Say of each row of ``columns`` what it is, by the ids of its documents."""
    found = [
        {
            "query": row.query,
            "intent": row.intent,
            "positive": row.positive.id,
            "negative": negative.id if (negative := row.hard_negative or row.easy_negative) is not None else "",
        }
        for row in rows
    ]
    return found * 2 if recipe.loss == "cosent" else found
