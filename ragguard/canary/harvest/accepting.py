"""Proposals that a person accepted, written into a collection and a file of training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from ragguard.canary.harvest import checking, sources
from ragguard.canary.harvest.proposal import Proposal
from ragguard.data import manifest
from ragguard.data.collection import Collection
from ragguard.data.collection import load as load_collection
from ragguard.data.formats.tables import QRELS_HEADER
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.collection import Quadruplet
from ragguard.store import write_atomically

TRAIN = "train.jsonl"
"""The file of a collection that training rows are added to, unless another is named."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of proposals: ``queries`` and ``rows`` were added, ``known`` were there already, ``declined`` and ``open`` left alone.

    ``files`` were written. ``yaml`` is what to put into the source files of a collection that is built, into which nothing is written.
    """

    queries: int
    rows: int
    known: int
    declined: int
    open: int
    files: tuple[str, ...] = ()
    yaml: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The same as data."""
        return asdict(self)


def accept(proposals: Path, into: Path, *, split: str = "test", train: Path | None = None) -> Accepted:
    """Write the accepted proposals of a file into the collection in a folder, all or none; what is there already is not written again.

    Golden cases go into ``queries.jsonl`` and ``qrels/<split>.tsv`` (hard negatives with grade 0), training rows into ``train`` (default:
    the collection's ``train.jsonl``), one for each hard negative.

    Raises:
        InputError: an accepted proposal is not complete or does not fit the collection, with all that is wrong, by line and key; or the
            collection is none that can be written into.
        CannotJudge: a file cannot be written.
    """
    built = sources.is_built(into)
    _refuse_unwritable(into)
    collection = load_collection(into, split)
    target = train or into / TRAIN
    checked = checking.read(proposals, collection, target)
    chosen, counts = checked.chosen, (checked.declined, checked.open)
    if built:
        families = {name: mark.family for name, mark in collection.marks({name for each in chosen for name in each.relevant}).items()}
        text = sources.to_yaml(chosen, families) if chosen else ""
        return Accepted(0, 0, 0, *counts, yaml=text)
    golden = [each for each in chosen if each.use == "golden"]
    rows = _fresh_rows([row for each in chosen if each.use == "train" for row in _rows(each, collection)], checked.trained)
    fresh = [each for each in golden if each.id not in collection.queries]
    # A query without judgements does no harm, a judgement without its query does: so, if this is killed, another run mends it.
    files = {into / "queries.jsonl": _lines(_query(each) for each in fresh)}
    files |= {into / "qrels" / f"{split}.tsv": _judgements(golden, collection), target: _lines(rows)}
    written = [path for path, more in files.items() if more]
    for path in written:
        write_atomically(path, _longer(path, files[path]))
    _renew(into, written)
    known = len(golden) - len(fresh) + sum(each.use == "train" for each in chosen) - len({row["query"] for row in rows})
    return Accepted(len(fresh), len(rows), known, *counts, files=tuple(display(path) for path in written))


def _refuse_unwritable(into: Path) -> None:
    """Raise InputError for what is no collection in BEIR layout, or not as its manifest says."""
    if (into / "collection.yaml").is_file():
        fix = "add the cases where its tables come from, or name a folder in BEIR layout"
        raise InputError(Problem(display(into / "collection.yaml"), "the collection is described by this file, not in BEIR layout", fix))
    if not (into / "corpus.jsonl").is_file():
        raise InputError(Problem(display(into), "holds no corpus.jsonl", "name the folder of a collection in BEIR layout with --into"))
    if (into / manifest.NAME).is_file() and (wrong := manifest.verify(into)):
        raise InputError(wrong)


def _query(each: Proposal) -> dict[str, Any]:
    row: dict[str, Any] = {"_id": each.id, "text": each.query, "intent": each.intent, "tags": list(each.tags)}
    if each.asks is not None:
        row["asks"] = {key: value for key, value in asdict(each.asks).items() if value}
    row |= {"gold_answer": each.gold_answer, "required": list(each.required), "forbidden": list(each.forbidden)}
    return row | {"answerable": each.answerable}


def _judgements(golden: Sequence[Proposal], collection: Collection) -> bytes:
    """The lines of judgements that are not there yet."""
    made = []
    for each in golden:
        there = collection.qrels.get(each.id, {})
        grades = {**dict.fromkeys(each.hard_negatives, 0), **each.relevant}
        made += [f"{each.id}\t{name}\t{grade}\n" for name, grade in sorted(grades.items()) if name not in there]
    return "".join(made).encode()


def _rows(each: Proposal, collection: Collection) -> list[dict[str, Any]]:
    best = max(each.relevant, key=lambda name: (each.relevant[name], name))
    positive = collection.document(best)
    rows = []
    for name in sorted(each.hard_negatives):
        row: dict[str, Any] = {"query": each.query, "intent": each.intent, "positive_document": positive.text}
        row |= {"hard_negative_document": collection.document(name).text, "gold_answer": each.gold_answer}
        rows.append(row | {"required_attributes": list(each.required), "positive_id": best, "hard_negative_id": name})
    return rows


def _fresh_rows(rows: Sequence[dict[str, Any]], there: Sequence[Quadruplet]) -> list[dict[str, Any]]:
    known = {(row.query, row.positive.id, row.hard_negative.id if row.hard_negative is not None else "") for row in there}
    return [row for row in rows if (row["query"], row["positive_id"], row["hard_negative_id"]) not in known]


def _lines(rows: Any) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def _longer(path: Path, more: bytes) -> bytes:
    """What a file holds, and more lines; a file of judgements that is not there begins with its header."""
    if not path.is_file():
        return ("\t".join(QRELS_HEADER) + "\n").encode() + more if path.suffix == ".tsv" else more
    there = path.read_bytes()
    return there + (b"" if not there or there.endswith(b"\n") else b"\n") + more


def _renew(into: Path, written: Sequence[Path]) -> None:
    """Say in the folder's manifest, if it has one, what its files are now."""
    if not (into / manifest.NAME).is_file():
        return
    entries: Mapping[str, manifest.Entry] = manifest.read(into)
    changed = {path.resolve() for path in written}
    manifest.write(into, {name: "" if (into / name).resolve() in changed else entry.made_by for name, entry in entries.items()})
