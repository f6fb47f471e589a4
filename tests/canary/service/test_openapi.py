"""The published OpenAPI document is that of the service; and the service keeps to it, whatever is sent."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rollouts_served import Client, Rollout, shadowed

from ragguard.canary.service import document
from ragguard.cli import invoke

PUBLISHED = "docs/schemas/canary-service.openapi.json"


def references(found: Any) -> set[str]:
    """Every $ref in a document."""
    if isinstance(found, list):
        return set().union(*map(references, found)) if found else set()
    if not isinstance(found, dict):
        return set()
    own = {found["$ref"]} if isinstance(found.get("$ref"), str) else set()
    return own.union(*(references(each) for each in found.values()))


def test_the_published_document_is_this_service_s(root: Path, tmp_path: Path) -> None:
    """Where it is not: ragguard canary serve --openapi docs/schemas/canary-service.openapi.json."""
    assert invoke(["canary", "serve", "--openapi", str(tmp_path / "made.json")]) == 0
    assert (tmp_path / "made.json").read_text() == (root / PUBLISHED).read_text()


def test_it_is_whole_and_asks_for_the_token_where_the_service_does() -> None:
    made = document.make()
    names = set(made["components"]["schemas"])
    assert {name.rpartition("/")[2] for name in references(made)} <= names
    assert references(made) == {f"#/components/schemas/{name}" for name in (each.rpartition("/")[2] for each in references(made))}
    operations = {(method, path): each for path, methods in made["paths"].items() for method, each in methods.items()}
    assert {key for key, each in operations.items() if not each.get("security")} == {("get", "/healthz")}
    assert len({each["operationId"] for each in operations.values()}) == len(operations) == 8


def test_the_event_of_the_document_is_the_one_that_is_taken(client: Client) -> None:
    made = document.make()
    schema = made["components"]["schemas"]["Event"] | {"components": made["components"]}
    event = shadowed("a", feedback="up", retrieved=[{"id": "d-1", "version": "2.0"}])
    jsonschema.validate(event, schema)
    assert client.post(event).status == 200
    wrong = event | {"when": 3}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)
    assert client.post(wrong).status == 422


def test_the_service_gives_its_document_and_no_page_from_elsewhere(client: Client) -> None:
    assert json.loads(client.get("/openapi.json").data) == document.make()
    assert [client.get(path).status for path in ("/docs", "/redoc")] == [404, 404]


def test_a_plan_that_is_not_there_is_said_before_anything_listens(plan: Rollout, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["canary", "serve", "--plan", str(plan.folder / "none.yaml")]) == 3
    assert "none.yaml" in capsys.readouterr().err
