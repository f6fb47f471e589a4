"""Reports with answers, hostile texts, judges and trainings, made of the factory's."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import factory

from ragguard.records.evidence import Answer
from ragguard.records.judgement import Judgement, Verdict
from ragguard.records.report import CaseRun, JudgeRun, Report, ShownDocument

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
EVIL = "</script></template><script>window.hacked = 3</script>"


def _answered(number: int, case: CaseRun) -> CaseRun:
    right = f"The window is {number} hours, says the guide [1]."
    other = f"The window is {number + 1} hours, says the guide [1]. {HOSTILE if number % 7 == 0 else ''}".strip()
    texts = {"baseline": right, "tuned": right if number % 3 else other, "tuned-lora": f"I do not know {number}."}
    contexts = {arm: tuple(shown.id for shown in case.rankings[arm][:3]) for arm in texts if case.rankings.get(arm)}
    answers = {arm: Answer(text, contexts.get(arm, ())[:1], abstained=arm == "tuned-lora") for arm, text in texts.items()}
    complete = {"baseline": 1.0, "tuned": 1.0 if number % 3 else 0.0, "tuned-lora": 0.0}
    said = Verdict(0.75, f"It names the window; {EVIL if number % 11 == 0 else 'good'}.")
    return replace(
        case,
        answers={arm: answer for arm, answer in answers.items() if arm not in case.errors},
        contexts={arm: given for arm, given in contexts.items() if arm not in case.errors},
        expected=right,
        scores={arm: {**scores, "Completeness": complete[arm]} for arm, scores in case.scores.items()},
        judged={"tuned": {"rubric:helpful": (Judgement(case.id, "helpful", (said,)),)}},
    )


@cache
def answered() -> Report:
    """Two candidates over 150 cases in two suites, with answers, a judge, trainings, and texts that try to be more than text."""
    base = factory.report()
    cases = tuple(_answered(number, case) for number, case in enumerate(base.cases))
    hostile = replace(cases[5], text=f"{HOSTILE} {EVIL}", rankings={**cases[5].rankings})
    documents = dict(base.documents)
    wanted = next(iter(hostile.relevant))
    documents[wanted] = ShownDocument(HOSTILE, "2.3", "current", "payments")
    return replace(
        base,
        cases=(*cases[:5], hostile, *cases[6:]),
        documents=documents,
        arms=tuple(replace(arm, provenance=_provenance() if arm.provenance else {}) for arm in base.arms),
        judges=(JudgeRun("helpful", "rubric", "judge-1", "ef" * 32, ("rubric:helpful",), 300, 300, {"timeout": 4}, tokens=12_000),),
    )


def _provenance() -> Mapping[str, Any]:
    loss = [{"step": 10 * step, "loss": 2.0 / (step + 1), "learning_rate": 1e-4} for step in range(40)]
    return {
        "retriever": {
            "key": "ab" * 32,
            "base": {"model": "all-MiniLM-L6-v2", "fingerprint": "cd" * 32},
            "data": {"file": "train.jsonl", "hash": "ef" * 32, "rows_in_file": 480},
            "loss": loss,
            "dev": [{"step": 100, "nDCG@10": 0.5}, {"step": 400, "nDCG@10": 0.61}],
        }
    }
