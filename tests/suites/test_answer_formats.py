"""The formats that a suite wants answers to have: read, checked, and part of what is asked."""

import json
from pathlib import Path

import pytest

from ragguard.errors import InputError
from ragguard.metrics import catalog
from ragguard.suites.resolve import resolve

SUITE = """\
suite: s
formats:
  cited: {regex: ".*[0-9]"}
  ticket: {schema: ticket.json}
checks:
  - {metric: nDCG@10}
  - {metric: FormatValid(as=ticket), tier: veto}
"""
SCHEMA = {"type": "object", "required": ["hours"]}


def made(plan, text: str = SUITE):
    return resolve(plan(text), catalog.scale, catalog.version).suites[0]


def problem(plan, text: str) -> str:
    with pytest.raises(InputError) as caught:
        made(plan, text)
    return str(caught.value)


def test_every_case_has_them_and_what_the_schema_says_is_part_of_the_question(plan, folder: Path) -> None:
    (folder / "ticket.json").write_text(json.dumps(SCHEMA))
    suite = made(plan)
    assert all(case.formats.keys() == {"cited", "ticket"} for part in suite.parts for case in part.cases)
    assert all(catalog.applicable(suite.metrics[1], case) is None for case in suite.whole)
    (folder / "ticket.json").write_text(json.dumps(SCHEMA | {"title": "other"}))
    assert made(plan).fingerprint != suite.fingerprint


def test_what_is_wrong_with_a_format_is_said_where_it_stands(plan, folder: Path) -> None:
    assert "suite0.yaml:4: there is no file ticket.json" in problem(plan, SUITE)
    (folder / "ticket.json").write_text('{"type": "nothing"}')
    assert "suite0.yaml:4: ticket.json is no JSON schema: 'nothing' is not valid" in problem(plan, SUITE)
    (folder / "ticket.json").write_text("{")
    assert "suite0.yaml:4: ticket.json is no JSON schema: " in problem(plan, SUITE)
    assert "suite0.yaml:3: '([' is no regular expression" in problem(plan, SUITE.replace(".*[0-9]", "(["))
    assert "a format is either a regex: or the file of a JSON schema:" in problem(plan, SUITE.replace('regex: ".*[0-9]"', ""))
