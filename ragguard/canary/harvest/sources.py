"""What to put into the source files of a collection that is built from them."""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragguard.canary.harvest.proposal import HARVESTED, Proposal

FOLDER = "source"
"""The folder of a collection that is built: one YAML file a family, as golden/AUTHORING.md says."""

SILENT = "The documentation does not say."
"""The gold answer where no document answers."""


def is_built(collection: Path) -> bool:
    """Tell whether a collection is built from source files, so that whatever is written into it is lost with the next build."""
    return any((collection / FOLDER).glob("*.yaml"))


def to_yaml(proposals: Iterable[Proposal], family_of: Mapping[str, str]) -> str:
    """Return the YAML of accepted proposals, under the source file that each belongs into: that of the family of its best document.

    ``family_of`` maps documents to families.
    """
    files: dict[str, dict[str, dict[tuple[str, ...], list[Proposal]]]] = {}
    for each in proposals:
        part = "queries" if each.use == "golden" else "train"
        best = max(each.relevant, key=lambda name: (each.relevant[name], name), default="")
        family = each.asks.family if each.asks is not None else family_of.get(best, "")
        files.setdefault(family, {}).setdefault(part, {}).setdefault((each.intent,), []).append(each)
    return "\n".join(_file(family, files[family]) for family in sorted(files))


def _file(family: str, parts: Mapping[str, Mapping[tuple[str, ...], list[Proposal]]]) -> str:
    made = {part: [_entry(part, rows) for rows in parts[part].values()] for part in ("queries", "train") if part in parts}
    where = f"{FOLDER}/{family}.yaml" if family else f"the file in {FOLDER}/ of the family that should answer"
    return f"# add to {where}\n{_dumped(made)}"


def _entry(part: str, rows: Sequence[Proposal]) -> dict[str, Any]:
    """One intent: what the first of its proposals says, and the texts of all."""
    first = rows[0]
    own: dict[str, Any] = {"intent": first.intent}
    if part == "queries":
        own["tags"] = _tags(first)
        if first.asks is not None:
            asks = {"mode": first.asks.mode, "versions": list(first.asks.versions), "as_of": first.asks.as_of}
            own["asks"] = {key: value for key, value in asks.items() if value}
        own |= {"gold_answer": first.gold_answer or SILENT, "required": list(first.required), "forbidden": list(first.forbidden)}
        own["relevant"] = {**first.relevant, **dict.fromkeys(first.hard_negatives, 0)} if first.answerable else {}
    else:
        best = max(first.relevant, key=lambda name: (first.relevant[name], name))
        own |= {"positive": best, "hard_negative": next(iter(first.hard_negatives))}
        own |= {"gold_answer": first.gold_answer, "required": list(first.required)}
    return own | {"texts": [row.query for row in rows]}


def _tags(proposal: Proposal) -> list[str]:
    """Its tags, without those that say where it comes from, and with those that follow from what it asks."""
    own = [tag for tag in proposal.tags if tag != HARVESTED]
    own += ["versioned"] if proposal.asks is not None else []
    return list(dict.fromkeys([*own, *([] if proposal.answerable else ["unanswerable"])]))


def _dumped(values: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    yaml, text = YAML(), io.StringIO()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 140
    yaml.dump(values, text)
    return text.getvalue()
