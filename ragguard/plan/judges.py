"""What a plan may say of judges: whatever needs a model or a network to score an answer."""

from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from ragguard.plan.base import Model
from ragguard.plan.services import Service, address


class NliJudge(Model):
    """A cross-encoder that was trained for entailment, on this machine: is each sentence of an answer entailed by a context?"""

    type: Literal["nli"]
    model: str = Field(description="Hub id or folder of a sentence-transformers CrossEncoder with an entailment label")
    revision: str | None = None
    entailment: str | None = Field(None, description="The label of entailment; default: the one that the model's config calls so")
    hypothesis: str = Field("{sentence}", description="What a context is to entail; may hold {question}, for answers of a word or two")
    max_length: int | None = Field(None, ge=16, description="Tokens of a context and a sentence together; default: the model's own")
    batch_size: int = Field(32, ge=1)
    device: str | None = None
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    trust_remote_code: bool = False
    allow_pickle: bool = Field(False, description="Accept weights that are not safetensors")

    @field_validator("hypothesis")
    @classmethod
    def _holds_the_sentence(cls, value: str) -> str:
        try:
            places = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
        except ValueError as error:
            raise ValueError(f"hypothesis {value!r}: {error}; write a literal brace twice: {{{{ or }}}}") from error
        if "sentence" not in places or places - {"sentence", "question"}:
            raise ValueError(f"hypothesis {value!r} holds {{sentence}}, and perhaps {{question}}, and no other place")
        return value


class LanguageJudge(Service):
    """A language model behind a chat endpoint that speaks OpenAI's protocol."""

    base_url: str = Field(description="What stands before /chat/completions, for instance http://localhost:8000/v1")
    model: str = Field(description="The model's name on the server")
    api_key_env: str | None = Field(None, pattern=r"^[A-Za-z_]\w*$", description="Name of the environment variable that holds the key")
    temperature: float | None = Field(0.0, ge=0, description="null: not sent")
    seed: int | None = Field(None, description="Sent where given")
    max_new_tokens: int = Field(1024, ge=1, description="Tokens of one reply, at most")
    max_tokens_total: int | None = Field(None, ge=1, description="Tokens that a run may spend, prompts included; then it stops asking")
    body: dict[str, Any] = Field(default_factory=dict, description="Further keys of the request; null takes one out")
    version: str = Field("", description="Part of the fingerprint: change it when what the server serves changes")
    repeats: int | Literal["auto"] = Field(
        1, description="How often each answer is judged; auto: as often as the judge's own variance asks for, which two turns tell"
    )

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return address(value).rstrip("/")

    @field_validator("repeats")
    @classmethod
    def _some(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= 64:
            raise ValueError(f"repeats: {value} is none of 1 to 64, or auto")
        return value


class RagasJudge(LanguageJudge):
    """The metrics of ragas, by their names."""

    type: Literal["ragas"]
    embeddings: str | None = Field(None, description="Hub id or folder of the encoder; default: that of the baseline's retriever")
    language: str | None = Field(None, description="Language that ragas' prompts are adapted to; default: English")


class RubricJudge(LanguageJudge):
    """A prompt of the user's own, and a JSON schema that the reply fits."""

    type: Literal["rubric"]
    prompt: str = Field(description="A Jinja template (a text with {{ or a line break in it), or its file; see docs/plan.md for its names")
    system: str | None = Field(None, description="The system message")
    schema_: str = Field(alias="schema", description="The file of the JSON schema that the reply fits")
    score: str = Field(
        "score",
        description="The property that holds the score: a boolean, an enum from worst to best, or a number with minimum and maximum",
    )
    reason: str = Field("reason", description="The property that holds the judge's words, if there is one")
    pairwise: bool = Field(False, description="The reply prefers one of two answers (A, B or tie); each pair is asked in both orders")
    lower_is_better: bool = Field(False, description="The schema's lowest score is the best")


JudgePlan = Annotated[NliJudge | RagasJudge | RubricJudge, Field(discriminator="type")]
