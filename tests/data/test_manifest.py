import json

import pytest

from ragguard.data.manifest import read, verify, write
from ragguard.errors import InputError


def test_a_folder_verifies_until_a_file_changes(tmp_path):
    (tmp_path / "qrels").mkdir()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        (tmp_path / name).write_text(name)
    write(tmp_path, {"corpus.jsonl": "build.py", "queries.jsonl": "build.py", "qrels/test.tsv": ""})
    assert verify(tmp_path) == []
    (tmp_path / "corpus.jsonl").write_text("corpus.jsonL")
    (tmp_path / "queries.jsonl").unlink()
    (tmp_path / "qrels" / "test.tsv").write_text("longer than before")
    texts = [str(problem) for problem in verify(tmp_path)]
    assert [
        "another content" in texts[0],
        "18 bytes, the manifest says 14" in texts[1],
        "not here; make it again: build.py" in texts[2],
    ] == [True] * 3
    assert len(texts) == 3


def test_the_manifest_is_readable_json(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    write(tmp_path, {"a": "hand"})
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert json.loads((tmp_path / "MANIFEST").read_text()) == {"files": {"a": {"sha256": known, "bytes": 3, "made_by": "hand"}}}
    assert read(tmp_path)["a"].made_by == "hand"


@pytest.mark.parametrize("text", ["", "[]", '{"file": {}}', '{"files": {"a": {"sha": "x"}}}', '{"files": []}'])
def test_a_malformed_manifest_is_an_error(tmp_path, text):
    (tmp_path / "MANIFEST").write_text(text)
    with pytest.raises(InputError, match="is not a manifest"):
        verify(tmp_path)


def test_a_missing_manifest_is_an_error(tmp_path):
    with pytest.raises(InputError, match="there is no manifest"):
        verify(tmp_path)
