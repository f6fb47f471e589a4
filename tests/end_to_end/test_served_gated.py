"""nano behind ``transformers serve``, gated against the same weights in this process; and the server dies on the way."""

import threading
import time
from pathlib import Path

import pytest
import transformers_server
from transformers_server import ModelServer
from worlds import World

from ragguard.cli import invoke
from ragguard.records.evidence import Answer

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="needs the extra models")

TOKENS = 16
CARDS = 185
"""Questions of golden/cards that name what they want, over cards with versions."""
SUITE = "cases: {tags: [explicit, versioned]}\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n"
PROMPT = '"{% for d in documents %}[{{ d.number }}] {{ d.content }}\\n{% endfor %}Question: {{ question }}"'
ANSWERS = f'prompt: {PROMPT}, document_text: "{{text}}", contexts: 3, max_new_tokens: {TOKENS}'


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> World:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    made = World(tmp_path)
    made.suite(body=SUITE)
    return made


@pytest.fixture
def plan(world: World, root: Path, nano_folder: Path):
    def write(server: ModelServer, model: Path | str = nano_folder) -> None:
        """The baseline decodes here, in batches; the candidate is asked over HTTP, question by question."""
        here = f"{{type: causal-lm, model: {nano_folder}, batch_size: 16, {ANSWERS}}}"
        there = f"{{type: openai, base_url: {server.url}/v1, model: {model}, retries: 0, concurrency: 2, {ANSWERS}}}"
        retriever = 'retriever: {type: lexical, document_text: "{title} {text}"}'
        world.write(
            "gate.yaml",
            f"name: world\ncollection: {root / 'golden' / 'cards'}\n"
            f"baseline: {{{retriever}, generator: {here}}}\n"
            f"candidates:\n  served: {{{retriever}, generator: {there}}}\n"
            "suites: [suites/golden.yaml]\n",
        )

    return write


def answers(world: World, arm: str) -> dict[str, Answer]:
    return {case.id: case.answers[arm] for case in world.report.cases if arm in case.answers}


def compared(found: dict[str, Answer], ends: int = 0) -> dict[str, tuple[object, ...]]:
    """What must be the same. The server counts the token that ends an answer (``ends``: add it)."""
    return {
        name: (each.text, each.citations, each.abstained, each.prompt_tokens, min(each.tokens + ends, TOKENS))
        for name, each in found.items()
    }


def test_a_served_model_answers_every_question_as_the_same_weights_here(world, plan, nano_folder) -> None:
    with transformers_server.serve(world.folder / "server.log", nano_folder) as server:
        plan(server)
        assert invoke(["check"]) == 0
        assert server.answered == 0
        assert world.gate() == 0
        assert server.answered == CARDS
        here, there = answers(world, "baseline"), answers(world, "served")
        assert len(here) == CARDS
        assert len({answer.text for answer in here.values()}) > CARDS / 4
        assert compared(there) == compared(here, ends=1)
        (decision,) = world.report.decisions
        assert (decision.candidate, decision.answer) == ("served", "promote")
        before = world.timeless()
        assert world.gate() == 0
        assert (world.timeless(), server.answered) == (before, CARDS)
    notes = {arm.name: arm.notes for arm in world.report.arms}
    assert notes["baseline"]["generator.answers_changed_by_batch"] == 0
    assert notes["served"]["generator.tokens_spent"] == sum(each.prompt_tokens + each.tokens for each in there.values())


def test_a_server_that_is_killed_halfway_loses_nothing(world, plan, nano_folder, capsys) -> None:
    with transformers_server.serve(world.folder / "first.log", nano_folder) as first:
        plan(first)
        killer = threading.Thread(target=kill_after, args=(first, 80))
        killer.start()
        assert world.gate() == 4
        killer.join()
    assert f"127.0.0.1:{first.port} cannot be reached" in " ".join(capsys.readouterr().out.split())
    assert 80 <= first.answered < CARDS
    assert world.gate() == 4, "nobody is there yet"
    with transformers_server.serve(world.folder / "second.log", nano_folder, first.port) as second:
        assert world.gate() == 0
    # Of the two that were asked when it died, the beginning of an answer may be in its log and nowhere else.
    assert CARDS - first.answered <= second.answered <= CARDS - first.answered + 2
    assert len(answers(world, "served")) == CARDS
    assert compared(answers(world, "served")) == compared(answers(world, "baseline"), ends=1)


def kill_after(server: ModelServer, answers: int) -> None:
    while server.answered < answers and server.process.poll() is None:
        time.sleep(0.002)
    server.kill()


def test_a_name_that_the_server_does_not_serve_is_an_error_of_the_plan(world, plan, nano_folder, capsys) -> None:
    with transformers_server.serve(world.folder / "server.log", nano_folder) as server:
        plan(server, "nanno")
        assert world.gate() == 3
        assert server.answered == 0
    said = " ".join(capsys.readouterr().err.split())
    assert f"gate.yaml:5: 127.0.0.1:{server.port} answers 400: Server is pinned to " in said
    assert "nano'; requested 'nanno'." in said
    assert "check the address, the key and the model's name" in said
