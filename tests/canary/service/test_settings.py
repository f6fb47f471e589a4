"""Where a service listens, and with which tokens."""

import pytest

from ragguard.canary.service.settings import Settings, is_loopback, tokens
from ragguard.errors import InputError

LONG = "a-secret-of-more-than-16"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "ragguard.example", "localhost.example", ""])
def test_a_host_that_others_reach_needs_a_token(host: str) -> None:
    with pytest.raises(InputError, match="can be reached from elsewhere, and no token is asked for; set RAGGUARD_TOKEN"):
        Settings(host=host)
    assert Settings(host=host, tokens=(LONG,)).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "localhost", "::1", "[::1]"])
def test_this_machine_alone_needs_none(host: str) -> None:
    assert is_loopback(host)
    assert Settings(host=host).tokens == ()


def test_several_tokens_are_read_so_that_they_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGGUARD_TOKEN", f" {LONG},{LONG[::-1]}\n{LONG.upper()}")
    assert tokens() == (LONG, LONG[::-1], LONG.upper())
    monkeypatch.delenv("RAGGUARD_TOKEN")
    assert tokens() == ()


@pytest.mark.parametrize("bad", ["little", "with-an-umlaut-\u00fcber-alles", 'with-a-"quote"-in-it'])
def test_a_token_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    monkeypatch.setenv("RAGGUARD_TOKEN", f"{LONG} {bad}")
    with pytest.raises(InputError, match="RAGGUARD_TOKEN: token 2 is shorter than 16 characters, or has others") as said:
        tokens()
    assert bad not in str(said.value)
    assert LONG not in str(said.value)


def test_settings_do_not_show_tokens() -> None:
    assert LONG not in repr(Settings(tokens=(LONG,)))


def test_a_request_may_not_have_more_events_than_may_wait() -> None:
    with pytest.raises(InputError, match="100 events is less than one request may have"):
        Settings(waiting=100)
