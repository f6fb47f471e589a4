"""The thread that stores: together what waits together, an error for whom it concerns alone, and all of it before it ends."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from ragguard.canary.service.writer import Writer
from ragguard.errors import CannotJudge
from ragguard.records.canary import Told
from ragguard.records.event import Noted


def noted(*names: str) -> list[Noted]:
    return [Noted(name, "both", 0.0, name, {}) for name in names]


class Shelf:
    """A store that waits until it is let, and breaks on what is called bad."""

    def __init__(self, group: int = 100) -> None:
        self.commits: list[tuple[int, list[str]]] = []
        self.entered, self.let = threading.Event(), threading.Event()
        self.outage = False
        self.told: list[Told] = []
        self.writer = Writer(self.store, group, self.told.append, lambda _events, _seconds: None)
        self.writer.start()

    def store(self, canary: int, events: Sequence[Noted]) -> Told:
        self.entered.set()
        assert self.let.wait(10)
        names = [each.id for each in events]
        if self.outage:
            raise CannotJudge("the disk is gone")
        if "bad" in names:
            raise ValueError("bad")
        self.commits.append((canary, names))
        return Told(len(names), 0)

    def first(self) -> "Future[None]":
        """Have the thread wait in its first commit."""
        future = self.writer.store(1, noted("first"))
        assert self.entered.wait(10)
        return future


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_what_waits_is_committed_together_and_acknowledged_after(shelf: Shelf) -> None:
    futures = [shelf.first(), *(shelf.writer.store(1, noted(f"{i}a", f"{i}b")) for i in range(5))]
    assert not any(future.done() for future in futures)
    shelf.let.set()
    shelf.writer.stop()
    assert [future.result(0) for future in futures] == [None] * 6
    assert shelf.commits == [(1, ["first"]), (1, [f"{i}{which}" for i in range(5) for which in "ab"])]
    assert sum(told.new for told in shelf.told) == 11


def test_a_commit_has_a_bound() -> None:
    shelf = Shelf(group=4)
    futures = [shelf.first(), *(shelf.writer.store(1, noted(f"{i}a", f"{i}b", f"{i}c")) for i in range(4))]
    shelf.let.set()
    shelf.writer.stop()
    assert all(future.done() for future in futures)
    assert [len(names) for _, names in shelf.commits] == [1, 6, 6]


def test_events_of_two_roll_outs_are_two_commits(shelf: Shelf) -> None:
    futures = [shelf.first(), *(shelf.writer.store(number, noted(f"{number}")) for number in (2, 1, 2))]
    shelf.let.set()
    shelf.writer.stop()
    assert all(future.done() for future in futures)
    assert shelf.commits == [(1, ["first"]), (1, ["1"]), (2, ["2", "2"])]


def test_one_that_cannot_be_stored_spoils_no_other(shelf: Shelf) -> None:
    futures = [shelf.first(), *(shelf.writer.store(1, noted(name)) for name in ("a", "bad", "b"))]
    shelf.let.set()
    shelf.writer.stop()
    assert [type(future.exception(0)).__name__ for future in futures] == ["NoneType", "NoneType", "ValueError", "NoneType"]
    assert shelf.commits == [(1, ["first"]), (1, ["a"]), (1, ["b"])]


def test_an_outage_fails_who_waits_and_the_thread_goes_on(shelf: Shelf) -> None:
    first = shelf.first()
    shelf.outage = True
    futures = [shelf.writer.store(1, noted("a")), shelf.writer.store(1, noted("b"))]
    shelf.let.set()
    for future in [first, *futures]:
        with pytest.raises(CannotJudge, match="gone"):
            future.result(10)
    shelf.outage = False
    assert shelf.writer.store(1, noted("c")).result(10) is None
    shelf.writer.stop()
    assert shelf.commits == [(1, ["c"])]


def test_who_is_gone_before_its_turn_is_not_stored(shelf: Shelf) -> None:
    shelf.first()
    gone = shelf.writer.store(1, noted("gone"))
    assert gone.cancel()
    shelf.let.set()
    shelf.writer.stop()
    assert shelf.commits == [(1, ["first"])]


def test_questions_are_asked_between_commits_and_their_errors_are_theirs(shelf: Shelf) -> None:
    shelf.let.set()
    assert shelf.writer.ask(threading.current_thread).result(10).name == "ragguard-writer"
    with pytest.raises(ZeroDivisionError):
        shelf.writer.ask(lambda: 1 / 0).result(10)
    assert shelf.writer.store(1, noted("a")).result(10) is None
    shelf.writer.stop()
