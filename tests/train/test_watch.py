"""What stops a training, and what does not."""

import json
import math

import numpy as np
import pytest

from ragguard.errors import CannotJudge
from ragguard.plan.recipes import BiEncoderRecipe
from ragguard.train import fit as fitting
from ragguard.train import trainer
from ragguard.train.biencoder import train
from ragguard.train.watch import LEAP, PERSISTS, WARM_UP, Trail, leap

# The loss of the shipped plan's training: two epochs of 714 rows, batches of 16, multiple negatives.
SHIPPED = """
1.851 1.529 1.858 1.224 1.902 2.094 1.369 1.894 2.438 1.665 2.271 1.526 1.654 1.99 1.487 1.3 1.237 2.051 1.338 1.508 1.417 0.859
1.893 1.891 1.178 1.09 1.317 1.483 0.887 1.576 1.55 1.77 1.041 1.637 1.393 0.952 1.564 1.225 1.603 0.946 1.139 1.163 0.478 1.09
0.894 1.013 0.552 1.071 0.706 0.681 1.224 0.573 1.171 0.89 1.12 1.231 0.949 0.751 0.995 1.199 0.827 0.581 1.027 0.671 0.878 0.719
0.505 0.365 0.839 0.767 0.891 1.184 1.054 0.783 0.653 0.742 0.815 0.427 1.54 0.701 0.639 0.616 0.613 0.653 0.565 0.838 0.69 1.241
0.85 1.095
"""


def highest(losses):
    return max(leap(losses[: i + 1]) for i in range(len(losses)))


def of_pairs(generator, steps, batch, end, odd):
    """Mean losses of batches of pairs whose level falls from ln 2 to ``end``; a share ``odd`` of pairs is far off (labels are wrong)."""
    levels = np.geomspace(math.log(2), end, steps)
    each = levels[:, None] * generator.exponential(1, (steps, batch))
    return (each + (generator.random(each.shape) < odd) * generator.exponential(4, each.shape)).mean(axis=1).tolist()


def test_no_leap_in_the_shipped_training():
    assert highest([float(loss) for loss in SHIPPED.split()]) < LEAP


@pytest.mark.parametrize("batch", [1, 4, 16])
@pytest.mark.parametrize("odd", [0, 0.002, 0.02, 0.1])
def test_a_healthy_training_is_not_stopped_whatever_its_batches(batch, odd):
    generator = np.random.default_rng(7)
    ends = (0.3, 0.01, 0.0005)
    assert max(highest(of_pairs(generator, 300, batch, end, odd)) for end in ends for _ in range(5)) <= LEAP


def test_noise_alone_is_no_leap():
    generator = np.random.default_rng(7)
    curves = [
        np.geomspace(2, end, 300) * np.exp(generator.normal(0, sd, 300)) for end in (2, 0.01) for sd in (0.05, 0.3, 1) for _ in range(5)
    ]
    assert max(highest(curve.tolist()) for curve in curves) <= LEAP


def test_the_score_is_by_median_and_median_deviation():
    logs = np.tile([-0.6, -0.2, 0.2, 0.6], 10)  # median 0, deviations 0.2 and 0.6: their median is 0.4
    losses = [*np.exp(logs), 100, 120, 110]
    assert leap(losses) == pytest.approx(math.log(100) / (1.4826 * 0.4))
    assert leap([*losses[:-1], 1.0]) == 0.0  # it came back
    assert leap([*losses[:-3], 1.8, 1.8, 1.8]) == 0.0  # not above all before


@pytest.mark.parametrize("at", [1, WARM_UP - 1, WARM_UP, 90])
def test_a_loss_that_blew_up_is_a_leap_wherever_it_did(at):
    before = [float(loss) for loss in SHIPPED.split()][:at]
    after = [900.0, 5000.0, 700.0]
    assert leap([*before, *after]) > LEAP
    assert leap([*before, *after[: PERSISTS - 1]]) <= LEAP


