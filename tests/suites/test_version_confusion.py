"""Which version a query asks for, by what the corpus says of its families; and what is refused because nobody could tell."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ragguard import assess, preflight
from ragguard.data.collection import load as load_collection
from ragguard.errors import InputError
from ragguard.plan.load import from_values
from ragguard.records.evidence import Mark
from ragguard.suites.golden import Cases
from ragguard.suites.runner import build

HOOKS = [("1", "superseded", "2021-01-01"), ("2", "superseded", "2022-06-15"), ("3", "current", "2024-03-01")]
SUITE = "suite: versions\nkind: version-confusion\nchecks: [{metric: VersionAcc@1}]\n"


def documents(versions: Sequence[tuple[str, str, str]] = HOOKS, family: str = "hooks") -> list[dict[str, str]]:
    return [
        {"_id": f"{family}-{v}-{i}", "text": f"text {v}", "family": family, "version": v, "status": status, "effective_from": since}
        for i, (v, status, since) in enumerate(versions)
    ]


def write(folder: Path, asks: Mapping[str, Any], corpus: Sequence[Mapping[str, str]], suite: str = SUITE) -> Path:
    """Write a collection of one query per ``asks`` (None: it asks for no version), a suite and a plan; return the plan."""
    data = folder / "data"
    (data / "qrels").mkdir(parents=True)
    queries = [{"_id": name, "text": f"question {name}", "tags": ["t"], "asks": each} for name, each in asks.items()]
    (data / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (data / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    judged = "".join(f"{name}\t{corpus[0]['_id']}\t1\n" for name in asks)
    (data / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    (folder / "suite.yaml").write_text(suite)
    plan = folder / "gate.yaml"
    plan.write_text(
        "name: small\ncollection: data\nbaseline: {retriever: {type: lexical}}\n"
        "candidates: {new: {retriever: {type: lexical, k1: 1}}}\nsuites: [suite.yaml]\n"
    )
    return plan


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A factory: the cases of the suite for queries by name, over a corpus."""
    monkeypatch.chdir(tmp_path)

    def make(asks: Mapping[str, Any], corpus: Sequence[Mapping[str, str]] | None = None, suite: str = SUITE) -> Cases:
        return preflight.load(write(tmp_path, asks, documents() if corpus is None else corpus, suite)).suites[0].cases

    return make


def current(**more: Any) -> dict[str, Any]:
    return {"family": "hooks", "mode": "current", **more}


def named(*versions: str) -> dict[str, Any]:
    return {"family": "hooks", "mode": "named", "versions": list(versions)}


def dated(day: str) -> dict[str, Any]:
    return {"family": "hooks", "mode": "dated", "as_of": day}


@pytest.mark.parametrize(
    ("asks", "asked"),
    [
        (current(), ("3",)),
        (current(versions=["3"]), ("3",)),
        (named("1"), ("1",)),
        (dated("2021-01-01"), ("1",)),
        (dated("2022-06-14"), ("1",)),
        (dated("2022-06-15"), ("2",)),
        (dated("2030-01-01"), ("3",)),
        ({"family": "hooks", "mode": "change", "versions": ["1", "3"]}, ("1", "3")),
    ],
)
def test_asked_version_by_mode(cases, asks, asked: tuple[str, ...]):
    (case,) = cases({"q": asks}).cases
    assert (case.id, case.asked) == ("q", asked)


def test_version_of_several_documents_is_in_force_from_the_first_of_them(cases):
    corpus = documents([("1", "superseded", "2021-01-01"), ("2", "current", "2023-05-01"), ("2", "current", "2022-05-01")])
    made = cases({"a": dated("2022-12-31"), "b": dated("2022-04-30"), "c": current()}, corpus)
    assert [case.asked for case in made.cases] == [("2",), ("1",), ("2",)]


def test_versions_of_one_day_and_two_current_ones_all_answer(cases):
    corpus = documents([("1", "current", "2021-01-01"), ("2", "current", "2021-01-01"), ("3", "deprecated", "2020-01-01")])
    made = cases({"a": dated("2021-01-01"), "b": current()}, corpus)
    assert [case.asked for case in made.cases] == [("1", "2"), ("1", "2")]


def test_other_families_do_not_matter(cases):
    corpus = [*documents(), *documents([("9", "current", "2024-01-01"), ("10", "current", "")], "keys")]
    assert [case.asked for case in cases({"a": dated("2024-02-01"), "b": current()}, corpus).cases] == [("2",), ("3",)]


@pytest.mark.parametrize(
    ("asks", "versions", "said"),
    [
        (
            current(),
            HOOKS[:2],
            r'^data: query \'q\': asks for the current version of "hooks", and no document of it has a version and status current; '
            "give one version status: current",
        ),
        (dated("2020-12-31"), HOOKS, r'asks for "hooks" as of 2020-12-31, before its first version, which is in force from 2021-01-01; '),
        (dated("2024-01-01"), [*HOOKS, ("4", "current", "")], "the effective_from of version 4 is not given; give its documents"),
        (dated("2024-01-01"), [("", "current", "2024-01-01")], "the effective_from of any version is not given"),
        (current(versions=["2"]), HOOKS, r'asks.versions says 2, but the current version of "hooks" is 3; correct one of them'),
    ],
)
def test_version_that_cannot_be_told_is_refused_with_the_query_and_the_way_out(cases, asks, versions, said: str):
    with pytest.raises(InputError, match=said):
        cases({"q": asks}, documents(versions))


