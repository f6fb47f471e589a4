from dataclasses import replace

import factory
import pytest

from ragguard.records.evidence import Unscored
from ragguard.records.report import Moved
from ragguard.reports.redaction import hider, redact


@pytest.mark.parametrize(
    ("value", "text", "hidden"),
    [
        ("hunter2", "key=hunter2&x", "key=${KEY}&x"),
        ("hunter2", "hunter22 is another word", "hunter22 is another word"),
        ("long-secret", "xlong-secrety", "x${KEY}y"),
        ("a/b c+d=e", "?k=a%2Fb%20c%2Bd%3De", "?k=${KEY}"),
        ('quo"ted\\one', '"quo\\"ted\\\\one"', '"${KEY}"'),
        ("0.05", "margin 0.05 of 0.050", "margin 0.05 of 0.050"),
        ("12345678", "pin 12345678", "pin ${KEY}"),
    ],
)
def test_a_value_is_hidden_where_it_stands_and_numbers_are_left_alone(value, text, hidden):
    assert hider({value: "KEY"})(text) == hidden


def test_the_longest_value_wins():
    assert hider({"secret-one": "A", "secret-one-two": "B"})("secret-one-two secret-one") == "${B} ${A}"


def test_every_text_of_a_report_that_may_hold_it_is_cleaned_and_the_collection_is_not():
    made = factory.report()
    case = replace(made.cases[0], text="about top-secret", errors={"a": "top-secret"}, scores={"a": {"RR": Unscored("top-secret")}})
    arm = replace(made.arms[0], notes={"n": "top-secret"}, provenance={"retriever": {"recipe": {"base": ["top-secret"]}}})
    figure = Moved("MTEB", "top-secret", "a", None, note="no top-secret")
    suite = replace(made.suites[0], description="top-secret", collection="top-secret", moved=(figure,))
    found = redact(replace(made, cases=(case,), arms=(arm,), suites=(suite,), warnings=("top-secret",)), {"top-secret": "KEY"})
    assert found.cases[0].text == "about top-secret"
    assert (found.cases[0].errors, found.cases[0].scores) == ({"a": "${KEY}"}, {"a": {"RR": Unscored("${KEY}")}})
    assert found.arms[0].notes == {"n": "${KEY}"}
    assert found.arms[0].provenance == {"retriever": {"recipe": {"base": ["${KEY}"]}}}
    assert found.suites[0].moved == (replace(figure, of="${KEY}", note="no ${KEY}"),)
    assert (found.suites[0].description, found.suites[0].collection, found.warnings) == ("${KEY}", "${KEY}", ("${KEY}",))


def test_nothing_from_outside_changes_nothing():
    assert redact(factory.report(), {}) == factory.report()
