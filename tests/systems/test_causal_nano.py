"""nano, asked golden/cards: the same answers at any batch size, question by question."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer
from ragguard.systems import factory
from ragguard.systems.protocols import Asked

torch = pytest.importorskip("torch", reason="needs the extra models")
pytestmark = pytest.mark.usefixtures("one_thread")

PROMPT = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}Question: {{ question }}\nAnswer:"
SIZES = (1, 3, 16, 64)


@pytest.fixture(scope="module")
def cards(root: Path) -> list[Asked]:
    """Every question, with none to four documents, those of the family that it asks for first: prompts of many lengths."""
    read = lambda name: [json.loads(line) for line in (root / "golden" / "cards" / name).read_text().splitlines()]  # noqa: E731
    corpus = [Document(each["_id"], each["text"], family=each["family"]) for each in read("corpus.jsonl")]
    asked = []
    for i, query in enumerate(read("queries.jsonl")):
        family = (query.get("asks") or {}).get("family", "")
        own = [document for document in corpus if document.family == family]
        others = [document for document in corpus[i : i + 4] if document.family != family]
        asked.append(Asked(query["_id"], query["text"], tuple([*own, *others][: i % 5])))
    return asked


@pytest.fixture
def said(cards, vault, progress, tmp_path) -> Callable[..., list[Answer]]:
    def answers(model: Path, size: int, share: float | str) -> list[Answer]:
        plan = CausalPlan(
            type="causal-lm", model=str(model), chat=False, prompt=PROMPT, document_text="{text}", max_new_tokens=12, batch_size=size
        )
        generator = factory.generator(plan, base=tmp_path)
        generator.prepare(vault, progress)
        found = [each.answer for each in generator.answer(cards) if each.answer is not None]
        assert generator.notes().get("answers_changed_by_batch", "none was asked alone") == share
        return found

    return answers


@pytest.mark.slow
def test_nano_answers_the_same_at_any_batch_size(nano_folder, cards, said) -> None:
    alone, *others = (said(nano_folder, size, "none was asked alone" if size == 1 else 0) for size in SIZES)
    assert len(alone) == len(cards) > 400
    assert len({answer.text for answer in alone}) > 20
    assert len({answer.prompt_tokens for answer in alone}) > 20
    for size, found in zip(SIZES[1:], others, strict=True):
        assert [one.text for one, other in zip(alone, found, strict=True) if one != other] == [], f"batches of {size}"
