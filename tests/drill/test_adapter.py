"""A language model that lost its adapter answers as its base does."""

from collections.abc import Callable
from typing import Any

import pytest
import tiny_llama
from drill_worlds import BLIND


@pytest.mark.slow
def test_an_adapter_that_is_not_loaded_is_planted(drill_range: Callable[..., Any], one_thread: None) -> None:
    made = drill_range(BLIND)
    tiny_llama.make(made.folder / "models/tiny")
    tiny_llama.lora(made.folder / "models/lora", made.folder / "models/tiny")
    prompt = '"{{ question }}: {{ documents[0].content if documents else 0 }}"'
    model = f"{{type: causal-lm, model: models/tiny, adapter: models/lora, max_new_tokens: 4, batch_size: 32, prompt: {prompt}}}"
    text = (made.folder / "gate.yaml").read_text(encoding="utf-8")
    made.write("gate.yaml", text.replace(f"{{type: python, callable: '{made.module}:answer', contexts: 2}}", model))
    assert made.run("--mutant", "adapter-not-loaded") == 1
    lost = made.of("adapter-not-loaded")
    assert lost["result"] == "survived"
    assert lost["shots"][0]["touched"] > 0
    assert lost["missing"][0].endswith("no check's score fell")
