"""Which tasks lm-eval knows, by name: those that come with it, and those in folders of the user's own."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.load import LoadedSuite
from ragguard.plan.source import display, has_variable
from ragguard.plan.tasks import LmEval
from ragguard.suites.harness.contain import contained

_CODE = re.compile(r"^[^#\n]*!function\b", re.MULTILINE)


@cache
def shipped() -> Mapping[str, Any]:
    """Return lm-eval's own tasks, groups and tags by name. It takes many seconds, for there are 14,000 files."""
    from lm_eval.tasks import TaskManager

    with contained():
        return dict(TaskManager().task_index)


def manager(suite: LoadedSuite, spec: LmEval, *, allow_code: bool) -> tuple[Any, frozenset[str]]:
    """Return lm-eval's task manager, which knows at least the tasks that a suite names, and which names are the user's own.

    Paths in the tasks of the user's folders start from the file that names them, not from where ragguard runs. lm-eval's own tasks
    are looked for only where a name is not found in those folders.

    Raises:
        InputError: a folder that is not there, a task file that cannot be read, a name that nobody knows, or code that is not allowed.
    """
    from lm_eval.tasks import TaskManager

    own = _own(suite, spec)
    made = TaskManager(include_defaults=False)
    index = made.task_index
    index.update(own)
    if any(name not in index for name in _reached(spec.tasks, index)):
        index.update({**shipped(), **own})
    problems = [*_unknown(suite, spec, index), *_code(suite, spec, index, own, allow_code=allow_code)]
    if problems:
        raise InputError(dict.fromkeys(problems))
    with contained():
        index.update({name: _anchored_entry(index[name]) for name in _reached(spec.tasks, index) if name in own})
    return made, frozenset(own)


def _own(suite: LoadedSuite, spec: LmEval) -> dict[str, Any]:
    """The entries of the user's folders. lm-eval itself passes over a file that it cannot read, and the task would be unknown."""
    problems, index = list[Problem](), dict[str, Any]()
    for number, name in enumerate(spec.folders):
        folder = (suite.folder / name).resolve()
        if folder.is_dir():
            for path in sorted(folder.rglob("*.yaml")):
                problems += _add(path, index)
        else:
            where = suite.source.where(("lm_eval", "folders", number))
            problems.append(Problem(where, f"folders: there is no folder {name}", "paths start from the file that names them"))
    if problems:
        raise InputError(dict.fromkeys(problems))
    return index


def _add(path: Path, index: dict[str, Any]) -> Iterator[Problem]:
    import yaml
    from lm_eval.tasks._index import TaskIndex
    from lm_eval.tasks._yaml_loader import load_yaml

    try:
        config = load_yaml(path, resolve_func=False)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        yield Problem(f"{display(path)}{line}", f"is not valid YAML: {error.problem or error.context}", "mend it, or move it away")
        return
    except (OSError, ValueError, yaml.YAMLError) as error:
        yield Problem(display(path), f"cannot be read as a task: {' '.join(str(error).split())}", "mend it, or move it away")
        return
    name = config.get("group") or config.get("task")
    if not isinstance(name, str):
        return  # what others include
    if name in index and index[name].yaml_path not in (None, path):
        yield Problem(display(path), f"{name!r} is also what {display(index[name].yaml_path)} is called", "rename one")
        return
    with contained():
        TaskIndex.process_cfg(config, path, index)


def _reached(names: Iterable[str], index: Mapping[str, Any]) -> list[str]:
    """The names, and all that their groups and tags are made of, known or not."""
    found: dict[str, None] = {}
    left = list(names)
    while left:
        name = left.pop(0)
        if name not in found:
            found[name] = None
            left += _members(index[name].cfg or {}, index) if name in index else []
            left += sorted(index[name].tags) if name in index and index[name].kind.name == "TAG" else []
    return list(found)


