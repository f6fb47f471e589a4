"""What a metric sees of one answer, and how a metric of one answer becomes one of a batch."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum
from typing import TypeAlias

from ragguard.metrics.answers.tokens import KEPT
from ragguard.metrics.definition import Batch, MetricFunction
from ragguard.records.evidence import Answer, Case, Mark, NotApplicable, Observation
from ragguard.records.metric import Metric

CITED = re.compile(r"\[(\d+(?:\s*[,;]\s*\d+)*)\]")
_FURNITURE = re.compile(r"##begin_quote##|##end_quote##|^\s*\d{1,2}[.)]\s+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to one case: with the ids of the documents that it was given, and the texts and marks of those and of the cited ones."""

    case: Case
    answer: Answer
    contexts: tuple[str, ...]
    texts: Mapping[str, str]
    marks: Mapping[str, Mark]

    @property
    def text(self) -> str:
        """What it says, without citations, marks of quotations, and the numbers of a list."""
        return _plain(self.answer.text, self.contexts)

    def said(self, names: Sequence[str]) -> list[str]:
        """The texts of documents, those that the corpus has."""
        return [self.texts[name] for name in names if name in self.texts]

    @property
    def genuine(self) -> list[str]:
        """The texts of the documents that it was given, but for those that somebody planted."""
        return self.said([name for name in self.contexts if not self.marks.get(name, Mark()).planted])


@lru_cache(maxsize=KEPT)
def _plain(text: str, contexts: tuple[str, ...]) -> str:
    for name in contexts:
        text = text.replace(f"[{name}]", " ")
    return _FURNITURE.sub(" ", CITED.sub(" ", text)).strip()


OfAnswer: TypeAlias = Callable[[Metric, Reply], float]
"""A number for one answer."""


def mean_of_samples(function: OfAnswer) -> MetricFunction:
    """Return the metric of a batch: the mean of the function over the answers that were drawn to each case, mostly one."""

    def scored(metric: Metric, batch: Batch) -> list[float]:
        rows = zip(batch.cases, batch.observations, strict=True)
        return [_mean([function(metric, reply) for reply in replies(case, seen, batch)]) for case, seen in rows]

    return scored


def replies(case: Case, observation: Observation, batch: Batch) -> list[Reply]:
    """Return the answers to one case."""
    answer = observation.answer
    if answer is None:
        raise ValueError(f"case {case.id!r} has no answer")
    return [Reply(case, sample, observation.contexts, batch.texts, batch.marks) for sample in answer.samples or (answer,)]


def _mean(values: Sequence[float]) -> float:
    return values[0] if len(values) == 1 else fsum(values) / len(values)


def always(metric: Metric, case: Case) -> NotApplicable | None:
    """It means something on every case."""
    del metric, case
    return None


def answerable(case: Case) -> bool:
    """Tell whether the documents answer a case: it says so, and one of them is judged relevant."""
    return case.query.answerable and any(grade > 0 for grade in case.relevant.values())
