"""A training of a generator that was checked and can begin."""

from dataclasses import asdict, dataclass
from pathlib import Path

from ragguard.data.rehearsal import Rehearsed
from ragguard.plan.generators import CausalGenerator
from ragguard.plan.lora import LoraRecipe
from ragguard.records.collection import Quadruplet
from ragguard.systems.fingerprints import digest, folder_digest
from ragguard.systems.prompts import Prompt
from ragguard.train import checkpoint
from ragguard.train.job import Ground

LIBRARIES = ("peft",)
"""What trains adapters, beside what every training goes through."""

ASKED = ("contexts", "chat", "max_new_tokens", "max_input_tokens")
"""Keys of the generator that decide what its prompts hold."""


@dataclass(frozen=True)
class GeneratorJob:
    """A training of a generator. ``plan`` is the generator as it is asked, on the base and without an adapter."""

    recipe: LoraRecipe
    plan: CausalGenerator
    ground: Ground
    prompt: Prompt
    tokenizer: Path
    dev: tuple[Quadruplet, ...] = ()
    rehearsal: tuple[Rehearsed, ...] = ()

    @property
    def mined(self) -> bool:
        """Whether distractors are mined with the candidate's own ranking."""
        return self.recipe.rows == "raft" and self.recipe.raft.distractors == "mined"

    def key(self, retriever: str) -> str:
        """SHA-256 (hex) of everything that goes into the training; the corpus does where distractors are taken from it, and
        retriever (its fingerprint) where they are mined.
        """
        return self.ground.key(
            _without_names(self.recipe),
            {
                "prompt": dict(self.prompt.identity),
                "asked": {key: getattr(self.plan, key) for key in ASKED},
                "tokenizer": folder_digest(self.tokenizer),
                "corpus": self.ground.corpus.corpus_fingerprint if self.recipe.rows == "raft" else "",
                "retriever": retriever if self.mined else "",
                "dev": digest([asdict(row) for row in self.dev]),
                "rehearsal": digest([asdict(row) for row in self.rehearsal]),
                "versions_too": checkpoint.versions(LIBRARIES),
            },
        )


def _without_names(recipe: LoraRecipe) -> LoraRecipe:
    """The recipe without the names of its files, which count by content."""
    stopping, rehearsal = recipe.early_stopping, recipe.rehearsal
    return recipe.model_copy(
        update={
            "early_stopping": stopping and stopping.model_copy(update={"dev": stopping.dev and "a file"}),
            "rehearsal": rehearsal and rehearsal.model_copy(update={"data": ""}),
        }
    )
