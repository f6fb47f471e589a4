"""Plans with a rubric judge on loopback, gated whole: what it says decides, what it cannot say is counted, and it is asked once."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from judged_worlds import JUDGE, QUERIES, gate, scores


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
    "hang": "timed out: 127.0.0.1:PORT did not answer within 0.5 s",
    "drop": "broken off: the response broke off after",
    "error": "server error: 127.0.0.1:PORT answers 500: the model ran out of memory",
    "no_choices": 'broken off: the response has no choices: {"object"',
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_few_failures_are_told_counted_and_healed_by_the_next_run(judged, script, served, kind) -> None:
    script.failures = {kind: 0.05}
    made = judged()
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
    made = judged("vague")
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


def test_what_passes_is_tried_again(judged, script) -> None:
    script.failures, script.heals = {"error": 0.1, "rate_limit": 0.1, "hang": 0.02, "drop": 0.01}, 1
    made = judged(judge=JUDGE.replace("retries: 0", "retries: 2"))
    assert gate(made) in (0, 2)
    assert min(script.counts[kind] for kind in script.failures) > 0
    assert made.report["judges"][0]["failed"] == {"broken off": script.counts["drop"]}  # a reply that began may have cost something


@pytest.mark.parametrize(
    ("kind", "told", "most"), [("unauthorised", "answers 401: this key is not known", 10), ("hang", "did not answer", 24)]
)
def test_a_server_that_refuses_or_never_answers_is_given_up(judged, script, kind, told, most) -> None:
    script.failures = {kind: 1.0}
    made = judged()
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
    made = judged(judge=JUDGE.replace("timeout: 0.5", "timeout: 120"))
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
