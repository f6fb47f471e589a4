"""What a plan may say of the stages behind retrieval: rerankers and generators."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ragguard.plan.generators import CausalGenerator, OpenAIGenerator
from ragguard.plan.retrievers import DOCUMENT_TEXT, Model


class CrossEncoderReranker(Model):
    """A cross-encoder that scores the head of a ranking again."""

    type: Literal["cross-encoder"]
    model: str = Field(description="Hub id or folder")
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


class ExtractiveGenerator(Model):
    """Answers with sentences of the retrieved documents, by an encoder: no language model."""

    type: Literal["extractive"]
    model: str = Field("sentence-transformers/all-MiniLM-L6-v2", description="Hub id or folder of the encoder")
    revision: str | None = None
    contexts: int = Field(3, ge=1, description="Documents of the head of the ranking that it may quote")
    sentences: int = Field(2, ge=1, description="Sentences that it quotes, at most")
    threshold: float = Field(0.45, ge=-1, le=1, description="Similarity of question and sentence below which it abstains")
    device: str | None = None
    batch_size: int = Field(32, ge=1)
    allow_pickle: bool = Field(False, description="Accept weights that are not safetensors")


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
