"""A model behind ``transformers serve``, gated against the same weights in this process; and the server dies on the way."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_llama
import transformers_server
import worlds
from transformers_server import ModelServer
from worlds import BOTH, World

from ragguard.cli import invoke
from ragguard.records.evidence import Answer

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="needs the extra models")

QUERIES, TOKENS = 80, 48
PROMPT = '"{% for d in documents %}[{{ d.number }}] {{ d.content }} {% endfor %}{{ question }}"'
ANSWERS = f'prompt: {PROMPT}, document_text: "{{text}}", contexts: 2, max_new_tokens: {TOKENS}'


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    tiny_llama.make(tmp_path / "models" / "tiny", chat=tiny_llama.CHAT)
    yield worlds.make(tmp_path, QUERIES)
    torch.set_num_threads(before)


def plan(world: World, server: ModelServer, model: str | None = None) -> None:
    """The baseline decodes here, in batches; the candidate is asked over HTTP, one question after the other."""
    there = f"base_url: {server.url}/v1, model: {model or world.folder / 'models' / 'tiny'}, stream: false, retries: 0, concurrency: 2"
    world.write(
        "gate.yaml",
        "name: world\ncollection: collection\n"
        f"baseline: {{retriever: {BOTH}, generator: {{type: causal-lm, model: models/tiny, batch_size: 16, {ANSWERS}}}}}\n"
        f"candidates:\n  served: {{retriever: {BOTH}, generator: {{type: openai, {there}, {ANSWERS}}}}}\n"
        "suites: [suites/golden.yaml]\n",
    )


def answers(world: World, arm: str) -> dict[str, Answer]:
    return {case.id: case.answers[arm] for case in world.report.cases if arm in case.answers}


def compared(found: dict[str, Answer], ends: int = 0) -> dict[str, tuple[object, ...]]:
    """What must be the same. The server counts the token that ends an answer (``ends``: add it)."""
    return {
        name: (each.text, each.citations, each.abstained, each.prompt_tokens, min(each.tokens + ends, TOKENS))
        for name, each in found.items()
    }


def test_a_served_model_answers_every_question_as_the_same_weights_here(world, capsys) -> None:
    with transformers_server.serve(world.folder / "server.log", world.folder / "models" / "tiny") as server:
        plan(world, server)
        assert invoke(["check"]) == 0
        assert server.answered == 0
        assert world.gate() == 0
        assert server.answered == QUERIES
        here, there = answers(world, "baseline"), answers(world, "served")
        assert len(here) == QUERIES
        assert len({answer.text for answer in here.values()}) > QUERIES / 2
        assert compared(there) == compared(here, ends=1)
        (decision,) = world.report.decisions
        assert (decision.candidate, decision.answer) == ("served", "promote")
        before = world.timeless()
        assert world.gate() == 0
        assert (world.timeless(), server.answered) == (before, QUERIES)
    notes = {arm.name: arm.notes for arm in world.report.arms}
    assert notes["baseline"]["generator.answers_changed_by_batch"] == 0
    assert notes["served"]["generator.tokens_spent"] == sum(each.prompt_tokens + each.tokens for each in there.values())


def test_a_server_that_is_killed_halfway_loses_nothing(world, capsys) -> None:
    with transformers_server.serve(world.folder / "first.log", world.folder / "models" / "tiny") as first:
        plan(world, first)
        killer = threading.Thread(target=kill_after, args=(first, 20))
        killer.start()
        assert world.gate() == 4
        killer.join()
    said = " ".join(capsys.readouterr().out.split())
    assert f"127.0.0.1:{first.port}" in said
    assert 20 <= first.answered < QUERIES / 2
    assert world.gate() == 4, "nobody is there yet"
    with transformers_server.serve(world.folder / "second.log", world.folder / "models" / "tiny", first.port) as second:
        assert world.gate() == 0
    # Of the two that were asked at the time, the last may have been said to nobody.
    assert QUERIES - first.answered <= second.answered <= QUERIES - first.answered + 2
    assert compared(answers(world, "served")) == compared(answers(world, "baseline"), ends=1)
    assert len(answers(world, "served")) == QUERIES


def kill_after(server: ModelServer, answers: int) -> None:
    while server.answered < answers:
        time.sleep(0.005)
    server.kill()


def test_a_name_that_the_server_does_not_serve_is_an_error_of_the_plan(world, capsys) -> None:
    with transformers_server.serve(world.folder / "server.log", world.folder / "models" / "tiny") as server:
        plan(world, server, model="tinny")
        assert world.gate() == 3
        assert server.answered == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"gate.yaml:5: 127.0.0.1:{server.port} answers 400: Server is pinned to " in said
    assert "models/tiny'; requested 'tinny'." in said
    assert "check the address, the key and the model's name" in said
