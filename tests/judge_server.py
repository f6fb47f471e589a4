"""A scripted judge on loopback that speaks OpenAI's protocol, and fails as it is told to.

    script = Script(lambda request: {"score": 0.5, "reason": "so so"}, failures={"malformed": 0.05, "hang": 0.05})
    with serve_judge(script) as served:
        ...                           # served.url + "/v1" is the base_url
    script.requests                   # what it was asked, parsed, in the order of arrival
    script.counts["malformed"]        # distinct requests that failed so
    script.tries                      # requests in all, those that were tried again included

``reply`` gets the parsed request and returns what the judge says: a text as it stands, or anything else as JSON (where the request forces
a tool, as the arguments of that tool). ``asked(request)`` is the text of all messages; a reply may look there for what it is to judge.

Which requests fail, and how, hangs on a hash of the request and ``salt`` alone: each kind in ``failures`` strikes its share of the
requests, the same in every run and in any order of arrival. ``heals`` is how many tries of the same request fail before it is answered
(None: it never is). Both, and ``gone``, may be changed while the server runs.

| kind | what happens |
| --- | --- |
| malformed | the reply is cut in the middle |
| cut_off | the same, with ``finish_reason: length`` |
| prose | words where JSON is wanted |
| empty | an answer without a text |
| out_of_range | every number (and true, false) of the reply is 99, in a reply that else is right; see ``beyond`` |
| refusal | ``refusal`` instead of ``content`` |
| content_filter | ``finish_reason: content_filter``, no text |
| rate_limit | 429 with ``Retry-After: 0`` |
| hang | nothing comes for ``hang`` seconds |
| drop | the connection ends in the middle of the body |
| error | 500 with a reason |
| no_choices | 200, and a body without ``choices`` |
| unauthorised | 401 (with a share of 1.0: the key is refused) |

``gone`` makes every further request fail at once by a closed connection: the server died. ``dies_after=N`` does so after N requests.
"""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from servers import Request, Served, serve

KINDS = (
    "malformed",
    "cut_off",
    "prose",
    "empty",
    "out_of_range",
    "refusal",
    "content_filter",
    "rate_limit",
    "hang",
    "drop",
    "error",
    "no_choices",
    "unauthorised",
)


def asked(request: Mapping[str, Any]) -> str:
    """The text of all messages of a request."""
    return "\n".join(str(message["content"]) for message in request["messages"])


def share(*parts: Any) -> float:
    """A number from 0 to 1 that hangs on the parts alone, spread evenly over many of them."""
    text = json.dumps(parts, sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def beyond(value: Any) -> Any:
    """A value with all its numbers, and true and false, put far out of any range."""
    if isinstance(value, dict):
        return {key: beyond(child) for key, child in value.items()}
    if isinstance(value, list):
        return [beyond(child) for child in value]
    return 99 if isinstance(value, int | float) else value


@dataclass
class Script:
    """What the judge says, and how it fails."""

    reply: Callable[[dict[str, Any]], Any]
    failures: Mapping[str, float] = field(default_factory=dict)
    salt: str = ""
    heals: int | None = None
    hang: float = 5.0
    beyond: Callable[[Any], Any] = beyond
    gone: bool = False
    dies_after: int | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    served: Served | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    _tried: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kind(self, body: Mapping[str, Any]) -> str:
        """How a request fails; empty: it does not."""
        if wrong := set(self.failures) - set(KINDS):
            raise ValueError(f"{sorted(wrong)} are no kinds of failure")
        place, upto = share(self.salt, body), 0.0
        for kind, part in self.failures.items():
            upto += part
            if place < upto:
                return kind
        return ""

    def behave(self, request: Request) -> None:
        """Answer one request, or fail at it."""
        body = request.body
        key = json.dumps(body, sort_keys=True)
        with self._lock:
            self.tries += 1
            self.requests.append(body)
            if self.dies_after is not None and self.tries > self.dies_after:
                self.gone = True
            tried, kind = self._tried[key], self.kind(body)
            self._tried[key] += 1
            self.counts[kind] += not tried
        if self.gone:
            request.hang_up()
        elif kind and (self.heals is None or tried < self.heals):
            getattr(self, f"_{kind}")(request, body)
        else:
            self._say(request, body, self._content(body))

    def _content(self, body: dict[str, Any], spoil: Callable[[Any], Any] = lambda value: value) -> str:
        said = spoil(self.reply(body))
        return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)

    def _say(self, request: Request, body: dict[str, Any], text: str | None, finish: str = "stop", **more: Any) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": text, **more}
        if text is not None and body.get("tools") and body.get("tool_choice") not in (None, "none"):
            called = {"name": body["tools"][0]["function"]["name"], "arguments": text}
            message |= {"content": None, "tool_calls": [{"id": "call-1", "type": "function", "function": called}]}
            finish = "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        prompt, tokens = len(asked(body).split()), len((text or "").split())
        request.answer(
            {
                "id": f"chatcmpl-{int(share(body) * 1e9)}",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": body.get("model", ""),
                "choices": [choice],
                "usage": {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens},
            }
        )

    def _malformed(self, request: Request, body: dict[str, Any]) -> None:
        text = self._content(body)
        self._say(request, body, text[: max(len(text) // 2, 1)])

    def _cut_off(self, request: Request, body: dict[str, Any]) -> None:
        text = self._content(body)
        self._say(request, body, text[: max(len(text) // 2, 1)], "length")

    def _prose(self, request: Request, body: dict[str, Any]) -> None:
        self._say(request, body, "I would say that this answer is rather good, all things considered.")

    def _empty(self, request: Request, body: dict[str, Any]) -> None:
        self._say(request, body, "")

    def _out_of_range(self, request: Request, body: dict[str, Any]) -> None:
        self._say(request, body, self._content(body, self.beyond))

    def _refusal(self, request: Request, body: dict[str, Any]) -> None:
        self._say(request, body, None, refusal="I cannot judge this.")

    def _content_filter(self, request: Request, body: dict[str, Any]) -> None:
        self._say(request, body, None, "content_filter")

    def _rate_limit(self, request: Request, body: dict[str, Any]) -> None:
        request.answer({"error": {"message": "too many requests", "type": "rate_limit"}}, 429, Retry_After="0")

    def _hang(self, request: Request, body: dict[str, Any]) -> None:
        self.ended.wait(self.hang)
        request.hang_up()

    def _drop(self, request: Request, body: dict[str, Any]) -> None:
        request.hang_up(b'{"id": "chatcmpl-1", "choices": [{"index": 0, "mess')

    def _error(self, request: Request, body: dict[str, Any]) -> None:
        request.answer({"error": {"message": "the model ran out of memory", "type": "server_error"}}, 500)

    def _no_choices(self, request: Request, body: dict[str, Any]) -> None:
        request.answer({"object": "chat.completion", "warning": "nothing to say"})

    def _unauthorised(self, request: Request, body: dict[str, Any]) -> None:
        request.answer({"error": {"message": "this key is not known", "type": "invalid_request_error"}}, 401)


@contextmanager
def serve_judge(script: Script) -> Iterator[Served]:
    """Serve a script until the block ends; what hangs then, ends."""
    with serve(script.behave) as served:
        script.served = served
        try:
            yield served
        finally:
            script.ended.set()
