"""Which column of a table is what, by its name."""

from collections.abc import Iterable, Mapping

ID = ("case_id", "case", "id", "_id", "query_id", "query-id", "qid", "sample_id", "example_id", "question_id", "item_id", "item", "doc_id",
      "test_id", "idx", "index", "key")  # fmt: skip
TEXT = ("user_input", "question", "query", "input", "prompt", "text")
ANSWER = ("response", "answer", "actual_output", "output", "completion", "prediction")
CONTEXTS = ("retrieved_contexts", "contexts", "retrieval_context", "context", "documents")
CONTEXT_IDS = ("retrieved_context_ids", "context_ids", "document_ids")
EXPECTED = ("reference", "ground_truth", "ground_truths", "expected_output", "expected", "target", "gold_answer", "gold")
INTENT, TASK, TAGS = ("intent", "cluster"), ("task", "stratum"), ("tags",)
REPEAT, ERROR = ("repeat", "epoch", "trial", "attempt", "seed"), ("error",)
METRIC, VALUE = ("metric", "measure", "metric_name"), ("value", "score")
NESTED = ("scores", "metrics")
"""Columns whose objects hold a score a key."""

ROLES: Mapping[str, tuple[str, ...]] = {
    "id": ID, "text": TEXT, "answer": ANSWER, "contexts": CONTEXTS, "context_ids": CONTEXT_IDS, "expected": EXPECTED, "intent": INTENT,
    "task": TASK, "tags": TAGS, "repeat": REPEAT, "error": ERROR, "metric": METRIC, "value": VALUE,
}  # fmt: skip


def roles(names: Iterable[str], id_column: str = "") -> dict[str, str]:
    """Return the column of each role that a table has; the first of a role's names counts. ``metric`` and ``value`` only come together."""
    lower = {name.strip().lower(): name for name in reversed(list(names))}
    found = {role: next((lower[name] for name in known if name in lower), "") for role, known in ROLES.items()}
    if id_column:
        found["id"] = id_column
    if not (found["metric"] and found["value"]):
        found |= {"metric": "", "value": ""}
    return {role: name for role, name in found.items() if name}
