"""Sends an alert to a webhook: JSON by POST, tried again after what may pass, and signed.

The signature is that of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, version 1): HMAC-SHA256 over
``id.timestamp.body``, in base64, in the header ``webhook-signature`` behind ``v1,``; beside it ``webhook-id``, which is the same in every
try and wherever the same night is told again, and ``webhook-timestamp`` (seconds).
"""

import base64
import binascii
import hashlib
import hmac
import os

from ragguard.errors import InputError, Problem
from ragguard.plan.nightly import Webhook
from ragguard.plan.services import Service
from ragguard.systems.http import Client, HttpError

PREFIX = "whsec_"
"""What secrets begin with that are keys in base64; another secret is its own bytes."""


def secret(plan: Webhook, where: str) -> bytes:
    """Return the key that the plan's environment variable holds; empty where the plan names none.

    Raises:
        InputError: the variable is not set, or holds no base64 behind its prefix.
    """
    if plan.secret_env is None:
        return b""
    text = os.environ.get(plan.secret_env, "")
    if not text:
        raise InputError(Problem(where, f"environment variable {plan.secret_env} is not set", f"export {plan.secret_env}=..."))
    if not text.startswith(PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise InputError(Problem(where, f"{plan.secret_env} is no base64 behind {PREFIX}", "copy the secret once more")) from None


def signature(key: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``."""
    signed = hmac.new(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def send(plan: Webhook, key: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """Deliver a message; return what went wrong in words ("": it arrived). No header, key or path of the address is in them."""
    headers = {"webhook-id": id_, "webhook-timestamp": str(timestamp)}
    if key:
        headers["webhook-signature"] = signature(key, id_, timestamp, body)
    service = Service(headers={**plan.headers, **headers}, concurrency=1, timeout=plan.timeout, retries=plan.retries)
    client = Client(service, plan.url)
    try:
        with client.open("POST", plan.url, body) as pieces:
            for _ in pieces:
                pass
    except HttpError as error:
        return str(error).replace(plan.url, client.place)
    return ""
