"""What a workspace with a rubric judge is made of, and what is read from its report."""

import json
from collections.abc import Callable
from typing import Any

from judge_server import asked

OWN = """
def plain(question, texts):
    return f"{texts[0].splitlines()[-1]} [1]"

def vague(question, texts):
    number = int(question.split(":")[0].split()[-1])
    return "It depends, as so often. [1]" if number % 3 == 0 else plain(question, texts)

def longer(question, texts):
    return "As the documents say: " + plain(question, texts)

def silent(question, texts):
    if " 1:" in question:
        raise ValueError("no")
    return plain(question, texts)
"""
SUITE = """\
suite: golden
checks:
  - {metric: rubric:helpful, tier: blocking, margin: 0.05}
"""
PROMPT = "Question: {{ question }}\nAnswer: {{ answer }}\nIs it helpful?"
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["reason", "score"],
    "additionalProperties": False,
}
JUDGE = """\
judges:
  helpful:
    type: rubric
    base_url: {url}/v1
    model: judge-1
    prompt: judge.j2
    schema: judge.json
    timeout: 30
    retries: 0
    concurrency: 8
"""
HASTY, IMPATIENT = (JUDGE.replace("timeout: 30", f"timeout: {seconds}") for seconds in (8, 2))
"""For servers that hang: one that a busy machine does not try too hard, and one for where nothing else would answer."""

QUERIES = 90


def opinion(body: dict[str, Any]) -> dict[str, Any]:
    """Five points for what comes from a document, two for what does not."""
    text = asked(body).split("Answer: ")[1]
    return {"reason": f"It says: {text.splitlines()[0]}", "score": 5 if "step by step" in text else 2}


def system(callable_: str) -> str:
    return f"{{type: recorded, run: baseline.trec}}\n    generator: {{type: python, callable: 'own:{callable_}', version: '1'}}"


def make(
    tiny: Callable[..., Any], url: str, candidate: str = "longer", suite: str = SUITE, judge: str = JUDGE, queries: int = QUERIES
) -> Any:
    """A workspace whose baseline answers from its first document, and whose candidate answers as named."""
    baseline = system("plain").replace("\n    ", "\n  ")
    made = tiny(queries, baseline, {"new": system(candidate)}, suite, judge.replace("{url}", url))
    made.write("own.py", OWN)
    made.write("judge.j2", PROMPT)
    made.write("judge.json", json.dumps(SCHEMA))
    return made


def gate(made: Any) -> int:
    return int(made.gate("--allow-code"))


def scores(made: Any, arm: str) -> list[Any]:
    return [case["scores"][arm]["rubric:helpful"] for case in made.report["cases"]]
