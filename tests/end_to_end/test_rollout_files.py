"""The files of docs/rollout: valid where schemas are published, with the plan's own stages, and asking what the service answers."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from ragguard.plan.canary import CanaryPlan

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "rollout"
PACKAGES = ("@kubernetes-models/argo-rollouts@2.0.0", "kubernetes-models@5.1.0")
UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
"""What npm says where there is no way to its registry; anything else that goes wrong is a failure."""
KINDS = {
    "Rollout": "@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1",
    "AnalysisTemplate": "@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1",
    "Deployment": "kubernetes-models/apps/v1",
    "Service": "kubernetes-models/v1",
    "PersistentVolumeClaim": "kubernetes-models/v1",
}
VALIDATE = """
import { readFileSync } from "node:fs";
for (const [where, document] of JSON.parse(readFileSync(0, "utf8"))) {
  const kind = (await import(where))[document.kind];
  try { new kind(document).validate(); } catch (error) { console.log(document.kind + ": " + error.message); }
}
"""
DURATION = {"type": "string", "pattern": "^[0-9]+(m|s)"}
HOOK = {
    "type": "object",
    "required": ["name", "url"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "type": {"enum": ["confirm-rollout", "confirm-traffic-increase", "confirm-promotion", "rollback"]},
        "url": {"type": "string", "pattern": "^http://"},
        "timeout": DURATION,
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
FLAGGER = {
    "type": "object",
    "required": ["targetRef", "analysis", "service"],
    "additionalProperties": False,
    "properties": {
        "targetRef": {
            "type": "object",
            "required": ["apiVersion", "kind", "name"],
            "additionalProperties": False,
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"enum": ["DaemonSet", "Deployment", "Service"]},
                "name": {"type": "string"},
            },
        },
        "progressDeadlineSeconds": {"type": "number"},
        "service": {"type": "object", "required": ["port"], "additionalProperties": False, "properties": {"port": {"type": "number"}}},
        "analysis": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "interval": DURATION,
                "threshold": {"type": "number"},
                "stepWeights": {"type": "array", "items": {"type": "number"}},
                "webhooks": {"type": "array", "items": HOOK},
            },
        },
    },
}
"""What Flagger's published schema (flagger.app/v1beta1, Canary) says of the keys that our file has, and no other key."""


def documents(name: str) -> dict[str, Any]:
    """The documents of a file, by their kind."""
    return {each["kind"]: each for each in YAML(typ="safe").load_all((FOLDER / name).read_text())}


@pytest.fixture(scope="module")
def modules(tmp_path_factory) -> Path:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs npm (Debian packages nodejs and npm)")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    command = [npm, "install", "--no-audit", "--no-fund", *PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if any(code in done.stderr for code in UNREACHED):
        pytest.skip("npm cannot reach its registry")
    assert done.returncode == 0, done.stderr
    return folder


def run(command: list[str], folder: Path, given: str = "") -> str:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def complaints(modules: Path, found: dict[str, Any]) -> str:
    (modules / "validate.mjs").write_text(VALIDATE)
    given = json.dumps([[KINDS[kind], document] for kind, document in found.items()])
    return run(["node", "validate.mjs"], modules, given)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["argo.yaml", "service.yaml"])
def test_a_file_keeps_to_the_published_schemas(modules, name) -> None:
    assert complaints(modules, documents(name)) == ""


@pytest.mark.slow
def test_the_schemas_would_notice(modules) -> None:
    found = documents("argo.yaml")
    found["AnalysisTemplate"]["spec"]["metrics"][0]["provider"]["web"]["timeoutSeconds"] = "soon"
    assert "timeoutSeconds" in complaints(modules, {"AnalysisTemplate": found["AnalysisTemplate"]})


def test_flagger_is_asked_what_it_knows() -> None:
    found = documents("flagger.yaml")["Canary"]
    assert found["apiVersion"] == "flagger.app/v1beta1"
    jsonschema.validate(found["spec"], FLAGGER)


def test_the_files_have_the_stages_of_a_plan_that_says_nothing() -> None:
    stages = [stage.percent for stage in CanaryPlan().stages]
    steps = documents("argo.yaml")["Rollout"]["spec"]["strategy"]["canary"]["steps"]
    asked = [step["analysis"]["args"][0]["value"] for step in steps if "analysis" in step]
    assert [step["setWeight"] for step in steps if "setWeight" in step] == stages
    assert asked == [f"{stage:g}" for stage in stages]
    assert documents("flagger.yaml")["Canary"]["spec"]["analysis"]["stepWeights"] == stages


def test_the_files_name_one_port_and_one_service() -> None:
    texts = [(FOLDER / name).read_text() for name in ("argo.yaml", "flagger.yaml")]
    assert {found for text in texts for found in re.findall(r"http://(?:flagger:[^@]*@)?(ragguard[^/\s]*)", text)} == {
        "ragguard.rag.svc:8765"
    }
    service = documents("service.yaml")["Service"]
    assert (service["metadata"]["name"], service["metadata"]["namespace"], service["spec"]["ports"][0]["port"]) == ("ragguard", "rag", 8765)
