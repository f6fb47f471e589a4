"""The forgetting suite: golden queries of what no training was about, of one collection or of several pooled, and lm-eval's items."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from ragguard.data.collection import Collection
from ragguard.data.pairs import Pairs, read_pairs
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.records.evidence import Case
from ragguard.suites import golden
from ragguard.suites.golden import Cases, Part
from ragguard.suites.harness import items
from ragguard.suites.harness.tasks import Tasks

KIND = "forgetting"


def build(suite: LoadedSuite, collection: Collection, *further: Collection, tasks: Tasks | None = None) -> Cases:
    """Make the cases of a suite: the selected queries of its collection and of the ``further`` ones, all together, and the tasks' items.

    Where there are further ones, each collection is a slice named after its folder, and the ids and intents of the further ones begin
    with ``FOLDER/``. Intents of all collections count alike. Each task, and each group of tasks, is a slice too. A suite with tasks
    that names no collection asks their items alone.

    Raises:
        InputError: as ``golden.build``, for any of the collections; or two collections, tasks or slices have one name.
    """
    queries = Cases((), {"": frozenset()}) if items_alone(suite) else _queries(suite, collection, *further)
    return golden.refuse_empty(suite, items.join(suite, queries, tasks))


def items_alone(suite: LoadedSuite) -> bool:
    """Whether a suite asks no query, but the items of lm-eval's tasks."""
    return suite.plan.lm_eval is not None and suite.plan.collection is None and not suite.plan.collections


def _queries(suite: LoadedSuite, collection: Collection, *further: Collection) -> Cases:
    if not further:
        return golden.select(suite, collection)
    _refuse_one_name(suite, collection, *further)
    golden.refuse_unknown_tags(suite, [collection, *further])
    pools = [golden.choose(suite, collection), *(_prefixed(golden.choose(suite, each), f"{each.folder.name}/") for each in further)]
    cases = tuple(sorted((case for pool in pools for case in pool.cases), key=lambda case: case.id))
    _refuse_one_id(suite, cases)
    slices = {name: frozenset[str]().union(*(pool.slices[name] for pool in pools)) for name in pools[0].slices}
    slices |= {each.folder.name: pool.slices[""] for each, pool in zip((collection, *further), pools, strict=True)}
    elsewhere = tuple(Part(each, pool.cases) for each, pool in zip(further, pools[1:], strict=True))
    return Cases(cases, slices, elsewhere=elsewhere)


def pairs(suite: LoadedSuite) -> tuple[Pairs, ...]:
    """Read the files of sentence pairs that a suite names.

    Raises:
        InputError: with the problems of all files: one is not there or is malformed, or two have one name.
    """
    found, problems = dict[str, Pairs](), list[Problem]()
    for number, name in enumerate(suite.plan.similarity):
        path, where = suite.folder / name, suite.source.where(("similarity", number))
        if not path.is_file():
            problems.append(Problem(where, f"similarity: there is no file {name}", "paths start from the file that names them"))
        elif path.name in found:
            problems.append(Problem(where, f"two files of pairs are called {path.name!r}", "rename one: reports go by the name"))
        else:
            try:
                found[path.name] = read_pairs(path)
            except InputError as error:
                problems += error.problems
    if problems:
        raise InputError(problems)
    return tuple(found.values())


def _prefixed(pool: Cases, prefix: str) -> Cases:
    """The same cases under ids and intents of their own; the query keeps its id, by which a recorded run is asked."""
    cases = (replace(case, id=prefix + case.id, query=replace(case.query, intent=prefix + case.query.intent)) for case in pool.cases)
    slices: Mapping[str, frozenset[str]] = {name: frozenset(prefix + case for case in members) for name, members in pool.slices.items()}
    return Cases(tuple(cases), slices)


def _refuse_one_name(suite: LoadedSuite, *collections: Collection) -> None:
    names = [collection.folder.name for collection in collections]
    problems = [
        Problem(
            suite.source.where(("collections", number)),
            f"a collection or slice called {name!r} is there already",
            "rename the folder, or the slice: each collection is a slice named after its folder",
        )
        for number, name in enumerate(names, start=-1)
        if name in suite.plan.slices or name in names[: number + 1]
    ]
    if problems:
        raise InputError(problems)


def _refuse_one_id(suite: LoadedSuite, cases: tuple[Case, ...]) -> None:
    """An id of the suite's own collection may look like one of another: ``other/q1``."""
    twice = next((one.id for one, other in pairwise(cases) if one.id == other.id), None)
    if twice is not None:
        what = f"two cases would be called {twice!r}: a query's id begins with another collection's name"
        raise InputError(Problem(suite.source.where(("collections",)), what, "rename the folder"))
