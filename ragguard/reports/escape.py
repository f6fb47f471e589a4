"""Untrusted text (queries, titles, ids, error messages) in Markdown, so that it stays text.

Nothing that it holds may break a table, become HTML, a link or a picture, or call somebody (``@team``, ``#12``).
"""

import html
import re

from ragguard.reports.words import clean

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~!$&])")
_BLOCK = re.compile(r"^(?=[-+#=])|^(\d+)(?=[.)](?:\s|$))")
# GitHub looks for mentions, references and bare addresses after entities and backslashes are gone: only a break inside them helps.
_REFERENCE = re.compile(
    r"(?<=(?<!\w)@)|(?<=@)(?=[\w-]+\.)"  # @team, and addresses; nDCG@10 is neither
    r"|(?<=\bwww)(?=\.)|(?<=:)(?=//)|(?<=\bmailto:)|(?<=\bxmpp:)"
    r"|(?<=#)(?=\d)|(?<=\bGH-)(?=\d)",
    re.IGNORECASE,
)
_BREAK = "\u200b"  # zero-width space


def code(text: str) -> str:
    """The text as a code span, which Markdown looks no further into; for use outside of tables."""
    text = clean(text) or "(empty)"
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def cell(text: str) -> str:
    """The text as a code span in a table's cell, where a bar has to be escaped even there."""
    return code(text).replace("|", "\\|")


def prose(text: str) -> str:
    """The text as running words, with everything escaped that Markdown or GitHub would make more of."""
    text = _REFERENCE.sub(_BREAK, clean(text))
    text = _SPECIAL.sub(lambda match: {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(match[1], "\\" + match[1]), text)
    return _BLOCK.sub(lambda match: f"{match[1]}\\" if match[1] else "\\", text)


def tag(text: str) -> str:
    """The text inside ``<code>`` in a block of HTML (a ``<summary>``), where Markdown is not read."""
    return f"<code>{html.escape(clean(text) or '(empty)')}</code>"
