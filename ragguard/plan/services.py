"""What a plan may say of systems and generators that are asked over HTTP."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from ragguard.plan.base import Model


class Service(Model):
    """How a server is asked. None of this is part of a fingerprint: it does not change answers."""

    headers: dict[str, str] = Field(default_factory=dict, description="Sent with every request; take keys from the environment: ${NAME}")
    concurrency: int = Field(4, ge=1, le=256, description="Requests at a time")
    timeout: float = Field(60, gt=0, description="Seconds that the server may take to begin its answer, and again to finish it")
    retries: int = Field(3, ge=0, le=20, description="Further tries after 408, 429, 5xx, a timeout, or a connection that failed")


def address(url: str) -> str:
    """Return a URL as it is. Raises ValueError where it is none of http or https."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("http", "https") or not rest.strip("/"):
        raise ValueError(f"{url!r} is no address; write https://host/path")
    return url


class ChatService(Service):
    """A language model behind a chat endpoint that speaks OpenAI's protocol: vLLM, TGI, Ollama, or hosted."""

    base_url: str = Field(description="What stands before /chat/completions, for instance http://localhost:8000/v1")
    model: str = Field(description="The model's name on the server; with vLLM, an adapter's")
    api_key_env: str | None = Field(None, pattern=r"^[A-Za-z_]\w*$", description="Name of the environment variable that holds the key")
    temperature: float | None = Field(0.0, ge=0, description="null: not sent")
    seed: int | None = Field(None, description="Sent where given")
    max_new_tokens: int = Field(1024, ge=1, description="Tokens of one reply, at most")
    max_tokens_total: int | None = Field(None, ge=1, description="Tokens that a run may spend, prompts included; then it stops asking")
    body: dict[str, Any] = Field(default_factory=dict, description="Further keys of the request; null takes one out")
    version: str = Field("", description="Part of the fingerprint: change it when what the server serves changes")

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return address(value).rstrip("/")


class RemoteResponse(Model):
    """Where the response has what, as JSONPath (RFC 9535)."""

    ids: str | None = Field(None, description="Ids of the documents that were retrieved, best first: $.sources[*].id")
    texts: str | None = Field(None, description="Instead of ids: their texts, which are looked up in the corpus")
    scores: str | None = Field(None, description="One score a document; default: their order")
    answer: str | None = Field(None, description="The answer's text")
    citations: str | None = Field(None, description="Ids, or numbers from 1 among the documents; default: read from the answer's text")

    @model_validator(mode="after")
    def _documents_once(self) -> "RemoteResponse":
        if (self.ids is None) == (self.texts is None):
            raise ValueError("a response names its documents either by ids: or by texts:, not both and not neither")
        if self.citations is not None and self.answer is None:
            raise ValueError("citations: without answer: are nobody's; say where the answer is")
        return self


class RemoteSystem(Service):
    """A whole RAG system behind HTTP, which brings its own index: the plan maps its requests and responses."""

    url: str = Field(description="May hold {question} and {depth}, escaped for URLs")
    method: Literal["GET", "POST", "PUT"] = "POST"
    body: dict[str, Any] | str | None = Field(
        None, description="Keys and values with {question} and {depth} in them; or a Jinja template of the whole body"
    )
    response: RemoteResponse
    document_text: str = Field("{text}", description="With texts: what the service's text of a document is made of")
    version: str = Field("", description="Part of the fingerprint: change it when what the service does changes")

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return address(value)

    @model_validator(mode="after")
    def _asks_something(self) -> "RemoteSystem":
        if self.method == "GET" and self.body is not None:
            raise ValueError("method: GET has no body; put {question} into the url")
        if "question" not in f"{self.url}{self.body}":
            raise ValueError("neither url: nor body: holds {question}, so the service would never see it")
        return self
