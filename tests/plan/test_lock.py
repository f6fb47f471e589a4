"""The accepted baseline: what is written, read again, and refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from ragguard.errors import InputError, NotComparable
from ragguard.plan import lock as locks
from ragguard.plan.lock import Lock
from ragguard.plan.retrievers import LexicalRetriever

LOCK = Lock(
    candidate="tuned",
    system={"retriever": {"type": "lexical", "k1": 1.2, "document_text": "Grüße {text}"}},
    fingerprint="a" * 64,
    run="0123456789ab",
    decision="promote",
    accepted_at="2026-01-02T03:04:05+00:00",
    checkpoints={"retriever": "abc"},
)


def test_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / locks.NAME).write_bytes(LOCK.to_bytes())
    assert locks.read(tmp_path) == LOCK
    assert "Grüße".encode() in LOCK.to_bytes(), "people read it"


def test_no_lock_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^ragguard\.lock: .*nothing has been accepted; run: ragguard accept CANDIDATE$"):
        locks.read(tmp_path)


@pytest.mark.parametrize("content", [b"", LOCK.to_bytes()[:50], b"[]", b'{"candidate": "x"}', b"\xff\xfe", b"{}"])
def test_what_is_no_lock_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / locks.NAME).write_bytes(content)
    with pytest.raises(InputError, match=r"is not a lock that ragguard wrote .*; accept a candidate again"):
        locks.read(tmp_path)


def test_system_of_a_lock_is_the_plan_s_model() -> None:
    retriever = locks.system(LOCK, LOCK.system).retriever
    assert isinstance(retriever, LexicalRetriever)
    assert retriever.k1 == 1.2


def test_system_of_another_version_is_refused() -> None:
    with pytest.raises(InputError, match="'tuned' is not one of this version's"):
        locks.system(LOCK, {"retriever": {"type": "telepathic"}})


def test_another_fingerprint_than_the_accepted_is_not_comparable() -> None:
    locks.verify(LOCK, "a" * 64)
    with pytest.raises(NotComparable, match="'tuned' has fingerprint bbbbbbbbbbbb now, not aaaaaaaaaaaa as accepted"):
        locks.verify(replace(LOCK), "b" * 64)
