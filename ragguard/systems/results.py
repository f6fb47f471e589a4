"""What other people's retrievers return, read without importing their libraries."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ragguard.records.evidence import Ranked

ID_KEYS = ("id", "_id", "doc_id", "docid", "source")
SCORE_KEYS = ("score", "relevance_score")


def read_results(answer: Any) -> list[Ranked]:
    """Read a list of results, best first.

    Each is an id, an ``(id, score)`` pair, a mapping with ``id`` and perhaps ``score``, a LangChain document (``metadata`` with
    ``id``, ``_id`` or ``source``, or its own ``id``), or a LlamaIndex node with score. Where no result has a score, the order counts.

    Raises:
        TypeError: the answer is not a list of results.
        ValueError: a result without an id, an id that comes twice, a score that is not a finite number, or scores on some only.
    """
    if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
        raise TypeError(f"the retriever returned {type(answer).__name__}, not a list of results")
    pairs = [_read(result) for result in answer]
    missing = sum(score is None for _, score in pairs)
    if missing not in (0, len(pairs)):
        raise ValueError(f"{missing} of {len(pairs)} results have no score; give all of them one, or none")
    results = [Ranked(id_, float(-rank) if score is None else score) for rank, (id_, score) in enumerate(pairs)]
    seen: set[str] = set()
    for result in results:
        if result.id in seen:
            raise ValueError(f"the document {result.id!r} was returned twice")
        seen.add(result.id)
    return results


def _read(result: Any) -> tuple[str, float | None]:
    if isinstance(result, str):
        return _id(result, result), None
    if isinstance(result, tuple | list) and len(result) == 2:
        # LangChain's similarity_search_with_score gives (document, score).
        return (_id(result[0], result) if isinstance(result[0], str) else _read(result[0])[0]), _score(result[1], result)
    if isinstance(result, Mapping):
        return _id(_first(result, ID_KEYS), result), _score(_first(result, SCORE_KEYS), result)
    node = getattr(result, "node", result)
    metadata = getattr(node, "metadata", None)
    named = _first(metadata, ID_KEYS) if isinstance(metadata, Mapping) else None
    own = named or getattr(node, "id", None) or getattr(node, "node_id", None)
    return _id(own, result), _score(getattr(result, "score", None), result)


def _first(mapping: Mapping[Any, Any], keys: Iterable[str]) -> Any:
    return next((mapping[key] for key in keys if mapping.get(key) is not None), None)


def _id(value: Any, result: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError(f"a result has no document id: {_short(result)}")
    return str(value)


def _score(value: Any, result: Any) -> float | None:
    if value is None:
        return None
    try:
        score = float(value)
    except (TypeError, ValueError):
        score = math.nan
    if not math.isfinite(score):
        raise ValueError(f"a result's score is {value!r}, not a finite number: {_short(result)}")
    return score


def _short(result: Any) -> str:
    text = repr(result)
    return text if len(text) <= 100 else f"{text[:97]}..."
