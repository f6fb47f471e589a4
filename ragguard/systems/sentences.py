"""Where sentences end: for the generator that quotes them, and for the judge that weighs them one by one."""

import re

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9`\"'(\[])|\n+")


def sentences(text: str) -> tuple[str, ...]:
    """Return a text's sentences, in order; a line break ends one too."""
    return tuple(part.strip() for part in _END.split(text) if part.strip())
