"""What a remote system is sent: the plan's URL and body, with the question in them."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ragguard.errors import InputError, Problem
from ragguard.plan.services import RemoteSystem
from ragguard.systems.prompts import attempt, compiled

NAMES = ("question", "depth")
PROBE = 'a "quoted" question\nin two lines \\ and {braces}'
"""What a body must survive."""


def url_of(plan: RemoteSystem, question: str, depth: int) -> str:
    """Return the address for one question, which is escaped in it."""
    return plan.url.replace("{question}", quote(question, safe="")).replace("{depth}", str(depth))


def body_of(plan: RemoteSystem) -> Callable[[str, int], bytes | None]:
    """Return what makes the body for (question, depth), after a look at whether it is JSON for every question.

    Raises:
        InputError: a template that is not one, or whose JSON a quotation mark would break.
    """
    body = plan.body
    if body is None:
        return lambda question, depth: None  # noqa: ARG005
    if isinstance(body, dict):
        return lambda question, depth: json.dumps(_filled(body, question, depth)).encode()
    template = attempt("body", lambda: compiled(body, NAMES), NAMES)

    def render(question: str, depth: int) -> bytes:
        return str(attempt("body", lambda: template.render(question=question, depth=depth), NAMES)).encode()

    _check(plan, render(PROBE, 3))
    return render


def _filled(node: Any, question: str, depth: int) -> Any:
    """The mapping with its places filled; a value that is ``{depth}`` alone becomes a number."""
    if isinstance(node, dict):
        return {key: _filled(child, question, depth) for key, child in node.items()}
    if isinstance(node, list):
        return [_filled(child, question, depth) for child in node]
    if not isinstance(node, str):
        return node
    return depth if node == "{depth}" else question.join(part.replace("{depth}", str(depth)) for part in node.split("{question}"))


def _check(plan: RemoteSystem, body: bytes) -> None:
    kind = next((value for name, value in plan.headers.items() if name.lower() == "content-type"), "application/json")
    if "json" not in kind:
        return
    try:
        json.loads(body)
    except ValueError as error:
        what = f"body: is not JSON when the question has a quotation mark or two lines ({error})"
        raise InputError(Problem("", what, "write {{ question | tojson }}, without quotation marks around it")) from error
