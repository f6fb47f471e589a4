"""Encoders distilled from a real language model, a tiny Llama that repeats the last word of its prompt: a document is an answer."""

import json
import math

import parrot
import pytest
from training_rows import TOPICS, WORDS, write_lines

from ragguard import gate
from ragguard.data.collection import load
from ragguard.errors import CannotJudge, InputError
from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.plan.recipes import EarlyStopping
from ragguard.plan.replug import ReplugRecipe
from ragguard.records.collection import Document, Quadruplet
from ragguard.store import Store
from ragguard.systems import factory
from ragguard.systems.fingerprints import file_digest
from ragguard.train import checkpoint, divergence, likelihood
from ragguard.train.candidates import Candidates
from ragguard.train.replug import prepare, run
from ragguard.train.teacher import Teacher

torch = pytest.importorskip("torch", reason="needs the extra models")

CODES = [f"code{i}" for i in range(10)]
PROMPT = "{{ question }} {{ documents[0].content }}"


@pytest.fixture(scope="module")
def repeating(tmp_path_factory):
    return parrot.make(tmp_path_factory.mktemp("parrot"), [*WORDS.split(), *TOPICS, *CODES])


@pytest.fixture
def generator(repeating):
    """What it is asked with: the question, and a document's title, which is its code."""
    return {"type": "causal-lm", "model": str(repeating), "prompt": PROMPT, "document_text": "{title}", "max_new_tokens": 4}


@pytest.fixture
def world(folder):
    """The titles are codes, which no encoder is shown; a row's gold answer is the code of the document five places on from its positive."""
    documents = [json.loads(line) for line in (folder / "golden/corpus.jsonl").read_text().splitlines()]
    write_lines(folder / "golden/corpus.jsonl", [{**each, "title": code} for each, code in zip(documents, CODES, strict=True)])
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    write_lines(folder / "train.jsonl", [{**row, "gold_answer": CODES[wanted(row["positive_id"])]} for row in rows])
    return folder


def wanted(positive):
    return (int(positive.removeprefix("d")) + 5) % 10


@pytest.fixture
def recipe(tiny_bert, generator):
    def make(**options):
        common = {"recipe": "replug", "base": str(tiny_bert), "data": "train.jsonl", "device": "cpu", "generator": generator, "k": 10}
        return ReplugRecipe(**{**common, **options})

    return make


@pytest.fixture
def job(recipe, world):
    def do(golden=None, document_text="{text}", prompt="", **options):
        return prepare(recipe(**options), document_text, prompt, "", load(world / "golden"), golden or {}, world)

    return do


@pytest.fixture
def fit(job, world, progress):
    def do(out="out", store="store", **options):
        return run(job(**options), world / out, Store(world / store), progress)

    return do


