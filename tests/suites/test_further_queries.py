"""What ``labels:`` and ``unlabelled:`` of a suite read, and which answers labels are put to."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ragguard import preflight
from ragguard.data.labels import Label, Labels, answer_sha256
from ragguard.errors import InputError
from ragguard.records.evidence import Answer
from ragguard.records.metric import Metric, Scale
from ragguard.suites.labelled import truths
from ragguard.suites.resolve import Resolved, Suite

HELPFUL = Metric.parse("rubric:helpful")
SUITE = """\
suite: golden
labels: [one.jsonl, two.csv]
unlabelled: {unlabelled}
slices: {{hard: {{tags: [hard]}}}}
checks: [{{metric: rubric:helpful}}, {{metric: nDCG@10}}, {{metric: rubric:helpful, slice: hard, tier: veto}}]
"""
PLAN = """\
name: small
collection: data
baseline: {retriever: {type: lexical}, generator: {type: extractive, model: none}}
candidates: {new: {retriever: {type: lexical, k1: 1}, generator: {type: extractive, model: none}}}
suites: [suite.yaml]
judges:
  helpful: {type: rubric, base_url: "http://127.0.0.1:9/v1", model: m, prompt: "{{ answer }}", schema: s.json}
  better: {type: rubric, base_url: "http://127.0.0.1:9", model: m, prompt: "{{ answer_a }}{{ answer_b }}", pairwise: true, schema: s.json}
"""


def queries(path: Path, names: Sequence[str], tags: Sequence[str] = ()) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"_id": name, "text": f"question {name}", "tags": list(tags)}) + "\n" for name in names))


@pytest.fixture
def resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A factory: a plan whose suite names further queries, resolved."""
    monkeypatch.chdir(tmp_path)

    def make(unlabelled: str, suite: str = SUITE) -> Resolved:
        for folder in ("data", "own"):
            queries(tmp_path / folder / "queries.jsonl", [f"{folder}-{i}" for i in range(4)], ["hard"])
            (tmp_path / folder / "corpus.jsonl").write_text(json.dumps({"_id": "d", "text": f"text of {folder}"}) + "\n")
            (tmp_path / folder / "qrels").mkdir(exist_ok=True)
            (tmp_path / folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + f"{folder}-0\td\t1\n")
        queries(tmp_path / "more/queries.jsonl", ["m-0", "m-1", "data-2"], ["hard"])
        queries(tmp_path / "plain.jsonl", ["p-0", "p-1"])
        (tmp_path / "one.jsonl").write_text('{"query": "data-0", "answer": "yes", "label": 1}\n')
        (tmp_path / "two.csv").write_text("query,answer,label\ndata-1,no,0\np-0,no,1\n")
        (tmp_path / "s.json").write_text("{}")
        (tmp_path / "suite.yaml").write_text(suite.format(unlabelled=unlabelled))
        (tmp_path / "gate.yaml").write_text(PLAN)
        return preflight.load(tmp_path / "gate.yaml")

    return make


def ids(suite: Suite) -> list[str]:
    return [case.id for case in suite.unlabelled]


@pytest.mark.parametrize(
    ("unlabelled", "found", "hard", "corpus"),
    [
        ("plain.jsonl", ["p-0", "p-1"], 0, "data"),
        ("more", ["m-0", "m-1"], 2, "data"),
        ("own", ["own-0", "own-1", "own-2", "own-3"], 4, "own"),
    ],
)
def test_further_queries_are_asked_of_the_suites_corpus_unless_theirs_comes_along(resolved, unlabelled, found, hard, corpus) -> None:
    (suite,) = resolved(unlabelled).suites
    assert ids(suite) == found
    part = next(part for part in suite.parts if found[0] in {case.id for case in part.cases})
    assert part.collection.folder.name == corpus
    judged, other, sliced = suite.checks
    assert suite.members(judged) == {*(f"data-{i}" for i in range(4)), *found}
    assert suite.members(other) == {f"data-{i}" for i in range(4)}
    assert len(suite.members(sliced)) == 4 + hard
    assert len(suite.whole) == 4
    assert suite.labels is not None
    assert suite.labels.queries(HELPFUL) == {"data-0", "data-1", "p-0"}


