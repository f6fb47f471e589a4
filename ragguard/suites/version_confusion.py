"""The version-confusion suite: golden queries that ask for a version, each with the versions that answer it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ragguard.data.collection import Collection
from ragguard.data.corpus import MOST_NAMED, some
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.plan.models import Selection
from ragguard.plan.source import display
from ragguard.records.collection import Asks, Query
from ragguard.suites import golden
from ragguard.suites.golden import Cases


@dataclass
class _Family:
    """What the corpus says of one family: its current versions, and the first day of each version that has one."""

    current: set[str] = field(default_factory=set)
    since: dict[str, str] = field(default_factory=dict)
    undated: set[str] = field(default_factory=set)


def build(suite: LoadedSuite, collection: Collection) -> Cases:
    """Make the cases of a suite: the selected queries that have ``asks``, with the versions asked for.

    A query whose version cannot be told is an error, not a warning: left out, or scored by a guess, it would change what the suite
    asks without anybody having said so; and one field in the data mends it.

    Raises:
        InputError: as ``golden.build``; no query selected asks for a version; or the versions asked for cannot be told.
    """
    chosen = golden.select(suite, collection)
    asking = tuple(case for case in chosen.cases if case.query.asks is not None)
    if not asking:
        what = f"none of the {len(chosen.cases)} queries that it selects of {collection.folder.name} asks for a version"
        raise InputError(Problem(suite.source.where(("kind",)), what, 'give queries "asks": {"family": "...", "mode": "current"}'))
    ids = frozenset(case.id for case in asking)
    made = golden.refuse_empty(suite, Cases(asking, {name: members & ids for name, members in chosen.slices.items()}))
    families = _families(collection, frozenset(case.query.asks.family for case in made.cases if case.query.asks is not None))
    problems = Problems()
    cases = tuple(replace(case, asked=_asked(case.query, families, collection, problems)) for case in made.cases)
    problems.raise_if_any()
    return replace(made, cases=cases, warnings=tuple(_warnings(suite, collection, len(chosen.cases) - len(asking))))


def _families(collection: Collection, asked: frozenset[str]) -> Mapping[str, _Family]:
    found = {name: _Family() for name in asked}
    for number in collection.corpus.marks.of_families(asked):
        document = collection.document(collection.ids[number])
        family = found[document.family]
        if not document.version:
            continue
        if document.status == "current":
            family.current.add(document.version)
        if document.effective_from:
            # A version that came in several documents is in force from the first of them.
            family.since[document.version] = min(document.effective_from, family.since.get(document.version, document.effective_from))
        else:
            family.undated.add(document.version)
    return found


def _asked(query: Query, families: Mapping[str, _Family], collection: Collection, problems: Problems) -> tuple[str, ...]:
    """The versions that answer a query; empty, and a problem, where they cannot be told."""
    asks = query.asks
    if asks is None:
        return ()
    where = f"{display(collection.folder)}: query {query.id!r}"
    versions, what, fix = _answering(asks, families[asks.family])
    if not versions:
        problems.add(where, what, fix)
    elif asks.versions and set(asks.versions) != set(versions):
        told = f'asks.versions says {", ".join(asks.versions)}, but the {asks.mode} version of "{asks.family}" is {", ".join(versions)}'
        problems.add(where, told, "correct one of them, or leave versions out")
    return versions


def _answering(asks: Asks, family: _Family) -> tuple[tuple[str, ...], str, str]:
    """The versions that answer; or none, what is wrong, and what to do."""
    if asks.mode in ("named", "change"):
        return asks.versions, "asks.versions is empty", 'write "versions": ["..."]'
    if asks.mode == "current":
        what = f'asks for the current version of "{asks.family}", and no document of it has a version and status current'
        return tuple(sorted(family.current)), what, "give one version status: current, or ask for a version by its name"
    return _in_force(asks, family)


def _in_force(asks: Asks, family: _Family) -> tuple[tuple[str, ...], str, str]:
    undated = family.undated - family.since.keys()
    if undated or not family.since:
        told = f"version {', '.join(sorted(undated))}" if undated else "any version"
        what = f'asks for "{asks.family}" as of {asks.as_of}, but the effective_from of {told} is not given'
        return (), what, "give its documents effective_from"
    past = [day for day in family.since.values() if day <= asks.as_of]
    first = min(family.since.values())
    what = f'asks for "{asks.family}" as of {asks.as_of}, before its first version, which is in force from {first}'
    # Two versions from the same day on are both in force.
    versions = tuple(sorted(version for version, day in family.since.items() if past and day == max(past)))
    return versions, what, "correct asks.as_of, or the documents' effective_from"


def _warnings(suite: LoadedSuite, collection: Collection, left_out: int) -> Iterator[str]:
    """What the suite leaves out, where somebody selected it, and what it cannot see: documents without marks."""
    if left_out and suite.plan.cases != Selection():
        what = f"{left_out} of the queries that suite {suite.plan.suite} selects say nothing under asks"
        yield str(Problem(display(collection.folder), what, "they are left out: say which version they ask for"))
    if lacking := ", ".join(_lacking(collection)):
        fix = "version metrics pass over what has no family or version, and take what has no status for not superseded"
        yield str(Problem(display(collection.folder), f"of {collection.size:,} documents, {lacking}", fix))


def _lacking(collection: Collection) -> Iterator[str]:
    for name, (count, first) in collection.corpus.marks.lacking(MOST_NAMED).items():
        if count:
            yield f"{count:,} have no {name} ({some([collection.ids[number] for number in first], count)})"
