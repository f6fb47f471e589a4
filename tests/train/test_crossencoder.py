"""Cross-encoders trained on what a retriever finds, with a real, tiny BERT."""

import json
import math

import pytest

from ragguard.errors import CannotJudge, InputError
from ragguard.plan.retrievers import LexicalRetriever as LexicalPlan
from ragguard.plan.stages import CrossEncoderRecipe
from ragguard.plan.stages import CrossEncoderReranker as CrossEncoderPlan
from ragguard.records.collection import Document, Quadruplet
from ragguard.records.evidence import Observation, Ranked
from ragguard.store import Store
from ragguard.systems.crossencoder import CrossEncoderReranker
from ragguard.systems.fingerprints import file_digest
from ragguard.systems.lexical import LexicalRetriever
from ragguard.train import checkpoint
from ragguard.train.crossencoder import prepare, run
from ragguard.train.crossfit import columns, told
from ragguard.train.mining import group, mine

TEMPLATE = "{title}\n{text}"
TOPICS = "webhooks refunds invoices payouts disputes currencies taxes receipts limits keys"


class Ring:
    """A retriever that finds the document of the topic that a query names, and then those that follow."""

    fingerprint = "ring"

    def index(self, corpus, vault, progress):
        self.ids = [document.id for document in corpus.documents()]

    def search(self, cases, depth):
        starts = [next(i for i, topic in enumerate(TOPICS.split()) if topic in case.text) for case in cases]
        rankings = [[self.ids[(start + step) % len(self.ids)] for step in range(depth)] for start in starts]
        return [
            Observation(case.id, tuple(Ranked(name, -place) for place, name in enumerate(ranking)))
            for case, ranking in zip(cases, rankings, strict=True)
        ]


@pytest.fixture
def recipe(tiny_bert):
    def make(**options):
        common = {"recipe": "crossencoder", "base": str(tiny_bert), "data": "train.jsonl", "batch_size": 8, "device": "cpu"}
        return CrossEncoderRecipe(**{**common, "negatives": 2, "mine_depth": 5, **options})

    return make


@pytest.fixture
def fit(recipe, folder, collection, progress):
    def do(out="out", retriever=None, golden=None, document_text=TEMPLATE, **options):
        job = prepare(recipe(**options), document_text, collection, golden or {}, folder)
        return run(job, retriever or Ring(), folder / out, Store(folder / "store"), progress)

    return do


def row(query="q", positive="p", hard=None, easy=None, intent="i"):
    return Quadruplet(query, intent, document(positive), document(hard), document(easy))


def document(name):
    return None if name is None else Document(name, f"text {name}")


@pytest.fixture
def known():
    """A collection of documents a to f, as far as the mining asks."""

    class Known:
        def document(self, name):
            return document(name)

        def __contains__(self, name):
            return name in "abcdef"

    return Known()


def test_own_negatives_come_first_and_mined_ones_fill_up(known):
    (found,) = group([row(positive="a", hard="b", easy="e")], [row(positive="a")], {"q": ["a", "b", "c", "zzz", "d", "f"]}, 2, known)
    assert [each.id for each in found.negatives] == ["b", "c", "d", "e"]
    assert found.mined == 2


def test_what_is_right_for_the_same_intent_is_no_negative(known):
    rows = [row("q", "a"), row("p", "b"), row("other", "c", intent="j")]
    found = group(rows[:1], rows, {"q": ["b", "a", "c"]}, 3, known)
    assert [each.id for each in found[0].negatives] == ["c"]


def test_a_document_with_the_text_of_a_right_one_is_no_negative(known):
    right = Quadruplet("q", "i", Document("text-123", "text b"))
    (found,) = group([right], [right], {"q": ["b", "d"]}, 3, known)
    assert [each.id for each in found.negatives] == ["d"]


