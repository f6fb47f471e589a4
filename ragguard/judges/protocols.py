"""What every judge does, whatever it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ragguard.plan.retrievers import DenseRetriever
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric


@dataclass(frozen=True)
class Context:
    """What a judge is built in: the plan's ``folder``, from which its paths start, the ``encoder`` of the baseline's retriever (None: it
    has none), and whether code that the plan names may run.
    """

    folder: Path
    encoder: DenseRetriever | None = None
    allow_code: bool = False


class Judge(Protocol):
    """Judges answers by a model or over a network.

    It keeps nothing and knows of no cache: whoever calls it does, by ``fingerprint``. It is asked from one thread; how many requests it
    makes at a time is its own affair.
    """

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that its verdicts hang on: model, prompts, version, sampling; not the address, nor how it is asked."""
        ...

    def judge(self, metric: Metric, asked: Sequence[Asked], turn: int) -> list[Verdict]:
        """Return one verdict for each answer, in their order; ``turn`` counts from 0 how often the same answers were judged before.

        What cannot be judged (no answer of the model's, malformed, out of range, refused, timed out, over budget) is a verdict with an
        ``error``, never an exception.
        """
        ...

    def notes(self) -> Mapping[str, float | int | str]:
        """Return what it says of itself: model, tokens spent."""
        ...
