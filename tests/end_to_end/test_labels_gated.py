"""Suites with human labels, gated whole with a scripted judge that likes a style: what people say of some answers puts it right."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from conftest import TOPICS, run_lines
from judge_server import asked
from judged_worlds import JUDGE, gate

QUERIES, LABELLED = 120, 80
SUITE = """\
suite: golden
labels: labels.jsonl
checks:
  - {metric: rubric:helpful, tier: blocking, margin: 0.05}
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
"""
# The candidate's style is the judge's; every fifth answer says nothing, and of these the judge sees through every other one.
FLATTERING = """
def flattering(question, texts):
    number = int(question.split(":")[0].split()[-1])
    return "As the documents say: " + ("it depends, on a lot. [1]" if number % 5 == 0 else plain(question, texts))

def honest(question, texts):
    return "As the documents say: " + plain(question, texts)

def chatty(question, texts):
    return "As the documents say, dear user: " + plain(question, texts)
"""


def opinion(body: dict[str, Any]) -> dict[str, Any]:
    text = asked(body)
    number = int(text.split("question ")[1].split(":")[0])
    if "it depends" in text and number % 10 == 0:
        return {"reason": "It says nothing.", "score": 2}
    return {"reason": "Fine.", "score": 5 if "As the documents say" in text else 4}


def truth(answer: str) -> bool:
    return "it depends" not in answer


@pytest.fixture
def flattered(judged, script):
    script.reply = opinion

    def make(candidate: str = "flattering", suite: str = SUITE) -> Any:
        made = judged("plain", suite=suite, judge=JUDGE.replace("0.5", "20"), queries=QUERIES)
        made.path("own.py").write_text(made.path("own.py").read_text() + FLATTERING)
        made.edit("gate.yaml", "callable: 'own:plain', version: '1'}\nsuites", f"callable: 'own:{candidate}', version: '1'}}\nsuites")
        return made

    return make


def label(made: Any, cases: Iterable[dict[str, Any]], arms: tuple[str, ...] = ("baseline", "new")) -> None:
    """Label the arms' answers to every case whose number says so, as a person would."""
    lines = {
        json.dumps({"query": case["id"], "answer": case["answers"][arm]["text"], "label": truth(case["answers"][arm]["text"])}): None
        for case in cases
        for arm in arms
        if int(case["id"].split("-")[1]) * 7 % QUERIES < LABELLED
    }
    made.write("suites/labels.jsonl", "\n".join(lines) + "\n")


def judged_check(made: Any) -> dict[str, Any]:
    (found,) = [each for each in made.report["decisions"][0]["verdicts"] if each["check"]["metric"] == "rubric:helpful"]
    return dict(found)


def test_a_judge_that_likes_a_style_promotes_and_labels_block(flattered, capsys) -> None:
    made = flattered(suite=SUITE.replace("labels: labels.jsonl\n", ""))
    assert gate(made) == 0
    alone = judged_check(made)
    assert (alone["outcome"], alone["estimate"]["correction"]) == ("pass", None)
    assert alone["estimate"]["difference"] > 0.1
    label(made, made.report["cases"])
    made.write("suites/golden.yaml", SUITE)
    first = made.report["run"]
    assert gate(made) == 1
    assert made.report["run"] != first
    estimate = judged_check(made)["estimate"]
    assert (judged_check(made)["outcome"], estimate["intents"], estimate["guard"]) == ("fail", LABELLED, 59)
    assert estimate["method"].startswith("a judge corrected by human labels (PPI++)")
    correction = estimate["correction"]
    assert (correction["unlabelled"], correction["stale"]) == (QUERIES - LABELLED, 0)
    assert 0 < correction["weight"] <= 1
    assert correction["judged"] == pytest.approx(alone["estimate"]["difference"])
    assert estimate["difference"] == pytest.approx(-0.2, abs=0.05)
    out = " ".join(capsys.readouterr().out.split())
    assert "80 labelled intents, 40 that the judge alone scored" in out
    assert "80 labelled intents, 40 that the judge alone scored" in made.path("reports/tiny/report.md").read_text()


def test_an_honest_candidate_in_the_same_style_passes_by_its_labels_and_compare_says_the_same(flattered, capsys) -> None:
    made = flattered("honest")
    made.write("suites/labels.jsonl", '{"query": "q-000", "answer": "", "label": null}\n')
    assert gate(made) == 2
    label(made, made.report["cases"])
    assert gate(made) == 0
    before = judged_check(made)["estimate"]
    assert (before["difference"], before["losses"], before["correction"]["weight"]) == (0.0, 0, 0.0)
    assert made.run("compare", "reports/tiny:baseline", "reports/tiny:new", "--out", "compared") == 0
    compared = json.loads(made.path("compared/report.json").read_text())
    (again,) = [each for each in compared["decisions"][0]["verdicts"] if each["check"]["metric"] == "rubric:helpful"]
    assert again["estimate"] == before
    capsys.readouterr()


def test_without_any_label_it_is_held_and_says_how_to_get_some(flattered, capsys) -> None:
    made = flattered()
    made.write("suites/labels.jsonl", '{"query": "q-000", "answer": "", "label": null}\n')
    assert gate(made) == 2
    said = " ".join(capsys.readouterr().out.split())
    assert "no intent has labels of both answers as they are now" in said
    assert "ragguard judge sample" in said
    assert judged_check(made)["estimate"]["intents"] == 0


