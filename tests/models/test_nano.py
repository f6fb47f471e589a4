"""golden/models/nano is what its card says, and its recipe draws the same text for the same seed."""

import json
import random
import re
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = ROOT / "golden" / "models"
NANO = MODELS / "nano"


@pytest.fixture(scope="module")
def recipe() -> Iterator[dict[str, ModuleType]]:
    sys.path.insert(0, str(MODELS))
    import nano_reading
    import nano_rows
    import nano_score
    import nano_tokenizer
    import skills

    yield {module.__name__: module for module in (nano_reading, nano_rows, nano_score, nano_tokenizer, skills)}
    sys.path.remove(str(MODELS))


@pytest.fixture(scope="module")
def nano(recipe: dict[str, ModuleType]) -> tuple[Any, Any]:
    if not NANO.is_dir():
        pytest.skip("golden/models/nano is not trained yet: python golden/models/recipe_nano.py makes it")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(NANO, dtype=torch.float32, local_files_only=True).eval()
    return model, AutoTokenizer.from_pretrained(NANO, local_files_only=True)


def promised(skill: str) -> float:
    """What the card says of a skill."""
    found = re.search(rf"^\| {re.escape(skill)} \| ([01]\.\d+) \|", (NANO / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found, skill
    return float(found[1])


def test_the_recipe_draws_the_same_for_the_same_seed(recipe: dict[str, ModuleType]) -> None:
    rows, score, skills = recipe["nano_rows"], recipe["nano_score"], recipe["skills"]
    for stage in range(len(rows.STAGES)):
        assert rows.batch(1, 7, 4, stage) == rows.batch(1, 7, 4, stage)
        assert rows.batch(1, 7, 4, stage) != rows.batch(2, 7, 4, stage)
        assert {len(row) for row in rows.batch(1, 7, 16, stage)} == {rows.LENGTH + 1}
    assert score.reading_cases(50, seed=3) == score.reading_cases(50, seed=3)
    for skill in skills.SKILLS:
        assert skills.held_out_items(skill, 50, seed=3) == skills.held_out_items(skill, 50, seed=3)


def test_what_is_asked_in_tests_is_never_told_or_asked_in_training(recipe: dict[str, ModuleType]) -> None:
    reading, rows, score = recipe["nano_reading"], recipe["nano_rows"], recipe["nano_score"]
    words = {number: word for word, number in rows.VOCABULARY.items()}
    trained = {pair for step in range(20) for row in rows.batch(1, step, 16, 2) for pair in _pairs(row.tokens, words)}
    assert len(trained) > 500
    assert not any(reading.held_out(*pair) for pair in trained)
    for prompt, answer, _ in score.reading_cases(200, seed=3):
        asked = _pairs(rows.ids(prompt.split("Question: ")[1]), words)
        assert len(asked) == 1
        assert all(reading.held_out(*pair) for pair in asked), (prompt, answer)


def _pairs(tokens: list[int], words: dict[int, str]) -> set[tuple[str, str]]:
    """(attribute, entity) of each sentence: every document and every question has one of each."""
    from nano_words import ATTRIBUTES, ENTITIES

    pairs = set()
    for sentence in re.split(r"[.?]|<bos>", " ".join(words[token] for token in tokens)):
        said = sentence.split()
        pairs |= set(product([w for w in said if w in ATTRIBUTES], [w for w in said if w in ENTITIES]))
    return pairs


def test_skills_answer_themselves(recipe: dict[str, ModuleType]) -> None:
    skills = recipe["skills"]
    for prompt, answer in skills.held_out_items("arithmetic", 100, seed=1):
        a, b = re.sub(r"(?<=\d) (?=\d)", "", prompt.removeprefix("add: ").removesuffix(" =")).split(" + ")
        assert int(a) + int(b) == int(answer.replace(" ", ""))
    for prompt, answer in skills.held_out_items("sorting", 100, seed=1):
        assert sorted(prompt.removeprefix("sort: ").removesuffix(" =").split()) == answer.split()


@pytest.mark.parametrize(
    "text", ["What is the timeout of webhooks?", "pumps: 30 seconds [2]", "zyxgh-88417 quux_01 (a.b)", "naïve €5 日本"]
)
def test_the_tokenizer_takes_any_text(recipe: dict[str, ModuleType], text: str) -> None:
    tokenizer = recipe["nano_tokenizer"].make()
    tokens = tokenizer(text)["input_ids"]
    assert tokens[0] == tokenizer.bos_token_id
    assert max(tokens) < len(tokenizer)
    if text.isascii():
        assert tokenizer.unk_token_id not in tokens
        back = tokenizer.decode(tokens, skip_special_tokens=True)
        assert "".join(back.split()) == "".join(text.lower().split())


def test_the_tokenizer_splits_as_the_training_rows_do(recipe: dict[str, ModuleType]) -> None:
    rows, tokenizer = recipe["nano_rows"], recipe["nano_tokenizer"].make()
    for prompt, answer, _ in recipe["nano_score"].reading_cases(100, seed=9):
        assert tokenizer(f"{prompt} {answer}")["input_ids"][1:] == rows.ids(f"{prompt} {answer}")


def test_the_items_that_lm_eval_reads_are_those_of_the_recipe(recipe: dict[str, ModuleType], tmp_path: Path) -> None:
    skills = recipe["skills"]
    skills.write(tmp_path, tmp_path / "rehearsal.jsonl")
    rehearsed = (ROOT / "golden" / "rehearsal" / "skills.jsonl").read_text(encoding="utf-8")
    assert rehearsed == (tmp_path / "rehearsal.jsonl").read_text(encoding="utf-8")
    practised = {json.loads(line)["prompt"] for line in rehearsed.splitlines()}
    assert len(practised) == len(skills.SKILLS) * skills.REHEARSED
    for skill in skills.SKILLS:
        shipped = (ROOT / "suites" / "tasks" / skill / "test.jsonl").read_bytes()
        assert shipped == (tmp_path / skill / "test.jsonl").read_bytes()
        assert shipped.count(b"\n") == skills.ITEMS
        assert not practised & {json.loads(line)["prompt"] for line in shipped.splitlines()}


def test_nano_is_a_small_llama(nano: tuple[Any, Any]) -> None:
    model, tokenizer = nano
    assert type(model).__name__ == "LlamaForCausalLM"
    assert 2_000_000 <= sum(p.numel() for p in model.parameters()) <= 4_000_000
    assert sum(file.stat().st_size for file in NANO.iterdir()) <= 16_000_000
    assert {tokenizer.pad_token, tokenizer.bos_token, tokenizer.eos_token} == {"<pad>", "<bos>", "<eos>"}
    assert (model.config.pad_token_id, model.config.bos_token_id, model.config.eos_token_id) == tuple(
        tokenizer.convert_tokens_to_ids(["<pad>", "<bos>", "<eos>"])
    )


def test_the_chat_template_writes_what_nano_was_trained_on(recipe: dict[str, ModuleType], nano: tuple[Any, Any]) -> None:
    tokenizer = nano[1]
    case = recipe["nano_reading"].case(random.Random(4))
    messages = [{"role": "documents", "content": list(case.documents)}, {"role": "user", "content": case.question}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == "<bos>" + case.prompt


@pytest.mark.slow
def test_nano_reads_and_says_when_it_is_not_told(recipe: dict[str, ModuleType], nano: tuple[Any, Any]) -> None:
    score = recipe["nano_score"]
    cases = score.reading_cases(100, seed=77)
    said = score.answers(*nano, [prompt for prompt, _, _ in cases])
    right = [got == answer for got, (_, answer, _) in zip(said, cases, strict=True)]
    assert sum(right) / 100 >= promised("reading") - _error(promised("reading"), 100)
    vain = [hit for hit, (_, _, kind) in zip(right, cases, strict=True) if kind == "not told"]
    expected = promised("reading: not told")
    assert len(vain) >= 15
    assert sum(vain) / len(vain) >= expected - _error(expected, len(vain))


@pytest.mark.slow
def test_nano_has_the_skills_that_its_card_says(recipe: dict[str, ModuleType], nano: tuple[Any, Any]) -> None:
    skills = recipe["skills"]
    for skill in skills.SKILLS:
        items = skills.held_out_items(skill, 100, seed=77)
        said = recipe["nano_score"].answers(*nano, [prompt for prompt, _ in items])
        right = sum(got == answer for got, (_, answer) in zip(said, items, strict=True)) / 100
        assert right >= promised(skill) - _error(promised(skill), 100), skill


def _error(share: float, count: int) -> float:
    """Three standard errors of the difference between this sample's share and the card's (500 cases), never quite none."""
    share = min(share, 0.98)
    return 3 * (share * (1 - share) * (1 / count + 1 / 500)) ** 0.5
