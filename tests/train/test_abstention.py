"""The threshold below which the extractive generator abstains, set on training rows."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from ragguard import gate
from ragguard.errors import CannotJudge, InputError
from ragguard.plan.stages import ExtractiveGenerator as ExtractivePlan
from ragguard.records.collection import Document, Quadruplet
from ragguard.store import Store
from ragguard.systems import factory
from ragguard.train.abstention import calibrate, cut

SIMILARITIES = st.lists(st.integers(-8, 8).map(lambda n: n / 8), min_size=1, max_size=30)
OLD = Document("hooks@1", "Failed deliveries are tried again for 24 hours.", "Webhooks", family="hooks", version="1")
NEW = Document("hooks@2", "Failed deliveries are tried again for 72 hours.", "Webhooks", family="hooks", version="2")
KEYS = Document("keys", "An account holds at most 5 live keys.", "Keys")
FEES = Document("fees", "A card payment costs 1.4 percent.", "Fees")
ROWS = [
    Quadruplet("For how long is a failed delivery tried again?", "retry", NEW),
    Quadruplet("How many live keys may one account have?", "keys", KEYS),
    Quadruplet("What does a card payment cost?", "fees", FEES),
]


class Corpus:
    def __init__(self, *documents: Document) -> None:
        self._documents = {each.id: each for each in documents}

    def __contains__(self, name: object) -> bool:
        return name in self._documents

    def document(self, name: str) -> Document:
        return self._documents[name]


@pytest.fixture
def generator(tmp_path: Path, progress):
    made = factory.generator(ExtractivePlan(type="extractive"), base=tmp_path)
    made.prepare(Store(tmp_path / "store"), progress)
    return made


@given(inside=SIMILARITIES, outside=SIMILARITIES)
def test_the_threshold_is_the_one_that_scikit_learn_finds(inside: list[float], outside: list[float]) -> None:
    found = cut(np.array(inside), np.array(outside))
    truth, values = [1] * len(inside) + [0] * len(outside), inside + outside
    false, true, _ = roc_curve(truth, values, drop_intermediate=False)
    assert found.auroc == pytest.approx(roc_auc_score(truth, values))
    at_levels = (true - false)[1:]  # the first point lies above every similarity, where nothing is answered
    assert found.sensitivity + found.specificity - 1 == pytest.approx(at_levels.max())
    assert np.mean(np.array(inside) >= found.threshold) == pytest.approx(found.sensitivity)
    assert np.mean(np.array(outside) < found.threshold) == pytest.approx(found.specificity)


def test_one_kind_alone_has_no_threshold() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        cut(np.array([0.5]), np.array([]))


def test_questions_with_their_answer_are_told_from_those_without(generator) -> None:
    corpus = Corpus(OLD, NEW, KEYS, FEES)
    found = {row.query: ["hooks@1", "keys", "fees", "hooks@2"] for row in ROWS}
    made = calibrate(generator, ROWS, ROWS, found, corpus, contexts=2)
    assert (made.sensitivity, made.specificity, made.auroc) == (1.0, 1.0, 1.0)
    # Another version of the answer is no context without the answer: it would teach that near is too far.
    assert made.threshold > 0.4


def test_a_corpus_of_answers_alone_cannot_calibrate(generator) -> None:
    with pytest.raises(CannotJudge, match="finds nothing but answers"):
        calibrate(generator, ROWS[:1], ROWS[:1], {ROWS[0].query: ["hooks@1", "hooks@2"]}, Corpus(OLD, NEW), contexts=2)


@pytest.fixture
def plan(folder: Path, minilm: str, monkeypatch: pytest.MonkeyPatch):
    """A factory of a plan with one calibrated arm and one that names its threshold."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    (folder / "suite.yaml").write_text("suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.5}\n")

    def write(generator: str, retriever: str = "{type: lexical}") -> Path:
        arms = f"baseline: {{retriever: {retriever}, generator: {{type: extractive}}}}\n"
        arms += f"candidates:\n  new: {{retriever: {retriever}, generator: {generator}}}\n"
        (folder / "gate.yaml").write_text(f"name: t\ncollection: golden\n{arms}suites: [suite.yaml]\n")
        return folder / "gate.yaml"

    return write


@pytest.mark.slow
def test_a_candidate_is_calibrated_in_a_gate_once_and_its_threshold_kept(plan, folder: Path, minilm: str) -> None:
    path = plan("{type: extractive, calibrate: {data: train.jsonl, max_rows: 12}}", f"{{type: dense, model: {minilm}}}")
    first = gate.run(path, store=folder / "store")
    assert first.answer != "error", first.decisions[0].reasons
    (folder / "train.jsonl").rename(folder / "away.jsonl")
    with pytest.raises(InputError, match="there is no file train"):
        gate.run(path, store=folder / "store")
    (folder / "away.jsonl").rename(folder / "train.jsonl")
    (made,) = (folder / "store/checkpoints").glob("*/provenance.json")
    before = made.stat().st_mtime_ns
    report = gate.run(path, store=folder / "store")
    assert made.stat().st_mtime_ns == before
    (arm,) = [arm for arm in report.arms if arm.name == "new"]
    about = arm.provenance["generator"]
    assert arm.notes["generator.threshold"] == about["threshold"] != 0.45
    assert about["data"] == {"file": "train.jsonl", "rows": 12, "rows_in_file": 20}
    assert 0.5 <= (about["sensitivity"] + about["specificity"]) / 2 <= 1


@pytest.mark.parametrize(
    ("generator", "retriever", "words"),
    [
        ("{type: extractive, calibrate: {data: none.jsonl}}", "{type: lexical}", "there is no file none.jsonl"),
        ("{type: extractive, threshold: 0.4, calibrate: {data: train.jsonl}}", "{type: lexical}", "threshold: is what calibrate: finds"),
        ("{type: extractive, calibrate: {data: train.jsonl}}", "{type: recorded, run: r.trec}", "say threshold: instead of calibrate:"),
    ],
)
def test_a_calibration_that_cannot_be_is_told_before_anything_runs(plan, folder: Path, generator: str, retriever: str, words: str) -> None:
    (folder / "r.trec").write_text("g1 Q0 d3 1 1.0 t\n")
    with pytest.raises(InputError) as told:
        gate.run(plan(generator, retriever))
    assert words in "\n".join(map(str, told.value.problems))