def test_columns_are_those_of_the_loss(recipe, known):
    groups = group([row(positive="a", hard="b", easy="e")], [row(positive="a")], {"q": ["c"]}, 1, known)
    pairs = columns(groups, recipe(), "{text}")
    assert pairs == {"query": ["q"] * 4, "document": ["text a", "text b", "text c", "text e"], "label": [1.0, 0.0, 0.0, 0.0]}
    assert [each["document"] for each in told(groups, recipe())] == ["a", "b", "c", "e"]
    lists = columns(groups, recipe(loss="lambda"), "{text}")
    assert lists == {"query": ["q"], "docs": [["text a", "text b", "text c", "text e"]], "labels": [[1.0, 0.0, 0.0, 0.0]]}
    assert told(groups, recipe(loss="listnet")) == [{"query": "q", "intent": "i", "positive": "a", "negatives": ["b", "c", "e"]}]


def test_a_retriever_is_asked_each_query_once_and_ranks_as_it_does_in_a_gate(folder, collection, progress):
    asked = LexicalRetriever(LexicalPlan(type="lexical"))
    rows = [row("how do refunds work here"), row("how do refunds work here", "x"), row("explain the keys rules to me")]
    found = mine(asked, collection, rows, 3, Store(folder / "store"), progress)
    assert list(found) == ["how do refunds work here", "explain the keys rules to me"]
    assert found["how do refunds work here"][0] == "d1"
    assert found["explain the keys rules to me"][0] == "d9"
    assert all(len(ids) <= 3 for ids in found.values())
    assert progress.stages["mine negatives"] == [2, 2]


