"""Who may ask: a bearer token, or (where headers cannot be set, as in Flagger's webhooks) the same token as a password or beside."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from fastapi import Request
from fastapi.security import HTTPBearer

from ragguard.canary.service.problems import Refused
from ragguard.canary.service.settings import is_loopback

ABOUT = "A token of the environment variable RAGGUARD_TOKEN; or HTTP Basic with the token as password. Not asked for where none is set."


class Guard(HTTPBearer):
    """Refuses who has no token, where tokens are set; else whoever names this machine by a name of elsewhere (a page in a browser)."""

    def __init__(self, tokens: Sequence[str]) -> None:
        super().__init__(auto_error=False, scheme_name="token", description=ABOUT)
        self._digests = tuple(_digest(token) for token in tokens)

    async def __call__(self, request: Request) -> None:  # type: ignore[override]  # it gives nothing: it refuses, or not
        """Raise Refused, or not."""
        self.admit(request)

    def admit(self, request: Request, token: str = "") -> None:
        """Raise Refused, or not; ``token`` was given beside the headers."""
        if self._digests:
            if not self._known(_given(request.headers.get("authorization", "")) or token):
                raise Refused(
                    401, "a token is asked for: Authorization: Bearer TOKEN", headers={"WWW-Authenticate": 'Bearer realm="ragguard"'}
                )
        elif not is_loopback(_name(request.headers.get("host", ""))):
            raise Refused(421, "without a token, only this machine is answered: ask 127.0.0.1 or localhost")

    def _known(self, given: str) -> bool:
        """Whether a token is one of them, in a time that says nothing of how alike they are, nor of which it is."""
        asked, known = _digest(given), False
        for digest in self._digests:
            known |= hmac.compare_digest(asked, digest)
        return known


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _given(header: str) -> str:
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _name(host: str) -> str:
    """A host without its port."""
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
