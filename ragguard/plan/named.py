"""What a plan names or spells out, and should not: files that are not there, and keys that reports would print."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ragguard.errors import Problem
from ragguard.plan.judges import RubricJudge
from ragguard.plan.models import GatePlan
from ragguard.plan.parts import retrievers, systems
from ragguard.plan.source import Source, has_variable

FILES = (
    ("run",),
    ("results",),
    ("calibrate", "data"),
    ("train", "data"),
    ("train", "rehearsal", "data"),
    ("train", "early_stopping", "dev"),
)
"""Where a stage of a system names a file that must be there."""

WHOLE = ("reranker", "generator", "recorded")
"""Parts of a system, beside its retrievers, that may name files."""

SECRET = re.compile(r"authorization|cookie|(^|[-_])(api[-_]?)?(key|token|secret)$", re.IGNORECASE)
"""Names of headers that hold a key."""


_PASSWORD = re.compile(r"://[^/?]*:([^@/?]+)@|[?&]password=([^&]+)")


def missing_files(plan: GatePlan, source: Source) -> Iterator[Problem]:
    """Run files, training data, and prompts and schemas of judges that are not there.

    Collections and models are looked for by those who read them.
    """
    yield from _of_judges(plan, source)
    for location, system in systems(plan):
        for below, part in (*retrievers(system), *(((name,), getattr(system, name)) for name in WHOLE)):
            for key in FILES:
                name = _at(part, key)
                if isinstance(name, str) and not has_variable(name) and not (source.path.parent / name).is_file():
                    where = source.where((*location, *below, *key))
                    yield Problem(where, f"{key[-1]}: there is no file {name}", "paths start from the plan's folder")


def _of_judges(plan: GatePlan, source: Source) -> Iterator[Problem]:
    """Prompts and schemas of judges that are not there."""
    for name, judge in plan.judges.items():
        if isinstance(judge, RubricJudge):
            named = [("schema", judge.schema_), *([("prompt", judge.prompt)] if is_file_name(judge.prompt) else [])]
            for key, path in named:
                if not has_variable(path) and not (source.path.parent / Path(path).expanduser()).is_file():
                    fix = "paths start from the plan's folder" + ("; a prompt is a template with {{ or its file" if key == "prompt" else "")
                    yield Problem(source.where(("judges", name, key)), f"{key}: there is no file {path}", fix)


def is_file_name(prompt: str) -> bool:
    """Tell whether a prompt is the name of a template's file, not the template itself."""
    return not any(mark in prompt for mark in ("{{", "{%", "\n"))


def _password(source: Source) -> Iterator[Problem]:
    """A history's password that the plan itself spells out."""
    nightly = source.raw.get("nightly")
    url = str(nightly.get("history")) if isinstance(nightly, dict) else ""
    found = _PASSWORD.search(url)
    if found and not has_variable(found[1] or found[2]):
        what = "history: the URL holds a password, and plans lie in repositories"
        yield Problem(source.where(("nightly", "history")), what, "take it from the environment: postgresql://USER:${PASSWORD}@HOST/NAME")


def _at(part: object, key: Iterable[str]) -> object:
    """What stands under a key of a part and those below it; None where there is none."""
    for step in key:
        part = getattr(part, step, None)
    return part


def keys_written_out(plan: GatePlan, source: Source) -> Iterator[Problem]:
    """Headers that hold a key which the plan itself spells out: reports print the plan as written."""
    yield from _password(source)
    asked = [(*location, part, "headers") for location, _ in systems(plan) for part in ("remote", "generator")]
    asked.append(("nightly", "alerts", "webhook", "headers"))
    for steps in (*asked, *(("judges", name, "headers") for name in plan.judges)):
        node: Any = source.raw
        for step in steps:
            node = node.get(step) if isinstance(node, dict) else None
        for name, value in node.items() if isinstance(node, dict) else ():
            if SECRET.search(str(name)) and not has_variable(str(value)):
                what = f"headers: {name} is a key, and reports print what the plan says"
                yield Problem(source.where((*steps, name)), what, "take it from the environment: ${NAME}")
