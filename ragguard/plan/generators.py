"""What a plan may say of generators that are language models."""

from typing import Literal

from pydantic import Field, model_validator

from ragguard.plan.base import DOCUMENT_TEXT, Model
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.services import ChatService


class Prompted(Model):
    """What every language model is asked with."""

    prompt: str | None = Field(
        None, description="A Jinja template (a text with {{ or a line break in it), or its file; it has question and documents"
    )
    system: str | None = Field(None, description="The system message; where there is no chat template, it stands before the prompt")
    contexts: int = Field(3, ge=1, description="Documents of the head of the ranking that it is given")
    document_text: str = Field(DOCUMENT_TEXT, description="What documents have as their content in a prompt")
    max_new_tokens: int = Field(128, ge=1, description="Tokens of an answer, at most")
    top_p: float = Field(1.0, gt=0, le=1, description="Sampled decoding draws from the likeliest tokens of this probability together")


class CausalGenerator(Prompted):
    """A causal language model by transformers, with a peft adapter if there is one. One of ``model`` and ``train`` is given."""

    type: Literal["causal-lm"]
    model: str | None = Field(None, description="Hub id or folder")
    train: LoraRecipe | None = Field(None, description="How an adapter is trained; the model is then the recipe's base")
    revision: str | None = None
    adapter: str | None = Field(None, description="Folder or hub id of a peft adapter that was trained on the model")
    adapter_revision: str | None = None
    merge: bool = Field(False, description="Merge the adapter into the weights, as it will be served; what that changes is measured")
    tokenizer: str | None = Field(None, description="Folder or hub id; default: the model's, which an adapter's must equal")
    chat: bool | None = Field(None, description="Use the tokenizer's chat template; default: where it has one")
    max_input_tokens: int | None = Field(None, ge=16, description="Tokens of a prompt; default: what the model has positions for")
    batch_size: int = Field(8, ge=1)
    repeats: int = Field(1, ge=1, le=64, description="Answers to each question; more than one needs a temperature")
    temperature: float = Field(0.0, ge=0, description="0 is greedy decoding")
    seed: int = Field(7, description="Of sampled decoding")
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    device: str | None = None
    trust_remote_code: bool = False
    allow_pickle: bool = Field(False, description="Accept weights that are not safetensors")

    @model_validator(mode="after")
    def _one_source(self) -> "CausalGenerator":
        if (self.model is None) == (self.train is None):
            raise ValueError("a causal-lm names either model: (a hub id or folder) or train: (a recipe), not both and not neither")
        if self.train is not None and (taken := [key for key in ("adapter", "adapter_revision", "revision") if getattr(self, key)]):
            raise ValueError(f"{taken[0]}: names what train: makes or says itself; leave it out")
        return self

    @model_validator(mode="after")
    def _means_something(self) -> "CausalGenerator":
        if self.temperature == 0 and (self.repeats > 1 or self.top_p < 1):
            raise ValueError("greedy decoding gives the same answer every time; repeats and top_p need a temperature above 0")
        if self.adapter is None and self.train is None and (self.merge or self.adapter_revision):
            raise ValueError(f"{'merge' if self.merge else 'adapter_revision'}: is about an adapter, and there is none; name it")
        return self


class OpenAIGenerator(Prompted, ChatService):
    """A chat endpoint that answers from documents."""

    type: Literal["openai"]
    max_new_tokens: int = Field(128, ge=1, description="Tokens of an answer, at most")
    stream: bool = Field(True, description="Have the answer streamed, which measures the time to its first token")
