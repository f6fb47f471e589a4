"""What is wrong with a plan's judges, said before anybody is asked."""

import json

import pytest

IDLE = "{type: rubric, base_url: 'http://x', model: m, prompt: judge.j2, schema: judge.json}"


def test_check_resolves_judges_and_asks_nobody(judged, script, capsys) -> None:
    made = judged()
    assert made.run("check", "--allow-code") == 0
    assert script.tries == 0
    made.edit("gate.yaml", "judges:\n", f"judges:\n  idle: {IDLE}\n")
    assert made.run("check", "--allow-code") == 0
    assert "the judge 'idle' is asked nothing" in " ".join(capsys.readouterr().out.split())
    made.write("judge.json", json.dumps({"type": "object", "properties": {"score": {"type": "number"}}}))
    made.write("judge.j2", "Question: {{ question }}")
    assert made.run("check", "--allow-code") == 3
    assert script.tries == 0


@pytest.mark.parametrize(
    ("name", "before", "after", "words"),
    [
        ("gate.yaml", "prompt: judge.j2", "prompt: nowhere.j2", "gate.yaml:16: prompt: there is no file nowhere.j2"),
        ("gate.yaml", "schema: judge.json", "schema: no.json", "gate.yaml:17: schema: there is no file no.json"),
        ("gate.yaml", "    timeout: 30", "    headers: {Authorization: Bearer 123}", "gate.yaml:18: headers: Authorization is a key"),
        (
            "gate.yaml",
            "    timeout: 30",
            "    api_key_env: NO_SUCH_KEY",
            "gate.yaml:12: api_key_env: environment variable NO_SUCH_KEY is not set",
        ),
        ("gate.yaml", "model: judge-1", "modell: judge-1", "unknown key 'modell' in judges.helpful; did you mean 'model'?"),
        ("gate.yaml", "type: rubric", "type: rubrik", "'rubric'"),
        ("gate.yaml", "retries: 0", "repeats: 0", "repeats: 0 is none of 1 to 64, or auto"),
        ("gate.yaml", "retries: 0", "pairwise: true\n    repeats: auto", "give a number"),
        ("gate.yaml", "retries: 0", "pairwise: true\n    lower_is_better: true", "means nothing of a preference"),
        ("gate.yaml", "retries: 0", "pairwise: true", "the template: 'answer' is undefined; did you mean 'answer_"),
        ("gate.yaml", "helpful:", "kind:", "suites/golden.yaml:3: rubric:helpful: the plan has no judge 'helpful'; known: kind"),
        ("judge.j2", "{{ answer }}", "{{ anwser }}", "'anwser' is undefined; did you mean 'answer'?"),
        ("judge.j2", "Answer: {{ answer }}", "", "the prompt never shows answer, so the judge would not see what it judges"),
        ("judge.j2", "{{ answer }}", "{{ answer", "is not Jinja"),
        ("judge.json", '"score"', '"points"', "judge.json: has no property 'score', which holds the score"),
        ("judge.json", '"minimum": 1, ', "", "judge.json: 'score' has no range"),
        ("judge.json", '"integer"', '"whole"', "judge.json: is no JSON schema: 'whole' is not valid"),
        ("judge.json", '{"type": "object"', '["type": "object"', "judge.json: is no JSON schema"),
        (
            "suites/golden.yaml",
            "rubric:helpful",
            "ragas:Faithfulness",
            "the plan has no judge of type ragas; write judges: {ragas:",
        ),
        ("suites/golden.yaml", "rubric:helpful", "rubric:helpfull", "the plan has no judge 'helpfull'; did you mean 'helpful'?"),
        ("suites/golden.yaml", "metric: rubric:helpful", "needs: judge, metric: RR", "needs: judge is for what a judge says"),
        ("suites/golden.yaml", "metric: rubric:helpful", "needs: judge, metric: ragas:Faithfulness", "no suite has a blocking check"),
    ],
)
def test_what_is_wrong_with_a_judge_is_said_where_it_stands(judged, script, capsys, name, before, after, words) -> None:
    made = judged(queries=4)
    made.edit(name, before, after)
    for command in ("check", "gate"):
        assert made.run(command, "--allow-code") == 3
        assert words in " ".join(capsys.readouterr().err.split())
    assert script.tries == 0
