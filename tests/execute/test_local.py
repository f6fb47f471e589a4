"""Batches of work, kept one by one."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ragguard.execute.local import batches, resume
from ragguard.store import Store, fingerprint


@pytest.mark.parametrize(("n", "size", "sizes"), [(0, 3, []), (1, 3, [1]), (6, 3, [3, 3]), (7, 3, [3, 3, 1])])
def test_batches_hold_everything_once_and_in_order(n: int, size: int, sizes: list[int]) -> None:
    cut = list(batches(list(range(n)), size))
    assert [len(batch) for batch in cut] == sizes
    assert [item for batch in cut for item in batch] == list(range(n))


class Work:
    """Work that counts itself, and may be killed before its nth batch."""

    def __init__(self, folder: Path, killed_at: int = -1) -> None:
        self.store, self.done, self.killed_at = Store(folder), list[int](), killed_at

    def run(self, items: Sequence[int], **more) -> list[bytes]:
        cut = list(batches(items, 2))
        return [made for _, made in resume(cut, keeper=self.store, kind="tests", key=lambda b: fingerprint(list(b)), do=self.do, **more)]

    def do(self, batch: Sequence[int]) -> bytes:
        if self.killed_at == len(self.done):
            raise KeyboardInterrupt
        self.done.append(batch[0])
        return bytes(batch)


def test_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    first = Work(tmp_path, killed_at=2)
    with pytest.raises(KeyboardInterrupt):
        first.run(range(7))
    again = Work(tmp_path)
    assert b"".join(again.run(range(7))) == bytes(range(7))
    assert (first.done, again.done) == ([0, 2], [4, 6])
    third = Work(tmp_path)
    third.run(range(7))
    assert third.done == []


def test_torn_batch_alone_is_done_again(tmp_path: Path) -> None:
    Work(tmp_path).run(range(6))
    Store(tmp_path).path("tests", fingerprint([2, 3])).write_bytes(b"torn")
    again = Work(tmp_path)
    assert b"".join(again.run(range(6))) == bytes(range(6))
    assert again.done == [2]


def test_each_batch_is_yielded_before_the_next_is_done(tmp_path: Path) -> None:
    work = Work(tmp_path)
    stream = resume([[0], [1]], keeper=work.store, kind="tests", key=lambda b: fingerprint(list(b)), do=work.do)
    next(stream)
    assert work.done == [0]


def test_what_was_kept_can_be_mended_and_stays_mended(tmp_path: Path) -> None:
    Work(tmp_path).run([1, 2, 3, 4])
    again = Work(tmp_path)
    made = again.run([1, 2, 3, 4], mend=lambda batch, kept: b"mended" if batch[0] == 3 else kept)
    assert made == [b"\x01\x02", b"mended"]
    assert again.done == []
    assert Work(tmp_path).run([1, 2, 3, 4]) == [b"\x01\x02", b"mended"]