def test_all_queries_that_cannot_be_told_are_named_at_once(cases):
    with pytest.raises(InputError) as caught:
        cases({"a": dated("1999-01-01"), "b": current(versions=["1"]), "c": current()})
    assert [str(problem).split(":")[1].strip() for problem in caught.value.problems] == ["query 'a'", "query 'b'"]


def test_queries_without_asks_are_left_out_and_counted_where_they_were_selected(cases):
    made = cases({"a": current(), "b": None, "c": None}, suite=SUITE + "cases: {tags: [t]}\n")
    assert [case.id for case in made.cases] == ["a"]
    assert made.warnings == (
        "data: 2 of the queries that suite versions selects say nothing under asks; they are left out: say which version they ask for",
    )


def test_by_default_the_queries_that_ask_are_the_cases(cases):
    made = cases({"a": current(), "b": None, "c": named("2")}, suite=SUITE + "slices: {old: {asks: named}}\n")
    assert [case.id for case in made.cases] == ["a", "c"]
    assert made.slices["old"] == {"c"}
    assert made.warnings == ()


def test_collection_in_which_nothing_asks_is_refused(cases):
    with pytest.raises(InputError, match=r"suite\.yaml:2: none of the 1 queries that it selects of data asks for a version; give queries"):
        cases({"a": None})


@pytest.mark.parametrize(
    ("suite", "said"),
    [
        (
            "suite: s\nchecks: [{metric: VersionAcc@1}]\n",
            r"suite\.yaml:2: VersionAcc@1 applies to none of its 2 cases: no version is asked",
        ),
        (
            "suite: s\nchecks: [{metric: RR}]\nreport: [Stale@5]\n",
            r"suite\.yaml:3: Stale@5 .*: it needs a suite of kind: version-conf",
        ),
        (
            SUITE.replace("VersionAcc@1", "Stale@5, slice: old") + "slices: {old: {asks: named}}\n",
            r"suite\.yaml:3: Stale@5 applies to none of its 1 cases: what is asked for is not the current version; drop it, or",
        ),
    ],
)
def test_version_metric_that_could_never_be_scored_is_a_fault_of_the_plan(cases, suite: str, said: str):
    with pytest.raises(InputError, match=said):
        cases({"a": current(), "b": named("1")}, suite=suite)


def test_check_names_documents_without_marks_and_counts_cases_that_a_metric_applies_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    corpus = [*documents(), {"_id": "bare", "text": "x"}, {"_id": "half", "text": "y", "family": "hooks", "version": "4"}]
    suite = SUITE.replace("}]", "}, {metric: Stale@5, tier: veto}, {metric: Inverted, tier: veto}]")
    found = assess.check(write(tmp_path, {"a": current(), "b": current(), "c": named("4")}, corpus, suite))
    assert [w for w in found.warnings if "documents" in w] == [
        "data: of 5 documents, 1 have no family (bare), 1 have no version (bare), 2 have no status (bare, half); version metrics pass "
        "over what has no family or version, and take what has no status for not superseded"
    ]
    assert {str(p.check.metric): p.cases for p in found.prospects} == {"VersionAcc@1": 3, "Stale@5": 2, "Inverted": 3}


def test_of_many_documents_without_marks_the_first_are_named_and_the_rest_counted(cases):
    bare = [{"_id": f"note-{number}", "text": "x", "family": "notes", "version": "1"} for number in range(1, 1203)]
    (told,) = cases({"a": current()}, [*documents(), *bare]).warnings
    assert told.startswith("data: of 1,205 documents, 1,202 have no status (note-1, note-2, note-3 and 1,199 more); version metrics")


def test_marks_of_ranked_documents_come_without_reading_them(tmp_path: Path):
    write(tmp_path, {"a": current()}, documents())
    collection = load_collection(tmp_path / "data", "test")
    (tmp_path / "data/corpus.jsonl").unlink()
    assert collection.marks(["hooks-2-1", "nobody", "hooks-3-2"]) == {
        "hooks-2-1": Mark("hooks", "2", "superseded"),
        "hooks-3-2": Mark("hooks", "3", "current"),
    }


def test_shipped_suite_takes_every_asking_query_of_the_shipped_collection(root: Path):
    values = {
        "name": "shipped",
        "collection": str(root / "golden/payments"),
        "baseline": {"retriever": {"type": "lexical"}},
        "candidates": {"new": {"retriever": {"type": "lexical", "k1": 1}}},
        "suites": [str(root / "suites/version-confusion.yaml")],
    }
    (suite,) = preflight.load(from_values(values, root, "shipped")).suites
    asking = {name for name, query in suite.collection.queries.items() if query.asks is not None}
    assert {case.id for case in suite.cases.cases} == asking
    assert all(suite.cases.slices[mode] for mode in ("current", "named", "dated", "change"))
    assert set().union(*(suite.cases.slices[mode] for mode in ("current", "named", "dated", "change"))) == asking
    assert build(suite.loaded, suite.collection).cases == suite.cases.cases
