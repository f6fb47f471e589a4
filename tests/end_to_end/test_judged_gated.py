"""Plans with a rubric judge on loopback, gated whole: what it says decides, what it cannot say is counted, and it is asked once."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from judge_server import asked, share
from judged_worlds import HASTY, IMPATIENT, JUDGE, QUERIES, gate, scores


def test_a_candidate_that_the_judge_likes_as_well_is_promoted_and_nothing_is_asked_twice(judged, script) -> None:
    made = judged()
    assert gate(made) == 0
    assert script.tries == 2 * QUERIES
    assert set(scores(made, "new")) == {1.0}
    (judge,) = made.report["judges"]
    assert (judge["name"], judge["type"], judge["model"], judge["metrics"]) == ("helpful", "rubric", "judge-1", ["rubric:helpful"])
    assert (judge["answers"], judge["verdicts"], judge["failed"], judge["turns"]) == (180, 180, {}, {"golden/rubric:helpful": 1})
    assert judge["tokens"] == made.report["times"]["tokens"]["helpful"] > 0
    first = made.report
    assert gate(made) == 0
    assert script.tries == 2 * QUERIES
    assert made.report["times"]["tokens"]["helpful"] == 0
    assert {**made.report, "times": 0} == {**first, "times": 0}
    stages = {(each["arm"], each["name"]): each for each in made.report["times"]["stages"]}
    assert (stages["new", "judge: helpful"]["done"], stages["new", "judge: helpful"]["kept"]) == (0, QUERIES)


def test_a_candidate_that_the_judge_likes_less_is_blocked_and_the_report_says_in_whose_words(judged, capsys) -> None:
    made = judged("vague")
    assert gate(made) == 1
    assert set(scores(made, "new")) == {1.0, 0.25}
    said = capsys.readouterr().out
    assert "new, rubric:helpful (helpful): 0.250: It says: It depends, as so often." in said
    assert re.search(r"helpful\s+judge-1\s+\w{8}", said)
    markdown = made.path("reports/tiny/report.md").read_text()
    assert "It says: It depends, as so often." in markdown
    assert "## Judges" in markdown
    assert '<property name="judge.helpful.model" value="judge-1"/>' in made.path("reports/tiny/report.junit.xml").read_text()
    assert made.run("show", "q-000") == 0
    assert "It says: It depends" in capsys.readouterr().out


FAILURES = {
    "malformed": 'not JSON: {"reason',
    "cut_off": "cut off: the reply had no end after max_new_tokens: 1024",
    "prose": "not JSON: I would say that this answer is rather good",
    "empty": "empty: the reply has no text (finish_reason stop)",
    "out_of_range": "out of range: score is 99, not from 1 to 5",
    "refusal": "refusal: I cannot judge this.",
    "content_filter": "content filter: the server's stopped the reply",
    "rate_limit": "rate limit: 127.0.0.1:PORT answers 429: too many requests",
    "hang": "timed out: 127.0.0.1:PORT did not answer within 8 s",
    "drop": "broken off: the response broke off after",
    "error": "server error: 127.0.0.1:PORT answers 500: the model ran out of memory",
    "no_choices": 'broken off: the response has no choices: {"object"',
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAILURES)
def test_a_few_failures_are_told_counted_and_healed_by_the_next_run(judged, script, served, kind) -> None:
    script.failures, script.hang = {kind: 0.05}, 60.0
    made = judged(judge=HASTY if kind == "hang" else JUDGE)
    code = gate(made)
    lost = script.counts[kind]
    assert 1 <= lost <= 18
    (judge,) = made.report["judges"]
    told = FAILURES[kind].replace("PORT", served.url.rpartition(":")[2])
    assert judge["failed"] == {told.partition(":")[0]: lost}
    found = [*scores(made, "baseline"), *scores(made, "new")]
    missing = [score["unscored"] for score in found if isinstance(score, dict)]
    assert len(missing) == lost
    assert all(each.startswith(f"helpful: {told}") for each in missing), missing
    assert code in (0, 2)  # promoted, or held for what is missing: never blocked
    script.failures = {}
    before = script.tries
    assert gate(made) == 0
    assert script.tries == before + lost
    assert made.report["judges"][0]["failed"] == {}


def test_more_failures_than_the_suite_takes_are_an_error_never_a_verdict(judged, script) -> None:
    script.failures = dict.fromkeys(FAILURES, 0.03)
    made = judged("vague", judge=IMPATIENT)
    assert gate(made) == 4
    (verdict,) = made.report["decisions"][0]["verdicts"]
    assert verdict["outcome"] == "error"
    assert "could not be judged" in verdict["reasons"][0]
    found = {arm: scores(made, arm) for arm in ("baseline", "new")}
    assert sum(made.report["judges"][0]["failed"].values()) == sum(isinstance(score, dict) for each in found.values() for score in each)
    asked_of = {arm: [case["answers"][arm]["text"] for case in made.report["cases"]] for arm in found}
    alike = [i for i in range(QUERIES) if asked_of["new"][i] == asked_of["baseline"][i]]
    assert len(alike) == 60
    assert [found["new"][i] for i in alike] == [found["baseline"][i] for i in alike]  # no second chance
    assert script.tries == 2 * QUERIES - 60


@pytest.mark.slow
def test_what_passes_is_tried_again(judged, script) -> None:
    script.failures, script.heals = {"error": 0.1, "rate_limit": 0.1, "hang": 0.02, "drop": 0.01}, 1
    script.hang = 60.0
    made = judged(judge=HASTY.replace("retries: 0", "retries: 2"))
    assert gate(made) in (0, 2)
    assert min(script.counts[kind] for kind in script.failures) > 0
    assert made.report["judges"][0]["failed"] == {"broken off": script.counts["drop"]}  # a reply that began may have cost something


@pytest.mark.parametrize(
    ("kind", "told", "most"), [("unauthorised", "answers 401: this key is not known", 10), ("hang", "did not answer", 24)]
)
def test_a_server_that_refuses_or_never_answers_is_given_up(judged, script, kind, told, most) -> None:
    script.failures = {kind: 1.0}
    made = judged(judge=IMPATIENT)
    assert gate(made) == 4
    assert script.tries <= most
    failed = made.report["judges"][0]["failed"]
    assert sum(failed.values()) == 2 * QUERIES
    assert failed["given up"] >= 2 * QUERIES - most
    missing = {score["unscored"] for score in scores(made, "new")}
    assert len(missing) == 1
    assert told in missing.pop()


def test_no_server_at_all_is_an_error_that_does_not_take_long(judged, script, served) -> None:
    made = judged(judge=JUDGE.replace("{url}", "http://127.0.0.1:9"))
    assert gate(made) == 4
    assert script.tries == 0
    failed = made.report["judges"][0]["failed"]
    assert set(failed) == {"given up", "no server"}
    assert "127.0.0.1:9" in scores(made, "new")[0]["unscored"]


def test_a_server_that_dies_half_way_leaves_what_it_said_and_the_next_run_goes_on(judged, script) -> None:
    script.dies_after = 100
    made = judged()
    assert gate(made) == 4
    assert sum(isinstance(score, float) for score in scores(made, "baseline")) == QUERIES
    script.gone, script.dies_after = False, None
    script.tries = 0
    assert gate(made) == 0
    assert script.tries == 2 * QUERIES - 100


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_where_it_was(judged, script) -> None:
    begin = script.reply

    def slow(body: dict[str, Any]) -> Any:
        if script.tries > 120:
            script.ended.wait(60)
        return begin(body)

    script.reply = slow
    made = judged(judge=JUDGE.replace("timeout: 30", "timeout: 120"))
    process = subprocess.Popen([sys.executable, "-m", "ragguard.cli", "gate", "--allow-code"], cwd=made.folder)
    try:
        while script.tries <= 120:
            assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    script.ended.set()
    script.reply, before = begin, script.tries
    assert gate(made) == 0
    kept = len([path for path in made.path(".ragguard/store/verdicts").rglob("*") if path.is_file()])
    assert kept == 2 * QUERIES
    assert script.tries - before == QUERIES  # those of the batch in which it was killed, and after


@pytest.mark.slow
def test_another_judge_asks_anew_and_its_scores_are_not_compared_with_the_old_ones(judged, script, capsys) -> None:
    made = judged()
    assert gate(made) == 0
    first, old = made.report, made.path("reports/tiny").rename(made.path("old"))
    assert made.run("compare", str(old), str(old)) in (0, 2)
    for name, before, after in (
        ("gate.yaml", "model: judge-1", "model: judge-2"),
        ("judge.j2", "Is it helpful?", "Would it help you?"),
        ("judge.json", '"maximum": 5', '"maximum": 6'),
        ("gate.yaml", "retries: 0", "retries: 0\n    temperature: 0.7"),
        ("gate.yaml", "retries: 0", "retries: 0\n    version: '2'"),
    ):
        made.edit(name, before, after)
        tries = script.tries
        assert gate(made) == 0
        assert script.tries == tries + 2 * QUERIES, after
        assert made.report["question"] != first["question"]
        assert made.report["run"] != first["run"]
        assert made.report["judges"][0]["fingerprint"] != first["judges"][0]["fingerprint"]
        assert made.report["suites"][0]["fingerprint"] == first["suites"][0]["fingerprint"]
        capsys.readouterr()
        assert made.run("compare", str(old), "reports/tiny") == 3
        said = " ".join(capsys.readouterr().err.split())
        assert "rubric:helpful: the two were judged by different judges: helpful (judge-1" in said
        made.edit(name, after, before)
    made.edit("gate.yaml", "concurrency: 8", "concurrency: 2")
    tries = script.tries
    assert gate(made) == 0
    assert script.tries == tries
    assert made.report["question"] == first["question"]


def test_an_accepted_baseline_is_judged_anew_by_another_judge(judged, script) -> None:
    made = judged()
    assert gate(made) == 0
    assert made.run("accept", "new") == 0
    lock = json.loads(made.path("ragguard.lock").read_text())
    assert lock["judges"] == {"helpful": made.report["judges"][0]["fingerprint"]}
    plan = made.path("gate.yaml").read_text()
    made.write("gate.yaml", re.sub(r"baseline:\n(  .*\n)+", "baseline: accepted\n", plan).replace("own:longer", "own:plain"))
    tries = script.tries
    assert gate(made) == 0
    assert script.tries == tries
    assert not any("accepted under another judge" in each for each in made.report["warnings"])
    made.edit("gate.yaml", "model: judge-1", "model: judge-2")
    assert gate(made) == 0
    assert script.tries == tries + 2 * QUERIES
    assert {body["model"] for body in script.requests[tries:]} == {"judge-2"}
    assert any("accepted under another judge 'helpful'" in each for each in made.report["warnings"])


PAIRWISE = JUDGE + "    pairwise: true\n"


def prefer(body: dict[str, Any]) -> dict[str, str]:
    """Whoever quotes the document; of two that do, the one shown first."""
    first, second = asked(body).split("First: ")[1].split("Second: ")
    return {"score": "B" if "step by step" not in first else "A", "reason": f"not {second.strip()[:20]}"}


def pairs(made: Any) -> Any:
    made.write("judge.j2", "{{ question }}\nFirst: {{ answer_a }}\nSecond: {{ answer_b }}")
    made.write("judge.json", json.dumps({"type": "object", "properties": {"score": {"enum": ["A", "B", "tie"]}}, "required": ["score"]}))
    return made


def test_a_judge_of_pairs_blocks_who_loses_them(judged, script, capsys) -> None:
    script.reply = prefer
    made = pairs(judged("vague", judge=PAIRWISE))
    assert gate(made) == 1
    assert set(scores(made, "baseline")) == {0.5}
    assert sorted(scores(made, "new")) == [0.0] * 30 + [0.5] * 60
    assert script.tries == 2 * 30  # of the others, both say the same
    assert made.report["judges"][0]["first_won_twice"] == 0.0
    assert "helpful preferred, in both orders, the answer shown first in 0.0%" in " ".join(capsys.readouterr().out.split())


def test_a_judge_of_pairs_that_takes_the_first_prefers_nobody(judged, script) -> None:
    script.reply = prefer
    made = pairs(judged("longer", judge=PAIRWISE))
    assert gate(made) == 0
    assert set(scores(made, "new")) == {0.5}
    assert script.tries == 2 * QUERIES
    (judge,) = made.report["judges"]
    assert (judge["first_won_twice"], judge["second_won_twice"], judge["answers"]) == (1.0, 0.0, QUERIES)
    assert gate(made) == 0
    assert made.report["judges"][0] == judge  # kept verdicts tell it too


def test_a_judge_of_pairs_has_nothing_to_say_where_the_baseline_said_nothing(judged, script) -> None:
    script.reply = prefer
    made = pairs(judged("longer", judge=PAIRWISE))
    made.edit("gate.yaml", "own:plain", "own:silent")
    assert gate(made) in (0, 2)  # what is missing counts against it
    (case,) = [case for case in made.report["cases"] if case["id"] == "q-001"]
    assert case["scores"]["new"]["rubric:helpful"] == {"unscored": "helpful: nothing to compare with: the baseline gave no answer"}


def noisy(body: dict[str, Any]) -> dict[str, Any]:
    """Three points, and one more or less, as the seed will have it."""
    return {"reason": f"seed {body['seed']}", "score": 3 + int(share(body) * 3) - 1}


@pytest.mark.parametrize(("repeats", "expected"), [("3", 3), pytest.param("auto", 8, marks=pytest.mark.slow)])
def test_a_judge_is_asked_several_times(judged, script, capsys, repeats, expected) -> None:
    script.reply = noisy
    made = judged(judge=JUDGE + f"    repeats: {repeats}\n    seed: 11\n")
    assert gate(made) in (0, 2)
    assert made.report["judges"][0]["turns"] == {"golden/rubric:helpful": expected}
    assert script.tries == 2 * QUERIES * expected
    assert {body["seed"] for body in script.requests} == set(range(11, 11 + expected))
    case = made.report["cases"][0]
    (judgement,) = case["judged"]["new"]["rubric:helpful"]
    values = [verdict["value"] for verdict in judgement["verdicts"]]
    assert case["scores"]["new"]["rubric:helpful"] == pytest.approx(sum(values) / expected)
    assert f"helpful judged each answer several times: golden/rubric:helpful {expected}" in " ".join(capsys.readouterr().out.split())
    tries = script.tries
    gate(made)
    assert script.tries == tries


def test_a_steady_judge_is_asked_twice_where_the_plan_lets_it_be_found_out(judged, script) -> None:
    script.reply = lambda body: {"reason": "", "score": 1 + int(share(asked(body)) * 5)}
    made = judged(judge=JUDGE + "    repeats: auto\n    seed: 11\n")
    gate(made)
    assert made.report["judges"][0]["turns"] == {"golden/rubric:helpful": 2}
    assert script.tries == 4 * QUERIES


def test_yes_and_no_are_compared_as_such(judged, script) -> None:
    script.reply = lambda body: {"score": "step by step" in asked(body)}
    made = judged("vague")
    made.write("judge.json", json.dumps({"type": "object", "properties": {"score": {"type": "boolean"}}}))
    assert gate(made) == 1
    (verdict,) = made.report["decisions"][0]["verdicts"]
    assert verdict["estimate"]["scale"]["binary"] is True
    assert verdict["estimate"]["method"].startswith("Tango")
    assert set(scores(made, "new")) == {0.0, 1.0}


BESIDE = """\
suite: golden
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: rubric:helpful, tier: blocking, margin: 0.05, needs: judge}
report: [rubric:helpful, ragas:Faithfulness]
"""


def test_a_check_that_needs_a_judge_is_left_out_of_plans_without_one(judged, script) -> None:
    made = judged("vague", suite=BESIDE, judge="")
    assert gate(made) == 0
    (suite,) = made.report["suites"]
    assert suite["note"] == "the plan has no judge for them, so 1 check that asks one is left out"
    assert [verdict["check"]["metric"] for verdict in made.report["decisions"][0]["verdicts"]] == ["nDCG@10"]
    assert {mean["metric"] for mean in suite["means"]} == {"nDCG@10"}
    assert made.report["judges"] == []
    without = suite["fingerprint"]
    assert script.tries == 0
    made.write("gate.yaml", made.path("gate.yaml").read_text() + JUDGE.replace("{url}", script.served.url))
    assert gate(made) == 1
    (suite,) = made.report["suites"]
    assert (suite["note"], suite["fingerprint"] == without) == ("", False)
    assert {mean["metric"] for mean in suite["means"]} == {"nDCG@10", "rubric:helpful"}


def test_a_check_that_needs_a_judge_is_left_out_where_nobody_answers(judged, script) -> None:
    made = judged(suite=BESIDE)
    made.write("gate.yaml", re.sub(r"^ *generator: .*\n", "", made.path("gate.yaml").read_text(), flags=re.MULTILINE))
    made.edit("gate.yaml", "  new:\n    retriever: {type: recorded, run: baseline.trec}", "  new:\n    retriever: {type: lexical}")
    assert gate(made) in (0, 1, 2)
    assert made.report["suites"][0]["note"] == "no system of the plan answers, so 1 check of answers is left out"
    assert script.tries == 0


def test_what_a_prompt_does_not_show_is_not_asked_twice(judged, script) -> None:
    made = judged()
    made.write("judge.j2", "Answer: {{ answer }}")
    assert gate(made) == 0
    assert script.tries == len({case["answers"][arm]["text"] for case in made.report["cases"] for arm in ("baseline", "new")})
    assert script.tries < QUERIES


def test_the_words_of_a_judge_hold_no_secret(judged, script, monkeypatch) -> None:
    monkeypatch.setenv("JUDGE_URL", f"{script.served.url}/v1")
    monkeypatch.setenv("JUDGE_TOKEN", "token-that-nobody-sees")
    script.reply = lambda body: {"reason": "you sent token-that-nobody-sees", "score": 3}
    judge = JUDGE.replace("{url}/v1", "${JUDGE_URL}") + "    headers: {X-Api-Key: '${JUDGE_TOKEN}'}\n"
    made = judged(judge=judge)
    assert gate(made) == 0
    assert script.tries == 2 * QUERIES
    files = [made.path(f"reports/tiny/{name}").read_text() for name in ("report.json", "report.md", "report.junit.xml")]
    assert not any("token-that-nobody-sees" in text for text in files)
    kept = [path.read_bytes() for path in made.path(".ragguard/store/verdicts").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"token-that-nobody-sees" in each for each in kept)
