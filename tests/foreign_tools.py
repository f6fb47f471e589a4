"""One neutral set of results written as several tools write theirs: same cases, same scores, other formats."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple


class Scored(NamedTuple):
    """A case and whether the system had it right."""

    id: int
    question: str
    right: bool


def lm_eval(path: Path, rows: Sequence[Scored], system: str) -> Path:
    lines = []
    for row in rows:
        doc = {"question": row.question, "answer": "42"}
        said = "42" if row.right else "41"
        lines.append(
            {
                "doc_id": row.id, "doc": doc, "target": "42", "resps": [[said]], "filtered_resps": [said], "filter": "strict-match",
                "arguments": {"gen_args_0": {"arg_0": row.question, "arg_1": {"until": ["\n"]}}}, "metrics": ["exact_match"],
                "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)), "prompt_hash": _hash(row.question),
                "target_hash": _hash("42"), "exact_match": float(row.right),
            }
        )  # fmt: skip
    return _write(path / f"{system}.jsonl", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def promptfoo(path: Path, rows: Sequence[Scored], system: str) -> Path:
    results = [
        {
            "gradingResult": {"pass": row.right, "score": float(row.right), "reason": "", "namedScores": {}}, "id": f"{system}-{row.id}",
            "namedScores": {}, "promptIdx": 0, "provider": {"id": system, "label": ""}, "response": {"output": "42" if row.right else "41"},
            "score": float(row.right), "success": row.right, "testIdx": row.id, "vars": {"question": row.question},
            "testCase": {"vars": {"question": row.question}, "assert": [{"type": "equals", "value": "42"}]},
            "failureReason": 0 if row.right else 1,
        }
        for row in rows
    ]  # fmt: skip
    whole = {"evalId": system, "results": {"version": 3, "prompts": [], "results": results, "stats": {}}, "config": {}}
    return _write(path / f"{system}.json", json.dumps(whole))


def inspect(path: Path, rows: Sequence[Scored], system: str) -> Path:
    samples = [
        {
            "id": row.id, "epoch": 1, "input": row.question, "target": "42", "output": {"completion": "42" if row.right else "41"},
            "scores": {"match": {"value": "C" if row.right else "I"}}, "metadata": {},
        }
        for row in rows
    ]  # fmt: skip
    metrics = [{"name": "inspect_ai/accuracy"}]
    spec = {
        "task": "gsm8k",
        "task_version": 0,
        "model": system,
        "dataset": {"name": "gsm8k"},
        "scorers": [{"name": "match", "metrics": metrics}],
    }
    return _write(path / f"{system}.json", json.dumps({"version": 2, "status": "success", "eval": spec, "samples": samples}))


def table(path: Path, rows: Sequence[Scored], system: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    with (path / f"{system}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "metric", "value"])
        writer.writerows([row.id, "accuracy", int(row.right)] for row in rows)
    return path / f"{system}.csv"


def deepeval(path: Path, rows: Sequence[Scored], system: str) -> Path:
    cases = [
        {
            "name": f"test_case_{n}", "input": row.question, "actualOutput": "42" if row.right else "41", "expectedOutput": "42",
            "success": row.right, "order": n,
            "metricsData": [{"name": "Exact Match", "threshold": 0.5, "success": row.right, "score": float(row.right)}],
        }
        for n, row in enumerate(rows)
    ]  # fmt: skip
    return _write(path / f"{system}.json", json.dumps({"testCases": cases, "conversationalTestCases": []}))


WRITERS: Mapping[str, Callable[[Path, Sequence[Scored], str], Path]] = {
    "lm-eval": lm_eval,
    "promptfoo": promptfoo,
    "inspect": inspect,
    "deepeval": deepeval,
    "table": table,
}


def gsm8k(shared: Path) -> dict[str, list[Scored]]:
    """Right or wrong of four real systems on the same 1,319 questions."""
    lines = (shared / "gsm8k-four-systems" / "correct.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    systems = [name for name in found[0] if name not in ("idx", "question")]
    return {name: [Scored(row["idx"], row["question"], row[name]) for row in found] for name in systems}


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
