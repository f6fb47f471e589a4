"""Training prompts as retrieval would fill them: the document that answers among others, or left out, and what is to be said.

RAFT: Adapting Language Model to Domain Specific RAG (Zhang et al. 2024, arXiv:2403.10131).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ragguard.records.collection import Document, Quadruplet

_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Posed:
    """A training question: the documents of its prompt, in order, and the row that it was made of.

    ``oracle`` is the document that answers, None where the prompt lacks it.
    """

    row: Quadruplet
    documents: tuple[Document, ...]
    oracle: Document | None


def pose(
    rows: Sequence[Quadruplet],
    distractors: Sequence[Sequence[Document]],
    contexts: int,
    without_oracle: float,
    generator: np.random.Generator,
) -> list[Posed]:
    """Pose every row's question with at most ``contexts`` documents, in an order drawn at random.

    The first of a row's ``distractors`` stand beside the document that answers; in a share of the rows, drawn at random and rounded to
    whole rows, one more stands in its place. A row without any distractor keeps it.
    """
    bare = {int(i) for i in generator.permutation(len(rows))[: round(without_oracle * len(rows))]}
    posed = []
    for i, (row, others) in enumerate(zip(rows, distractors, strict=True)):
        oracle = None if i in bare and others else row.positive
        documents = [*others[:contexts]] if oracle is None else [oracle, *others[: contexts - 1]]
        order = generator.permutation(len(documents))
        posed.append(Posed(row, tuple(documents[place] for place in order), oracle))
    return posed


def target(posed: Posed, shown: Sequence[Document], reasoning: str, abstention: str) -> str:
    """Return what is to be said: the gold answer with what ``reasoning`` wants beside it.

    ``shown`` are the documents that the prompt holds in the end. ``citation`` ends the answer with the number of the one that answers,
    ``quotes`` begins it with the sentences that say it; where the prompt lacks that document, the ``abstention`` stands in for all of
    it, or the answer stands alone if that is empty. An answer that is the abstention has nothing beside it.
    """
    answer = posed.row.gold_answer.strip()
    places = [number for number, document in enumerate(shown, 1) if posed.oracle is not None and document.id == posed.oracle.id]
    if not places or answer == abstention:
        return abstention or answer
    if reasoning == "citation":
        return f"{answer} [{places[0]}]"
    if reasoning == "quotes":
        found = evidence(shown[places[0] - 1].text, answer, posed.row.required_attributes)
        return " ".join([*(f"##begin_quote##{sentence}##end_quote##" for sentence in found), answer])
    return answer


def evidence(text: str, answer: str, required: Sequence[str]) -> list[str]:
    """Return the sentences of a text that say an answer, in its order.

    For each of the ``required`` attributes (without any, the answer as a whole) it is the first sentence that has it word by word,
    case aside; where none has any of them, the one sentence that shares most words with the answer.
    """
    sentences = [sentence.strip() for sentence in _SENTENCES.split(text) if sentence.strip()]
    found = {next((i for i, sentence in enumerate(sentences) if _said(wanted, sentence)), None) for wanted in required or (answer,)}
    places = sorted(place for place in found if place is not None)
    if not places and sentences:
        words = _bag(answer)
        places = [max(range(len(sentences)), key=lambda i: (len(words & _bag(sentences[i])), -i))]
    return [sentences[place] for place in places]


def _said(wanted: str, sentence: str) -> bool:
    return " ".join(wanted.casefold().split()).rstrip(".") in " ".join(sentence.casefold().split())


def _bag(text: str) -> set[str]:
    return set(_WORDS.findall(text.casefold()))
