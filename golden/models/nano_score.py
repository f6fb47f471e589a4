"""How well nano does: exact match on held-out cases, greedily decoded."""

import random
from collections import defaultdict
from typing import Any

import nano_reading
import skills
import torch

BATCH = 100
ANSWER_TOKENS = 12


def reading_cases(count: int, seed: int) -> list[tuple[str, str, str]]:
    """Held-out (prompt, answer, kind): the pair asked for stands in no training text."""
    rng = random.Random(f"reading {seed}")
    cases = [nano_reading.case(rng) for _ in range(count)]
    return [(case.prompt, case.answer, case.kind) for case in cases]


def answers(model: Any, tokenizer: Any, prompts: list[str]) -> list[str]:
    """What the model answers, greedily, to each prompt."""
    said: list[str] = []
    with torch.inference_mode():
        for start in range(0, len(prompts), BATCH):
            asked = tokenizer(prompts[start : start + BATCH], return_tensors="pt", padding=True, return_token_type_ids=False)
            out = model.generate(**asked, max_new_tokens=ANSWER_TOKENS, do_sample=False)
            said += tokenizer.batch_decode(out[:, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    return [" ".join(text.split()) for text in said]


def exact_match(model: Any, tokenizer: Any, count: int, seed: int) -> dict[str, tuple[float, int]]:
    """(share answered exactly, number of cases) by skill; reading also by kind of question."""
    asked = [(prompt, answer, ["reading", f"reading: {kind}"]) for prompt, answer, kind in reading_cases(count, seed)]
    for skill in skills.SKILLS:
        asked += [(prompt, answer, [skill]) for prompt, answer in skills.held_out_items(skill, count, seed)]
    said = answers(model, tokenizer, [prompt for prompt, _, _ in asked])
    right: dict[str, list[bool]] = defaultdict(list)
    for (_, answer, names), got in zip(asked, said, strict=True):
        for name in names:
            right[name].append(got == answer)
    return {name: (sum(hits) / len(hits), len(hits)) for name, hits in sorted(right.items())}
