"""What a plan may say of how an encoder learns from a language model."""

from typing import Literal

from pydantic import Field, field_validator

from ragguard.plan.generators import CausalGenerator
from ragguard.plan.recipes import RetrieverRecipe


class ReplugRecipe(RetrieverRecipe):
    """Have a bi-encoder prefer the documents from which a language model would give the gold answers.

    That is REPLUG LSR (Shi et al. 2023, arXiv:2301.12652): over the first k documents of each query, the softmax of the similarities is
    moved towards that of the model's log-likelihood of the gold answer, given each document alone.
    """

    recipe: Literal["replug"]
    generator: CausalGenerator = Field(description="The language model to learn from; it is not trained")
    k: int = Field(8, ge=2, description="Documents a query, the first by similarity")
    keep_positive: bool = Field(True, description="The row's positive is one of them: in the place of the last, where it is not found")
    temperature_retriever: float = Field(0.1, gt=0, description="Divides cosine similarities before their softmax")
    temperature_generator: float = Field(0.1, gt=0, description="Divides mean log-likelihoods per token of the answer before their softmax")
    refresh: int | None = Field(
        None, ge=0, description="Steps after which all documents are encoded and searched anew; default: those of an epoch; 0: never"
    )
    batch_size: int = Field(4, ge=1, description="Queries, each with its k documents")

    @field_validator("generator")
    @classmethod
    def _is_a_model(cls, value: CausalGenerator) -> CausalGenerator:
        if value.train is not None:
            raise ValueError("the language model to learn from is not trained here; name a model:, and perhaps its adapter:")
        return value
