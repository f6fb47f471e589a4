"""A workspace whose answers a ragas judge can tell true from invented by their numbers, and what its server did to each of them.

Document i says how many days and euros plan i takes; a question asks for one plan. The candidates: ``worded`` says what the baseline
says in other words, ``inventing`` says a wrong price four times in ten, ``lost`` is given another plan's document three times in ten.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from judge_server import Script
from ragas_server import about, prompt_of, sentences, wanted

OWN = r"""
import re

def facts(question, texts):
    plan = re.search(r"plan (\d+)", question)[1]
    days, euros = re.search(r"takes (\d+) days. It costs (\d+) euros", texts[0]).groups()
    return plan, days, int(euros)

def plain(question, texts):
    plan, days, euros = facts(question, texts)
    return f"Plan {plan} takes {days} days. Plan {plan} costs {euros + (int(plan) % 10 == 9)} euros."

def worded(question, texts):
    return plain(question, texts).replace("Plan", "A refund of plan")

def inventing(question, texts):
    plan, days, euros = facts(question, texts)
    return f"By plan {plan} it takes {days} days. By plan {plan} it costs {euros + (int(plan) % 10 > 5)} euros."

def lost(question, texts):
    return plain(question, texts).replace("Plan", "Your plan")
"""
SUITE = """suite: golden
checks:
  - {metric: ragas:Faithfulness, tier: blocking, margin: 0.05}
  - {metric: ragas:ContextRecall, tier: blocking, margin: 0.05}
"""
PLAN = """name: judged
collection: collection
baseline:
  retriever: {type: recorded, run: found.trec}
  generator: {type: python, callable: 'own:plain', contexts: 1}
candidates:
  worded:
    retriever: {type: recorded, run: found.trec}
    generator: {type: python, callable: 'own:worded', contexts: 1}
  inventing:
    retriever: {type: recorded, run: found.trec}
    generator: {type: python, callable: 'own:inventing', contexts: 1}
  lost:
    retriever: {type: recorded, run: lost.trec}
    generator: {type: python, callable: 'own:lost', contexts: 1}
suites: [golden.yaml]
judges:
  truthful: {type: ragas, base_url: URL/v1, model: scripted, MORE}
"""
KINDS = {
    **{"malformed": "not JSON", "prose": "not JSON", "empty": "empty", "out_of_range": "out of range", "refusal": "refusal"},
    **{"content_filter": "content filter", "rate_limit": "rate limit", "hang": "timed out", "drop": "broken off", "error": "server error"},
    "no_choices": "broken off",
}
"""What the server does, and what a verdict calls it."""


def write(folder: Path, url: str, intents: int, more: str) -> None:
    """Write the workspace; ``more`` are further keys of the judge."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "collection/qrels").mkdir(parents=True)
    plans = range(intents)
    texts = [f"A refund of plan {i} takes {1000 + i} days. It costs {5000 + i} euros." for i in plans]
    documents = [{"_id": f"d-{i}", "title": "Refunds", "text": text} for i, text in enumerate(texts)]
    queries = [
        {"_id": f"q-{i}", "text": f"What of plan {i}?", "gold_answer": f"Plan {i} takes {1000 + i} days. It costs {5000 + i} euros."}
        for i in plans
    ]
    runs = {"found": list(plans), "lost": [(i + 1) % intents if i % 10 < 3 else i for i in plans]}
    files = {
        "collection/corpus.jsonl": "".join(json.dumps(each) + "\n" for each in documents),
        "collection/queries.jsonl": "".join(json.dumps(each) + "\n" for each in queries),
        "collection/qrels/test.tsv": "query-id\tcorpus-id\tscore\n" + "".join(f"q-{i}\td-{i}\t1\n" for i in plans),
        **{f"{name}.trec": "".join(f"q-{i} Q0 d-{d} 1 1.0 run\n" for i, d in enumerate(found)) for name, found in runs.items()},
        **{"own.py": OWN, "golden.yaml": SUITE, "gate.yaml": PLAN.replace("URL", url).replace("MORE", more)},
    }
    for name, text in files.items():
        (folder / name).write_text(text)


Key = tuple[str, ...]


def done(script: Script) -> dict[Key, str]:
    """What the server did last to each thing that it was asked of, by its own record; empty: it said its verdict."""
    last: dict[Key, str] = {}
    tried: Counter[str] = Counter()
    for body in script.requests:
        prompt, text = prompt_of(body), json.dumps(body, sort_keys=True)
        on, kind = about(prompt), script.kind(body)
        if wanted(prompt) == {"classifications"}:
            key: Key = ("ragas:ContextRecall", plan_in(on["question"]), plan_in(on["context"]))
        else:
            key = ("ragas:Faithfulness", *on.get("statements", sentences(on.get("answer", ""))))
        untouched = kind == "out_of_range" and wanted(prompt) == {"statements"} and "statements" not in on  # there is no number in it
        healed = script.heals is not None and tried[text] >= script.heals
        last[key] = "" if untouched or healed or not kind else KINDS[kind]
        tried[text] += 1
    return last


def plan_in(text: str) -> str:
    found = re.search(r"plan (\d+)", text)
    assert found
    return found[1]


def expected(script: Script, report: Mapping[str, Any]) -> dict[tuple[str, str, str], str]:
    """What came of each case, arm and metric of a report, by the server's record; of what it was not asked, the judge was given up."""
    last, found = defaultdict(lambda: "given up", done(script)), {}
    for case in report["cases"]:
        for arm, answer in case["answers"].items():
            shown = case["rankings"][arm][0]["id"].removeprefix("d-")
            found[case["id"], arm, "ragas:Faithfulness"] = last["ragas:Faithfulness", *sentences(answer["text"])]
            found[case["id"], arm, "ragas:ContextRecall"] = last["ragas:ContextRecall", plan_in(case["text"]), shown]
    return found


def told(report: Mapping[str, Any]) -> dict[tuple[str, str, str], str]:
    """The same, by the report: the kind of what left it unscored; empty: a score."""
    return {
        (case["id"], arm, metric): score["unscored"].removeprefix("truthful: ").partition(":")[0] if isinstance(score, dict) else ""
        for case in report["cases"]
        for arm, scores in case["scores"].items()
        for metric, score in scores.items()
    }
