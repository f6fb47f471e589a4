"""An existing server, ``transformers serve``, asked by the ``openai`` generator: it says what the same weights say in this process."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_llama
import transformers_server
from transformers_server import ModelServer

from ragguard.errors import InputError
from ragguard.plan.generators import CausalGenerator, OpenAIGenerator
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer
from ragguard.systems import factory
from ragguard.systems.protocols import Asked, Said

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch", reason="needs the extra models")

PROMPT = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}Question: {{ question }}"
TOKENS = 24
PENALISED = {"do_sample": True, "temperature": 5.0, "repetition_penalty": 9.0}
GREEDY = json.dumps({"do_sample": False, "repetition_penalty": 1.0})


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ModelServer]:
    """It serves whatever folder a request names."""
    with transformers_server.serve(folder / "any.log") as served:
        yield served


@pytest.fixture(scope="module")
def cards(root: Path) -> list[Asked]:
    """Questions on golden/cards, with none to three cards that stand where the thing asked for has its own."""
    read = lambda name, n: map(json.loads, (root / "golden" / "cards" / name).read_text().splitlines()[:n])  # noqa: E731
    shown = [Document(each["_id"], each["text"]) for each in read("corpus.jsonl", 40)]
    return [Asked(each["_id"], each["text"], tuple(shown[i : i + i % 4])) for i, each in enumerate(read("queries.jsonl", 24))]


@pytest.fixture
def said(cards, tmp_path, vault, progress) -> Callable[..., list[Answer]]:
    """What a model answers in this process, or, with a server, there."""

    def ask(model: Path | str, server: ModelServer | None = None, **more: Any) -> list[Answer]:
        given: dict[str, Any] = {"model": str(model), "prompt": PROMPT, "document_text": "{text}", "max_new_tokens": TOKENS, **more}
        if server is None:
            plan: Any = CausalGenerator(type="causal-lm", **given)
        else:
            plan = OpenAIGenerator(type="openai", base_url=f"{server.url}/v1", retries=1, timeout=120, **given)
        generator = factory.generator(plan, base=tmp_path)
        generator.prepare(vault, progress)
        found: list[Said] = generator.answer(cards)
        assert not [each.error for each in found if each.error]
        return [each.answer for each in found if each.answer is not None]

    return ask


def compared(answers: list[Answer], ends: int = 0) -> list[tuple[Any, ...]]:
    """What must be the same: text, citations, and how many tokens went in and came out.

    The server counts the token that ends an answer, here it is not part of it (``ends``: add it).
    """
    return [(each.text, each.citations, each.abstained, each.prompt_tokens, min(each.tokens + ends, TOKENS)) for each in answers]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_nano_says_there_what_it_says_here(server, nano_folder, said, stream) -> None:
    here = said(nano_folder)
    assert len({answer.text for answer in here}) > 5
    assert any(answer.citations for answer in here)
    assert any(answer.abstained for answer in here)
    assert compared(said(nano_folder, server, stream=stream)) == compared(here, ends=1)


@pytest.mark.parametrize("system", [None, "Be short."], ids=["no system message", "system message"])
def test_a_random_model_says_there_what_it_says_here(server, folder, said, system) -> None:
    model = folder / "random"
    if not model.exists():
        tiny_llama.make(model, chat=tiny_llama.CHAT)
    here = said(model, system=system)
    assert len({answer.text for answer in here}) > 20
    assert compared(said(model, server, system=system, stream=False)) == compared(here, ends=1)
    assert any(each.text.endswith("\N{REPLACEMENT CHARACTER}") for each in here)
    streamed = said(model, server, system=system)
    for one, other in zip(here, streamed, strict=True):  # its stream leaves out the end where that is no whole character
        assert one.text.startswith(other.text)
        assert one.text.removeprefix(other.text).replace("\N{REPLACEMENT CHARACTER}", "").strip() == ""
        assert (one.prompt_tokens, min(one.tokens + 1, TOKENS)) == (other.prompt_tokens, other.tokens)


def test_what_the_models_files_say_of_sampling_counts_there_unless_the_body_overrules_it(server, folder, nano_folder, said) -> None:
    """A temperature of 0 takes sampling away, and not the penalty."""
    penalised = folder / "penalised"
    shutil.copytree(nano_folder, penalised)
    path = penalised / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **PENALISED}))
    here = compared(said(nano_folder), ends=1)
    assert compared(said(penalised), ends=1) == here
    there = compared(said(penalised, server))
    assert there != here
    assert there == compared(said(penalised, server, stream=False))
    assert compared(said(penalised, server, body={"generation_config": GREEDY})) == here


def test_a_temperature_draws_there_only_where_sampling_is_asked_for(server, nano_folder, said) -> None:
    here = compared(said(nano_folder), ends=1)
    assert compared(said(nano_folder, server, temperature=5.0)) == here
    drawn = compared(said(nano_folder, server, temperature=5.0, body={"generation_config": '{"do_sample": true}'}))
    assert len(set(drawn) - set(here)) > 5


def test_what_the_server_does_not_know_is_an_error_of_the_input(server, nano_folder, said) -> None:
    with pytest.raises(InputError, match=r"answers 422: Unexpected fields in the request: \{'top_kk'\}"):
        said(nano_folder, server, body={"top_kk": 3})


def test_another_model_than_the_one_served_is_an_error_of_the_input(folder, nano_folder, cards, said) -> None:
    with transformers_server.serve(folder / "one.log", nano_folder) as one:
        assert len(said(nano_folder, one)) == len(cards)
        with pytest.raises(InputError, match=r"answers 400: Server is pinned to '.*nano'; requested 'nanno'\.; check the address"):
            said("nanno", one)
    assert one.process.returncode is not None


def test_a_model_that_cannot_be_loaded_is_the_error_of_each_question(server, cards, tmp_path) -> None:
    """Such a server serves anything, so that it takes a wrong name for a failure of its own."""
    plan = OpenAIGenerator(type="openai", base_url=f"{server.url}/v1", retries=0, model="./nowhere", prompt=PROMPT)
    generator = factory.generator(plan, base=tmp_path)
    assert {each.error.partition(" ")[2] for each in generator.answer(cards)} == {"answers 500: Internal Server Error"}
    assert generator.notes()["tokens_spent"] == 0
