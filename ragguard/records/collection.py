"""What a golden collection is made of: documents, queries, and training rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["current", "named", "dated", "change"]
Status = Literal["current", "superseded", "deprecated"]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a corpus (BEIR's ``_id, title, text`` and the fields that versions need).

    ``family`` is shared by the versions of one document; dates are ISO 8601; an empty string means "not given".
    ``extra`` keeps whatever other fields the file has, for templates. ``planted`` names the attack that put it into the corpus; no
    file has it.
    """

    id: str
    text: str
    title: str = ""
    type: str = ""
    family: str = ""
    version: str = ""
    status: str = ""
    effective_from: str = ""
    product: str = ""
    source: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    planted: str = ""


@dataclass(frozen=True, slots=True)
class Asks:
    """Which version of which family a query asks for."""

    family: str
    mode: Mode
    versions: tuple[str, ...] = ()
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """One query. ``intent`` is shared by paraphrases of one need: it is the cluster (the unit) of the statistics."""

    id: str
    text: str
    intent: str
    tags: tuple[str, ...] = ()
    asks: Asks | None = None
    gold_answer: str = ""
    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class Quadruplet:
    """One training row: a query, the document that answers it, a near miss and a far miss, each as a document.

    ``positive_document`` and its like in the file are texts; here they are documents, so that a ``document_text`` template
    applies to training as it does to the index.
    """

    query: str
    intent: str
    positive: Document
    hard_negative: Document | None = None
    easy_negative: Document | None = None
    gold_answer: str = ""
    required_attributes: tuple[str, ...] = ()
