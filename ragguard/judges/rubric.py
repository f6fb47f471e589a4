"""A judge with a prompt of the user's own: a language model behind a chat endpoint, whose reply fits a JSON schema."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ragguard.errors import InputError
from ragguard.judges import failures, schema
from ragguard.judges.breaker import Breaker
from ragguard.judges.protocols import Context
from ragguard.judges.questions import Questions
from ragguard.judges.schema import ReplyError
from ragguard.plan.judges import RubricJudge
from ragguard.records.judgement import Asked, Place, Verdict
from ragguard.records.metric import Metric
from ragguard.systems.budget import SpentError
from ragguard.systems.chat import Chat, Messages
from ragguard.systems.fingerprints import digest
from ragguard.systems.http import HttpError

DECIDING = ("model", "temperature", "seed", "max_new_tokens", "body", "version", "system", "score", "reason", "pairwise", "lower_is_better")
"""Keys of the plan that change verdicts, beside prompt and schema."""

_LONGEST_REASON = 2_000
_PREFERRED = {"a": 1.0, "b": 0.0, "tie": 0.5}
SAME = Verdict(0.5, "both answers are the same")


@dataclass(frozen=True)
class _Said:
    """A reply that could be read: the value, the score as the judge wrote it, its words, and the tokens that it cost."""

    value: float
    score: str
    reason: str
    tokens: int


class _NothingError(Exception):
    """A request that came to nothing: why, and what it cost."""

    def __init__(self, error: str, tokens: int = 0) -> None:
        self.error, self.tokens = error, tokens
        super().__init__(error)


class RubricJudgeRunner:
    """Asks a prompt of every answer, several at a time; or of every answer beside another one, in both orders."""

    def __init__(self, name: str, plan: RubricJudge, context: Context) -> None:
        """Read the prompt and the schema, and look up the key; nothing is asked.

        Raises:
            InputError: the prompt is no template or does not show what it is to judge, the schema is none or has no score with a range,
                or the environment has no such key.
            MissingExtra: there is no library for schemas.
        """
        self.name, self._plan, self._chat, self._breaker = name, plan, Chat(plan), Breaker()
        self._questions = Questions(plan, context.folder)
        self._schema = schema.load(context.folder / Path(plan.schema_).expanduser(), plan.score, pairwise=plan.pairwise)
        self._lock, self._swayed = threading.Lock(), {"first": 0, "second": 0, "": 0}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over model, sampling, prompt and schema."""
        deciding = self._plan.model_dump(mode="json", include=set(DECIDING))
        return digest({"type": "rubric", "prompt": self._questions.text, "schema": dict(self._schema.content), **deciding})

    @property
    def binary(self) -> bool:
        """Whether its verdicts are 0 or 1, and nothing between."""
        return self._schema.binary and not self._plan.pairwise

    @property
    def sees(self) -> frozenset[str]:
        """What of an ``Asked`` stands in its prompt: the rest changes no verdict."""
        return self._questions.sees

    def judge(self, metric: Metric, asked: Sequence[Asked], turn: int) -> list[Verdict]:
        """Return one verdict for each answer, in order. A ``seed`` of the plan is raised by the turn."""
        del metric
        stop = threading.Event()

        def one(each: Asked) -> Verdict:
            return Verdict(error="not asked: the run was stopped") if stop.is_set() else self._one(each, turn)

        with ThreadPoolExecutor(min(self._plan.concurrency, max(len(asked), 1))) as pool:
            try:
                return list(pool.map(one, asked))
            finally:
                stop.set()  # what was not begun is not, when the user interrupts

    def notes(self) -> Mapping[str, float | int | str]:
        """Say who judges, what this run spent, and in what share of the pairs the same place won in both orders."""
        told: dict[str, float | int | str] = {"model": self._plan.model, "tokens_spent": self._chat.budget.spent}
        pairs = sum(self._swayed.values())
        return told | ({f"{place}_shown_won_twice": self._swayed[place] / pairs for place in ("first", "second")} if pairs else {})

    def _one(self, asked: Asked, turn: int) -> Verdict:
        try:
            if self._plan.pairwise:
                return self._both_orders(asked, turn)
            said = self._ask(self._questions.messages(asked, answer=asked.answer), turn)
        except _NothingError as nothing:
            return Verdict(error=nothing.error, tokens=nothing.tokens)
        except InputError as error:
            return Verdict(error=f"prompt: {error}")
        return Verdict(1 - said.value if self._plan.lower_is_better else said.value, said.reason, tokens=said.tokens)

    def _both_orders(self, asked: Asked, turn: int) -> Verdict:
        """The mean over both orders of 1 for a win of this answer, 0.5 for a tie, and 0; nothing unless both came to something."""
        this, other = asked.answer, asked.against
        if other is None:
            raise _NothingError("nothing to compare with: the other system gave no answer")
        if other == this:
            return SAME
        first = self._ask(self._questions.messages(asked, answer_a=this, answer_b=other), turn)
        try:
            second = self._ask(self._questions.messages(asked, answer_a=other, answer_b=this), turn)
        except _NothingError as nothing:
            raise _NothingError(nothing.error, nothing.tokens + first.tokens) from nothing
        place: Place = ("first" if first.score == "a" else "second") if first.score == second.score != "tie" else ""
        with self._lock:
            self._swayed[place] += 1
        reasons = [("shown first", first.reason), ("shown second", second.reason)]
        told = "; ".join(f"{where}: {reason}" for where, reason in reasons if reason)
        value = (first.value + 1 - second.value) / 2
        return Verdict(value, told, tokens=first.tokens + second.tokens, swayed=place)

    def _ask(self, messages: Messages, turn: int) -> _Said:
        """Ask once. Raises _NothingError."""
        if self._breaker.open:
            raise _NothingError(self._breaker.open)
        plan = self._plan
        strict = {"strict": True} if self._schema.strict else {}
        wanted = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": dict(self._schema.content), **strict}}
        try:
            reply = self._chat.ask(messages, {"response_format": wanted, **({"seed": plan.seed + turn} if plan.seed is not None else {})})
        except SpentError as error:
            raise _NothingError(f"over budget: {error}") from error
        except HttpError as error:
            self._breaker.failed(error)
            raise _NothingError(failures.of_request(error)) from error
        self._breaker.answered()
        if wrong := failures.of_reply(reply, plan.max_new_tokens):
            raise _NothingError(self._chat.client.hide(wrong), reply.cost)
        return self._read(reply.text, reply.cost)

    def _read(self, text: str, cost: int) -> _Said:
        try:
            found = self._schema.read(text)
        except ReplyError as error:
            raise _NothingError(self._chat.client.hide(str(error)), cost) from error
        said, words = str(found[self._plan.score]).lower(), found.get(self._plan.reason)
        reason = self._chat.client.hide(failures.shown(words, _LONGEST_REASON)) if isinstance(words, str) else ""
        return _Said(_PREFERRED[said] if self._plan.pairwise else self._schema.value(found), said, reason, cost)