def test_a_retriever_that_fails_on_a_query_mines_nothing(folder, collection, progress):
    class Failing:
        def index(self, *_):
            pass

        def search(self, cases, depth):
            return [Observation(case.id, error="timeout") for case in cases]

    with pytest.raises(CannotJudge, match=r"1 of 1 training queries, first on 'q': timeout"):
        mine(Failing(), collection, [row()], 3, Store(folder / "store"), progress)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_head(fit):
    one, two, other = (fit(out, arguments={"max_steps": 2}, **more) for out, more in (("one", {}), ("two", {}), ("three", {"seed": 8})))
    weights = [file_digest(made.folder / "model.safetensors") for made in (one, two, other)]
    assert weights[0] == weights[1] != weights[2]
    assert one.fingerprint == two.fingerprint


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "epochs"), [("binary-cross-entropy", 12), ("lambda", 4), ("listnet", 4)])
def test_every_loss_learns_what_the_rows_say(fit, folder, collection, loss, epochs):
    """Rows whose positives are the first five documents, and whose negatives the last five."""
    first, last = TOPICS.split()[:5], range(5, 10)
    rows = [
        {"query": f"how do {topic} work here", "positive_id": f"d{i}", "hard_negative_id": f"d{other}"}
        for i, topic in enumerate(first)
        for other in last
    ]
    (folder / "halves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = fit(loss=loss, data="halves.jsonl", negatives=0, epochs=epochs, learning_rate=2e-3, batch_size=5)
    reranker = CrossEncoderReranker(CrossEncoderPlan(type="cross-encoder", model="m", document_text=TEMPLATE), made.folder)
    scores = reranker.score([("how do refunds work here", document) for document in collection.documents()])
    assert min(scores[:5]) > max(scores[5:])
    assert type(reranker.model.activation_fn).__name__ == "Identity"  # a sigmoid would round large scores to a tie at 1
    losses = [point["loss"] for point in made.provenance["loss"]]
    assert sum(losses[-5:]) < sum(losses[:5]) - 0.25  # that of ListNet, whose targets are softmaxes, falls no lower than 0.58


@pytest.mark.slow
def test_provenance_tells_the_whole_story_and_the_checkpoint_is_taken_again(fit, capfd):
    made = fit(arguments={"max_steps": 2})
    assert capfd.readouterr() == ("", "")
    told_ = json.loads((made.folder / "provenance.json").read_text())
    assert told_ == made.provenance
    assert [point["step"] for point in told_["loss"]] == [1, 2]
    assert told_["rows"] == {"train": 20}
    assert told_["mined"] == {"negatives": 40, "rows_without": 0, "retriever": "ring"}
    assert told_["pairs"] == 20 + 20 + 40
    assert told_["pairs_truncated"] == 0.0
    assert told_["seed"] == 7
    assert told_["versions"]["sentence-transformers"]

    class Untouched:
        fingerprint = "ring"

    stamp = (made.folder / "model.safetensors").stat().st_mtime_ns
    assert fit(retriever=Untouched(), arguments={"max_steps": 2}) == made
    assert (made.folder / "model.safetensors").stat().st_mtime_ns == stamp
    assert checkpoint.load(made.folder) == made


@pytest.mark.slow
def test_without_mining_the_retriever_is_not_asked(fit):
    class Untouched:
        fingerprint = "none"

    made = fit(retriever=Untouched(), negatives=0, max_rows=6, arguments={"max_steps": 1})
    assert made.provenance["pairs"] == 12
    assert "mined" not in made.provenance


@pytest.mark.slow
def test_a_learning_rate_of_ten_stops_with_the_batch(fit, folder):
    with pytest.raises(CannotJudge, match=r"training broke at step \d+: the loss") as caught:
        fit(learning_rate=10, epochs=20)
    (left,) = (folder / "out").iterdir()
    assert left.name in str(caught.value)
    story = json.loads(left.read_text())
    assert 0 < len(story["broken"]["batch"]) <= 8
    assert {"query", "intent", "document", "label"} == set(story["broken"]["batch"][0])
    assert story["mined"]["negatives"] == 40
    assert all(math.isfinite(point["loss"]) for point in story["loss"])


def test_the_key_is_everything_that_goes_in(recipe, folder, collection):
    def key(retriever="r", document_text=TEMPLATE, **options):
        return prepare(recipe(**options), document_text, collection, {}, folder).key(retriever)

    plain = key()
    changed = [{"seed": 8}, {"epochs": 2}, {"loss": "lambda"}, {"document_text": "{text}"}, {"retriever": "s"}, {"negatives": 3}]
    changed += [{"mine_depth": 6}, {"max_seq_length": 32}, {"arguments": {"warmup_steps": 1}}]
    assert len({plain, *(key(**options) for options in changed)}) == len(changed) + 1
    assert key(device=None) == key(seed=7) == plain
    assert key("r", negatives=0) == key("s", negatives=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "no.jsonl"}, "no such training file"),
        ({"base": "./no"}, "no such model folder"),
        ({"document_text": "{titel}"}, "did you mean 'title'"),
        ({"golden": {"g7": "How do  WEBHOOKS work here?"}}, "golden query g7"),
        ({"arguments": {"warmup_stepz": 1}}, "did you mean 'warmup_steps'"),
        ({"arguments": {"learning_rate": 1}}, "say learning_rate:"),
    ],
)
def test_what_is_wrong_is_an_input_error(fit, options, message):
    with pytest.raises(InputError, match=message):
        fit(**options)


def test_rows_without_negatives_need_mining(recipe, folder, collection):
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    bare = [{key: value for key, value in row.items() if not key.startswith("hard")} for row in rows]
    (folder / "bare.jsonl").write_text("".join(json.dumps(row) + "\n" for row in bare))
    with pytest.raises(InputError, match=r"20 of 20 rows have no negative.*say negatives: 4"):
        prepare(recipe(data="bare.jsonl", negatives=0), TEMPLATE, collection, {}, folder)
    assert prepare(recipe(data="bare.jsonl"), TEMPLATE, collection, {}, folder).key("r")


def test_a_cross_encoder_is_named_or_trained(recipe):
    for options in ({}, {"model": "m", "train": recipe()}):
        with pytest.raises(ValueError, match="either model:"):
            CrossEncoderPlan(type="cross-encoder", **options)
