"""What a plan may say of retrievers."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ragguard.plan.base import DOCUMENT_TEXT, Model
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.plan.replug import ReplugRecipe


class DenseRetriever(Model):
    """A bi-encoder and a vector index. One of ``model`` and ``train`` is given."""

    type: Literal["dense"]
    model: str | None = Field(None, description="Hub id or folder")
    train: Annotated[BiEncoderRecipe | ReplugRecipe, Field(discriminator="recipe")] | None = None
    revision: str | None = None
    query_prompt: str = ""
    document_prompt: str = ""
    document_text: str = DOCUMENT_TEXT
    truncate_dim: int | None = Field(None, ge=1)
    max_seq_length: int | None = Field(None, ge=8)
    normalize: bool = True
    device: str | None = None
    batch_size: int = Field(32, ge=1)
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    backend: Literal["torch", "onnx", "openvino"] = "torch"
    index: str = Field("exact", description="exact, or 'faiss: FACTORY' with any faiss factory string, for instance 'faiss: HNSW32'")
    ef_search: int | None = Field(None, ge=1)
    nprobe: int | None = Field(None, ge=1)
    trust_remote_code: bool = False
    allow_pickle: bool = Field(False, description="Accept weights that are not safetensors")

    @model_validator(mode="after")
    def _one_source(self) -> "DenseRetriever":
        if (self.model is None) == (self.train is None):
            raise ValueError("a dense retriever names either model: (a hub id or folder) or train: (a recipe), not both and not neither")
        return self


class LexicalRetriever(Model):
    """BM25 by bm25s."""

    type: Literal["lexical"]
    method: Literal["lucene", "robertson", "atire", "bm25l", "bm25+"] = "lucene"
    k1: float = Field(1.5, ge=0)
    b: float = Field(0.75, ge=0, le=1)
    delta: float = Field(0.5, ge=0)
    stopwords: Literal["english", "none"] = "english"
    document_text: str = DOCUMENT_TEXT


class RecordedRetriever(Model):
    """A ranking made elsewhere: a TREC run, JSONL, or a file of MTEB's predictions."""

    type: Literal["recorded"]
    run: str = Field(description="Path of the run file, relative to the plan")
    absent: Literal["unscored", "empty"] = Field("unscored", description="What a query that the run does not have means")
    part: str = Field("", description="Of MTEB's predictions: SUBSET/SPLIT, where the file has several")


class PythonRetriever(Model):
    """A callable ``package.module:name``, or a LangChain or LlamaIndex retriever object of that name. Runs only with --allow-code."""

    type: Literal["python"]
    callable: str = Field(pattern=r"^[\w.]+:[\w.]+$", description="package.module:name")
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="Keyword arguments; where given, the name is a factory called with them"
    )
    version: str = Field("", description="Part of the fingerprint: change it when what the callable does changes")


class HybridRetriever(Model):
    """Fusion of two or more retrievers, by ranx: reciprocal rank fusion, or a weighted sum of min-max normalised scores."""

    type: Literal["hybrid"]
    retrievers: list["Retriever"] = Field(min_length=2)
    fusion: Literal["rrf", "weighted"] = "rrf"
    k: int = Field(60, ge=1, description="The constant of reciprocal rank fusion (Cormack et al. 2009)")
    weights: list[float] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_weight_each(self) -> "HybridRetriever":
        if self.fusion == "weighted" and len(self.weights) != len(self.retrievers):
            raise ValueError(f"weighted fusion of {len(self.retrievers)} retrievers needs as many weights, not {len(self.weights)}")
        if self.fusion == "rrf" and self.weights:
            raise ValueError("weights are for fusion: weighted; reciprocal rank fusion has none")
        return self


Retriever = Annotated[
    DenseRetriever | LexicalRetriever | RecordedRetriever | PythonRetriever | HybridRetriever,
    Field(discriminator="type"),
]


HybridRetriever.model_rebuild()
