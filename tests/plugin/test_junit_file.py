"""The file of --junit-xml: valid by a schema, and read back by a parser; ragguard's own beside it, by the same schema."""

from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, TestCase
from lxml import etree
from workspaces import GOOD, IDS, WORSE

Run = Callable[..., pytest.RunResult]
Make = Callable[..., Path]
ARGUMENTS = ("--ragguard-plan", "gate.yaml", "--junit-xml", "junit.xml")
DOWN = "remote: {url: 'http://127.0.0.1:9/ask', retries: 0, body: {q: '{question}'}, response: {ids: '$.ids[*]'}}"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


def problems(schema: etree.XMLSchema, path: Path) -> str:
    """What is wrong with a file; empty where nothing is."""
    return "" if schema.validate(etree.parse(path)) else str(schema.error_log)


def read(path: Path) -> dict[str, TestCase]:
    """Test cases by classname and name."""
    return {f"{case.classname}::{case.name}": case for suite in JUnitXml.fromfile(str(path)) for case in suite}


@pytest.mark.parametrize(
    ("candidates", "code", "failures", "errors"),
    [
        ({"tuned": GOOD}, 0, 0, 0),
        ({"tuned": WORSE}, 1, 3, 0),
        ({"tuned": GOOD, "bad": WORSE}, 1, 3, 0),
        ({"tuned": "partial"}, 1, 0, 4),
        ({"tuned": GOOD, "away": DOWN}, 1, 0, 5),
    ],
)
def test_the_file_is_valid_and_agrees_with_the_exit_code(
    inner: Run, small: Make, schema: etree.XMLSchema, candidates: dict[str, str], code: int, failures: int, errors: int
) -> None:
    folder = small(candidates)
    assert inner(*ARGUMENTS).ret == code
    for name in ("junit.xml", "reports/small/report.junit.xml"):
        assert not problems(schema, folder / name)
    (found,) = list(JUnitXml.fromfile(str(folder / "junit.xml")))
    assert (found.tests, found.failures, found.errors) == (len(IDS) * len(candidates), failures, errors)


def test_the_numbers_of_a_check_are_its_properties(inner: Run, small: Make) -> None:
    folder = small({"tuned": WORSE})
    inner(*ARGUMENTS)
    case = read(folder / "junit.xml")["gate.yaml.tuned.golden::nDCG@10"]
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert failure.message.startswith("Failed: golden/nDCG@10 FAIL (blocking): 1.000 -> 0.631")
    assert "q-000: nDCG@10 1.000 -> 0.631" in failure.text
    values = {each.get("name"): each.get("value") for each in case._elem.iter("property")}
    assert values["tier"] == "blocking"
    assert values["verdict"] == "FAIL"
    assert float(values["difference"]) == pytest.approx(-0.369, abs=1e-3)
    assert (values["margin"], values["intents"]) == ("0.05", "90")


def test_an_outage_is_an_error_element(inner: Run, small: Make) -> None:
    folder = small({"away": DOWN})
    inner(*ARGUMENTS)
    assert all(isinstance(each, Error) for case in read(folder / "junit.xml").values() for each in case.result)


def test_the_schema_refuses_what_is_not_junit(schema: etree.XMLSchema, tmp_path: Path) -> None:
    path = tmp_path / "wrong.xml"
    path.write_text('<testsuites><testsuite name="a" tests="one" failures="0" errors="0"><case/></testsuite></testsuites>')
    assert "tests" in problems(schema, path)
    assert "case" in problems(schema, path)
