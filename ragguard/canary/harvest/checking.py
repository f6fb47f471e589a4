"""Reads proposals that a person went through, and says of each accepted one what it lacks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragguard.canary.harvest import proposal as proposals
from ragguard.canary.harvest.proposal import USES, Asking, Proposal, Use
from ragguard.data.audit import overlaps
from ragguard.data.collection import Collection
from ragguard.data.formats import records
from ragguard.data.formats.fields import Fields
from ragguard.data.problems import Problems
from ragguard.data.quadruplets import load_quadruplets
from ragguard.data.queries import check_versions
from ragguard.errors import suggest
from ragguard.records.collection import Quadruplet


@dataclass(frozen=True)
class Checked:
    """The proposals that were accepted, complete and fit for the collection, and how many were not; ``trained`` are the rows there are."""

    chosen: tuple[Proposal, ...]
    declined: int
    open: int
    trained: tuple[Quadruplet, ...]


@dataclass(frozen=True)
class _Line:
    """An accepted proposal, and its line."""

    fields: Fields
    proposal: Proposal


def read(path: Path, collection: Collection, train: Path) -> Checked:
    """Read a file of proposals. ``train`` is the file of training rows that rows are added to; it need not be there.

    Raises:
        InputError: with all that accepted proposals lack, by line and key.
    """
    problems, counts = Problems(), {"declined": 0, "open": 0}
    lines = []
    for fields in proposals.read(path, problems):
        decided = fields.row.get("accept")
        if decided is None or decided is False:
            counts["open" if decided is None else "declined"] += 1
        elif fields.flag("accept", default=False):
            lines.append(_Line(fields, _proposal(fields, collection)))
    trained = tuple(load_quadruplets(train, collection)) if train.is_file() else ()
    _once(lines, collection)
    _apart(lines, collection, trained)
    problems.raise_if_any()
    return Checked(tuple(line.proposal for line in lines), counts["declined"], counts["open"], trained)


def _proposal(fields: Fields, collection: Collection) -> Proposal:
    """Read an accepted line; one of which a problem was noted must not be used."""
    renamed = {key: value for key, value in fields.row.items() if key in records.QUERY_FIELDS}
    renamed |= {"_id": fields.row.get("id"), "text": fields.row.get("query")}
    row = Fields(renamed, fields.file, fields.line, fields.problems)
    query = records.query(row)
    if query is not None:
        check_versions(row, query, collection.corpus.families)
    use: Use = "train" if fields.choice("use", USES) == "train" else "golden"
    made = Proposal(
        id=query.id if query is not None else "",
        query=fields.text("query"),
        intent=query.intent if query is not None else "",
        why=(),
        use=use,
        accept=True,
        relevant=_grades(fields, collection),
        gold_answer=fields.text("gold_answer").strip(),
        required=query.required if query is not None else (),
        forbidden=query.forbidden if query is not None else (),
        asks=Asking(query.asks.family, query.asks.mode, query.asks.versions, query.asks.as_of) if query and query.asks else None,
        answerable=query.answerable if query is not None else True,
        tags=query.tags if query is not None else (),
        hard_negatives=dict.fromkeys(_documents(fields, "hard_negatives", collection), ""),
    )
    _complete(fields, made)
    return made


def _grades(fields: Fields, collection: Collection) -> dict[str, int]:
    grades: dict[str, int] = {}
    for name in _documents(fields, "relevant", collection):
        grade: Any = fields.row["relevant"][name]
        if type(grade) is not int or grade < 0:
            fields.wrong(f"relevant: the grade of {name!r} is {grade!r}", "write 2 (answers), 1 (helps) or 0 (does not)")
        else:
            grades[name] = grade
    return grades


def _documents(fields: Fields, key: str, collection: Collection) -> list[str]:
    """The document ids that are the keys of an object; those that the corpus does not have become problems."""
    nested = fields.nested(key)
    names = [str(name) for name in nested.row] if nested is not None else []
    for name in names:
        if name not in collection:
            fields.wrong(f"{key}: the corpus has no document {name!r}", suggest(name, _near(name, collection)))
    return names


def _near(name: str, collection: Collection) -> Iterable[str]:
    """Documents that a mistyped id may mean: those that begin as it does."""
    return [each for each in collection.ids if each[:3] == name[:3]][:200]


def _complete(fields: Fields, made: Proposal) -> None:
    """Note what a case cannot do without."""
    answers = {name for name, grade in made.relevant.items() if grade > 0}
    if made.answerable and not answers:
        fix = 'write {"id": 2} for a document that answers (see candidates), or answerable: false where none does'
        fields.wrong("relevant: no document has a grade above 0", fix)
    if made.answerable and not made.gold_answer:
        fields.wrong("gold_answer is empty", "write what a right answer says, or answerable: false where the documents do not tell")
    if not made.answerable and answers:
        fields.wrong("answerable is false, and relevant names documents that answer", "mend one of them")
    if both := sorted(answers & made.hard_negatives.keys()):
        fields.wrong(f"hard_negatives: {both[0]!r} is relevant too", "take it out of one of them")
    if made.use == "train" and not made.answerable:
        fields.wrong("use is train, and answerable is false", "write use: golden, for there is no document to train on")
    if made.use == "train" and not made.hard_negatives:
        fields.wrong("hard_negatives is empty", 'name a document that is near and wrong: {"id": "why"}, or write use: golden')


def _once(lines: Sequence[_Line], collection: Collection) -> None:
    first: dict[str, int] = {}
    for line in lines:
        name, there = line.proposal.id, collection.queries.get(line.proposal.id)
        if name in first:
            line.fields.wrong(f"id: {name!r} is line {first[name]}'s too", "give each proposal an id of its own")
        first.setdefault(name, line.fields.line)
        if there is not None and line.proposal.use == "golden" and there.text != line.proposal.query:
            line.fields.wrong(f"id: the collection has another query {name!r}", "give this one an id of its own")


def _apart(lines: Sequence[_Line], collection: Collection, trained: Sequence[Quadruplet]) -> None:
    """Note what would be asked and trained on at once: texts that are nearly the same, and intents."""
    golden = {query.text: f"golden query {query.id}" for query in collection.queries.values()}
    golden |= {line.proposal.query: f"line {line.fields.line}" for line in lines if line.proposal.use == "golden"}
    rows = {row.query: "a training row" for row in trained}
    rows |= {line.proposal.query: f"line {line.fields.line}" for line in lines if line.proposal.use == "train"}
    intents = {
        "golden": {query.intent for query in collection.queries.values()} | _intents(lines, "golden"),
        "train": {row.intent for row in trained} | _intents(lines, "train"),
    }
    for line, other, near in _leaks(lines, golden, rows):
        fix = "nothing may be both asked and trained on: mend use"
        line.fields.wrong(f"query: {other} is nearly the same (similarity {near:.2f})", fix)
    for line in lines:
        use = line.proposal.use
        other = "train" if use == "golden" else "golden"
        if line.proposal.intent in intents[other]:
            what = f"intent: {line.proposal.intent!r} is {'trained on' if other == 'train' else 'golden'}, and this is to be {use}"
            line.fields.wrong(what, "an intent has one use: mend use, or intent")


def _intents(lines: Sequence[_Line], use: Use) -> set[str]:
    return {line.proposal.intent for line in lines if line.proposal.use == use}


def _leaks(lines: Sequence[_Line], golden: Mapping[str, str], rows: Mapping[str, str]) -> Iterator[tuple[_Line, str, float]]:
    found = overlaps(rows, golden)
    for line in lines:
        for pair in found:
            mine, other = (pair.golden, rows[pair.train]) if line.proposal.use == "golden" else (pair.train, golden[pair.golden])
            if mine == line.proposal.query:
                yield line, other, pair.similarity
                break
