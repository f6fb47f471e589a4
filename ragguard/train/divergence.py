"""How far a retriever's preferences are from a language model's: the loss of REPLUG LSR, and the same as a figure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def loss(model: Any, temperature_retriever: float, temperature_generator: float) -> Any:
    """Return the loss KL(P || Q), in nats, the mean over a batch's queries (Shi et al. 2023, arXiv:2301.12652, section 4).

    P is the softmax of the cosine similarities of a query with its k documents, divided by the retriever's temperature; Q, which has no
    gradient, that of the labels, shape (queries, k), divided by the generator's. The columns are the query and its k documents.

    sentence-transformers' own DistillKLDivLoss is the other direction, KL(Q || P), times the squared temperature.
    """
    import torch
    from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss
    from sentence_transformers.util import pairwise_cos_sim

    class Replug(DistillKLDivLoss):  # type: ignore[misc]  # the library is not followed by mypy
        """The paper's direction; the columns are embedded as the library does it."""

        def compute_loss_from_embeddings(self, embeddings: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
            """Return the mean divergence."""
            query, *documents = embeddings
            scores = torch.stack([self.similarity_fct(query, each) for each in documents], dim=1)
            ours = torch.log_softmax(scores.float() / self.student_temperature, dim=1)
            theirs = torch.log_softmax(labels.detach().float() / self.teacher_temperature, dim=1)
            return (ours.exp() * (ours - theirs)).sum(dim=1).mean()

    return Replug(model, pairwise_cos_sim, student_temperature=temperature_retriever, teacher_temperature=temperature_generator)


def agreement(
    similarities: NDArray[np.floating], likelihoods: NDArray[np.floating], temperature_retriever: float, temperature_generator: float
) -> dict[str, float]:
    """Return how a retriever and a language model agree on documents, as means over queries; both arguments have shape (queries, k).

    ``divergence`` is KL(P || Q), in nats; ``advantage`` the similarity under Q less that of the k documents on average: how much nearer
    the query is to what makes its answer likely, in [-2, 2]; ``same_first`` the share of queries whose first document is the same.
    """
    from scipy.special import log_softmax

    similarities = np.asarray(similarities, dtype=np.float64)
    ours = log_softmax(similarities / temperature_retriever, axis=1)
    theirs = log_softmax(np.asarray(likelihoods, dtype=np.float64) / temperature_generator, axis=1)
    return {
        "divergence": float((np.exp(ours) * (ours - theirs)).sum(axis=1).mean()),
        "advantage": float(((np.exp(theirs) * similarities).sum(axis=1) - similarities.mean(axis=1)).mean()),
        "same_first": float((ours.argmax(axis=1) == theirs.argmax(axis=1)).mean()),
    }
