"""What a plan may say of a system under test: its stages, or where it is asked."""

from pydantic import model_validator

from ragguard.plan.base import Model
from ragguard.plan.recorded import RecordedAnswers
from ragguard.plan.retrievers import Retriever
from ragguard.plan.services import RemoteSystem
from ragguard.plan.stages import Generator, Reranker


class SystemPlan(Model):
    """What is under test: a retriever, what scores the head of its ranking again, and what answers from that, the last two if given;
    or a whole system that is asked elsewhere, or was.
    """

    retriever: Retriever | None = None
    remote: RemoteSystem | None = None
    recorded: RecordedAnswers | None = None
    reranker: Reranker | None = None
    generator: Generator | None = None

    @property
    def answers(self) -> bool:
        """Whether the system says something, beside finding documents."""
        asked = self.remote is not None and self.remote.response.answer is not None
        return self.generator is not None or asked or self.recorded is not None

    @model_validator(mode="after")
    def _one_source(self) -> "SystemPlan":
        if [self.retriever, self.remote, self.recorded].count(None) != 2:
            kinds = "a retriever:, remote: (a whole system behind HTTP) or recorded: (one whose answers are in a file)"
            raise ValueError(f"a system has either {kinds}; one of them, not several and not none")
        if self.retriever is None and (self.reranker or self.generator):
            whole = "remote:" if self.remote is not None else "recorded:"
            raise ValueError(f"{whole} is a whole system, which has its own reranker and generator; leave yours out")
        return self
