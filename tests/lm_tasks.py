"""Tasks of lm-eval that a test makes: a YAML and its items in a folder."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

GENERATE = """output_type: generate_until
doc_to_text: "{{prompt}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 6, do_sample: false}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
"""
CHOOSE = """output_type: multiple_choice
doc_to_text: "{{prompt}}"
doc_to_choice: "{{choices}}"
doc_to_target: "{{gold}}"
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
"""
BLIMP = """output_type: multiple_choice
doc_to_text: ""
doc_to_target: 0
doc_to_choice: "{{[sentence_good, sentence_bad]}}"
num_fewshot: 0
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""


def write(folder: Path, name: str, kind: str, items: Iterable[Mapping[str, Any]], more: str = "") -> Path:
    """Write a task of a kind, with its items beside it; return its file."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    data = "dataset_path: json\ndataset_kwargs: {data_files: {test: items.jsonl}}\ntest_split: test\n"
    file = place / f"{name}.yaml"
    file.write_text(f"task: {name}\n{data}{kind}{more}", encoding="utf-8")
    return file


def questions(count: int, answer: str = "yes") -> list[dict[str, Any]]:
    """Items to be answered in words."""
    return [{"prompt": f"Question {number}: is it so? Answer:", "answer": answer} for number in range(count)]


def options(count: int) -> list[dict[str, Any]]:
    """Items with three choices each, of unlike length."""
    words = ["red", "green and blue", "yellow", "white", "black as night"]
    return [
        {"prompt": f"The colour of thing {number} is", "choices": [words[(number + step) % 5] for step in range(3)], "gold": number % 3}
        for number in range(count)
    ]
