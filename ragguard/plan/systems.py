"""What a plan may say of a system under test: its stages."""

from ragguard.plan.retrievers import Model, Retriever
from ragguard.plan.stages import Generator, Reranker


class SystemPlan(Model):
    """What is under test: a retriever, what scores the head of its ranking again, and what answers from that; the last two if given."""

    retriever: Retriever
    reranker: Reranker | None = None
    generator: Generator | None = None
