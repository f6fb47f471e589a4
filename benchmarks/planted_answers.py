"""Gold answers of golden/payments, spoiled in one way each, and which metric sees it: ``python benchmarks/planted_answers.py``."""

import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ragguard.data.collection import Collection, load
from ragguard.metrics.answers.matching import contains
from ragguard.metrics.catalog import scale
from ragguard.metrics.scoring import score_all
from ragguard.records.collection import Query
from ragguard.records.evidence import Answer, Case, NotApplicable, Observation
from ragguard.records.metric import Metric

ROOT = Path(__file__).resolve().parent.parent
EACH = 50
SEED = 7

# Which metrics are to see which edit.
EXPECTED = {
    "untouched": (),
    "value swapped": ("Completeness", "UnsupportedValue", "HallucinationRate"),
    "citation swapped": ("CitationPrecision", "CitationRecall"),
    "caveat dropped": ("Completeness",),
    "refusal": ("FalseRefusal", "Completeness", "CitationPrecision", "CitationRecall"),
    "invented parameter": ("UnsupportedValue", "HallucinationRate"),
    "other version": ("VersionConflation", "HallucinationRate", "Completeness"),
}
METRICS = list(dict.fromkeys(name for names in EXPECTED.values() for name in names))

Edit = Callable[[Query, random.Random], str | None]


def keep(query: Query, draw: random.Random) -> str | None:  # noqa: ARG001
    return query.gold_answer


def swap_value(query: Query, draw: random.Random) -> str | None:
    """A number of a required value becomes another one."""
    numbers = [found for wanted in query.required for found in re.findall(r"\d+", wanted) if len(found) < 4 and not found.startswith("0")]
    if not numbers:
        return None
    old = draw.choice(numbers)
    new = str(int(old) * 3 + draw.randrange(1, 9))
    return re.sub(rf"(?<![\d.,]){old}(?![\d.,]\d|\d)", new, query.gold_answer)


def drop_caveat(query: Query, draw: random.Random) -> str | None:
    """One of several required things is left out."""
    if len(query.required) < 2:
        return None
    return query.gold_answer.replace(draw.choice(query.required).strip("`"), "so")


def refuse(query: Query, draw: random.Random) -> str | None:  # noqa: ARG001
    return "The documents do not say."


def invent(query: Query, draw: random.Random) -> str | None:
    named = draw.choice(["auto_settle_window", "/v2/limits/override", "retryGracePeriod", "--force-sync", "level 9413"])
    return f"{query.gold_answer} Set {named} first."


def conflate(query: Query, draw: random.Random) -> str | None:
    """A required value becomes that of another version."""
    literal = [wanted for wanted in query.required if wanted.strip("`") in query.gold_answer]
    other = [value for value in query.forbidden if not contains(query.text, value)]
    return query.gold_answer.replace(literal[0].strip("`"), draw.choice(other).strip("`")) if literal and other else None


EDITS: dict[str, Edit] = {
    "untouched": keep,
    "value swapped": swap_value,
    "citation swapped": keep,
    "caveat dropped": drop_caveat,
    "refusal": refuse,
    "invented parameter": invent,
    "other version": conflate,
}


def usable(collection: Collection) -> list[Query]:
    """The queries whose gold answer is whole: what is spoiled must have been good."""
    found = [query for query in collection.queries.values() if query.answerable and query.required]
    return [query for query in found if all(contains(query.gold_answer, wanted) for wanted in query.required)]


def planted(collection: Collection, kind: str, draw: random.Random) -> Iterator[tuple[Case, Observation]]:
    """So many spoiled answers, each with its case: given what is relevant and what is judged not to be, citing all or none of the first."""
    queries, made = usable(collection), 0
    for query in draw.sample(queries, len(queries)):
        text = EDITS[kind](query, draw)
        if text is None or (text == query.gold_answer and EDITS[kind] is not keep):
            continue
        grades = collection.qrels[query.id]
        relevant = [name for name, grade in grades.items() if grade > 0]
        others = [name for name, grade in grades.items() if grade == 0] or [next(name for name in collection.ids if name not in grades)]
        cited = () if kind == "refusal" else tuple(others[:1] if kind == "citation swapped" else relevant)
        name = f"{kind}/{query.id}"
        answer = Answer(text, cited, abstained=kind == "refusal")
        yield Case(name, query.text, query, grades), Observation(name, contexts=(*relevant, *others[:2]), answer=answer)
        made += 1
        if made == EACH:
            return


def rows(collection: Collection) -> list[tuple[str, Case, Observation]]:
    draw = random.Random(SEED)
    return [(kind, case, seen) for kind in EDITS for case, seen in planted(collection, kind, draw)]


def told(collection: Collection, observations: list[Observation]) -> tuple[dict[str, str], dict[str, object]]:
    """The texts and marks of what the answers were given."""
    names = sorted({name for seen in observations for name in seen.contexts})
    documents = [collection.document(name) for name in names]
    return {d.id: f"{d.title}\n{d.text}\nv{d.version} {d.status}" for d in documents}, dict(collection.marks(names))


def main() -> int:
    collection = load(ROOT / "golden" / "payments")
    made = rows(collection)
    texts, marks = told(collection, [seen for _, _, seen in made])
    metrics = {name: Metric(name) for name in METRICS}
    scores = score_all(list(metrics.values()), [case for _, case, _ in made], {case.id: seen for _, case, seen in made}, marks, texts)
    print(f"{len(made)} answers; share of each edit that a metric marks down, * where it is meant to\n")
    print(f"{'':<20}" + "".join(f"{name:>19}" for name in METRICS))
    table: dict[str, list[int]] = {name: [0, 0, 0, 0] for name in METRICS}
    for kind in EDITS:
        cells = []
        for name, metric in metrics.items():
            found = [scores[metric][case.id] for each, case, _ in made if each == kind]
            marked = [value != scale(metric).best for value in found if not isinstance(value, NotApplicable)]
            meant = name in EXPECTED[kind]
            table[name][0 if meant else 1] += sum(marked)
            table[name][2 if meant else 3] += len(marked) - sum(marked)
            share = f"{sum(marked) / len(marked):.2f}" if marked else "-"
            cells.append(f"{share}{'*' if meant else ' '}")
        print(f"{kind:<20}" + "".join(f"{cell:>19}" for cell in cells))
    print(f"\n{'metric':<20}{'caught':>8}{'missed':>8}{'false':>8}{'rightly passed':>16}")
    for name, (caught, false, missed, passed) in table.items():
        print(f"{name:<20}{caught:>8}{missed:>8}{false:>8}{passed:>16}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
