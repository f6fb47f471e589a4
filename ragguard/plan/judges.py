"""What a plan may say of judges: whatever needs a model or a network to score an answer."""

from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ragguard.errors import suggest
from ragguard.plan.base import Model
from ragguard.plan.services import ChatService
from ragguard.records.metric import Metric


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


class LanguageJudge(ChatService):
    """A language model behind a chat endpoint that speaks OpenAI's protocol."""

    repeats: int | Literal["auto"] = Field(
        1, description="How often each answer is judged; auto: as often as the judge's own variance asks for, which two turns tell"
    )

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

    @model_validator(mode="after")
    def _pairs(self) -> "RubricJudge":
        if self.pairwise and self.lower_is_better:
            raise ValueError("lower_is_better: means nothing of a preference; A is the first answer that is shown, B the second")
        if self.pairwise and self.repeats == "auto":
            told = "repeats: auto learns from the baseline's answers how steady a judge is, and pairwise: has no verdict on those alone"
            raise ValueError(f"{told}; give a number")
        return self


class UnknownJudgeError(ValueError):
    """A judged metric whose judge the plan does not have; the message says what to write."""


JudgePlan = Annotated[NliJudge | RagasJudge | RubricJudge, Field(discriminator="type")]

_SNIPPETS = {
    "nli": "{type: nli, model: cross-encoder/nli-deberta-v3-base}",
    "ragas": "{type: ragas, base_url: 'http://localhost:8000/v1', model: NAME-ON-THE-SERVER}",
    "rubric": "{type: rubric, base_url: 'http://localhost:8000/v1', model: NAME-ON-THE-SERVER, prompt: judge.j2, schema: judge.json}",
}


def judge_of(metric: Metric, judges: Mapping[str, JudgePlan]) -> str:
    """Return the name of the judge that a judged metric asks.

    Raises:
        UnknownJudgeError: the plan has none of that name or type.
        ValueError: it has several of the type and the metric names none of them, or names one of another type.
    """
    fitting = [name for name, judge in judges.items() if judge.type == metric.judge]
    named = metric.base.partition(":")[2] if metric.judge == "rubric" else metric.parameter("judge", "")
    if named in fitting:
        return named
    if named in judges:
        raise ValueError(f"the judge {named!r} is of type {judges[named].type}, not {metric.judge}; {suggest(named, fitting)}")
    if named or not fitting:
        what = f"the plan has no judge {named!r}" if named else f"the plan has no judge of type {metric.judge}"
        snippet = f"write judges: {{{named or metric.judge}: {_SNIPPETS[metric.judge]}}} into it"
        raise UnknownJudgeError(f"{what}; {suggest(named, fitting) if fitting else snippet}")
    if len(fitting) > 1:
        example = Metric(metric.base, metric.cutoff, (*metric.parameters, ("judge", fitting[0])))
        raise ValueError(f"the plan has several judges of type {metric.judge} ({', '.join(fitting)}); name one: {example}")
    return fitting[0]
