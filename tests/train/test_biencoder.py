import json
import random
import shutil

import numpy as np
import pytest

from ragguard.errors import CannotJudge, InputError
from ragguard.plan.recipes import BiEncoderRecipe, EarlyStopping
from ragguard.systems.fingerprints import file_digest
from ragguard.systems.weights import resolve
from ragguard.train import checkpoint
from ragguard.train.biencoder import prepare, train

TEMPLATE = "{title}\n{text}"


@pytest.fixture
def fit(minilm, folder, collection, progress):
    def run(out="out", golden=None, document_text=TEMPLATE, query_prompt="", **recipe):
        common = {"recipe": "biencoder", "base": minilm, "data": "train.jsonl", "batch_size": 4, "device": "cpu"}
        full = BiEncoderRecipe(**{**common, **recipe, "arguments": {"max_steps": 2, **recipe.get("arguments", {})}})
        return train(full, document_text, query_prompt, "", collection, golden or {}, folder, folder / out, progress)

    return run


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_leaves_no_trace(fit, folder, minilm, progress):
    import torch

    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states()
    one, two = fit("one"), fit("two")
    assert states() == before
    assert not torch.are_deterministic_algorithms_enabled()
    weights = [file_digest(made.folder / "model.safetensors") for made in (one, two)]
    assert weights[0] == weights[1]
    assert one.fingerprint == two.fingerprint
    assert weights[0] != file_digest(resolve(minilm, revision=None, base=folder) / "model.safetensors")
    assert progress.stages["train"] == [2, 2]


@pytest.mark.slow
def test_provenance_tells_the_whole_story_and_the_checkpoint_is_taken_again(fit, collection, capfd):
    made = fit(epochs=1)
    assert capfd.readouterr() == ("", "")
    told = json.loads((made.folder / "provenance.json").read_text())
    assert told == made.provenance
    assert [point["step"] for point in told["loss"]] == [1, 2]
    assert all(np.isfinite([point["loss"], point["learning_rate"]]).all() for point in told["loss"])
    assert told["rows"] == {"train": 20, "dev": 0}
    assert told["intents"]["train"] == 10
    assert told["base"]["model"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert told["documents_truncated"] == 0.0
    assert told["versions"]["torch"]
    stamp = (made.folder / "model.safetensors").stat().st_mtime_ns
    assert fit(epochs=1) == made
    assert (made.folder / "model.safetensors").stat().st_mtime_ns == stamp
    # A torn checkpoint is made again.
    weights = made.folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-10])
    assert checkpoint.load(made.folder) is None
    assert fit(epochs=1).fingerprint == made.fingerprint
    assert weights.read_bytes() == content
    assert {path.name for path in made.folder.parent.iterdir()} == {made.folder.name}


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"loss": "cached-multiple-negatives", "hard_negatives": False, "query_prompt": "query: "},
        {"loss": "triplet", "spoil": "shuffled-positives"},
        {"loss": "cosent"},
        {"matryoshka": [384, 64], "max_seq_length": 16},
    ],
)
def test_every_loss_trains(fit, options):
    made = fit(**options, arguments={"max_steps": 1})
    assert len(made.provenance["loss"]) == 1
    assert checkpoint.load(made.folder) == made


@pytest.mark.slow
def test_early_stopping_keeps_whole_intents_for_the_dev_split(fit):
    stopping = EarlyStopping(dev_share=0.2, patience=1, evaluations_per_epoch=4)
    made = fit(early_stopping=stopping, epochs=3, arguments={"max_steps": -1})
    assert made.provenance["rows"] == {"train": 16, "dev": 4}
    assert made.provenance["intents"] == {"train": 8, "dev": 2}
    dev = made.provenance["dev"]
    assert [point["step"] for point in dev] == list(range(1, len(dev) + 1))
    assert len(dev) < 12  # nDCG@10 is 1 from the start, so it cannot rise
    assert all(0 <= point["nDCG@10"] <= 1 for point in dev)


@pytest.mark.slow
def test_a_loss_that_is_not_finite_stops_with_its_step(fit, folder, minilm):
    from safetensors.numpy import load_file, save_file

    shutil.copytree(resolve(minilm, revision=None, base=folder), folder / "broken")
    tensors = load_file(folder / "broken" / "model.safetensors")
    tensors["embeddings.LayerNorm.weight"][:] = np.nan
    save_file(tensors, folder / "broken" / "model.safetensors", {"format": "pt"})
    with pytest.raises(CannotJudge, match="step 1: the loss is nan"):
        fit(base="broken")
    (left,) = (folder / "out").iterdir()
    assert left.name.endswith(".broken.json"), "no checkpoint, only the story of how it broke"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arguments": {"warmup_stepz": 1}}, "did you mean 'warmup_steps'"),
        ({"arguments": {"num_train_epochs": 1}}, "say epochs:"),
        ({"arguments": {"lr_scheduler_type": "zigzag"}}, "refuses"),
        ({"matryoshka": [999]}, "384 dimensions"),
    ],
)
def test_wrong_arguments_are_input_errors(fit, options, message):
    with pytest.raises(InputError, match=message):
        fit(**options)


def test_training_on_golden_queries_is_refused_pair_by_pair(fit):
    golden = {"g7": "How do  WEBHOOKS work here?", "g8": "explain the refunds rules to me.", "g9": "something else entirely"}
    with pytest.raises(InputError) as caught:
        fit(golden=golden)
    text = str(caught.value)
    assert "golden query g7" in text
    assert "golden query g8" in text
    assert "g9" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "no.jsonl"}, "no such training file"),
        ({"base": "./no"}, "no such model folder"),
        ({"document_text": "{titel}"}, "did you mean 'title'"),
    ],
)
def test_what_is_missing_is_an_input_error(fit, options, message):
    with pytest.raises(InputError, match=message):
        fit(**options)


def test_the_key_is_everything_that_goes_in(minilm, folder, collection):
    def key(document_text=TEMPLATE, prompt="", **recipe):
        full = BiEncoderRecipe(**{"recipe": "biencoder", "base": minilm, "data": "train.jsonl", **recipe})
        return prepare(full, document_text, prompt, "", collection, {}, folder).key

    plain = key()
    changed = [{"seed": 8}, {"epochs": 2}, {"loss": "triplet"}, {"document_text": "{text}"}, {"prompt": "q: "}, {"max_rows": 3}]
    changed += [{"arguments": {"warmup_steps": 1}}, {"early_stopping": EarlyStopping()}]
    assert len({plain, *(key(**options) for options in changed)}) == len(changed) + 1
    assert key(device="cpu") == key(base="all-MiniLM-L6-v2") == key(seed=7) == plain
    rows = (folder / "train.jsonl").read_text()
    (folder / "copy.jsonl").write_text(rows)
    assert key(data="copy.jsonl") == plain
    (folder / "train.jsonl").write_text(rows.replace("explain", "show"))
    assert key() != plain
