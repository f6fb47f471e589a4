"""The loss of REPLUG LSR against sums by hand, and against torch's own KL divergence."""

import math

import numpy as np
import pytest

from ragguard.train import divergence

torch = pytest.importorskip("torch", reason="needs the extra models")

QUERY = [[1.0, 0.0], [0.0, 2.0]]
DOCUMENTS = [[[3.0, 4.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]], [[-1.0, 0.0], [0.0, 5.0]]]
COSINES = [[0.6, 1.0, -1.0], [1.0, 1 / math.sqrt(2), 1.0]]
LABELS = [[-0.5, -1.5, -2.0], [-3.0, -1.0, -1.0]]


def softmax(scores, temperature):
    powers = [math.exp(score / temperature) for score in scores]
    return [power / sum(powers) for power in powers]


def by_hand(gamma, beta):
    """The mean over queries of the sum of P log(P / Q)."""
    rows = [(softmax(ours, gamma), softmax(theirs, beta)) for ours, theirs in zip(COSINES, LABELS, strict=True)]
    return sum(sum(p * math.log(p / q) for p, q in zip(*row, strict=True)) for row in rows) / len(rows)


def loss(gamma, beta, labels=LABELS):
    made = divergence.loss(torch.nn.Identity(), gamma, beta)
    embeddings = [torch.tensor(QUERY, requires_grad=True), *(torch.tensor(each) for each in DOCUMENTS)]
    return made.compute_loss_from_embeddings(embeddings, torch.tensor(labels)), embeddings[0]


@pytest.mark.parametrize(("gamma", "beta"), [(1.0, 1.0), (0.1, 0.1), (0.1, 2.0), (3.0, 0.5)])
def test_the_loss_is_what_a_hand_computes(gamma, beta):
    found, _ = loss(gamma, beta)
    assert found.item() == pytest.approx(by_hand(gamma, beta), rel=1e-5)
    ours = torch.log_softmax(torch.tensor(COSINES) / gamma, dim=1)
    theirs = torch.log_softmax(torch.tensor(LABELS) / beta, dim=1)
    # torch's kl_div(a, b) is KL(b || a): the retriever's distribution is the one that is averaged over.
    independent = torch.nn.functional.kl_div(theirs, ours, log_target=True, reduction="batchmean")
    assert found.item() == pytest.approx(independent.item(), rel=1e-5)


def test_it_is_the_direction_of_the_paper():
    from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss
    from sentence_transformers.util import pairwise_cos_sim

    theirs = DistillKLDivLoss(torch.nn.Identity(), pairwise_cos_sim)
    other = theirs.compute_loss_from_embeddings([torch.tensor(QUERY), *(torch.tensor(each) for each in DOCUMENTS)], torch.tensor(LABELS))
    assert loss(1.0, 1.0)[0].item() != pytest.approx(other.item(), rel=0.05)


def test_equal_distributions_have_no_divergence_and_no_gradient():
    found, query = loss(0.2, 0.2, labels=COSINES)
    found.backward()
    assert found.item() == pytest.approx(0, abs=1e-6)
    assert query.grad.abs().max() < 1e-5


def test_the_gradient_pulls_the_query_towards_what_is_liked():
    found, query = loss(1.0, 0.1)
    found.backward()
    stepped = query.detach() - 0.1 * query.grad
    nearer = torch.nn.functional.cosine_similarity(stepped[0], torch.tensor(DOCUMENTS[0][0]), dim=0)
    assert float(nearer) > COSINES[0][0]


def test_likelihoods_far_apart_stay_finite():
    found, query = loss(0.1, 0.1, labels=[[0.0, -500.0, -900.0], [-900.0, 0.0, -1.0]])
    found.backward()
    assert torch.isfinite(found)
    assert torch.isfinite(query.grad).all()


def test_the_figures_are_the_loss_and_how_much_nearer_the_liked_documents_are():
    found = divergence.agreement(np.array(COSINES), np.array(LABELS), 0.1, 0.5)
    assert found["divergence"] == pytest.approx(by_hand(0.1, 0.5), rel=1e-9)
    rows = list(zip(COSINES, [softmax(theirs, 0.5) for theirs in LABELS], strict=True))
    expected = [sum(s * q for s, q in zip(*row, strict=True)) - sum(row[0]) / 3 for row in rows]
    assert found["advantage"] == pytest.approx(sum(expected) / 2, rel=1e-9)
    assert found["same_first"] == 0.0
    assert divergence.agreement(np.array(COSINES), np.array(COSINES), 0.1, 0.5)["same_first"] == 1.0