def _members(config: Mapping[str, Any], index: Mapping[str, Any]) -> list[str]:
    """Those that stand in a group by name; what a group defines itself has none in the index, but may hold others that do."""
    found = []
    for item in config["task"] if isinstance(config.get("task"), list) else []:
        name = item if isinstance(item, str) else item.get("group") or item.get("task")
        if isinstance(item, str) or name in index:
            found.append(name)
        elif isinstance(item, dict):
            found += _members(item, index)
    return found


def _unknown(suite: LoadedSuite, spec: LmEval, index: Mapping[str, Any]) -> Iterator[Problem]:
    for number, name in enumerate(spec.tasks):
        where = suite.source.where(("lm_eval", "tasks", number))
        where = where if ":" in where else suite.source.where(("lm_eval", number))
        if name not in index:
            fix = suggest(name, index)
            fix = fix if fix.startswith("did you mean") else "`lm-eval ls tasks` lists them"
            yield Problem(where, f"lm-eval knows no task {name!r}", fix)
        elif has_variable(_raw(suite, number)):
            yield Problem(where, "the task's name comes from the environment, and reports would print it", "write it out")
        else:
            for member in (each for each in _reached([name], index) if each not in index):
                yield Problem(where, f"{name!r} has a task {member!r}, which lm-eval does not know", "mend its file")


def _raw(suite: LoadedSuite, number: int) -> str:
    raw = suite.source.raw["lm_eval"]
    return str((raw["tasks"] if isinstance(raw, dict) else raw)[number])


def _code(suite: LoadedSuite, spec: LmEval, index: Mapping[str, Any], own: Mapping[str, Any], *, allow_code: bool) -> Iterator[Problem]:
    """The tasks that run code of the user's, or code that the model writes."""
    trusted = "if you trust it, say so with --allow-code"
    for name in () if allow_code else _reached(spec.tasks, index):
        entry = index.get(name)
        if entry is None:
            continue
        if name in own and entry.yaml_path is not None and any(_CODE.search(path.read_text("utf-8")) for path in _files(entry.yaml_path)):
            yield Problem(display(entry.yaml_path), f"the task {name!r} runs code of its own (!function)", trusted)
        if (entry.cfg or {}).get("unsafe_code"):
            yield Problem(suite.source.where(("lm_eval",)), f"the task {name!r} runs the code that the model writes", trusted)


def _files(path: Path) -> Iterator[Path]:
    """A task's file, and those that it includes."""
    from lm_eval.tasks._yaml_loader import load_yaml

    yield path
    included = load_yaml(path, resolve_func=False, recursive=False).get("include", [])
    for name in included if isinstance(included, list) else [included]:
        yield from _files((path.parent / name).resolve())


def _anchored_entry(entry: Any) -> Any:
    """The same task or group, its paths absolute."""
    from dataclasses import replace

    from lm_eval.tasks._yaml_loader import load_yaml

    if entry.yaml_path is None:
        return entry
    config = _anchored(load_yaml(entry.yaml_path), entry.yaml_path.parent)
    return replace(entry, yaml_path=None, cfg=config)


def _anchored(config: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    made = dict(config)
    if isinstance(options := made.get("dataset_kwargs"), dict):
        made["dataset_kwargs"] = {key: _paths(each, folder) if key in ("data_files", "data_dir") else each for key, each in options.items()}
    if isinstance(path := made.get("dataset_path"), str) and (folder / path).is_dir():
        made["dataset_path"] = str(folder / path)
    if isinstance(members := made.get("task"), list):
        made["task"] = [_anchored(member, folder) if isinstance(member, dict) else member for member in members]
    return made


def _paths(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return {key: _paths(each, folder) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_paths(each, folder) for each in value]
    if not isinstance(value, str) or "://" in value or Path(value).is_absolute():
        return value
    # As lm-eval has it, a path starts from the working folder; a task that was written so still works from there.
    return value if not any(folder.glob(value)) and Path(value).exists() else str(folder / value)
