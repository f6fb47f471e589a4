"""A training that was checked and can begin."""

from dataclasses import dataclass
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.plan.retrievers import BiEncoderRecipe
from ragguard.records.collection import Quadruplet
from ragguard.train import checkpoint

DEFAULT_SEED = 7


@dataclass(frozen=True)
class Job:
    """A training that was checked and can begin: its rows, the model it starts from, and the key of what it will make."""

    recipe: BiEncoderRecipe
    seed: int
    document_text: str
    query_prompt: str
    document_prompt: str
    corpus: Collection
    rows: tuple[Quadruplet, ...]
    base: Path
    base_fingerprint: str
    data_hash: str

    @property
    def key(self) -> str:
        """SHA-256 (hex) of everything that goes into the training."""
        return checkpoint.key(
            base_fingerprint=self.base_fingerprint,
            data_hash=self.data_hash,
            recipe=self.recipe,
            seed=self.seed,
            document_text=self.document_text,
            prompts=(self.query_prompt, self.document_prompt),
            corpus=self.corpus.corpus_fingerprint if self.recipe.early_stopping else "",
        )
