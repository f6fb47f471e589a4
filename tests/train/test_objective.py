"""The terms of the retrieval objective against plain sums, and on a tiny Llama against forward passes of each text alone."""

import math

import numpy as np
import pytest
import tiny_llama

from ragguard.plan.lora import Objective
from ragguard.systems.loading import silence
from ragguard.train import objective
from ragguard.train.examples import Contrast, Example, Shown
from ragguard.train.losses import ObjectiveLoss

torch = pytest.importorskip("torch", reason="needs the extra models")


def unit(rows):
    found = np.array(rows, float)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def by_hand(queries, documents, right, allowed, temperature):
    """Mean of -log(exp(own) / sum of exp over the allowed), one query after the other."""
    losses = []
    for i, query in enumerate(queries):
        weights = {j: math.exp(float(query @ document) / temperature) for j, document in enumerate(documents) if allowed[i][j]}
        losses.append(-math.log(weights[right[i]] / sum(weights.values())))
    return sum(losses) / len(losses)


def test_select_is_infonce_over_what_is_allowed():
    generator = np.random.default_rng(3)
    queries, documents = unit(generator.normal(size=(3, 5))), unit(generator.normal(size=(7, 5)))
    right, allowed = [4, 0, 2], generator.random((3, 7)) < 0.6
    for i, place in enumerate(right):
        allowed[i, place] = True
    found = objective.select(*(torch.tensor(each) for each in (queries, documents, right, allowed)), temperature=0.2)
    assert float(found) == pytest.approx(by_hand(queries, documents, right, allowed, 0.2))


def test_a_query_without_any_negative_costs_nothing():
    one = torch.tensor([[1.0, 0.0]])
    assert float(objective.select(one, one, torch.tensor([0]), torch.tensor([[True]]), 0.05)) == 0


def test_generate_is_the_mean_over_all_tokens():
    assert float(objective.generate(torch.tensor([-4.0, -9.0]), torch.tensor([2, 8]))) == pytest.approx(1.3)


def test_faithful_costs_what_is_missing_of_the_margin():
    given, instead = torch.tensor([-1.0, -1.0, -3.0]), torch.tensor([-4.0, -1.5, -2.0])
    assert float(objective.faithful(given, instead, 1.0)) == pytest.approx((0 + 0.5 + 2.0) / 3)


def test_pooling_sees_no_padding():
    hidden = torch.tensor([[[3.0, 0.0], [0.0, 4.0], [9.0, 9.0]], [[1.0, 0.0], [1.0, 0.0], [1.0, 3.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert objective.pool(hidden, mask, "mean").tolist() == [pytest.approx([0.6, 0.8]), pytest.approx([math.sqrt(0.5)] * 2)]
    assert objective.pool(hidden, mask, "last").tolist() == [pytest.approx([0.0, 1.0]), pytest.approx([0.1**0.5, 0.9**0.5])]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tiny_llama.make(tmp_path_factory.mktemp("models") / "tiny")
    with silence():
        return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def batch(loaded):
    """Two rows that share a document, the second's hard negative being right for the first's intent; and a row of rehearsal."""
    tokens = lambda text: tuple(loaded[1](text)["input_ids"])  # noqa: E731
    shown = {name: Shown(name, f"text {name}", tokens(f"the text of {name} {'and more ' * i}")) for i, name in enumerate("abcde")}

    def example(query, names, right, answer):
        prompt, against = tokens(f"{shown[names[0]].text} {query}"), tokens(f"{shown[names[1]].text} {query}")
        contrast = Contrast(tokens(query), tuple(shown[name] for name in names), frozenset(right), against)
        return Example(prompt, tokens(answer), False, {}, contrast)

    first = example("what is a?", "abc", {"a", "text d"}, "it is a")
    second = example("and what about b, then?", "bdc", {"b", "text b"}, "b, of course")
    return [first, second, Example(tokens("1 + 2 ="), tokens("3"), False, {})]


def hidden(model, tokens, pooling):
    states = model(input_ids=torch.tensor([tokens]), output_hidden_states=True).hidden_states[-1][0].double()
    vector = states.mean(dim=0) if pooling == "mean" else states[-1]
    return (vector / vector.norm()).detach().numpy()


def likelihood(model, prompt, answer):
    logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0].double().log_softmax(dim=-1)
    return [float(logits[len(prompt) + i - 1, token].detach()) for i, token in enumerate(answer)]


@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_select_on_a_model_is_infonce_over_the_batchs_documents(loaded, batch, pooling):
    model, _ = loaded
    loss, terms = ObjectiveLoss(Objective(select=1, generate=0, temperature=0.3, pooling=pooling))(model, batch)
    documents = {shown.id: hidden(model, shown.tokens, pooling) for each in batch[:2] for shown in each.contrast.documents}
    names = list(documents)
    assert sorted(names) == ["a", "b", "c", "d"]
    allowed = [[name != "d" for name in names], [True for _ in names]]  # the text of d is right for the first row
    queries = [hidden(model, each.contrast.query, pooling) for each in batch[:2]]
    expected = by_hand(queries, list(documents.values()), [names.index("a"), names.index("b")], allowed, 0.3)
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
    assert terms == {"select": pytest.approx(expected, rel=1e-4)}


def test_the_loss_is_the_weighted_sum_of_its_terms(loaded, batch):
    model, _ = loaded
    given = [likelihood(model, each.prompt, each.answer) for each in batch]
    instead = [likelihood(model, each.contrast.against, each.answer) for each in batch[:2]]
    tokens = [value for row in given for value in row]
    generate = -sum(tokens) / len(tokens)
    gaps = [np.mean(one) - np.mean(other) for one, other in zip(given, instead, strict=False)]
    faithful = np.mean([max(0, 5 - gap) for gap in gaps])
    weights = Objective(select=0.5, generate=2, faithful=3, margin=5, temperature=0.3)
    loss, terms = ObjectiveLoss(weights)(model, batch)
    assert terms["generate"] == pytest.approx(generate, rel=1e-4)
    assert terms["faithful"] == pytest.approx(faithful, rel=1e-4)
    assert float(loss.detach()) == pytest.approx(0.5 * terms["select"] + 2 * generate + 3 * faithful, rel=1e-4)


@pytest.mark.parametrize("only", ["select", "generate", "faithful"])
def test_a_step_down_a_terms_gradient_lowers_the_term(loaded, batch, only):
    import copy

    model = copy.deepcopy(loaded[0])
    loss = ObjectiveLoss(Objective(**{"generate": 0, "temperature": 0.3, "margin": 5, only: 1}))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    seen = []
    for _ in range(4):
        found, terms = loss(model, batch)
        assert set(terms) == {only}
        seen.append(terms[only])
        optimizer.zero_grad()
        found.backward()
        optimizer.step()
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < seen[0]
