"""Further queries that a judge alone sees: people labelled some of their kind, and the judge is to say what that means for the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.data.collection import load as load_collection
from ragguard.data.formats.tables import json_lines
from ragguard.data.opening import EXPECTED
from ragguard.data.problems import Problems
from ragguard.data.queries import read_queries
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.records.collection import Query
from ragguard.records.evidence import Case
from ragguard.suites.golden import Cases, Part, case_of, selects


def add(suite: LoadedSuite, made: Cases, collection: Collection) -> Cases:
    """Return the cases of a suite with those that ``unlabelled:`` names beside them; one that the suite has already is passed over.

    Raises:
        InputError: there is no such file or folder, it is malformed, or a query has the id of another one.
    """
    if not suite.plan.unlabelled:
        return made
    asked_of, queries = _open(suite, collection)
    further = _new(suite, made, [case_of(query, asked_of) for query in queries])
    slices = {name: frozenset(case.id for case in further if selects(wanted, case.query)) for name, wanted in suite.plan.slices.items()}
    elsewhere = (Part(asked_of, further),) if asked_of is not collection and further else ()
    return replace(
        made,
        cases=tuple(sorted((*made.cases, *further), key=lambda case: case.id)),
        elsewhere=(*made.elsewhere, *elsewhere),
        unlabelled={"": frozenset(case.id for case in further), **slices},
    )


def _open(suite: LoadedSuite, collection: Collection) -> tuple[Collection, list[Query]]:
    """The collection that the queries are asked of, which is the suite's own unless theirs has a corpus, and the queries, by id."""
    named = str(suite.plan.unlabelled)
    path = (suite.folder / named).resolve()
    if path.is_dir() and ((path / "collection.yaml").is_file() or (path / "corpus.jsonl").is_file()):
        own = load_collection(path, suite.plan.split or collection.split)
        return own, sorted(own.queries.values(), key=lambda query: query.id)
    file = path / "queries.jsonl" if path.is_dir() else path
    if not file.is_file():
        where = suite.source.where(("unlabelled",))
        raise InputError(Problem(where, f"unlabelled: there is no file {named}", "paths start from the file that names them"))
    return collection, _read(file, collection)


def _read(file: Path, collection: Collection) -> list[Query]:
    problems = Problems()
    found = read_queries(json_lines(file, EXPECTED["queries"], problems), collection.corpus)
    problems.raise_if_any()
    return sorted(found.values(), key=lambda query: query.id)


def _new(suite: LoadedSuite, made: Cases, further: Sequence[Case]) -> tuple[Case, ...]:
    known = {case.id: case.text for case in made.cases}
    problems = list(_taken(suite, further, known))
    if problems:
        raise InputError(problems)
    return tuple(case for case in further if case.id not in known)


def _taken(suite: LoadedSuite, further: Sequence[Case], known: dict[str, str]) -> Iterator[Problem]:
    for case in further:
        if known.get(case.id, case.text) != case.text:
            what = f"unlabelled: the query {case.id!r} is another one than the suite's case of this id"
            yield Problem(suite.source.where(("unlabelled",)), what, "give each query an id of its own")
