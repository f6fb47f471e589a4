"""Small workspaces for the plugin: ten documents, a query an intent, and candidates that are recorded runs or the test's own Python."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

TOPICS = ("refunds", "webhooks", "payouts", "disputes", "invoices", "keys", "limits", "retries", "currencies", "sandbox")

CHECKS = """\
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: RR, slice: canonical, tier: veto, margin: 0.10}
  - {metric: Success@5, slice: canonical, tier: must}
  - {metric: P@1, tier: advisory, margin: 0.05}
"""

IDS = ("golden::nDCG@10", "golden::RR::canonical", "golden::Success@5::canonical", "golden::P@1", "decision")
"""The ids below a candidate of a plan with these checks."""

GOOD, WORSE, LOST = "good", "worse", "lost"
"""Recorded runs: all but one as the baseline; every document on the second rank instead of the first; documents beyond the first five."""


def query_id(number: int) -> str:
    return f"q-{number:03d}"


def run(numbers: Sequence[int], best: int) -> str:
    """Lines of a TREC run that puts each query's document on rank ``best``."""
    lines = []
    for number in numbers:
        right = f"d-{number % len(TOPICS)}"
        others = [f"d-{other}" for other in range(len(TOPICS)) if f"d-{other}" != right]
        ranking = [*others[: best - 1], right, *others[best - 1 :]]
        lines += [f"{query_id(number)} Q0 {name} {rank} {100 - rank} made\n" for rank, name in enumerate(ranking, start=1)]
    return "".join(lines)


def make(
    folder: Path,
    candidates: Mapping[str, str] | None = None,
    *,
    queries: int = 90,
    checks: str = CHECKS,
    more: str = "",
    suites: Mapping[str, str] | None = None,
    baseline: str = "retriever: {type: recorded, run: base.trec}",
) -> Path:
    """Write a workspace and return its folder. ``candidates`` are systems by name: a run's name (``good``), or YAML."""
    numbers = range(queries)
    runs = {
        "base": run(numbers, 1),
        GOOD: run([0], 2) + run(numbers[1:], 1),
        WORSE: run(numbers, 2),
        LOST: run(numbers, 7),
        "partial": run(numbers[: queries // 2], 1),
    }
    files = {f"{name}.trec": text for name, text in runs.items()}
    for name, text in {"golden": checks, **(suites or {})}.items():
        files[f"suites/{name}.yaml"] = f"suite: {name}\nslices:\n  canonical: {{tags: [canonical]}}\nchecks:\n{text}"
    systems = {name: f"retriever: {{type: recorded, run: {spec}.trec}}" if spec in runs else spec for name, spec in _default(candidates)}
    listed = ", ".join(f"suites/{name}.yaml" for name in ("golden", *(suites or {})))
    files["gate.yaml"] = (
        f"name: small\ncollection: golden/docs\nbaseline:\n  {baseline}\ncandidates:\n"
        + "".join(f"  {name}:\n    {spec}\n" for name, spec in systems.items())
        + f"suites: [{listed}]\n{more}"
    )
    files |= {f"golden/docs/{name}": text for name, text in _collection(queries).items()}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _default(candidates: Mapping[str, str] | None) -> Sequence[tuple[str, str]]:
    return list((candidates or {"tuned": GOOD}).items())


def _collection(queries: int) -> dict[str, str]:
    documents = [
        {"_id": f"d-{i}", "title": f"About {topic}", "text": f"How {topic} work, step by step.", "version": "2.0", "status": "current"}
        for i, topic in enumerate(TOPICS)
    ]
    asked = [
        {
            "_id": query_id(i),
            "text": f"question {i}: how do {TOPICS[i % len(TOPICS)]} work",
            "tags": ["canonical" if i % 2 == 0 else "explicit"],
            "gold_answer": f"{TOPICS[i % len(TOPICS)]} work step by step",
            "required": ["step by step"],
        }
        for i in range(queries)
    ]
    judged = "".join(f"{query_id(i)}\td-{i % len(TOPICS)}\t1\n" for i in range(queries))
    return {
        "corpus.jsonl": "".join(json.dumps(row) + "\n" for row in documents),
        "queries.jsonl": "".join(json.dumps(row) + "\n" for row in asked),
        "qrels/test.tsv": "query-id\tcorpus-id\tscore\n" + judged,
    }