def test_rows_are_those_of_the_step_and_of_the_one_before():
    trail = Trail()
    sampler = trail.note([[1, 2], [3, 4], [5], [6]])
    assert len(sampler) == 4
    assert list(sampler) == [[1, 2], [3, 4], [5], [6]]
    trail.begin()
    trail.take()
    assert trail.rows() == {"batch": [1, 2]}
    trail.begin()
    trail.take()
    trail.take()  # two batches a step, where gradients are accumulated
    assert trail.rows() == {"batch": [3, 4, 5], "batch_before": [1, 2]}
    trail.begin()
    trail.take()
    assert trail.rows(back=1) == {"batch": [3, 4, 5], "batch_before": [1, 2]}


@pytest.fixture
def broken(minilm, folder, collection, progress):
    """A factory: trains until it breaks; returns the message, and what lies beside the checkpoints."""

    def run(**recipe):
        common = {"recipe": "biencoder", "base": minilm, "data": "train.jsonl", "batch_size": 4, "device": "cpu"}
        with pytest.raises(CannotJudge) as caught:
            train(BiEncoderRecipe(**{**common, **recipe}), "{text}", "", "", collection, {}, folder, folder / "out", progress)
        (left,) = (folder / "out").iterdir()
        assert left.name in str(caught.value)
        return str(caught.value), json.loads(left.read_text())

    return run


def queries(batch):
    return sorted(row["query"] for row in batch)


@pytest.mark.slow
def test_a_gradient_that_is_no_number_stops_with_the_batch_that_did_it(broken, monkeypatch):
    """A callback plants it: the token embeddings of the model are NaN from the end of the second step on."""
    seen = []
    train_on = trainer.run

    def planted(*arguments, callbacks=(), **options):
        import torch
        from transformers import TrainerCallback

        class Plant(TrainerCallback):
            def on_step_end(self, args, state, control, model=None, **_):
                if state.global_step == 2:
                    with torch.no_grad():
                        next(model.parameters()).fill_(float("nan"))

        inner = options["loss"].forward
        anchors = list(options["train_dataset"]["anchor"])

        def noting(features, labels=None, **more):
            seen.append(features[0]["input_ids"].tolist())
            return inner(features, labels, **more)

        monkeypatch.setattr(options["loss"], "forward", noting)
        tokenizer = options["model"].tokenizer
        texts = {tuple(ids): text for text, ids in zip(anchors, tokenizer(anchors)["input_ids"], strict=True)}
        seen.append((texts, tokenizer.pad_token_id))
        train_on(*arguments, callbacks=[*callbacks, Plant()], **options)

    monkeypatch.setattr(fitting.trainer, "run", planted)
    message, story = broken(epochs=2)
    assert "training broke at step 3: the loss is nan" in message
    assert story["broken"]["step"] == 3
    assert [point["step"] for point in story["loss"]] == [1, 2]
    # The rows in the file are those that the model was given, in the steps in which it was.
    (texts, pad), *steps = seen
    given = [sorted(texts[tuple(i for i in ids if i != pad)] for ids in step) for step in steps]
    assert queries(story["broken"]["batch"]) == given[2]
    assert queries(story["broken"]["batch_before"]) == given[1]
    assert all(row["positive"].startswith("d") and row["negative"].startswith("d") for row in story["broken"]["batch"])
    assert story["versions"]["torch"]


@pytest.mark.slow
def test_a_training_that_broke_is_forgotten_when_it_succeeds(minilm, folder, collection, progress, monkeypatch):
    recipe = BiEncoderRecipe(recipe="biencoder", base=minilm, data="train.jsonl", batch_size=4, device="cpu", arguments={"max_steps": 1})

    def once():
        return train(recipe, "{text}", "", "", collection, {}, folder, folder / "out", progress)

    monkeypatch.setattr("ragguard.train.watch._not_finite", lambda logs, scaled: "planted")
    with pytest.raises(CannotJudge, match="planted"):
        once()
    monkeypatch.undo()
    made = once()
    assert [path.name for path in (folder / "out").iterdir()] == [made.folder.name]
