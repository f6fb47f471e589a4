"""Makes pages: one file of HTML each, that opens from disk and asks nothing of anybody, over a template of its own and one base for all."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragguard.reports.words import printable

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_ROOM = Path(__file__).parent.parent
_STYLE = "web/base.css"
_NOTHING = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render(template: str, *, style: str = "", script: str = "", **values: Any) -> str:
    """Return a page. ``template``, ``style`` and ``script`` are files below ``ragguard/reports``: ``page/report.html.j2``.

    The template begins with ``{% extends "web/base.html.j2" %}`` and fills the blocks ``title`` and ``main``, and perhaps ``nav`` and
    ``foot``; ``web/parts.html.j2`` has macros that pages share. All ``values`` are escaped, whoever wrote them, and lose their control
    characters, but what is Markup already (pictures, for instance). A name that the template uses and nobody gave is an error.
    ``style`` comes behind the base's own, and ``script`` at the end of the page; the page's policy lets a browser run that script, by
    its hash, and no other.
    """
    from markupsafe import Markup

    styles = Markup("\n").join(map(_text, filter(None, (_STYLE, style))))
    code = _text(script) if script else Markup()
    found: str = _environment().get_template(template).render(style=styles, script=code, policy=Markup(_policy(code)), **values)
    return found


def _text(name: str) -> "Markup":
    """A file of ours, that goes into the page as it is."""
    from markupsafe import Markup

    return Markup((_ROOM / name).read_text(encoding="utf-8"))


def _policy(code: str) -> str:
    if not code:
        return _NOTHING
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return f"{_NOTHING}; script-src 'sha256-{digest}'"


def _shown(value: Any) -> Any:
    """What a template writes: nobody's text turns the words around it, or hides in them."""
    return printable(value) if type(value) is str else value


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_ROOM),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
