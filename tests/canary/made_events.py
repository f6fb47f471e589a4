"""Events as a production with two arms would send them: real systems are asked golden queries, in which users say who they are."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from ragguard.data.collection import Collection, load
from ragguard.plan.systems import SystemPlan
from ragguard.records.evidence import Observation
from ragguard.store import Store
from ragguard.suites.golden import case_of
from ragguard.systems.factory import assemble
from ragguard.systems.silent import Silent

ROOT = Path(__file__).resolve().parent.parent.parent

GENERATOR = {"type": "extractive", "threshold": 0.3}
BASELINE = {"retriever": {"type": "lexical", "document_text": "{text}"}, "generator": GENERATOR}
CANDIDATE = {"retriever": {"type": "lexical", "document_text": "[{status} v{version}] {title}\n{text}"}, "generator": GENERATOR}

PERSONAL = (
    "jane.doe@example.com", "+31 6 12345678", "4111 1111 1111 1111", "NL91ABNA0417164300", "192.168.17.4", "536-90-4399",
    "müller@firma.internal", "DE89 3704 0044 0532 0130 00", "(212) 555-0134", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "4111\u20111111\u00a01111\u20111111",
)  # fmt: skip
"""What users write beside their questions: nobody's, but every one of the form of somebody's."""


def payments() -> Collection:
    return load(ROOT / "golden" / "payments")


def asked(system: Mapping[str, Any], collection: Collection, queries: Sequence[str], folder: Path) -> list[Observation]:
    """What a real system says to golden queries."""
    made = assemble(SystemPlan.model_validate(system), base=ROOT)
    made.index(collection, Store(folder), Silent())
    return made.search([case_of(collection.queries[name], collection) for name in queries], 10)


def response(seen: Observation) -> dict[str, Any]:
    """What a server would say that answered so."""
    said = {"answer": seen.answer.text, "citations": list(seen.answer.citations), "abstained": seen.answer.abstained} if seen.answer else {}
    ranked = [{"id": one.id, "score": one.score} for one in seen.ranking]
    return {"retrieved": ranked, "contexts": list(seen.contexts), "seconds": dict(seen.seconds), **said}


def events(folder: Path, queries: int, *, named: bool = True) -> Iterator[dict[str, Any]]:
    """Yield three events a query: of each arm, and of both (shadow); each query with something personal before or behind it."""
    collection = payments()
    ids = sorted(collection.queries)[:: max(len(collection.queries) // queries, 1)][:queries]
    arms = {name: asked(system, collection, ids, folder) for name, system in (("baseline", BASELINE), ("candidate", CANDIDATE))}
    for number, (name, personal) in enumerate(zip(ids, cycle(PERSONAL), strict=False)):
        said = {arm: response(seen[number]) for arm, seen in arms.items()}
        text = (
            f"{collection.queries[name].text} Reach me at {personal}, please"
            if number % 2
            else f"{personal}: {collection.queries[name].text}"
        )
        common = {"at": 1_795_253_400.0 + number, "query": text, "user": "jane.doe@example.com", "session": f"s-{number // 3}"}
        common |= {"extra": {"note": f"from {personal}", "shop": 7}, **({"case": name} if named else {})}
        for arm, own in said.items():
            told = {**own, "answer": f"{own['answer']} (asked by {personal})", "error": None}
            yield {"id": f"{name}/{arm}", "arm": arm, **common, **told, "served": {"model": "extractive"}}
        failed = {"error": f"timeout of {personal}", "latency": 30}
        yield {"id": f"{name}/both", "arm": "both", **common, **said, **({"candidate": failed} if number % 10 == 9 else {})}
