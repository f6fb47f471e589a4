"""What a plan may say of the stages behind retrieval, rerankers and generators, and of how a candidate's reranker is trained."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ragguard.plan.base import DOCUMENT_TEXT, Model
from ragguard.plan.generators import CausalGenerator, OpenAIGenerator
from ragguard.plan.recipes import Recipe


class CrossEncoderRecipe(Recipe):
    """Fine-tune a cross-encoder with sentence-transformers, on what the candidate's own retriever takes for answers.

    A base without a classification head, a bi-encoder for instance, gets one, drawn by the seed.
    """

    recipe: Literal["crossencoder"]
    loss: Literal["binary-cross-entropy", "lambda", "listnet"] = "binary-cross-entropy"
    batch_size: int = Field(16, ge=1, description="Pairs of query and document; with lambda and listnet, queries with all their documents")
    negatives: int = Field(
        4, ge=0, description="Hard negatives a query, mined with the candidate's retriever, beside the rows' own; 0: none is mined"
    )
    mine_depth: int = Field(30, ge=1, description="Documents of the retriever's ranking that hard negatives are taken from, best first")
    max_seq_length: int | None = Field(None, ge=8, description="Tokens of query and document together")


class CrossEncoderReranker(Model):
    """A cross-encoder that scores the head of a ranking again. One of ``model`` and ``train`` is given."""

    type: Literal["cross-encoder"]
    model: str | None = Field(None, description="Hub id or folder")
    train: CrossEncoderRecipe | None = None
    revision: str | None = None
    depth: int = Field(10, ge=1, description="Documents of the head that are scored again")
    keep: int | None = Field(None, ge=1, description="Documents that come out; default: all, those beyond depth in their old order")
    document_text: str = DOCUMENT_TEXT
    max_seq_length: int | None = Field(None, ge=8, description="Tokens of query and document together; default: the model's")
    batch_size: int = Field(32, ge=1)
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    device: str | None = None
    trust_remote_code: bool = False
    allow_pickle: bool = Field(False, description="Accept weights that are not safetensors")

    @model_validator(mode="after")
    def _one_source(self) -> "CrossEncoderReranker":
        if (self.model is None) == (self.train is None):
            raise ValueError("a cross-encoder names either model: (a hub id or folder) or train: (a recipe), not both and not neither")
        return self


class PythonReranker(Model):
    """A callable (query, texts) -> scores, ``package.module:name``. Runs only with --allow-code."""

    type: Literal["python"]
    callable: str = Field(pattern=r"^[\w.]+:[\w.]+$", description="package.module:name")
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments; where given, the name is a factory called with them"
    )
    version: str = Field("", description="Part of the fingerprint: change it when what the callable does changes")
    depth: int = Field(10, ge=1, description="Documents of the head that are scored again")
    keep: int | None = Field(None, ge=1, description="Documents that come out; default: all, those beyond depth in their old order")
    document_text: str = DOCUMENT_TEXT


Reranker = Annotated[CrossEncoderReranker | PythonReranker, Field(discriminator="type")]


class Calibration(Model):
    """Where abstention begins: the threshold that best tells questions asked with their answer among the contexts from the same
    questions asked without it (the largest sum of sensitivity and specificity: Youden 1950).
    """

    data: str = Field(description="Training rows (JSON lines), relative to the plan; none may ask what the golden set asks")
    max_rows: int | None = Field(None, ge=2, description="Rows that are used, drawn by the plan's seed; default: all")


class ExtractiveGenerator(Model):
    """Answers with sentences of the retrieved documents, by an encoder: no language model."""

    type: Literal["extractive"]
    model: str = Field("sentence-transformers/all-MiniLM-L6-v2", description="Hub id or folder of the encoder")
    revision: str | None = None
    contexts: int = Field(3, ge=1, description="Documents of the head of the ranking that it may quote")
    sentences: int = Field(3, ge=1, description="Sentences that it quotes, at most")
    threshold: float = Field(0.45, ge=-1, le=1, description="Similarity of question and sentence below which it abstains")
    calibrate: Calibration | None = Field(None, description="Set the threshold on training rows, instead of naming it")
    device: str | None = None
    batch_size: int = Field(32, ge=1)
    allow_pickle: bool = Field(False, description="Accept weights that are not safetensors")

    @model_validator(mode="after")
    def _one_threshold(self) -> "ExtractiveGenerator":
        if self.calibrate is not None and "threshold" in self.model_fields_set:
            raise ValueError("threshold: is what calibrate: finds; say one of them")
        return self


class PythonGenerator(Model):
    """A callable (question, texts) -> answer, ``package.module:name``. Runs only with --allow-code."""

    type: Literal["python"]
    callable: str = Field(pattern=r"^[\w.]+:[\w.]+$", description="package.module:name")
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments; where given, the name is a factory called with them"
    )
    version: str = Field("", description="Part of the fingerprint: change it when what the callable does changes")
    contexts: int = Field(3, ge=1, description="Documents of the head of the ranking that it is given")
    document_text: str = DOCUMENT_TEXT


Generator = Annotated[ExtractiveGenerator | CausalGenerator | OpenAIGenerator | PythonGenerator, Field(discriminator="type")]
