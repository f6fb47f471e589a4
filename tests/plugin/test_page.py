"""The starter workspace gated by pytest alone, as CI would, with the tests that docs/pytest.md shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml
from lxml import etree

from ragguard import workspace
from ragguard.reports import document

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """What ``ragguard init`` makes, with a test file of each Python block of the page."""
    folder = tmp_path_factory.mktemp("starter") / "mine"
    workspace.make(folder)
    blocks = re.findall(r"^```python\n(.*?)^```", (root / "docs" / "pytest.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for number, block in enumerate(blocks):
        (folder / f"test_page_{number}.py").write_text(block, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nragguard_plan = gate.yaml\naddopts = --strict-markers --strict-config\n")
    return folder


def pytest_in(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    call = [sys.executable, "-m", "pytest", "-p", "ragguard.pytest_plugin", *arguments]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_starter_is_gated_by_pytest_alone(starter: Path) -> None:
    done = pytest_in(starter, "--junit-xml=junit.xml")
    assert done.returncode == 0, done.stdout + done.stderr
    schema = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
    assert schema.validate(etree.parse(starter / "junit.xml")), str(schema.error_log)
    (suite,) = list(JUnitXml.fromfile(str(starter / "junit.xml")))
    report = document.from_json(starter / "reports" / "starter" / "report.json")
    checks = {case.classname.split(".")[0] for case in suite}
    assert checks == {"gate", "test_page_0", "test_page_1", "test_page_2"}
    (decision,) = report.decisions
    assert decision.answer == "promote"
    items = [case for case in suite if case.classname.startswith("gate.yaml")]
    assert len(items) == len(decision.verdicts) + 1
    assert (suite.failures, suite.errors) == (0, 0)


def test_a_regression_turns_it_red(starter: Path) -> None:
    plan = (starter / "gate.yaml").read_text()
    titled = 'document_text: "[{status} v{version}] {title}\\n{text}"'
    assert plan.count(titled) == 2, "the candidate, and one in comments"
    worse = plan.replace('document_text: "{text}"', titled, 1).replace(f"with-titles:\n    retriever:\n      type: lexical\n      {titled}",
        'with-titles:\n    retriever:\n      type: lexical\n      document_text: "{status}"', 1)  # fmt: skip
    (starter / "worse.yaml").write_text(worse)
    done = pytest_in(starter, "--ragguard-plan", "worse.yaml", "worse.yaml", "--ragguard-out", "told", "--junit-xml=worse.xml")
    assert done.returncode == 1, done.stdout + done.stderr
    (suite,) = list(JUnitXml.fromfile(str(starter / "worse.xml")))
    assert suite.failures > 10
    assert "FAILED worse.yaml::with-titles::version-confusion::VersionAcc@1 - " in done.stdout
    assert "with-titles: BLOCK - " in done.stdout
