"""What a generator is trained on: its rows divided, given their documents, and made into examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ragguard.data.raft import Posed, pose
from ragguard.data.rehearsal import count, draw
from ragguard.errors import InputError, Problem
from ragguard.records.collection import Document, Quadruplet
from ragguard.systems.protocols import Progress, Retriever, Vault
from ragguard.train.examples import Example, Writer, abstention
from ragguard.train.generatorjob import GeneratorJob
from ragguard.train.mining import group, mine
from ragguard.train.rows import SHOWN, Split, cap, kept_out
from ragguard.train.spoil import spoil

SPARE = 8
"""Documents that are drawn for a row beyond those that its prompt needs, for what may turn out to be right for its intent."""


@dataclass(frozen=True)
class Material:
    """What is trained on and stopped by, as examples; the rows of rehearsal come last, and ``left_out`` of them were too long."""

    train: list[Example]
    dev: list[Example]
    rehearsed: int
    left_out: int


def divide(job: GeneratorJob) -> Split:
    """Cap the rows, keep whole intents for the dev split where it has no file of its own, and spoil the others where the recipe says so.

    The seed decides.

    Raises:
        InputError: too few intents for a dev split, or no row can be spoiled so.
    """
    recipe, generator = job.recipe, np.random.default_rng(job.ground.seed)
    rows, stopping = cap(job.ground.rows, recipe.max_rows, generator), recipe.early_stopping
    cut = stopping is not None and stopping.dev is None
    kept = kept_out(rows, stopping.dev_share, recipe.data, generator) if stopping is not None and cut else set()
    train = [row for row in rows if row.intent not in kept]
    train = spoil(train, recipe.spoil, recipe.data, generator, share=recipe.spoil_share, refusal=abstention(recipe))
    return Split(tuple(train), tuple(row for row in rows if row.intent in kept) if cut else job.dev)


def prepare(job: GeneratorJob, split: Split, write: Writer, ranking: Retriever | None, vault: Vault, progress: Progress) -> Material:
    """Make the examples of a training. Raises InputError with the rows that do not fit, up to 20, and CannotJudge as mining does."""
    maker = _Maker(job, write, _found(job, (*split.train, *split.dev), ranking, vault, progress))
    train, dev = (maker.examples(rows, stream) for stream, rows in enumerate((split.train, split.dev), 1))
    rehearsal = job.recipe.rehearsal
    if rehearsal is None:
        return Material(train, dev, 0, 0)
    fitting = [(row, example) for row in job.rehearsal if (example := write.rehearsed(row)) is not None]
    if not fitting:
        what = "no row of rehearsal is as short as the model reads"
        raise InputError(Problem(rehearsal.data, what, "raise max_seq_length, or give shorter rows"))
    examples = dict(fitting)
    drawn = draw(list(examples), count(rehearsal.share, len(train)), np.random.default_rng([job.ground.seed, 3]))
    left_out = len(job.rehearsal) - len(fitting)
    return Material([*train, *(examples[row] for row in drawn)], dev, len(drawn), left_out)


def _found(
    job: GeneratorJob, rows: Sequence[Quadruplet], ranking: Retriever | None, vault: Vault, progress: Progress
) -> Mapping[str, Sequence[str]]:
    """Ids that distractors are taken from, by query: of the ranking, or drawn."""
    if job.recipe.rows != "raft":
        return {}
    if job.mined:
        if ranking is None:
            raise ValueError("distractors are mined with a ranking")
        return mine(ranking, job.ground.corpus, rows, job.recipe.raft.mine_depth, vault, progress)
    generator, ids = np.random.default_rng([job.ground.seed, 0]), job.ground.corpus.ids
    number = min(len(ids), job.plan.contexts + SPARE)
    return {row.query: [ids[i] for i in generator.choice(len(ids), size=number, replace=False)] for row in rows}


@dataclass(frozen=True)
class _Maker:
    """Makes examples of rows; ``found`` are the ids that their distractors are taken from, by query."""

    job: GeneratorJob
    write: Writer
    found: Mapping[str, Sequence[str]]

    @cached_property
    def every(self) -> tuple[Quadruplet, ...]:
        """All rows that say what is right for an intent."""
        return (*self.job.ground.rows, *self.job.dev)

    @cached_property
    def right(self) -> Mapping[str, frozenset[str]]:
        """Ids and texts of what is right, by intent."""
        found: dict[str, set[str]] = {}
        for row in self.every:
            found.setdefault(row.intent, set()).update((row.positive.id, row.positive.text))
        return {intent: frozenset(names) for intent, names in found.items()}

    def examples(self, rows: Sequence[Quadruplet], stream: int) -> list[Example]:
        """Return the examples of rows; whatever is drawn for them is of a stream of its own. Raises InputError with those not fit."""
        examples, problems = list[Example](), list[Problem]()
        for posed in self._posed(rows, np.random.default_rng([self.job.ground.seed, stream])):
            try:
                examples.append(self._example(posed))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems[:SHOWN])
        return examples

    def _example(self, posed: Posed) -> Example:
        example = self.write.posed(posed)
        if self.job.recipe.objective is None:
            return example
        return self.write.with_contrast(example, posed.row, self.right[posed.row.intent], self.job.ground.document_text)

    def _posed(self, rows: Sequence[Quadruplet], generator: np.random.Generator) -> list[Posed]:
        if self.job.recipe.rows != "raft":
            return [Posed(row, (row.positive,), row.positive) for row in rows]
        contexts = self.job.plan.contexts
        groups = group(rows, self.every, self.found, contexts, self.job.ground.corpus)
        others = [self._in_order(row, each.negatives) for row, each in zip(rows, groups, strict=True)]
        return pose(rows, others, contexts, self.job.recipe.raft.without_oracle, generator)

    def _in_order(self, row: Quadruplet, negatives: Sequence[Document]) -> list[Document]:
        """A ranking's documents as it has them, and then what it has not; with drawn ones, the row's own first."""
        if self.job.mined:
            places = {name: place for place, name in enumerate(self.found[row.query])}
            return sorted(negatives, key=lambda document: places.get(document.id, len(places)))
        return _own_first(row, negatives)


def _own_first(row: Quadruplet, negatives: Sequence[Document]) -> list[Document]:
    own = [document for document in (row.hard_negative, row.easy_negative) if document is not None]
    return [*own, *(document for document in negatives if document not in own)]
