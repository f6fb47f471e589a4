import json
from dataclasses import replace
from pathlib import Path

import factory
import pytest
from jsonschema import Draft202012Validator

from ragguard.errors import CannotJudge, InputError
from ragguard.records.evidence import NotApplicable, Unscored
from ragguard.records.report import SCHEMA_VERSION
from ragguard.reports import document


def write(folder: Path, data: bytes) -> Path:
    path = folder / "report.json"
    path.write_bytes(data)
    return path


def test_a_report_survives_the_round_trip(tmp_path: Path) -> None:
    made = factory.with_cases(factory.small("block", factory.verdict("fail")), ["ünïcode 漢字", "plain"])
    assert document.from_json(write(tmp_path, document.to_json(made))) == made
    big = factory.report()
    assert document.from_json(write(tmp_path, document.to_json(big))) == big


def test_every_kind_of_score_survives(tmp_path: Path) -> None:
    case = replace(factory.report().cases[0], scores={"baseline": {"a": 0.1 + 0.2, "b": NotApplicable("why"), "c": Unscored("no")}})
    back = document.from_json(write(tmp_path, document.to_json(replace(factory.report(), cases=(case,)))))
    assert back.cases[0].scores == case.scores


def test_it_meets_the_published_schema_and_only_that() -> None:
    schema = document.schema()
    Draft202012Validator.check_schema(schema)
    data = json.loads(document.to_json(factory.report()))
    Draft202012Validator(schema).validate(data)
    for broken in (data | {"surplus": 1}, data | {"schema_version": SCHEMA_VERSION + 1}, data | {"answer": "maybe"}, {"plan": "p"}):
        assert not Draft202012Validator(schema).is_valid(broken)


def test_permuted_mappings_give_the_same_bytes() -> None:
    report = factory.report()
    turned = tuple(
        replace(case, scores=dict(reversed(case.scores.items())), rankings=dict(reversed(case.rankings.items()))) for case in report.cases
    )
    permuted = replace(report, cases=turned, documents=dict(reversed(report.documents.items())))
    assert list(permuted.documents) != list(report.documents)
    assert document.to_json(permuted) == document.to_json(report)


def test_keys_stand_in_the_records_order_and_each_case_on_its_line() -> None:
    report = factory.report()
    text = document.to_json(report).decode()
    assert list(json.loads(text))[:4] == ["plan", "run", "question", "ragguard"]
    lines = text.splitlines()
    assert sum(line.startswith('  {"id": ') for line in lines) == len(report.cases)
    assert text.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused_with_its_place(value: float) -> None:
    made = factory.small("hold", seed=7, alpha=value)
    with pytest.raises(CannotJudge, match=r"report\.alpha is (nan|inf)"):
        document.to_json(made)


def test_a_value_that_json_does_not_have_is_refused() -> None:
    arm = replace(factory.arm("baseline"), description={"model": object()})
    with pytest.raises(CannotJudge, match=r"report\.arms\[0\]\.description\.model is a object"):
        document.to_json(factory.small("hold", arms=(arm,)))


def test_lone_surrogates_are_written_as_valid_utf8(tmp_path: Path) -> None:
    made = document.to_json(factory.small("hold", plan="a\ud800b"))
    assert document.from_json(write(tmp_path, made)).plan.startswith("a�")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data | {"schema_version": 99}, "schema_version 99"),
        (lambda data: {k: v for k, v in data.items() if k != "schema_version"}, "is no report: it has no schema_version"),
        (lambda data: data | {"surplus": 1}, "surplus"),
        (lambda data: {k: v for k, v in data.items() if k != "seed"}, "seed"),
        (lambda data: data | {"seed": "7"}, "seed"),
        (lambda data: data | {"arms": [{"name": "x", "surplus": 1}]}, "arms.0.role"),
        (lambda data: [data], "schema_version"),
    ],
)
def test_a_malformed_report_is_refused_with_file_and_place(tmp_path: Path, change, said: str) -> None:  # type: ignore[no-untyped-def]
    data = json.loads(document.to_json(factory.small("hold", factory.verdict("inconclusive"))))
    path = write(tmp_path, json.dumps(change(data)).encode())
    with pytest.raises(InputError) as caught:
        document.from_json(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{", b'{"seed": NaN, "schema_version": 1}', b"\xff\xfe"])
def test_what_is_not_json_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match="is not JSON"):
        document.from_json(write(tmp_path, data))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        document.from_json(tmp_path / "nowhere.json")
