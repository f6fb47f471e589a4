"""A training that was checked and can begin."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ragguard.data.collection import Collection
from ragguard.data.quadruplets import load_quadruplets
from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.recipes import BiEncoderRecipe, Recipe, RetrieverRecipe
from ragguard.plan.replug import ReplugRecipe
from ragguard.plan.source import display
from ragguard.plan.stages import CrossEncoderRecipe
from ragguard.records.collection import Quadruplet
from ragguard.systems.causal import CausalGenerator
from ragguard.systems.fingerprints import digest, folder_digest
from ragguard.systems.templates import validate_for
from ragguard.systems.weights import resolve
from ragguard.train import checkpoint
from ragguard.train.rows import refuse_golden

DEFAULT_SEED = 7


@dataclass(frozen=True)
class Ground:
    """What any training stands on, checked: its rows, the model it starts from, and what the key of its checkpoint is made of."""

    seed: int
    document_text: str
    corpus: Collection
    rows: tuple[Quadruplet, ...]
    base: Path
    base_fingerprint: str
    data_hash: str

    def key(self, recipe: Recipe, more: Mapping[str, Any]) -> str:
        """SHA-256 (hex) of everything that goes into the training; ``more`` is what goes into this kind of it alone."""
        return checkpoint.key(
            base_fingerprint=self.base_fingerprint,
            data_hash=self.data_hash,
            recipe=recipe,
            seed=self.seed,
            document_text=self.document_text,
            more=more,
        )

    def about(self, recipe: Recipe, key: str) -> dict[str, Any]:
        """What every provenance says."""
        return {
            "key": key,
            "base": {"model": recipe.base, "fingerprint": self.base_fingerprint},
            "data": {"file": recipe.data, "hash": self.data_hash, "rows_in_file": len(self.rows)},
            "recipe": recipe.model_dump(mode="json"),
            "seed": self.seed,
            "document_text": self.document_text,
            "versions": checkpoint.versions(),
        }


@dataclass(frozen=True)
class EncoderJob(ABC):
    """A training of a bi-encoder, of either kind."""

    recipe: RetrieverRecipe
    ground: Ground
    query_prompt: str
    document_prompt: str

    @property
    @abstractmethod
    def key(self) -> str:
        """SHA-256 (hex) of everything that goes into the training."""


@dataclass(frozen=True)
class BiEncoderJob(EncoderJob):
    """A training on pairs of queries and documents."""

    recipe: BiEncoderRecipe

    @property
    def key(self) -> str:
        """SHA-256 (hex) of everything that goes into the training; the corpus does where early stopping searches it."""
        corpus = self.ground.corpus.corpus_fingerprint if self.recipe.early_stopping else ""
        return self.ground.key(self.recipe, {"prompts": [self.query_prompt, self.document_prompt], "corpus": corpus})


@dataclass(frozen=True)
class ReplugJob(EncoderJob):
    """A training on what a language model makes of the documents."""

    recipe: ReplugRecipe
    generator: CausalGenerator

    @property
    def key(self) -> str:
        """SHA-256 (hex) of everything that goes into the training; the corpus is searched, and the language model asked."""
        asked = {"corpus": self.ground.corpus.corpus_fingerprint, "generator": self.generator.fingerprint}
        return self.ground.key(self.recipe, {"prompts": [self.query_prompt, self.document_prompt], **asked})


@dataclass(frozen=True)
class CrossEncoderJob:
    """A training of a cross-encoder."""

    recipe: CrossEncoderRecipe
    ground: Ground

    def key(self, retriever: str) -> str:
        """SHA-256 (hex) of everything that goes into the training; retriever (its fingerprint) and corpus do where negatives are mined."""
        mined = {"retriever": retriever, "corpus": self.ground.corpus.corpus_fingerprint} if self.recipe.negatives else {}
        return self.ground.key(self.recipe, {"mined": mined})


def ground(
    recipe: Recipe,
    document_text: str,
    corpus: Collection,
    golden_queries: Mapping[str, str],
    base_dir: Path,
    *,
    answered: bool = False,
) -> Ground:
    """Check everything that a training needs, without loading a model. ``golden_queries`` maps id to text.

    Where rows must be ``answered``, one without a gold answer is wrong.

    Raises:
        InputError: rows, base model or template are missing or wrong, or a row's query stands in the golden set.
        CannotJudge: the hub cannot be reached.
    """
    validate_for(document_text, corpus)
    rows = rows_of(recipe.data, corpus, golden_queries, base_dir, answered=answered)
    base = _base(recipe, base_dir)
    seed = DEFAULT_SEED if recipe.seed is None else recipe.seed
    return Ground(seed, document_text, corpus, rows, base, folder_digest(base), digest([asdict(row) for row in rows]))


def rows_of(
    data: str, corpus: Collection, golden_queries: Mapping[str, str], base_dir: Path, *, answered: bool = False
) -> tuple[Quadruplet, ...]:
    """Read the rows of a training file.

    Raises:
        InputError: there is no such file, rows are wrong, or a row's query stands in the golden set.
    """
    path = base_dir / Path(data).expanduser()
    if not path.is_file():
        raise InputError(Problem(display(path), "there is no such training file", "check data: it is relative to the plan"))
    rows = tuple(load_quadruplets(path, corpus, answered=answered))
    refuse_golden(rows, golden_queries, display(path))
    return rows


def _base(recipe: Recipe, base_dir: Path) -> Path:
    try:
        return resolve(recipe.base, revision=recipe.revision, base=base_dir, allow_pickle=recipe.allow_pickle)
    except MissingExtra as missing:
        # The extra that brings models does not bring the trainer: naming it would send people to pip twice.
        raise MissingExtra("train", "training") from missing