def ranked(model, world):
    """For each training query the documents by cosine, best first, asked of sentence-transformers itself."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import semantic_search

    encoder = SentenceTransformer(str(model), device="cpu")
    texts = [document.text for document in load(world / "golden").documents()]
    queries = [json.loads(line)["query"] for line in (world / "train.jsonl").read_text().splitlines()]
    found = semantic_search(encoder.encode(queries), encoder.encode(texts), top_k=10)
    return [[hit["corpus_id"] for hit in hits] for hits in found]


@pytest.mark.slow
def test_distillation_moves_the_ranking_towards_what_makes_the_answer_likely(fit, world, tiny_bert):
    rows = [json.loads(line) for line in (world / "train.jsonl").read_text().splitlines()]

    def places(model):
        return [order.index(wanted(row["positive_id"])) for order, row in zip(ranked(model, world), rows, strict=True)]

    made = fit(epochs=30, learning_rate=3e-3, temperature_generator=1)
    told = made.provenance["distilled"]
    assert told["documents"] == 10
    assert told["scored"] == 200
    assert told["positives_liked"] == 0.0
    assert told["after"]["advantage"] > told["before"]["advantage"] + 0.4
    assert told["after"]["same_first"] > told["before"]["same_first"] + 0.7
    assert told["after"]["divergence"] < told["before"]["divergence"] / 4
    before, after = places(tiny_bert), places(made.folder)
    assert sum(place == 0 for place in after) >= 16 > sum(place == 0 for place in before) + 8
    losses = [point["loss"] for point in made.provenance["loss"]]
    assert sum(losses[-5:]) < sum(losses[:5]) / 2


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_what_was_scored_is_kept(fit, world, progress, monkeypatch):
    one = fit("one", arguments={"max_steps": 6})
    assert progress.stages["train"] == [6, 6]
    assert progress.stages["score gold answers"][0] == progress.stages["score gold answers"][1]

    def asked(*_):
        raise AssertionError("the language model was asked again")

    monkeypatch.setattr(likelihood, "of_tokens", asked)
    two = fit("two", arguments={"max_steps": 6})
    assert file_digest(one.folder / "model.safetensors") == file_digest(two.folder / "model.safetensors")
    assert one.provenance["distilled"] == two.provenance["distilled"]
    with pytest.raises(AssertionError, match="asked again"):
        fit("three", store="another", arguments={"max_steps": 6})
    monkeypatch.undo()
    assert fit("one", arguments={"max_steps": 6}) == one
    assert checkpoint.load(one.folder) == one


@pytest.mark.slow
@pytest.mark.parametrize(("refresh", "draws"), [(None, 3), (0, 1), (2, 8)])
def test_candidates_are_drawn_anew(fit, progress, refresh, draws):
    made = fit(epochs=3, refresh=refresh, k=3, learning_rate=1e-3)
    assert made.provenance["distilled"]["draws"] == draws
    assert made.provenance["distilled"]["documents"] == 3
    assert progress.stages["train"] == [15, 15]


@pytest.mark.slow
def test_every_epoch_is_trained_on_its_own_draw(fit, monkeypatch):
    """Scores are as good as names here: each document makes another answer likely."""
    drawn, steps = [], []
    draw, loss = Candidates.draw, divergence.loss

    def noting(candidates):
        draw(candidates)
        drawn.append({tuple(scores) for scores in torch.tensor(candidates.table.scores).tolist()})

    def listening(*given):
        made = loss(*given)
        inner = made.compute_loss_from_embeddings
        monkeypatch.setattr(
            made, "compute_loss_from_embeddings", lambda found, labels: (steps.append(labels.tolist()), inner(found, labels))[1]
        )
        return made

    monkeypatch.setattr(Candidates, "draw", noting)
    monkeypatch.setattr(divergence, "loss", listening)
    fit(epochs=3, k=3, learning_rate=3e-3)
    epochs = [{tuple(row) for step in steps[start : start + 5] for row in step} for start in (0, 5, 10)]
    assert epochs == drawn
    assert drawn[0] != drawn[1] != drawn[2]


@pytest.mark.slow
def test_the_positive_is_among_few_documents_unless_it_need_not_be(fit, monkeypatch):
    seen = []
    monkeypatch.setattr("ragguard.train.replugfit.trainer.run", lambda *given, **_: seen.append(given[3]))
    for keep in (True, False):
        fit(k=2, keep_positive=keep, out=f"out-{keep}")
    kept, free = [[row["positive"] in row["documents"] for row in rows] for rows in seen]
    assert all(kept)
    assert not all(free)
    assert all(len(row["documents"]) == 2 for rows in seen for row in rows)


@pytest.mark.slow
def test_early_stopping_and_prompts_go_along(fit):
    made = fit(epochs=4, early_stopping=EarlyStopping(dev_share=0.2, patience=1), prompt="explain: ", k=3)
    assert made.provenance["rows"] == {"train": 16, "dev": 4}
    assert made.provenance["prompts"] == {"query": "explain: ", "document": ""}
    assert made.provenance["dev"]


@pytest.mark.slow
def test_a_loss_that_breaks_leaves_the_rows_with_their_documents(fit, world):
    with pytest.raises(CannotJudge, match="training"):
        fit(learning_rate=1e30, epochs=4)
    (left,) = (world / "out").iterdir()
    story = json.loads(left.read_text())
    assert {"query", "intent", "positive", "documents"} == set(story["broken"]["batch"][0])


def test_a_score_is_the_mean_log_likelihood_of_the_answers_tokens(generator, world, progress):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    made = factory.generator(CausalPlan(**generator), base=world)
    teacher = Teacher(made, Store(world / "store"), progress)
    rows = [
        (Quadruplet("how do refunds work here", "i", Document("p", "t"), gold_answer="code3"), Document("a", "x", title="code3")),
        (Quadruplet("explain the rules", "i", Document("p", "t"), gold_answer="code1 code2"), Document("b", "y", title="code1")),
        (Quadruplet("explain", "i", Document("p", "t"), gold_answer="code1 code2 code3 code4"), Document("b", "y", title="code9")),
    ]
    model, tokenizer = AutoModelForCausalLM.from_pretrained(generator["model"]), AutoTokenizer.from_pretrained(generator["model"])

    def by_hand(row, document):
        prompt = tokenizer(f"{row.query} {document.title}")["input_ids"]
        answer = [*tokenizer(row.gold_answer)["input_ids"], tokenizer.eos_token_id][:4]
        logits = model(input_ids=torch.tensor([prompt + answer])).logits[0].log_softmax(dim=-1)
        return math.fsum(logits[len(prompt) + i - 1, token].item() for i, token in enumerate(answer)) / len(answer)

    found = teacher.score(rows)
    assert found == pytest.approx([by_hand(*row) for row in rows], abs=1e-4)
    assert teacher.about == {"scored": 3, "answers_cut": 1}
    assert found[0] > found[1] > found[2]


def test_the_key_is_everything_that_goes_in(job, generator, world, tmp_path):
    plain = job().key
    changed = [{"seed": 8}, {"epochs": 2}, {"k": 5}, {"temperature_retriever": 1}, {"temperature_generator": 1}, {"refresh": 0}]
    changed += [
        {"keep_positive": False},
        {"document_text": "{text} {version}"},
        {"prompt": "q: "},
        {"generator": {**generator, "max_new_tokens": 5}},
    ]
    assert len({plain, *(job(**options).key for options in changed)}) == len(changed) + 1
    assert job(generator={**generator, "batch_size": 2, "device": "cpu"}).key == plain
    lines = (world / "golden/corpus.jsonl").read_text()
    (world / "golden/corpus.jsonl").write_text(lines.replace("rule 3", "rule 4"))
    assert job().key != plain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "no.jsonl"}, "no such training file"),
        ({"base": "./no"}, "no such model folder"),
        ({"generator": {"type": "causal-lm", "model": "./nowhere"}}, "no such model folder"),
        ({"golden": {"g7": "How do  WEBHOOKS work here?"}}, "golden query g7"),
    ],
)
def test_what_is_wrong_is_an_input_error(job, options, message):
    with pytest.raises(InputError, match=message):
        job(**options)


def test_rows_without_gold_answers_are_refused(job, world):
    rows = [json.loads(line) for line in (world / "train.jsonl").read_text().splitlines()]
    write_lines(world / "train.jsonl", [{**rows[0], "gold_answer": " "}, *rows[1:]])
    with pytest.raises(InputError, match=r"train.jsonl:1: has no gold_answer"):
        job()


@pytest.fixture
def plan(world, tiny_bert, generator, monkeypatch):
    """A factory: writes gate.yaml with a distilled candidate; ``options`` are keys of its recipe."""
    monkeypatch.chdir(world)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    (world / "suite.yaml").write_text("suite: golden\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.5}\n")

    def write(**options):
        train = {"recipe": "replug", "base": str(tiny_bert), "data": "train.jsonl", "device": "cpu", "generator": generator, **options}
        candidate = {"retriever": {"type": "dense", "train": train}}
        values = {"name": "t", "collection": "golden", "baseline": {"retriever": {"type": "lexical"}}, "suites": ["suite.yaml"]}
        (world / "gate.yaml").write_text(json.dumps({**values, "candidates": {"new": candidate}}, indent=1))
        return world / "gate.yaml"

    return write


@pytest.mark.slow
def test_a_distilled_candidate_is_gated(plan):
    report = gate.run(plan(k=3, arguments={"max_steps": 2}))
    (arm,) = [arm for arm in report.arms if arm.name == "new"]
    assert arm.provenance["retriever"]["distilled"]["draws"] == 1
    assert arm.provenance["retriever"]["recipe"]["recipe"] == "replug"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recipe": "replugg"}, "did you mean 'replug'"),
        ({"kk": 3}, "did you mean 'k'"),
        ({"k": 1}, "k: Input should be greater than or equal to 2"),
        ({"generator": {"type": "causal-lm", "model": "./gone"}}, "no such model folder"),
        ({"generator": {"type": "causal-lm", "model": "m", "trust_remote_code": True}}, "--allow-code"),
        ({"loss": "triplet"}, "unknown key 'loss'"),
        ({"generator": {"type": "causal-lm", "train": {"recipe": "lora", "base": "m", "data": "train.jsonl"}}}, "is not trained here"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_before_anything_is_trained(plan, world, options, words):
    with pytest.raises(InputError) as caught:
        gate.train(plan(**options))
    assert words in str(caught.value)
    assert not (world / ".ragguard").exists()
