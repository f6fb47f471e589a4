"""Suites of kind forgetting: collections pooled, sentence pairs, benchmarks that are not installed."""

import json
import sys
from pathlib import Path

import pytest

from ragguard.errors import InputError
from ragguard.metrics import catalog
from ragguard.suites.resolve import Resolved, resolve

OWN = "suite: f\nkind: forgetting\nchecks:\n  - {metric: nDCG@10}\n"
POOLED = OWN.replace("checks:", "collection: data\ncollections: [more]\nslices: {xs: {tags: [x]}}\nchecks:")


@pytest.fixture
def more(folder: Path) -> Path:
    """A second collection, with an id and an intent that the first one has too."""
    rows = [{"_id": "a", "text": "first of more", "tags": ["x"]}, {"_id": "e", "text": "fifth", "intent": "shared"}]
    return write(folder / "more", rows)


def write(place: Path, rows: list[dict], text: str = "other") -> Path:
    (place / "qrels").mkdir(parents=True)
    (place / "corpus.jsonl").write_text(json.dumps({"_id": "d1", "text": text}) + "\n")
    (place / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (place / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(f"{row['_id']}\td1\t1\n" for row in rows))
    return place


def resolved(plan, *suites: str) -> Resolved:
    return resolve(plan(*suites), catalog.scale, catalog.version)


def problems(plan, *suites: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        resolved(plan, *suites)
    return [str(problem) for problem in caught.value.problems]


def test_one_collection_is_asked_as_by_a_golden_suite(plan) -> None:
    (suite,) = resolved(plan, OWN).suites
    assert [case.id for case in suite.cases.cases] == ["a", "b", "c", "d"]
    assert set(suite.cases.slices) == {""}
    assert suite.where == "data"


def test_further_collections_are_pooled_and_each_is_a_slice(plan, more) -> None:
    (suite,) = resolved(plan, POOLED).suites
    assert [case.id for case in suite.cases.cases] == ["a", "b", "c", "d", "more/a", "more/e"]
    assert {case.query.intent for case in suite.cases.cases} == {"a", "b", "shared", "more/a", "more/shared"}
    assert suite.cases.slices["data"] == {"a", "b", "c", "d"}
    assert suite.cases.slices["more"] == {"more/a", "more/e"}
    assert suite.cases.slices["xs"] == {"a", "b", "more/a"}
    assert suite.cases.slices[""] == {"a", "b", "c", "d", "more/a", "more/e"}
    assert suite.where == "data, more"


def test_each_case_is_asked_of_its_own_corpus(plan, more) -> None:
    (suite,) = resolved(plan, POOLED).suites
    asked = {part.collection.folder.name: [case.id for case in part.cases] for part in suite.parts}
    assert asked == {"data": ["a", "b", "c", "d"], "more": ["more/a", "more/e"]}


def test_a_check_may_name_a_collection(plan, more) -> None:
    (suite,) = resolved(plan, POOLED.replace("{metric: nDCG@10}", "{metric: nDCG@10, slice: more}")).suites
    assert suite.checks[0].slice == "more"
    assert problems_of_loading(plan, POOLED.replace("{metric: nDCG@10}", "{metric: nDCG@10, slice: mor}")) == [
        "suite0.yaml:7: slice 'mor' is not defined under slices; did you mean 'more'?"
    ]


def problems_of_loading(plan, suite: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        plan(suite)
    return [str(problem) for problem in caught.value.problems]


def test_a_collection_is_loaded_once(plan, more) -> None:
    again = POOLED.replace("suite: f", "suite: g").replace("{metric: nDCG@10}", "{metric: nDCG@10, tier: veto}")
    made = resolved(plan, POOLED, again, OWN.replace("suite: f", "suite: h").replace("{metric: nDCG@10}", "{metric: RR}"))
    assert len(made.collections) == 2


def test_queries_of_one_id_are_all_kept_from_training(plan, more) -> None:
    golden = resolved(plan, POOLED).golden
    assert (golden["a"], golden["more/a"]) == ("first", "first of more")
    assert len(golden) == 6


OF_THE_PLAN = ("collection: data\ncollections: [more]\nslices: {xs:", "collections: [more]\nslices: {data:")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("[more]", "[nowhere, more, gone]"), [f"suite0.yaml:4: collection: there is no folder {name}" for name in ("nowhere", "gone")]),
        (("[more]", "[more, sub/more]"), ["suite0.yaml:4: a collection or slice called 'more' is there already"]),
        (("[more]", "[sub/data]"), ["suite0.yaml:4: a collection or slice called 'data' is there already"]),
        (("xs:", "more:"), ["suite0.yaml:1: 'more' is a slice already, which kind: forgetting makes"]),
        (OF_THE_PLAN, ["suite0.yaml:3: a collection or slice called 'data'"]),
        (("checks:", "cases: {tags: [y]}\nchecks:"), ["suite0.yaml:6: selects no query of the collection more"]),
        (("checks:", "cases: {tags: [q]}\nchecks:"), ["suite0.yaml:6: no query of data, more has the tag 'q'"]),
        (("kind: forgetting\n", ""), ["suite0.yaml:1: collections is for suites of kind: forgetting"]),
    ],
)
def test_what_cannot_be_pooled(plan, folder, more, change, told) -> None:
    write(folder / "sub" / "more", [{"_id": "z", "text": "z", "tags": ["x"]}])
    write(folder / "sub" / "data", [{"_id": "z", "text": "z", "tags": ["x"]}])
    assert change[0] in POOLED
    found = problems(plan, POOLED.replace(*change))
    assert len(found) == len(told), found
    for problem, start in zip(found, told, strict=True):
        assert problem.startswith(start), problem


