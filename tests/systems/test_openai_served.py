"""An existing server, ``transformers serve``, asked by the ``openai`` generator: it says what the same weights say in this process."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
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

PROMPT = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}{{ question }}"
CARDS = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}Question: {{ question }}"
TOKENS = 24
CHAT = "{% for m in messages %}{{ m.content }} {% endfor %}"
TEXTS = ("Tom had a red ball.", "Lily went to the park with her mom and saw a big dog.", "Ben likes to play with his toys.")
QUESTIONS = [
    Asked(f"q{i}", f"{start} {'and so ' * (i % 3)}", tuple(Document(f"d{j}", TEXTS[(i + j) % 3]) for j in range(i % 4)))
    for i, start in enumerate(("Once upon a time", "Lily said", "One day Tom", "The dog was very", "Mom gave") * 2)
]
SAMPLING = {"do_sample": True, "temperature": 5.0, "repetition_penalty": 9.0, "eos_token_id": 2, "bos_token_id": 1}
GREEDY = json.dumps({"do_sample": False, "repetition_penalty": 1.0})


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ModelServer]:
    """It serves whatever folder a request names."""
    with transformers_server.serve(folder / "any.log") as served:
        yield served


@pytest.fixture(scope="module")
def stories(folder: Path, shared_data: Path) -> Path:
    made = folder / "stories"
    shutil.copytree(shared_data / "stories260K" / "hf", made)
    (made / "chat_template.jinja").write_text(CHAT)
    return made


@pytest.fixture
def said(tmp_path, vault, progress) -> Callable[..., list[Answer]]:
    """What a model answers in this process, or, with a server, there."""

    def ask(model: Path | str, server: ModelServer | None = None, asked: Sequence[Asked] = QUESTIONS, **more: Any) -> list[Answer]:
        given: dict[str, Any] = {"model": str(model), "prompt": PROMPT, "document_text": "{text}", "max_new_tokens": TOKENS, **more}
        if server is None:
            plan: Any = CausalGenerator(type="causal-lm", **given)
        else:
            plan = OpenAIGenerator(type="openai", base_url=f"{server.url}/v1", retries=1, timeout=120, **given)
        generator = factory.generator(plan, base=tmp_path)
        generator.prepare(vault, progress)
        found: list[Said] = generator.answer(asked)
        assert not [each.error for each in found if each.error]
        return [each.answer for each in found if each.answer is not None]

    return ask


def compared(answers: list[Answer], ends: int = 0) -> list[tuple[Any, ...]]:
    """What must be the same: text, citations, and how many tokens went in and came out.

    The server counts the token that ends an answer, here it is not part of it (``ends``: add it).
    """
    return [(each.text, each.citations, each.abstained, each.prompt_tokens, min(each.tokens + ends, TOKENS)) for each in answers]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("system", [None, "Tell a story."], ids=["no system message", "system message"])
def test_a_real_model_says_there_what_it_says_here(server, stories, said, stream, system) -> None:
    here = said(stories, system=system)
    assert len({answer.text for answer in here}) > 5
    assert compared(said(stories, server, system=system, stream=stream)) == compared(here, ends=1)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_nano_says_there_what_it_says_here(server, nano_folder, root, said, stream) -> None:
    read = lambda name: map(json.loads, (root / "golden" / "cards" / name).read_text().splitlines()[:40])  # noqa: E731
    shown = [Document(each["_id"], each["text"]) for each in read("corpus.jsonl")]
    cards = [Asked(query["_id"], query["text"], tuple(shown[i : i + 3])) for i, query in enumerate(read("queries.jsonl"))]
    told = [card for card, answer in zip(cards, said(nano_folder, asked=cards, prompt=CARDS), strict=True) if answer.text]
    here = said(nano_folder, asked=told, prompt=CARDS)
    assert len({answer.text for answer in here}) > 5
    assert compared(said(nano_folder, server, asked=told, prompt=CARDS, stream=stream)) == compared(here, ends=1)


def test_a_random_model_says_there_what_it_says_here(server, folder, said) -> None:
    model = tiny_llama.make(folder / "random", chat=tiny_llama.CHAT)
    here = said(model)
    assert compared(said(model, server, stream=False)) == compared(here, ends=1)
    streamed = said(model, server)
    assert any(each.text.endswith("\N{REPLACEMENT CHARACTER}") for each in here)
    for one, other in zip(here, streamed, strict=True):  # its stream leaves out the end where that is no whole character
        assert one.text.startswith(other.text)
        assert one.text.removeprefix(other.text).replace("\N{REPLACEMENT CHARACTER}", "").strip() == ""
        assert (one.prompt_tokens, min(one.tokens + 1, TOKENS)) == (other.prompt_tokens, other.tokens)


def test_what_the_models_files_say_of_sampling_counts_there_unless_the_body_overrules_it(server, stories, said) -> None:
    """A temperature of 0 takes sampling away, and not the penalty."""
    penalised = stories.parent / "penalised"
    shutil.copytree(stories, penalised)
    (penalised / "generation_config.json").write_text(json.dumps(SAMPLING))
    here = compared(said(stories), ends=1)
    assert compared(said(penalised), ends=1) == here
    there = compared(said(penalised, server))
    assert there != here
    assert there == compared(said(penalised, server, stream=False))
    assert compared(said(penalised, server, body={"generation_config": GREEDY})) == here


def test_a_temperature_draws_there_only_where_sampling_is_asked_for(server, stories, said) -> None:
    here = compared(said(stories), ends=1)
    assert compared(said(stories, server, temperature=5.0)) == here
    drawn = compared(said(stories, server, temperature=5.0, body={"generation_config": '{"do_sample": true}'}))
    assert len(set(drawn) - set(here)) > 5


def test_what_the_server_does_not_know_is_an_error_of_the_input(server, stories, said) -> None:
    with pytest.raises(InputError, match=r"answers 422: Unexpected fields in the request: \{'top_kk'\}"):
        said(stories, server, body={"top_kk": 3})


def test_another_model_than_the_one_served_is_an_error_of_the_input(folder, stories, said) -> None:
    with transformers_server.serve(folder / "one.log", stories) as one:
        assert len(said(stories, one)) == len(QUESTIONS)
        with pytest.raises(
            InputError, match=r"answers 400: Server is pinned to '.*stories'; requested 'storis'\.; check the address, .* name"
        ):
            said("storis", one)
    assert one.process.returncode is not None


def test_a_model_that_cannot_be_loaded_is_the_error_of_each_question(server, tmp_path, vault, progress) -> None:
    """Such a server serves anything, so that it takes a wrong name for a failure of its own."""
    plan = OpenAIGenerator(type="openai", base_url=f"{server.url}/v1", retries=0, model="./nowhere", prompt=PROMPT)
    generator = factory.generator(plan, base=tmp_path)
    assert {each.error.partition(" ")[2] for each in generator.answer(QUESTIONS)} == {"answers 500: Internal Server Error"}
    assert generator.notes()["tokens_spent"] == 0
