"""Opens the collections that a suite is asked of, each once for a whole plan."""

from pathlib import Path
from typing import Any

from ragguard.data.collection import Collection
from ragguard.data.collection import load as load_collection
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedPlan, LoadedSuite
from ragguard.plan.source import has_variable


def collections(loaded: LoadedPlan, suite: LoadedSuite, known: dict[tuple[Path, str], Collection]) -> list[Collection]:
    """Load the suite's collection, or the plan's, then the further ones that it names; what is ``known`` (by folder and split) is taken.

    Raises:
        InputError: with the problems of all of them: a folder that is not there, or whatever is wrong with its files.
    """
    own = suite.plan.collection
    first = (suite, ("collection",), own) if own else (loaded, ("collection",), loaded.plan.collection)
    further = ((suite, ("collections", number), name) for number, name in enumerate(suite.plan.collections))
    split = suite.plan.split or loaded.plan.split
    found, problems = [], list[Problem]()
    for file, location, name in (first, *further):
        folder = (file.folder / name).resolve()
        if suite.plan.collections and _name_from_outside(file.source.raw, location):
            what = "the folder's name comes from the environment, and reports would print it as a slice's"
            problems.append(Problem(file.source.where(location), what, "write the last part of the path out"))
        try:
            if (folder, split) not in known:
                known[folder, split] = _load(folder, split, name, file.source.where(location))
            found.append(known[folder, split])
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _name_from_outside(raw: Any, location: tuple[str | int, ...]) -> bool:
    """Whether a variable stands in the last part of the path written at a location."""
    for part in location:
        raw = raw[part]
    return has_variable(raw) and "/" not in raw.rpartition("}")[2]


def _load(folder: Path, split: str, name: str, where: str) -> Collection:
    if not folder.is_dir():
        raise InputError(Problem(where, f"collection: there is no folder {name}", "paths start from the file that names them"))
    return load_collection(folder, split)
