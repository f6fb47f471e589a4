"""The starter workspace gated by pytest alone, in CI style: what `ragguard init` makes, one command, its exit code and its JUnit file."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ci_scripts import programs
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase
from lxml import etree

from ragguard.records.report import Report
from ragguard.reports import document

pytestmark = pytest.mark.slow

TITLED = 'document_text: "[{status} v{version}] {title}\\n{text}"'
SUITES = "suites: [suites/golden.yaml, suites/adversarial.yaml, suites/version-confusion.yaml, suites/forgetting.yaml]"


@dataclass(frozen=True)
class Done:
    """What `pytest --ragguard-plan` came to: exit code, output, and the JUnit file (None: there is none)."""

    code: int
    output: str
    suite: JUnitXml | None

    def of(self, kind: type) -> dict[str, TestCase]:
        """The test cases with a result of one kind, by their ids; those without any for ``type(None)``."""
        assert self.suite is not None
        cases = {f"{case.classname}.{case.name}": case for suite in self.suite for case in suite}
        return {name: c for name, c in cases.items() if (kind is type(None) and not c.result) or any(isinstance(r, kind) for r in c.result)}


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """What `ragguard init` makes, and an environment in which ragguard is the one under test."""
    folder = tmp_path_factory.mktemp("ci")
    environment = {**programs(folder / "bin"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "CI": "true"}
    subprocess.run(["ragguard", "init", "mine"], cwd=folder, env=environment, check=True, capture_output=True)
    return folder / "mine", environment


@pytest.fixture
def ci(starter: tuple[Path, dict[str, str]], root: Path) -> Callable[..., Done]:
    """Gate a plan by pytest, as a CI's script would; the JUnit file is valid by its schema, or the test fails."""
    folder, environment = starter
    schema = etree.XMLSchema(etree.parse(root / "tests" / "plugin" / "junit.xsd"))

    def run(plan: str, *options: str) -> Done:
        made = folder / f"{Path(plan).stem}.junit.xml"
        made.unlink(missing_ok=True)
        call = ["python", "-m", "pytest", "-p", "ragguard.pytest_plugin", "--ragguard-plan", plan, f"--junitxml={made.name}", *options]
        done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if made.exists():
            assert schema.validate(etree.parse(made)), str(schema.error_log)
        suite = JUnitXml.fromfile(str(made)) if made.exists() else None
        return Done(done.returncode, done.stdout + done.stderr, suite)

    return run


def varied(starter: tuple[Path, dict[str, str]], name: str, old: str, new: str) -> str:
    """Write the starter's plan with another text in it, and another name."""
    folder, _ = starter
    text = (folder / "gate.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{name}.yaml").write_text(text.replace(old, new, 1).replace("name: starter", f"name: {name}"), encoding="utf-8")
    return f"{name}.yaml"


def report(starter: tuple[Path, dict[str, str]], name: str) -> Report:
    return document.from_json(starter[0] / "reports" / name / "report.json")


def test_a_promoted_candidate_ends_in_0(starter: tuple[Path, dict[str, str]], ci: Callable[..., Done]) -> None:
    done = ci("gate.yaml")
    assert done.code == 0, done.output
    (decision,) = report(starter, "starter").decisions
    assert decision.answer == "promote"
    green = done.of(type(None))
    assert len(green) == len(decision.verdicts) + 1
    assert "gate.yaml.with-titles.version-confusion.VersionAcc@1" in green
    assert not {**done.of(Failure), **done.of(Error), **done.of(Skipped)}
    assert "with-titles: PROMOTE - " in done.output


def test_a_blocked_candidate_ends_in_1_and_its_checks_are_failures(starter: tuple[Path, dict[str, str]], ci: Callable[..., Done]) -> None:
    folder, _ = starter
    text = (folder / "gate.yaml").read_text(encoding="utf-8")
    head, candidate, rest = text.partition("with-titles:")
    worse = head + candidate + rest.replace(TITLED, 'document_text: "{status}"', 1)
    (folder / "worse.yaml").write_text(worse.replace("name: starter", "name: worse"), encoding="utf-8")
    done = ci("worse.yaml")
    assert done.code == 1, done.output
    (decision,) = report(starter, "worse").decisions
    assert decision.answer == "block"
    stops = {"fail": ("blocking", "veto", "must"), "inconclusive": ("blocking", "must")}
    red = {v.check.identity.replace("/", ".") for v in decision.verdicts if v.check.tier in stops.get(v.outcome, ())}
    failures = done.of(Failure)
    assert {name.removeprefix("worse.yaml.with-titles.") for name in failures} == {*red, "decision"}
    assert len(red) > 10
    told = failures["worse.yaml.with-titles.golden.nDCG@10"].result[0].text
    assert "golden/nDCG@10 FAIL (blocking)" in told
    assert "queries got worse; the worst 3" in told
    assert not done.of(Error)


def test_a_held_candidate_ends_in_1_or_is_skipped(starter: tuple[Path, dict[str, str]], ci: Callable[..., Done]) -> None:
    folder, _ = starter
    few = "suite: few\ncases: {tags: [canonical]}\nchecks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.02}\n"
    (folder / "suites" / "few.yaml").write_text(few, encoding="utf-8")
    plan = varied(starter, "held", SUITES, "suites: [suites/few.yaml]")
    done = ci(plan)
    assert done.code == 1, done.output
    assert report(starter, "held").answer == "hold"
    assert set(done.of(Failure)) == {"held.yaml.with-titles.few.nDCG@10", "held.yaml.with-titles.decision"}
    skipped = ci(plan, "--ragguard-inconclusive=skip")
    assert skipped.code == 0, skipped.output
    assert len(skipped.of(Skipped)) == 2


def test_an_outage_is_errors_and_no_failure(starter: tuple[Path, dict[str, str]], ci: Callable[..., Done]) -> None:
    down = "remote: {url: 'http://127.0.0.1:9/ask', retries: 0, body: {q: '{question}'}, response: {ids: '$.ids[*]'}}\n#"
    plan = varied(starter, "down", 'retriever:\n    type: lexical\n    document_text: "{text}"', down)
    (starter[0] / plan).write_text((starter[0] / plan).read_text().replace(SUITES, "suites: [suites/golden.yaml]"), encoding="utf-8")
    done = ci(plan)
    assert done.code == 1, done.output
    assert not done.of(Failure)
    assert done.of(Error)
    assert not done.of(type(None))


def test_a_broken_plan_ends_in_2_and_is_told_with_its_line(starter: tuple[Path, dict[str, str]], ci: Callable[..., Done]) -> None:
    done = ci(varied(starter, "broken", "candidates:", "candidats:"))
    assert done.code == 2, done.output
    (error,) = done.of(Error).values()
    assert "broken.yaml:9: unknown key 'candidats'" in error.result[0].text
    assert "Traceback" not in done.output
    assert not (starter[0] / "reports" / "broken").exists()


def test_a_plan_that_is_not_there_ends_in_4(ci: Callable[..., Done]) -> None:
    done = ci("nowhere.yaml")
    assert done.code == 4
    assert done.suite is None
    assert "nowhere.yaml: there is no such plan" in done.output
