from pathlib import Path

import factory
import pytest
from junitparser import JUnitXml

from ragguard.errors import CannotJudge
from ragguard.reports import store


def test_four_files_the_same_bytes_twice_and_nothing_else(tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in store.write(factory.report(), tmp_path / "a" / "b")}
    second = {path.name: path.read_bytes() for path in store.write(factory.report(), tmp_path / "c")}
    assert first == second
    assert set(first) == {"report.json", "report.junit.xml", "report.md", "report.html"}
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == sorted(first)
    assert store.read(tmp_path / "c") == store.read(tmp_path / "c" / "report.json") == factory.report()
    assert JUnitXml.fromfile(str(tmp_path / "c" / "report.junit.xml")).tests == 24


def test_a_report_is_replaced(tmp_path: Path) -> None:
    store.write(factory.report(), tmp_path)
    store.write(factory.small("hold"), tmp_path)
    assert store.read(tmp_path).plan == "small"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotJudge, match=r"file/out"):
        store.write(factory.small("hold"), tmp_path / "file" / "out")


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.md").mkdir()
    with pytest.raises(CannotJudge, match=r"report\.md"):
        store.write(factory.small("hold"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.junit.xml", "report.md"]


def test_nothing_is_written_where_a_number_is_not_finite(tmp_path: Path) -> None:
    with pytest.raises(CannotJudge):
        store.write(factory.small("hold", alpha=float("nan")), tmp_path / "out")
    assert not (tmp_path / "out").exists()
