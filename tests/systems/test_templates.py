import pytest

from ragguard.errors import InputError
from ragguard.records.collection import Document
from ragguard.systems.templates import names, render, validate, validate_for

DOCUMENT = Document("d1", "Sign each call.", title="Webhooks", status="current", version="2.3", extra={"region": "EU"})


def test_fields_and_extra_are_filled():
    assert render("[{status} v{version}] {title}\n{text}", DOCUMENT) == "[current v2.3] Webhooks\nSign each call."
    assert render("{region}: {title}", DOCUMENT) == "EU: Webhooks"


def test_an_empty_title_leaves_no_blank_line():
    assert render("{title}\n{text}", Document("d", "only text")) == "only text"


def test_braces_are_written_twice():
    assert render("{{{title}}}", DOCUMENT) == "{Webhooks}"


def test_braces_within_a_document_are_left_alone():
    assert render("{text}", Document("d", "{title} {0.x}")) == "{title} {0.x}"


def test_an_unknown_field_is_named_with_the_near_one():
    with pytest.raises(InputError, match=r"'titel'.*did you mean 'title'"):
        validate("{titel}\n{text}")


def test_every_unknown_field_is_reported():
    with pytest.raises(InputError) as caught:
        validate("{one} {two} {text}")
    assert len(caught.value.problems) == 2


def test_extra_fields_are_known_only_where_the_corpus_has_them(make_corpus):
    validate_for("{region} {text}", make_corpus({"a": "x"}, {"region": "EU"}))
    with pytest.raises(InputError, match="'region', which no document has"):
        validate_for("{region} {text}", make_corpus({"a": "x"}))


@pytest.mark.parametrize("template", ["{text.__class__}", "{extra[region]}", "{text!r}", "{text:>9}", "{}", "{0}", "{text", "no field", ""])
def test_tricks_are_refused(template):
    with pytest.raises(InputError, match="document_text"):
        names(template)
