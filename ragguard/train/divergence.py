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
    """Return the mean KL(P || Q) over the queries in nats, and the mean similarity under Q, both arguments of shape (queries, k).

    The second is how near the queries are to the documents that make their answers likely: in [-1, 1], higher is nearer.
    """
    from scipy.special import log_softmax

    ours = log_softmax(np.asarray(similarities, dtype=np.float64) / temperature_retriever, axis=1)
    theirs = log_softmax(np.asarray(likelihoods, dtype=np.float64) / temperature_generator, axis=1)
    divergence = (np.exp(ours) * (ours - theirs)).sum(axis=1).mean()
    return {"divergence": float(divergence), "similarity": float((np.exp(theirs) * similarities).sum(axis=1).mean())}
