"""How a service listens and how much it takes; and why it refuses to start."""

import ipaddress
import os
import re
from dataclasses import dataclass, field

from ragguard.errors import InputError, Problem

VARIABLE = "RAGGUARD_TOKEN"
"""The environment variable with the tokens that may ask: one, or several while they are changed."""

SHORTEST = 16
"""Characters that a token has at least."""

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""What RFC 6750 lets a bearer token be made of (and ``=`` anywhere)."""


@dataclass(frozen=True)
class Settings:
    """``every`` is seconds between decisions, ``body`` bytes of a request at most, ``events`` those of a request, ``waiting`` those of all
    requests that are not stored yet, ``held`` bytes of all requests that are being read, ``patience`` seconds that a request waits until
    it is stored, ``group`` events that are stored at a time. Without ``tokens`` everybody may ask who reaches it.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    tokens: tuple[str, ...] = field(default=(), repr=False)
    every: float = 60.0
    body: int = 8 * 2**20
    events: int = 1_000
    waiting: int = 10_000
    held: int = 64 * 2**20
    patience: float = 30.0
    group: int = 1_000

    def __post_init__(self) -> None:
        """Refuse to be reached from elsewhere without a token.

        Raises:
            InputError: that, or numbers that fit nothing.
        """
        if not self.tokens and not is_loopback(self.host):
            fix = f"set {VARIABLE} to a secret of {SHORTEST} characters or more, or leave --host out"
            raise InputError(Problem("--host", f"{self.host} can be reached from elsewhere, and no token is asked for", fix))
        if self.events > self.waiting:
            fix = "let more wait (--waiting), or fewer come at a time (--batch)"
            raise InputError(Problem("--waiting", f"{self.waiting} events is less than one request may have ({self.events})", fix))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host. A name other than localhost may be resolved to anything, and is not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def tokens() -> tuple[str, ...]:
    """The tokens of the environment, apart by blanks or commas.

    Raises:
        InputError: one is too short, or cannot be sent in a header.
    """
    found = tuple(filter(None, re.split(r"[\s,]+", os.environ.get(VARIABLE, ""))))
    for number, token in enumerate(found, 1):
        if len(token) < SHORTEST or not _TOKEN.fullmatch(token):
            what = f"token {number} is shorter than {SHORTEST} characters, or has others than letters, digits and -._~+/="
            raise InputError(Problem(VARIABLE, what, 'make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'))
    return found
