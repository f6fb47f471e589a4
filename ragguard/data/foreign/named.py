"""Names that other tools give: of metrics, as this house can write them, and of cases without one."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from ragguard.records.metric import Metric

_STRANGE = re.compile(r"[^A-Za-z0-9_:-]+")


def metric(name: str, **parameters: str) -> str:
    """Return a metric's name as ours are written: ``Answer Relevancy`` becomes ``Answer_Relevancy``; what is one already stays."""
    try:
        read = Metric.parse(name)
    except ValueError:
        text = _STRANGE.sub("_", name).strip("_:-") or "metric"
        read = Metric(text if text[0].isalpha() else f"m_{text}")
    more = {key: _STRANGE.sub("_", value).strip("_") for key, value in parameters.items() if value}
    return str(Metric(read.base, read.cutoff, tuple(sorted({**dict(read.parameters), **more}.items()))))


def digest(*parts: Any) -> str:
    """Return 16 hex digits that stand for what is asked, whatever the order of keys."""
    return sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)).hexdigest()[:16]


def text(value: Any) -> str:
    """Return anything as text: strings as they are, messages by their content, the rest as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and value and all(isinstance(each, dict) and "content" in each for each in value):
        return "\n".join(text(each["content"]) for each in value)
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and anything else as an empty one: files of other tools may lack any part."""
    return value if isinstance(value, dict) else {}


def tags(metadata: Any) -> tuple[str, ...]:
    """Return a tool's metadata as tags: ``key=value`` for each scalar, and the items of ``tags``."""
    if not isinstance(metadata, dict):
        return ()
    own = metadata.get("tags")
    listed = [each for each in own if isinstance(each, str)] if isinstance(own, list) else []
    scalars = [f"{key}={value}" for key, value in metadata.items() if isinstance(value, str | int | float) and not str(key).startswith("_")]
    return tuple(dict.fromkeys([*listed, *scalars]))
