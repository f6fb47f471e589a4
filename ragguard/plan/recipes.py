"""What a plan may say of how models are trained, and of how a candidate's encoder is."""

from typing import Any, Literal

from pydantic import Field

from ragguard.plan.base import Model


class EarlyStopping(Model):
    """Stop when nDCG@10 over the whole corpus, on a dev split cut from the training data by intent, stops rising."""

    dev_share: float = Field(0.1, gt=0, lt=0.5, description="Share of the training intents kept for the dev split")
    patience: int = Field(2, ge=1, description="Evaluations without improvement before training stops")
    evaluations_per_epoch: int = Field(1, ge=1)


class Recipe(Model):
    """What every recipe says. ``arguments`` go to the training arguments of sentence-transformers as they are."""

    base: str = Field(description="Hub id or folder of the model to start from")
    revision: str | None = None
    data: str = Field(description="JSONL of quadruplets or pairs, relative to the plan")
    epochs: float = Field(1, gt=0)
    batch_size: int = Field(16, ge=2)
    learning_rate: float = Field(2e-5, gt=0)
    max_rows: int | None = Field(None, ge=1, description="Cap on training rows, drawn by intent with the seed; said in the provenance")
    max_seq_length: int | None = Field(None, ge=8)
    seed: int | None = Field(None, description="Default: the plan's seed")
    trust_remote_code: bool = False
    allow_pickle: bool = Field(False, description="Accept weights that are not safetensors")
    device: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)


class RetrieverRecipe(Recipe):
    """What every recipe of a bi-encoder says."""

    early_stopping: EarlyStopping | None = None


class BiEncoderRecipe(RetrieverRecipe):
    """Fine-tune a bi-encoder with sentence-transformers."""

    recipe: Literal["biencoder"]
    loss: Literal["multiple-negatives", "cached-multiple-negatives", "triplet", "cosent"] = "multiple-negatives"
    matryoshka: list[int] = Field(default_factory=list, description="Dimensions, largest first, that MatryoshkaLoss wraps the loss with")
    hard_negatives: bool = Field(True, description="Use the hard negatives of the rows")
    spoil: Literal["shuffled-positives", "swapped-negatives"] | None = Field(
        None, description="Spoil the training on purpose, to test a gate: positives of other rows, or hard negatives for positives"
    )
