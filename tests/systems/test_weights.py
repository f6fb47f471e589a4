import shutil
import sys

import pytest

from ragguard.errors import CannotJudge, InputError
from ragguard.systems import weights
from ragguard.systems.fingerprints import digest, file_digest, folder_digest
from ragguard.systems.weights import resolve


def find(model, base, **options):
    return resolve(model, **{"revision": None, "base": base, **options})


def test_the_default_encoder_comes_with_the_package(minilm, tmp_path):
    folder = find(minilm, tmp_path)
    assert file_digest(folder / "model.safetensors") == weights.EMBEDDED_SHA256
    assert find("all-MiniLM-L6-v2", tmp_path) == folder == find(minilm, tmp_path, revision="1110a243fdf4")


def test_another_file_than_the_published_one_is_refused(minilm, tmp_path, monkeypatch):
    package = tmp_path / weights.EMBEDDED_PACKAGE
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "model.safetensors").write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, weights.EMBEDDED_PACKAGE, raising=False)
    with pytest.raises(InputError, match="not the published all-MiniLM-L6-v2"):
        find(minilm, tmp_path / "elsewhere")


@pytest.mark.parametrize("model", ["./nowhere", "/no/such/folder", "a/b/c"])
def test_a_missing_folder_is_an_input_error(tmp_path, model):
    with pytest.raises(InputError, match="no such model folder"):
        find(model, tmp_path)


def test_a_folder_without_weights_is_an_input_error(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    with pytest.raises(InputError, match="no weights"):
        find("model", tmp_path)


def test_pickles_are_refused_unless_allowed(tmp_path):
    (tmp_path / "model" / "2_Dense").mkdir(parents=True)
    (tmp_path / "model" / "model.safetensors").touch()
    (tmp_path / "model" / "2_Dense" / "pytorch_model.bin").touch()
    with pytest.raises(InputError, match=r"2_Dense.*pickle.*allow_pickle"):
        find("model", tmp_path)
    assert find("model", tmp_path, allow_pickle=True) == tmp_path / "model"
    (tmp_path / "model" / "2_Dense" / "model.safetensors").touch()
    assert find("model", tmp_path) == tmp_path / "model"


def test_a_model_that_is_not_cached_is_an_input_error_when_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match="HF_HUB_OFFLINE"):
        find("nobody/nothing", tmp_path)
    with pytest.raises(InputError, match=r"ragguard\[offline\]"):
        find("sentence-transformers/all-MiniLM-L6-v2", tmp_path, revision="0000000")


def test_an_unreachable_hub_is_an_outage(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # the library sees no network, though nobody asked for that
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(CannotJudge, match="hub cannot be reached"):
        find("nobody/nothing", tmp_path)


def test_the_folder_digest_is_about_what_changes_results(minilm, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(find(minilm, tmp_path), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").write_bytes(b"small")
    before = folder_digest(folder)
    (folder / "README.md").write_text("new words")
    (folder / "provenance.json").write_text("{}")
    assert folder_digest(folder) == before
    for name in ("1_Pooling/config.json", "tokenizer.json", "model.safetensors"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + b" ")
        assert folder_digest(folder) != before, name
        (folder / name).write_bytes(content)
    assert folder_digest(folder) == before


def test_digest_ignores_the_order_of_keys():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1}) != digest({"a": 1, "b": ["2"]})
