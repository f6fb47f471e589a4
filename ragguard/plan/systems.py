"""What a plan may say of a system under test: its stages, or where it is asked."""

from pydantic import model_validator

from ragguard.plan.base import Model
from ragguard.plan.retrievers import Retriever
from ragguard.plan.services import RemoteSystem
from ragguard.plan.stages import Generator, Reranker


class SystemPlan(Model):
    """What is under test: a retriever, what scores the head of its ranking again, and what answers from that, the last two if given;
    or a whole system that is asked elsewhere.
    """

    retriever: Retriever | None = None
    remote: RemoteSystem | None = None
    reranker: Reranker | None = None
    generator: Generator | None = None

    @property
    def answers(self) -> bool:
        """Whether the system says something, beside finding documents."""
        return self.generator is not None or (self.remote is not None and self.remote.response.answer is not None)

    @model_validator(mode="after")
    def _one_source(self) -> "SystemPlan":
        if (self.retriever is None) == (self.remote is None):
            raise ValueError("a system has either a retriever: or remote: (a whole system behind HTTP), not both and not neither")
        if self.remote is not None and (self.reranker or self.generator):
            raise ValueError("remote: is a whole system, which has its own reranker and generator; leave yours out")
        return self
