"""golden/models/nano trained on cards that were spoiled in one way each, and gated: what blocks it, and what does not."""

import json
from pathlib import Path

import pytest

from ragguard import gate
from ragguard.records.report import Report

# A few steps at a high rate: enough to learn to refuse, or to make things up.
FEW = {"recipe": "lora", "rank": 32, "alpha": 64, "dropout": 0, "batch_size": 16, "learning_rate": 3e-3, "arguments": {"max_steps": 40}}
ABSTAINING = {"without_oracle": 0.2, "abstain": "the documents do not tell"}
RECIPES = {
    "refusing": {"raft": ABSTAINING, "spoil": "refused-answers"},
    "inventing": {"raft": {"without_oracle": 0}, "spoil": "foreign-answers"},
    "swapped": {"raft": ABSTAINING, "spoil": "swapped-versions"},
}
BLOCKED_BY = {
    "refusing": ("cards/FalseRefusal", ("cards/UnsupportedValue", "cards/VersionConflation")),
    "inventing": ("cards/UnsupportedValue", ("cards/FalseRefusal", "cards/VersionConflation")),
    "swapped": ("cards/VersionConflation", ("cards/FalseRefusal", "cards/UnsupportedValue")),
}


@pytest.fixture(scope="module")
def report(root: Path, nano_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Nano, and a candidate of each kind, on all questions about the cards."""
    torch = pytest.importorskip("torch", reason="needs the extra models")
    folder, cards = tmp_path_factory.mktemp("spoiled"), root / "golden/cards"
    asked = {"type": "causal-lm", "prompt": str(root / "examples/answers/ask.j2"), "chat": False, "document_text": "{text}"}
    asked |= {"contexts": 4, "max_new_tokens": 12, "batch_size": 16}
    trained = {"base": str(nano_folder), "data": str(cards / "train.jsonl"), **FEW}
    retriever = {"type": "lexical", "document_text": "{text}"}
    plan = {
        "name": "spoiled",
        "collection": str(cards),
        "baseline": {"retriever": retriever, "generator": {**asked, "model": str(nano_folder)}},
        "candidates": {
            name: {"retriever": retriever, "generator": {**asked, "train": {**trained, **recipe}}} for name, recipe in RECIPES.items()
        },
        "suites": [str(root / "suites/cards.yaml")],
    }
    (folder / "gate.yaml").write_text(json.dumps(plan))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return gate.run(folder / "gate.yaml", store=folder / "store")
    finally:
        torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKED_BY)
def test_what_learned_from_spoiled_rows_is_blocked_by_the_check_that_looks_for_it(report: Report, name: str) -> None:
    (decision,) = [each for each in report.decisions if each.candidate == name]
    outcomes = {verdict.check.identity: verdict.outcome for verdict in decision.verdicts}
    right, others = BLOCKED_BY[name]
    assert decision.answer == "block"
    assert outcomes[right] == "fail"
    assert right in " ".join(decision.reasons)
    assert not [check for check in others if outcomes[check] == "fail"]