def test_labels_do_not_travel_to_other_answers(flattered, capsys) -> None:
    made = flattered()
    made.write("suites/labels.jsonl", '{"query": "q-000", "answer": "", "label": null}\n')
    gate(made)
    label(made, made.report["cases"])
    made.edit("gate.yaml", "own:flattering', version: '1'", "own:chatty', version: '2'")
    capsys.readouterr()
    assert gate(made) == 2
    estimate = judged_check(made)["estimate"]
    assert (estimate["intents"], estimate["correction"]["stale"]) == (0, LABELLED)
    assert f"those of {LABELLED} cases are of other answers" in " ".join(capsys.readouterr().out.split())


def test_further_queries_are_for_the_judge_alone(flattered, capsys) -> None:
    made = flattered(suite=SUITE.replace("labels.jsonl\n", "labels.jsonl\nunlabelled: further.jsonl\n"))
    further = range(QUERIES, QUERIES + 60)
    rows = [{"_id": f"q-{i:03}", "text": f"question {i}: how do {TOPICS[i % len(TOPICS)]} work"} for i in further]
    made.write("suites/further.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    made.path("baseline.trec").write_text(made.path("baseline.trec").read_text() + run_lines(further, best=1))
    made.write("suites/labels.jsonl", '{"query": "q-000", "answer": "", "label": null}\n')
    gate(made)
    label(made, [case for case in made.report["cases"] if not case["unlabelled"]])
    assert gate(made) == 1
    estimate = judged_check(made)["estimate"]
    assert (estimate["intents"], estimate["correction"]["unlabelled"]) == (LABELLED, QUERIES - LABELLED + 60)
    (other,) = [each for each in made.report["decisions"][0]["verdicts"] if each["check"]["metric"] == "nDCG@10"]
    assert (other["estimate"]["cases"], made.report["suites"][0]["cases"], made.report["suites"][0]["unlabelled"]) == (QUERIES, QUERIES, 60)
    assert "60 more queries for the judge alone" in " ".join(capsys.readouterr().out.split())
    means = {mean["metric"]: mean["scored"] for mean in made.report["suites"][0]["means"] if mean["arm"] == "new"}
    assert means == {"rubric:helpful": QUERIES, "nDCG@10": QUERIES}


def test_check_counts_the_queries_with_labels(flattered, capsys) -> None:
    made = flattered()
    made.write("suites/labels.jsonl", "".join(f'{{"query": "q-{i:03}", "answer": "x", "label": 1}}\n' for i in range(40)))
    assert made.run("check", "--allow-code") == 0
    assert "golden/rubric:helpful can never pass: 40 intents, at least 59 are needed" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("labels: labels.jsonl", "labels: none.jsonl", "suites/golden.yaml:2: labels: there is no file none.jsonl"),
        ("labels: labels.jsonl", "unlabelled: further.jsonl", "unlabelled: is for suites with labels:"),
        ("labels: labels.jsonl", "labels: labels.jsonl\nunlabelled: none.jsonl", "golden.yaml:3: unlabelled: there is no file none.jsonl"),
        ("  - {metric: rubric:helpful, tier: blocking, margin: 0.05}\n", "", "labels: correct what a judge says, and no check"),
        ("labels: labels.jsonl", "labels: labels.jsonl\nunlabelled: ../gate.yaml", "is not JSON"),
        ("labels: labels.jsonl", "labels: labels.jsonl\nunlabelled: taken.jsonl", "'q-001' is another one than the suite's case"),
    ],
)
def test_what_is_wrong_with_labels_is_said_before_anything_runs(flattered, capsys, old, new, words) -> None:
    made = flattered()
    made.write("suites/labels.jsonl", '{"query": "q-000", "answer": "x", "label": 1}\n')
    made.write("suites/taken.jsonl", '{"_id": "q-001", "text": "something else"}\n')
    made.edit("suites/golden.yaml", old, new)
    assert made.run("check", "--allow-code") == 3
    assert words in " ".join(capsys.readouterr().err.split())


def test_labels_of_queries_that_nobody_asks_are_told(flattered, capsys) -> None:
    made = flattered()
    made.write("suites/labels.jsonl", '{"query": "q-999", "answer": "x", "label": 1}\n')
    made.run("check", "--allow-code")
    assert "labels answers to 1 queries that the suite does not ask (q-999)" in " ".join(capsys.readouterr().out.split())


def test_error_rates_of_a_corrected_judge_are_measured_with_its_labels(flattered, capsys) -> None:
    made = flattered("honest")
    made.write("suites/labels.jsonl", '{"query": "q-000", "answer": "", "label": null}\n')
    gate(made)
    label(made, made.report["cases"])
    gate(made)
    capsys.readouterr()
    assert made.run("error-rates", "--gates", "200", "--allow-code", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["error_rates"]
    assert set(found["passing"]) == {"golden/rubric:helpful", "golden/nDCG@10"}
    assert not found["left_out"]
    rates = {(each["check"], each["margins"], each["manner"]): each["promoted"]["count"] for each in found["simulated"]}
    assert rates["golden/rubric:helpful", 2.0, "broken"] < 20 < rates["", 0.0, ""]


def test_error_rates_leave_a_corrected_judge_against_an_anchor_out(flattered, capsys) -> None:
    made = flattered("honest")
    plan = yaml.safe_load(made.path("gate.yaml").read_text())
    made.write("gate.yaml", yaml.safe_dump(plan | {"anchor": plan["baseline"]}))
    made.write("suites/labels.jsonl", '{"query": "q-000", "answer": "", "label": null}\n')
    gate(made)
    label(made, made.report["cases"])
    gate(made)
    capsys.readouterr()
    assert made.run("error-rates", "--gates", "200", "--allow-code", "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["error_rates"]
    assert set(found["passing"]) == {"golden/rubric:helpful", "golden/nDCG@10", "golden/nDCG@10 against the anchor"}
    assert found["left_out"] == ["golden/rubric:helpful against the anchor: labels correct its judge"]
