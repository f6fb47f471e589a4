"""What docs/events.md shows is read, and what it says is so."""

import json
import re
from pathlib import Path

import jsonschema

from ragguard.canary import known
from ragguard.data.events.read import MOST_BYTES, parse
from ragguard.data.events.wire import MOST_DOCUMENTS, MOST_NAMES, MOST_TEXT, ResponseModel
from ragguard.plan.canary import ENTITIES


def page(root: Path) -> str:
    return (root / "docs" / "events.md").read_text(encoding="utf-8")


def test_the_examples_are_events(root: Path) -> None:
    blocks = re.findall(r"^```json\n(.*?)^```", page(root), re.MULTILINE | re.DOTALL)
    schema = json.loads((root / "docs" / "schemas" / "event.schema.json").read_text())
    events = [parse(json.dumps(json.loads(block)).encode(), "docs/events.md") for block in blocks]
    assert [event.side for event in events] == ["candidate", "both"]
    for block in blocks:
        jsonschema.validate(json.loads(block), schema)


def test_every_key_has_a_row(root: Path) -> None:
    rows = "\n".join(line for line in page(root).splitlines() if line.startswith("| `"))
    assert [
        key
        for key in ("id", "arm", "at", "query", "user", "session", "case", "extra", *ResponseModel.model_fields)
        if f"`{key}`" not in rows
    ] == []


def test_the_signals_are_signals(root: Path) -> None:
    table = page(root).partition("## What the signals say")[2].partition("\nA document is outdated")[0]
    names = [name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`([^`]+)`", line.split("|")[1])]
    assert len(names) > 12
    assert [known.signal(name.replace("NAME", "tone")).name for name in names]


def test_limits_and_entities_are_as_said(root: Path) -> None:
    text = page(root)
    assert (MOST_BYTES, MOST_TEXT, MOST_DOCUMENTS, MOST_NAMES) == (1 << 20, 32_000, 1_000, 64)
    assert all(f"`{entity}`" in text for entity in ENTITIES)
