"""The text that an encoder or an index sees of a document: a template over the document's fields."""

from collections.abc import Collection
from dataclasses import fields as dataclass_fields
from functools import lru_cache
from string import Formatter

from ragguard.errors import InputError, Problem, suggest
from ragguard.records.collection import Document
from ragguard.systems.protocols import Corpus

FIELDS = tuple(field.name for field in dataclass_fields(Document) if field.name != "extra")
"""What every document has; a collection's own further fields can be named too."""


def names(template: str) -> tuple[str, ...]:
    """Return the fields that a template names, in order.

    Raises:
        InputError: the template is more than text and plain ``{field}`` places, or names no field at all.
    """
    return tuple(name for _, name in _parts(template) if name)


def validate(template: str, extra: Collection[str] = ()) -> None:
    """Check a template against the documents' fields and the ``extra`` ones of the collection.

    Raises:
        InputError: a field that no document has, with the near name; or a malformed template.
    """
    known = {*FIELDS, *extra}
    unknown = [name for name in names(template) if name not in known]
    if unknown:
        raise InputError(
            Problem("", f"document_text {template!r} names {name!r}, which no document has", suggest(name, known)) for name in unknown
        )


def validate_for(template: str, corpus: Corpus) -> None:
    """Check a template against a corpus, whose documents are only read where the template names a field of their own.

    Raises:
        InputError: as ``validate``.
    """
    own = set(names(template)) - set(FIELDS)
    validate(template, {key for document in corpus.documents() for key in document.extra} if own else ())


def render(template: str, document: Document) -> str:
    """Fill a template; a field that this document lacks is empty. White space around the whole is dropped.

    Raises:
        InputError: a malformed template.
    """
    parts = _parts(template)
    return "".join(text + (_value(document, name) if name else "") for text, name in parts).strip()


def _value(document: Document, name: str) -> str:
    return str(getattr(document, name)) if name in FIELDS else str(document.extra.get(name, ""))


@lru_cache(maxsize=256)
def _parts(template: str) -> tuple[tuple[str, str], ...]:
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise InputError(Problem("", f"document_text {template!r}: {error}", "write a literal brace twice: {{ or }}")) from error
    for _, name, spec, conversion in parsed:
        if name is not None and (spec or conversion or not _plain(name)):
            what = (
                f"document_text {template!r}: {{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}} is not a field"
            )
            raise InputError(Problem("", what, "a place is a field's bare name, for instance {title}"))
    if not any(name for _, name, _, _ in parsed):
        raise InputError(
            Problem("", f"document_text {template!r} names no field, so all documents would read the same", "try '{title}\\n{text}'")
        )
    return tuple((text, name or "") for text, name, _, _ in parsed)


def _plain(name: str) -> bool:
    # Attribute access, indexing and positions are what Formatter would give a meaning to; hyphens occur in field names.
    return bool(name) and not name[0].isdigit() and name.replace("-", "_").isidentifier()