def test_a_name_that_comes_from_outside_would_be_printed(plan, more, monkeypatch) -> None:
    monkeypatch.setenv("PLACE", "more")
    monkeypatch.setenv("HERE", ".")
    assert resolved(plan, POOLED.replace("[more]", "['${HERE}/more']")).suites[0].where == "data, more"
    (told,) = problems(plan, POOLED.replace("[more]", "['./${PLACE}']"))
    assert told.startswith("suite0.yaml:4: the folder's name comes from the environment, and reports would print it")
    assert resolved(plan, OWN.replace("checks:", "collection: '${PLACE}'\nchecks:")).suites[0].where == "more"


def test_the_plans_own_collection_is_pooled_where_the_suite_names_none(plan, more) -> None:
    assert resolved(plan, POOLED.replace("collection: data\n", "")).suites[0].where == "data, more"


def test_an_id_that_looks_like_another_collections_is_refused(plan, folder, more) -> None:
    queries = folder / "data" / "queries.jsonl"
    queries.write_text(queries.read_text() + json.dumps({"_id": "more/a", "text": "sly"}) + "\n")
    (told,) = problems(plan, POOLED)
    assert told.startswith("suite0.yaml:4: two cases would be called 'more/a'")


PAIRS = "sentence1,sentence2,score\na,b,1\nc,d,2\ne,f,3\n"


def paired(*names: str) -> str:
    return OWN.replace("checks:", f"similarity: [{', '.join(names)}]\nchecks:")


def test_pairs_are_read_and_are_part_of_what_is_asked(plan, folder) -> None:
    (folder / "p.csv").write_text(PAIRS)
    suite = resolved(plan, paired("p.csv")).suites[0]
    assert [(each.name, len(each.pairs)) for each in suite.pairs] == [("p.csv", 3)]
    (folder / "sub").mkdir()
    (folder / "p.csv").rename(folder / "sub" / "p.csv")
    assert resolved(plan, paired("sub/p.csv")).suites[0].fingerprint == suite.fingerprint, "it is the content that counts"
    (folder / "sub" / "p.csv").write_text(PAIRS.replace(",3", ",4"))
    assert resolved(plan, paired("sub/p.csv")).suites[0].fingerprint != suite.fingerprint


def test_what_is_wrong_with_pairs_comes_together(plan, folder) -> None:
    (folder / "sub").mkdir()
    (folder / "p.csv").write_text(PAIRS)
    (folder / "sub" / "p.csv").write_text(PAIRS)
    (folder / "q.csv").write_text(PAIRS.replace(",3", ",x"))
    assert problems(plan, paired("p.csv", "nowhere.csv", "q.csv", "sub/p.csv")) == [
        "suite0.yaml:3: similarity: there is no file nowhere.csv; paths start from the file that names them",
        "q.csv:4: score is 'x', not a finite number; write how alike the two are: more is more alike",
        "suite0.yaml:3: two files of pairs are called 'p.csv'; rename one: reports go by the name",
    ]


def test_benchmarks_that_are_not_installed_are_told_with_the_command(plan, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)  # as Python has it for a module that is not there
    assert problems(plan, OWN.replace("checks:", "mteb: [STSBenchmark]\nchecks:")) == [
        "suite0.yaml:3: mteb needs an extra that is not installed; run: pip install 'ragguard[mteb]'"
    ]
