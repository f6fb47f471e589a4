"""One metric of ragas on many answers. It loads ragas and openai: to be imported where it is used, by ``ragas.load``."""

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from ragas.metrics import collections
from ragas.prompt.metrics.base_prompt import BasePrompt

from ragguard.errors import RagguardError
from ragguard.judges.breaker import Breaker
from ragguard.judges.line import TALLY, Endpoint, Tally
from ragguard.judges.ragas_errors import NothingError
from ragguard.judges.ragas_llm import Asking, Vectors, Voice, vectors
from ragguard.plan.judges import RagasJudge
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric
from ragguard.records.ragas_table import RAGAS, RagasMetric
from ragguard.systems.chat import Chat

ROUNDING = 1e-6
"""How far from the end of its range a number may lie that is meant to be that end: ragas adds little numbers to its denominators."""

WORDS = 500
"""Characters of the judge's words that a verdict keeps."""

_FIELDS = {"question": "user_input", "answer": "response", "contexts": "retrieved_contexts", "reference": "reference"}
_LACKING = {
    "question": "nothing to judge: there is no question",
    "answer": "nothing to judge: the answer is empty",
    "contexts": "nothing to judge by: there are no contexts",
    "reference": "nothing to judge by: there is no gold answer",
}


@dataclass
class Round:
    """All that is asked of a judge at a time. ``adapted`` keeps prompts in the plan's language, by metric and attribute."""

    plan: RagasJudge
    chat: Chat
    breaker: Breaker
    metric: Metric
    turn: int
    adapted: dict[str, dict[str, Any]]
    embed: Callable[[Sequence[str]], NDArray[Any]] | None
    pool: ThreadPoolExecutor

    def __post_init__(self) -> None:
        """Find the metric."""
        self.name = self.metric.base.rpartition(":")[2]
        self.facts = RAGAS[self.name]
        self._class: Any = getattr(collections, self.name)
        kinds = self.facts.parameters
        given = [(kinds[key], key, text) for key, text in self.metric.parameters if key != "judge"]
        self._parameters = {key: text if isinstance(kind, tuple) else kind(text) for kind, key, text in given}
        self._known: dict[str, list[float]] = {}

    def judge(self, asked: Sequence[Asked]) -> list[Verdict]:
        """Return one verdict for each answer, in their order."""
        try:
            self._encode([each for each in asked if not lacks(self.facts, each)])
        except RagguardError as error:
            return [Verdict(error=f"no embeddings: {error}")] * len(asked)
        return asyncio.run(self._all(asked))

    def _encode(self, asked: Sequence[Asked]) -> None:
        """Encode in one go what is known before anything is asked."""
        texts = sorted({str(getattr(each, need)) for each in asked for need in self.facts.needs if need != "contexts"})
        if self.facts.embeddings and self.embed is not None and texts:
            self._known = dict(zip(texts, vectors(self.embed, texts), strict=True))

    async def _all(self, asked: Sequence[Asked]) -> list[Verdict]:
        found, waiting = [Verdict(error="it was not judged")] * len(asked), iter(enumerate(asked))
        async with Endpoint(self.plan, self.chat.client, self.chat.budget) as endpoint:
            voice = Voice(self.plan, self.chat.client, endpoint, self.breaker, self.turn)
            if wrong := await self._adapt(voice):
                return [Verdict(error=wrong)] * len(asked)

            async def work() -> None:
                for place, each in waiting:
                    found[place] = await self._one(voice, each)

            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.plan.concurrency, len(asked))):
                    group.create_task(work())
        return found

    async def _one(self, voice: Voice, asked: Asked) -> Verdict:
        if lacking := lacks(self.facts, asked):
            return Verdict(error=lacking)
        tally, asking = Tally(), Asking(voice, asked)
        TALLY.set(tally)
        error, value, reason = "", None, ""
        try:
            result = await self._metric(asking).ascore(**self._fields(asked))
            value, error = valued(self.facts, float(result.value))
            reason = str(result.reason or "")
        except NothingError as failure:
            error = str(failure)
        except RagguardError as failure:
            error = f"no embeddings: {failure}"
        except Exception as failure:  # noqa: BLE001 - whatever ragas' own code makes of an answer
            error = f"failure of ragas: {type(failure).__name__}, {failure}"
        if asking.failure is not None:  # some metrics go on without what failed
            error = str(asking.failure)
        reason = reason or "; ".join(asking.words)
        return Verdict(None if error else value, "" if error else reason[:WORDS], error, tally.tokens)

    def _metric(self, asking: Asking) -> Any:
        arguments: dict[str, Any] = dict(self._parameters)
        if self.facts.model:
            arguments["llm"] = asking
        if self.facts.embeddings and self.embed is not None:
            arguments["embeddings"] = Vectors(self.embed, self._known, self.pool)
        metric = self._class(**arguments)
        for attribute, prompt in self.adapted.get(self.name, {}).items():
            setattr(metric, attribute, prompt)
        return metric

    def _fields(self, asked: Asked) -> dict[str, Any]:
        """What ragas calls what it needs."""
        fields = {_FIELDS[need]: getattr(asked, need) for need in self.facts.needs}
        if "retrieved_contexts" in fields:
            fields["retrieved_contexts"] = list(asked.contexts)
        if self.name == "SummaryScore":
            fields["reference_contexts"] = fields.pop("retrieved_contexts")
        return fields

    async def _adapt(self, voice: Voice) -> str:
        """Have the judge put the examples of ragas' prompts into the plan's language, once; return why that failed, if it did."""
        language = self.plan.language or "english"
        if not self.facts.model or language.lower() in ("english", "en") or self.name in self.adapted:
            return ""
        TALLY.set(Tally())
        translator = Asking(voice, Asked("", "", ""))
        prompts = {key: value for key, value in vars(self._metric(translator)).items() if isinstance(value, BasePrompt)}
        try:
            self.adapted[self.name] = {key: await prompt.adapt(language, translator) for key, prompt in prompts.items()}
        except Exception as failure:  # noqa: BLE001 - whatever ragas' own code makes of a translation
            return f"no prompts in {language}: those of {self.name} could not be adapted: {failure}"
        return ""


def lacks(facts: RagasMetric, asked: Asked) -> str:
    """Say what an answer lacks that the metric needs; empty: nothing."""
    for need in facts.needs:
        given = asked.contexts if need == "contexts" else (getattr(asked, need),)
        if not any(text.strip() for text in given):
            return _LACKING[need]
    return ""


def valued(facts: RagasMetric, given: float) -> tuple[float | None, str]:
    """Put a number of ragas' between 0 and 1, or say why it is no score."""
    if not math.isfinite(given):
        return None, "nothing to score: ragas gave no number"
    low = facts.low
    share = (max(given, low) - low if facts.cosine else given - low) / (facts.high - low)
    if not -ROUNDING <= share <= 1 + ROUNDING:
        return None, f"out of range: ragas gave {given:g}, not from {low:g} to {facts.high:g}"
    return 1.0 if share > 1 - ROUNDING else max(share, 0.0), ""