def test_no_training_may_see_them(resolved) -> None:
    golden = resolved("plain.jsonl").golden
    assert {"question p-0", "question data-0"} <= set(golden.values())


def test_labels_are_no_part_of_what_a_suite_asks_but_of_what_a_run_does(resolved, tmp_path: Path) -> None:
    before = resolved("plain.jsonl")
    (tmp_path / "gate.yaml").write_text(PLAN)
    (tmp_path / "one.jsonl").write_text('{"query": "data-0", "answer": "yes", "label": 0.5}\n')
    after = preflight.load(tmp_path / "gate.yaml")
    assert after.suites[0].fingerprint == before.suites[0].fingerprint
    assert after.question != before.question
    assert resolved("more").suites[0].fingerprint != before.suites[0].fingerprint


def test_a_judge_of_pairs_is_not_corrected_and_the_run_says_so(resolved) -> None:
    paired = SUITE.replace("{{metric: nDCG@10}}", "{{metric: rubric:better}}")
    (suite,) = resolved("plain.jsonl", paired).suites
    assert suite.corrected == {HELPFUL}
    assert any("do not correct rubric:better, which compares two" in warning for warning in suite.cases.warnings)


def test_every_file_that_is_not_there_is_named(resolved) -> None:
    with pytest.raises(InputError) as caught:
        resolved("plain.jsonl", SUITE.replace("one.jsonl, two.csv", "none.jsonl, neither.csv"))
    assert [problem.what for problem in caught.value.problems] == [
        "labels: there is no file none.jsonl",
        "labels: there is no file neither.csv",
    ]


def labels(*given: tuple[str, str, float]) -> Labels:
    return Labels("labels.jsonl", tuple(Label(query, answer_sha256(answer), value) for query, answer, value in given))


def test_a_label_is_put_to_the_answer_that_it_is_of() -> None:
    given = labels(("q1", "yes", 1.0), ("q1", "no", 0.0), ("q2", "maybe", 0.5), ("q3", "no", 1.0))
    answers = {"q1": Answer("no"), "q2": Answer("may\n be"), "q4": Answer("no"), "q3": Answer(" no ")}
    found = truths(given, {HELPFUL: Scale()}, answers, {})
    assert found == {"q1": {HELPFUL: 0.0}, "q2": {HELPFUL: None}, "q3": {HELPFUL: 1.0}}


def test_a_case_without_an_answer_has_no_label() -> None:
    assert truths(labels(("q1", "yes", 1.0)), {HELPFUL: Scale()}, {}, {}) == {"q1": {HELPFUL: None}}


def test_of_several_answers_each_is_labelled() -> None:
    drawn = {"q1": Answer("a", samples=(Answer("a"), Answer("b")))}
    assert truths(labels(("q1", "a", 1.0), ("q1", "b", 0.0)), {HELPFUL: Scale()}, drawn, {}) == {"q1": {HELPFUL: 0.5}}
    assert truths(labels(("q1", "a", 1.0)), {HELPFUL: Scale()}, drawn, {}) == {"q1": {HELPFUL: None}}


def test_1_is_best_also_where_lower_is_better_and_what_is_settled_stands_as_it_is() -> None:
    lower, answers = Scale(higher_is_better=False), {"q1": Answer("a"), "q2": Answer("I cannot tell.")}
    given = labels(("q1", "a", 0.9), ("q2", "something else", 0.3))
    found = truths(given, {HELPFUL: lower}, answers, {HELPFUL: {"q2": 0.0, "q3": 0.0}})
    assert found == {"q1": {HELPFUL: pytest.approx(0.1)}, "q2": {HELPFUL: 0.0}}
