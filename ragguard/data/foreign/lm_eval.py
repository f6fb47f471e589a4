"""lm-eval (the lm-evaluation-harness): ``samples_TASK_DATE.jsonl``, one or a folder of them, written with ``--log_samples``."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ragguard.data.foreign import named
from ragguard.data.foreign.gather import Gather
from ragguard.data.foreign.reading import content, document, json_lines
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.foreign import Item, Known, Reply, Table

NAME = "lm-eval"

KEYS = frozenset({"doc_id", "doc", "resps", "filtered_resps"})
"""What every sample has."""

_FILE = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d{2}-\d{2}T[0-9.:-]+)\.jsonl")
_FIELDS = KEYS | {"target", "arguments", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash"}
_OF_ALL = "is no score of one item: lm-eval computes it of all of them together"
_PLAIN = "none"

UNNAMED = "task"
"""What the task of a file is called whose name does not tell."""


@dataclass
class _Told:
    """What the results file beside the samples says."""

    groups: Mapping[str, Iterable[str]] = field(default_factory=dict)
    higher: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)


def samples(folder: Path) -> list[Path]:
    """The files of samples in a folder (or the one model folder below it), the newest of each task."""
    newest: dict[str, tuple[str, Path]] = {}
    for path in sorted([*folder.glob("samples_*.jsonl"), *folder.glob("*/samples_*.jsonl")]):
        match = _FILE.fullmatch(path.name)
        task, date = (match["task"], match["date"]) if match else (path.stem.removeprefix("samples_"), "")
        newest[task] = max(newest.get(task, ("", path)), (date, path))
    return [path for _, path in newest.values()]


def read(path: Path, wanted: Wanted) -> Table:
    """Read samples. The score of an item is that of its task's first metric, ``TaskScore``, besides each metric by its name.

    Raises:
        InputError: there are none, a line is no sample, or a case comes twice.
    """
    paths = _of_one_model(path, wanted) if path.is_dir() else [path]
    gather, told = Gather(NAME, *paths), _Told()
    left_out: dict[str, str] = {}
    main: dict[str, str] = {}
    for each in paths:
        match = _FILE.fullmatch(each.name)
        task = match["task"] if match else UNNAMED
        if match and len(paths) == 1:
            told.facts["task"] = task
        _results(each, match["date"] if match else "", told)
        for where, row in json_lines(each, gather.problems):
            _sample(gather, row, where, task, several=len(paths) > 1, main=main, left_out=left_out, told=told)
    known = {ours: Known(higher_is_better=up) for ours, up in _directions(gather, told, main).items()}
    kept = {name: why for name, why in left_out.items() if name not in gather.metrics}
    return gather.table(known=known, task_metric=main, facts=told.facts, about=told.about, left_out=kept)


def _of_one_model(folder: Path, wanted: Wanted) -> list[Path]:
    found = samples(folder)
    models = sorted({path.parent for path in found})
    if wanted.arm:
        models = [model for model in models if model.name == wanted.arm]
    if len(models) != 1:
        names = ", ".join(model.name for model in models)
        what = f"holds the samples of several models ({names})" if names else "holds no samples_*.jsonl"
        raise InputError(Problem(display(folder), what, "name the folder of one" if names else "run lm-eval with --log_samples"))
    return [path for path in found if path.parent == models[0]]


def _results(path: Path, date: str, told: _Told) -> None:
    """Take what the results file of the same run tells: groups, directions, versions, the model."""
    beside = path.with_name(f"results_{date}.json")
    if not date or not beside.is_file():
        return
    whole = document(content(beside), display(beside))
    if not isinstance(whole, dict):
        return
    told.groups = whole.get("group_subtasks") or {}
    told.higher = whole.get("higher_is_better") or {}
    told.facts |= {f"version of task {task}": str(version) for task, version in (whole.get("versions") or {}).items()}
    told.about |= {f"examples shown in {task}": str(shots) for task, shots in (whole.get("n-shot") or {}).items()}
    if whole.get("model_name"):
        told.about["model"] = str(whole["model_name"])


def _sample(
    gather: Gather,
    row: dict[str, Any],
    where: str,
    task: str,
    *,
    several: bool,
    main: dict[str, str],
    left_out: dict[str, str],
    told: _Told,
) -> None:
    lacking = sorted(KEYS - row.keys())
    if lacking:
        gather.problems.add(where, f"is no sample of lm-eval: it has no {lacking[0]}", "name the tool that wrote it with --format")
        return
    case = f"{task}/{row['doc_id']}" if several else str(row["doc_id"])
    gather.item(_item(row, case, task, [group for group, members in told.groups.items() if task in members]), where)
    gather.said.setdefault(case, Reply(_said(row)))
    filtered = str(row.get("filter") or _PLAIN)
    metrics = row.get("metrics") or [key for key in row if key not in _FIELDS]
    for name in metrics:
        value = row.get(name)
        if isinstance(value, list | tuple | dict) or name == "bypass":
            left_out[name] = _OF_ALL
            continue
        ours = gather.metric(name, filter="" if filtered == _PLAIN else filtered)
        gather.names.setdefault(f"{name},{filtered}", ours)
        main.setdefault(task, ours)
        gather.score(case, ours, value, where)


def _item(row: dict[str, Any], case: str, task: str, groups: list[str]) -> Item:
    first = _arguments(row)[:1]
    return Item(
        id=case,
        text=named.text(first[0].get("arg_0")) if first else named.text(row["doc"]),
        task=task,
        tags=tuple(filter(None, (task, *groups))),
        expected=_expected(row),
        content=named.digest(row.get("doc_hash") or row["doc"], row.get("target_hash") or row.get("target")),
        prompt=str(row.get("prompt_hash") or ""),
    )


def _arguments(row: dict[str, Any]) -> list[dict[str, Any]]:
    given = row.get("arguments")
    return [each for each in given.values() if isinstance(each, dict)] if isinstance(given, dict) else []


def _choice(row: dict[str, Any], number: int) -> str:
    arguments = _arguments(row)
    return named.text(arguments[number].get("arg_1")).strip() if 0 <= number < len(arguments) else ""


def _likelihoods(row: dict[str, Any]) -> list[float]:
    """The log-likelihood of each choice, where the task is a choice."""
    try:
        return [float(each[0]) for each in row["filtered_resps"] if len(each) == 2 and str(each[1]) in ("True", "False")]
    except (TypeError, ValueError, IndexError):
        return []


def _said(row: dict[str, Any]) -> str:
    found = _likelihoods(row)
    if found and len(found) == len(_arguments(row)):
        return _choice(row, found.index(max(found)))
    replies = row["filtered_resps"]
    return named.text(replies[0]) if isinstance(replies, list) and replies else ""


def _expected(row: dict[str, Any]) -> str:
    target = named.text(row.get("target"))
    return (_choice(row, int(target)) if _likelihoods(row) and target.isdecimal() else "") or target


def _directions(gather: Gather, told: _Told, main: Mapping[str, str]) -> dict[str, bool]:
    """Which of our metrics are better the higher, as the results file says; those that tasks disagree on are left to be asked."""
    found: dict[str, set[bool]] = {}
    for task in main:
        for name, up in (told.higher.get(task) or {}).items():
            for ours in gather.metrics:
                if (ours == named.metric(name) or ours.startswith(f"{named.metric(name)}(filter=")) and isinstance(up, bool):
                    found.setdefault(ours, set()).add(up)
    return {ours: ups.pop() for ours, ups in found.items() if len(ups) == 1}
