"""Rows to records: what a document, a query and a judgement must look like."""

import re
from typing import cast, get_args

from ragguard.data.formats.fields import Fields
from ragguard.errors import suggest
from ragguard.records.collection import Asks, Document, Mode, Query, Status

DOCUMENT_FIELDS = frozenset({"_id", "text", "title", "type", "family", "version", "status", "effective_from", "product", "source"})
QUERY_FIELDS = frozenset({"_id", "text", "intent", "tags", "asks", "gold_answer", "required", "forbidden", "answerable"})
JUDGEMENT_FIELDS = frozenset({"query-id", "corpus-id", "score"})
ASKS_FIELDS = ("family", "mode", "versions", "as_of")

_WHOLE = re.compile(r"[+-]?[0-9]+")


def document(fields: Fields) -> Document | None:
    """Read a document; None, and problems, where it is none."""
    name = fields.identifier("_id")
    if "text" not in fields.row and "title" not in fields.row:
        fields.wrong(
            "has neither text nor title", f"name them in columns: if they are called otherwise (it has: {', '.join(map(str, fields.row))})"
        )
    read = Document(
        id=name or "",
        text=fields.text("text"),
        title=fields.text("title"),
        type=fields.text("type"),
        family=fields.text("family"),
        version=fields.text("version"),
        status=fields.choice("status", get_args(Status)),
        effective_from=fields.day("effective_from"),
        product=fields.text("product"),
        source=fields.text("source"),
        extra=fields.others(DOCUMENT_FIELDS) if fields.row.keys() - DOCUMENT_FIELDS else {},
    )
    return read if name is not None else None


def query(fields: Fields) -> Query | None:
    """Read a query; None, and problems, where it is none. Its intent defaults to its id."""
    name = fields.identifier("_id")
    text = fields.text("text")
    if not text.strip():
        fields.wrong("the query has no text", "write what is asked under text")
    read = Query(
        id=name or "",
        text=text,
        intent=fields.text("intent") or name or "",
        tags=fields.texts("tags"),
        asks=_asks(fields),
        gold_answer=fields.text("gold_answer"),
        required=fields.texts("required"),
        forbidden=fields.texts("forbidden"),
        answerable=fields.flag("answerable", default=True),
    )
    return read if name is not None else None


def _asks(fields: Fields) -> Asks | None:
    inner = fields.nested("asks")
    if inner is None:
        return None
    for key in inner.row:
        if key not in ASKS_FIELDS:
            inner.wrong(f"asks has no field {key!r}", suggest(str(key), ASKS_FIELDS))
    family, mode, versions, as_of = inner.text("family"), inner.text("mode"), inner.texts("versions"), inner.day("as_of")
    if not family:
        inner.wrong("asks.family is missing", "name the family whose version is asked for")
    if mode not in get_args(Mode):
        inner.wrong(f"asks.mode is {mode!r}", suggest(mode, get_args(Mode)))
        return None
    if mode in ("named", "change") and not versions:
        inner.wrong(f"asks.mode {mode!r} needs asks.versions", 'write "versions": ["..."]')
    if mode == "dated" and not inner.row.get("as_of"):
        inner.wrong("asks.mode 'dated' needs asks.as_of", 'write "as_of": "YYYY-MM-DD"')
    return Asks(family, cast("Mode", mode), versions, as_of)


def judgement(fields: Fields) -> tuple[str, str, int] | None:
    """Read a judgement: query id, document id, grade; None, and problems, where it is none."""
    asked, judged, grade = fields.identifier("query-id"), fields.identifier("corpus-id"), fields.row.get("score")
    if isinstance(grade, str) and _WHOLE.fullmatch(grade.strip()):
        grade = int(grade)
    if type(grade) is not int:
        fields.wrong(
            f"score is {grade!r}, not a whole number" if grade is not None else "has no score",
            "grades are whole numbers; 0 means not relevant",
        )
        return None
    return None if asked is None or judged is None else (asked, judged, grade)
