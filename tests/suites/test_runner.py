"""Asking a system, and not asking it again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ragguard.data.collection import Collection
from ragguard.records.evidence import Case, Observation, Ranked
from ragguard.store import Store
from ragguard.suites import runner
from ragguard.suites.golden import build
from ragguard.suites.runner import Asker

SUITE = "suite: s\nchecks:\n  - {metric: nDCG@10}\n"


class Recorder:
    """A retriever that notes how it is used; it fails on the cases named."""

    def __init__(self, fingerprint: str = "one", fails: Sequence[str] = ()) -> None:
        self.fingerprint, self.fails = fingerprint, fails
        self.indexed, self.asked = 0, list[str]()

    def index(self, corpus, vault, progress) -> None:
        self.indexed += 1

    def search(self, cases: Sequence[Case], depth: int) -> list[Observation]:
        self.asked += [case.id for case in cases]
        return [
            Observation(case.id, error="down") if case.id in self.fails else Observation(case.id, (Ranked("d1", 0.1 + 0.2),)[:depth])
            for case in cases
        ]

    def notes(self) -> Mapping[str, float | int | str]:
        return {"share": 0.25, "count": 3, "index": "exact"}


class Steps:
    def __init__(self) -> None:
        self.stages: list[list] = []

    def start(self, label: str, total: int) -> None:
        self.stages.append([label, total, 0])

    def advance(self, n: int) -> None:
        self.stages[-1][2] += n


@pytest.fixture
def ask(tmp_path: Path, plan, collection: Collection, monkeypatch: pytest.MonkeyPatch):
    cases = build(plan(SUITE).suites[0], collection).cases

    def observe(retriever: Recorder, batch: int = 2, depth: int = 5, steps: Steps | None = None):
        monkeypatch.setattr(runner, "BATCH", batch)
        asker = Asker(retriever, Store(tmp_path / "store"), steps or Steps())
        found = [observation for _, _, observations in asker.observe(cases, collection, depth) for observation in observations]
        return asker, found

    observe.cases = cases
    return observe


def test_every_case_is_answered_in_order_after_one_index(ask) -> None:
    retriever = Recorder()
    _, found = ask(retriever)
    assert [observation.case for observation in found] == ["a", "b", "c", "d"]
    assert found[0].ranking == (Ranked("d1", 0.1 + 0.2),)
    assert (retriever.indexed, retriever.asked) == (1, ["a", "b", "c", "d"])


def test_same_system_is_not_asked_again_and_says_the_same(ask) -> None:
    _, first = ask(Recorder())
    again = Recorder()
    _, second = ask(again)
    assert second == first
    assert (again.indexed, again.asked) == (0, [])


def test_another_system_or_depth_is_asked(ask) -> None:
    ask(Recorder())
    other, deeper = Recorder("two"), Recorder()
    ask(other)
    ask(deeper, depth=6)
    assert other.asked == deeper.asked == ["a", "b", "c", "d"]


def test_torn_batch_alone_is_asked_again(ask, tmp_path: Path) -> None:
    ask(Recorder())
    kept = sorted(path for path in (tmp_path / "store" / "store" / "observations").rglob("*") if path.is_file())
    assert len(kept) == 2
    kept[0].write_bytes(kept[0].read_bytes()[:-3])
    again = Recorder()
    ask(again)
    assert len(again.asked) == 2


def test_what_failed_is_asked_again_and_nothing_else(ask) -> None:
    _, first = ask(Recorder(fails=["b", "d"]))
    assert [observation.error for observation in first] == ["", "down", "", "down"]
    again = Recorder(fails=["d"])
    _, second = ask(again)
    assert again.asked == ["b", "d"]
    assert [observation.error for observation in second] == ["", "", "", "down"]


def test_notes_are_kept_for_a_run_that_indexes_nothing(ask, collection: Collection) -> None:
    asker, _ = ask(Recorder())
    assert asker.notes(collection) == {"share": 0.25, "count": 3, "index": "exact"}
    again = Recorder()
    asker, _ = ask(again)
    notes = asker.notes(collection)
    assert notes == {"share": 0.25, "count": 3, "index": "exact"}
    assert [type(value) for value in notes.values()] == [float, int, str]
    assert again.indexed == 0


def test_progress_counts_every_case_once(ask) -> None:
    steps = Steps()
    ask(Recorder(), steps=steps)
    assert steps.stages[-1] == [runner.ASKING, 4, 4]


def test_what_another_suite_asked_is_not_asked_again(ask, collection: Collection) -> None:
    retriever = Recorder(fails=["c"])
    asker, first = ask(retriever)
    cases = ask.cases
    perturbed = replace(cases[1], id="b~typos", text="bee")
    shared = [cases[3], perturbed, cases[0], cases[2]]
    retriever.asked.clear()
    found = [observation for _, _, observations in asker.observe(shared, collection, 5) for observation in observations]
    assert [observation.case for observation in found] == ["d", "b~typos", "a", "c"]
    assert retriever.asked == ["b~typos", "c"]
    assert found[0] == first[3]
    retriever.asked.clear()
    list(asker.observe(shared, collection, 6))
    assert retriever.asked == ["d", "b~typos", "a", "c"]
