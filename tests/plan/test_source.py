"""YAML files that people write: values, lines, variables, and what cannot be read."""

from pathlib import Path

import pytest

from ragguard.errors import InputError
from ragguard.plan.source import display, expand, read

TEXT = """\
# a comment
name: small
nested:
  list:
    - one
    - {deep: 1.5, flag: yes}
text: |
  two
  lines
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def write(content: str | bytes) -> Path:
        (tmp_path / "a.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "a.yaml"

    return write


def refused(path: Path, what: str = "plan") -> str:
    with pytest.raises(InputError) as caught:
        read(path, what)
    return str(caught.value)


def test_values_are_plain_and_every_key_has_its_line(file) -> None:
    source = read(file(TEXT), "plan")
    assert source.values == {"name": "small", "nested": {"list": ["one", {"deep": 1.5, "flag": "yes"}]}, "text": "two\nlines\n"}
    assert [type(value) for value in source.values["nested"]["list"][1].values()] == [float, str]
    assert source.where(("name",)) == "a.yaml:2"
    assert source.where(("nested", "list", 0)) == "a.yaml:5"
    assert source.where(("nested", "list", 1, "deep")) == "a.yaml:6"
    assert source.where(()) == "a.yaml:1"


def test_a_mapping_may_take_the_keys_of_another(file) -> None:
    source = read(file("a: &a\n  deep: {x: 1}\n  y: 2\nb:\n  <<: *a\n  y: 3\n"), "plan")
    assert source.values["b"] == {"deep": {"x": 1}, "y": 3}
    assert source.where(("b", "y")) == "a.yaml:6"
    assert source.where(("b", "deep")) == "a.yaml:4"
    assert source.where(("b", "deep", "x")) == "a.yaml:2"


def test_parts_of_a_place_that_the_file_lacks_are_passed_over(file) -> None:
    source = read(file(TEXT), "plan")
    assert source.where(("nested", "union-tag", "list", 1, "absent")) == "a.yaml:6"
    assert source.where(("absent",)) == "a.yaml:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["a.yaml: is empty", "key: value"]),
        ("# only a comment\n", ["a.yaml: is empty"]),
        ("- a\n- b\n", ["a.yaml: is a list"]),
        ("just words\n", ["a.yaml: is a single value"]),
        ("a: 1\nb: [1, 2\nc: 3\n", ["a.yaml:3", "not valid YAML", "begins in line 2"]),
        ("a: 1\n\tb: 2\n", ["a.yaml:2", "not valid YAML"]),
        ("a: 1\nb: 2\na: 3\n", ["a.yaml:3", 'duplicate key "a"']),
        (b"a: \xff\xfe\n", ["a.yaml", "not UTF-8", "byte 3"]),
        ("a: \x00\n", ["a.yaml", "not valid YAML"]),
        ("a: *nowhere\n", ["a.yaml:1", "alias"]),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(file, text: str | bytes, words: list[str]) -> None:
    told = refused(file(text))
    assert [word for word in words if word not in told] == [], told
    assert "\n" not in told


def test_missing_file_says_what_it_would_have_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(tmp_path / "no.yaml") == "no.yaml: there is no such plan; check the path, or make a workspace with: ragguard init"
    assert refused(tmp_path / "no.yaml", "suite").startswith("no.yaml: there is no such suite; paths start from")
    assert "cannot be read" in refused(tmp_path)


def test_variables_are_put_into_values_and_remembered(file, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RG_HOST", "db.internal")
    monkeypatch.delenv("RG_PORT", raising=False)
    source = read(file("url: http://${RG_HOST}:${RG_PORT:-80}/\n${RG_HOST}: key\nlist: ['${RG_HOST}', 3]\n"), "plan")
    assert source.values == {"url": "http://db.internal:80/", "${RG_HOST}": "key", "list": ["db.internal", 3]}
    assert source.raw["url"] == "http://${RG_HOST}:${RG_PORT:-80}/"
    assert source.expanded == {"db.internal": "RG_HOST"}
    assert source.problems == ()


def test_variable_that_is_set_wins_over_its_default(file, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RG_PORT", "81")
    assert read(file("port: ${RG_PORT:-80}\nnone: ${RG_NONE:-}\n"), "plan").values == {"port": "81", "none": ""}


def test_every_variable_that_is_not_set_is_a_problem_with_its_line(file, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RG_A", raising=False)
    monkeypatch.delenv("RG_B", raising=False)
    source = read(file("a: ${RG_A}\nb:\n  - ${RG_B}\n"), "plan")
    assert [problem.where for problem in source.problems] == ["a.yaml:1", "a.yaml:3"]
    assert "RG_B is not set" in str(source.problems[1])
    assert "${RG_B:-default}" in str(source.problems[1])


def test_values_that_come_from_elsewhere_are_expanded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RG_HOST", "db")
    monkeypatch.delenv("RG_A", raising=False)
    values, *_, problems = expand({"a": {"b": ["${RG_HOST}"]}, "c": "${RG_A}"}, "a.lock")
    assert values["a"] == {"b": ["db"]}
    assert "RG_A is not set" in str(problems[0])


def test_paths_are_shown_from_the_working_folder_where_they_lie_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert display(tmp_path / "here" / "a" / "b.yaml") == "a/b.yaml"
    assert display(tmp_path / "there.yaml") == str(tmp_path / "there.yaml")
