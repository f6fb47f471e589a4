"""The terms of a generator's retrieval objective: functions of tensors, and nothing else."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def pool(hidden: "Tensor", mask: "Tensor", how: str) -> "Tensor":
    """Return one vector a row, of length 1, from hidden states of shape (rows, places, dimension): shape (rows, dimension), float32.

    ``mask`` is 1 at tokens and 0 at the padding to their right, shape (rows, places). ``mean`` is over a row's tokens, ``last`` is its
    last token's.
    """
    import torch

    states = hidden.float()
    if how == "last":
        found = states[torch.arange(len(states), device=states.device), mask.sum(dim=1) - 1]
    else:
        found = (states * mask.unsqueeze(-1)).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    return torch.nn.functional.normalize(found, dim=1)


def select(queries: "Tensor", documents: "Tensor", right: "Tensor", allowed: "Tensor", temperature: float) -> "Tensor":
    """Return L_select, InfoNCE (van den Oord et al. 2018, arXiv:1807.03748), the mean over the queries, at least 0, in nats.

    Args:
        queries: vectors of length 1, shape (n, dimension).
        documents: vectors of length 1, shape (m, dimension): positives and negatives of all queries.
        right: the place of each query's positive among the documents, shape (n,).
        allowed: which documents stand against a query, its positive among them, boolean of shape (n, m).
        temperature: what cosines are divided by.
    """
    import torch

    scores = (queries @ documents.T / temperature).masked_fill(~allowed, -torch.inf)
    return torch.nn.functional.cross_entropy(scores, right)


def generate(sums: "Tensor", counts: "Tensor") -> "Tensor":
    """Return L_generate: the negative log-likelihood of a token, mean over all tokens of all answers, at least 0, in nats.

    ``sums`` are the answers' log-likelihoods and ``counts`` their numbers of tokens, both of shape (n,).
    """
    return -sums.sum() / counts.sum()


def faithful(given: "Tensor", instead: "Tensor", margin: float) -> "Tensor":
    """Return L_faithful: max(0, margin - (given - instead)), mean over the rows; at least 0, in nats a token.

    ``given`` is an answer's log-likelihood, mean over its tokens, where the prompt holds the document that answers, ``instead`` where it
    holds the hard negative, both of shape (n,). An answer that the model says whatever it reads costs the margin.
    """
    return (margin - (given - instead)).clamp_min(0).mean()
