"""The golden suite: golden queries as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.load import LoadedSuite
from ragguard.plan.models import Selection
from ragguard.records.collection import Query
from ragguard.records.evidence import Case


@dataclass(frozen=True)
class Part:
    """Cases that are asked of one corpus."""

    collection: Collection
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Cases:
    """The cases of a suite, sorted by id, and which of them belong to which slice.

    The slice "" holds all, but for those that are there to be compared with. ``elsewhere`` are the cases that are asked of another
    corpus than the suite's own; they are among ``cases``. ``made`` are the slices of perturbed and attacked cases. ``unlabelled`` are the
    cases that are asked for a judge alone, by slice; they are among ``cases``, and in none of the ``slices``. ``warnings`` stop nobody;
    ``note`` says what the suite leaves out.
    """

    cases: tuple[Case, ...]
    slices: Mapping[str, frozenset[str]]
    warnings: tuple[str, ...] = ()
    elsewhere: tuple[Part, ...] = ()
    made: tuple[str, ...] = ()
    note: str = ""
    unlabelled: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def slices_of(self, case: str) -> tuple[str, ...]:
        """The named slices that a case belongs to."""
        every = (*self.slices.items(), *self.unlabelled.items())
        return tuple(dict.fromkeys(name for name, members in every if name and case in members))

    def alone(self, slice_: str = "") -> frozenset[str]:
        """The cases of a slice that are asked for a judge alone."""
        return self.unlabelled.get(slice_, frozenset())


def selects(selection: Selection, query: Query) -> bool:
    """Tell whether a query has all of ``tags``, any of ``any_tags``, none of ``not_tags``, and asks for its version in the mode named."""
    return (
        set(selection.tags) <= set(query.tags)
        and (not selection.any_tags or not set(selection.any_tags).isdisjoint(query.tags))
        and set(selection.not_tags).isdisjoint(query.tags)
        and (selection.asks is None or (query.asks is not None and query.asks.mode == selection.asks))
    )


def build(suite: LoadedSuite, collection: Collection) -> Cases:
    """Make the cases of a suite.

    Raises:
        InputError: no query is selected, or a slice that a check names is empty.
    """
    return refuse_empty(suite, select(suite, collection))


def select(suite: LoadedSuite, collection: Collection) -> Cases:
    """Return the queries that a suite selects as they stand, with the slices that it defines.

    Raises:
        InputError: no query is selected, or a tag that no query has.
    """
    refuse_unknown_tags(suite, [collection])
    return choose(suite, collection)


def choose(suite: LoadedSuite, collection: Collection) -> Cases:
    """Return what ``select`` does, whatever tags the suite names.

    Raises:
        InputError: no query is selected.
    """
    queries = sorted((q for q in collection.queries.values() if selects(suite.plan.cases, q)), key=lambda query: query.id)
    if not queries:
        raise InputError(
            Problem(
                suite.source.where(("cases",)),
                f"selects no query of the collection {collection.folder.name}",
                "check the tags, or leave cases: out",
            )
        )
    cases = tuple(case_of(query, collection) for query in queries)
    slices = {"": frozenset(case.id for case in cases)}
    slices |= {name: frozenset(q.id for q in queries if selects(selection, q)) for name, selection in suite.plan.slices.items()}
    return Cases(cases, slices)


def case_of(query: Query, collection: Collection) -> Case:
    """Return a query as it stands, with what the collection knows of it."""
    relevant = collection.qrels.get(query.id, {})
    answering = collection.marks(name for name, grade in relevant.items() if grade > 0).values()
    products = tuple(sorted({mark.product for mark in answering if mark.product}))
    types = tuple(sorted({mark.type for mark in answering if mark.type}))
    return Case(query.id, query.text, query, relevant, products=products, types=types)


def refuse_empty(suite: LoadedSuite, cases: Cases) -> Cases:
    """Return the cases if every slice that a check names has one.

    Raises:
        InputError: a slice is empty.
    """
    problems = [
        Problem(
            suite.source.where(("slices", check.slice)),
            f"slice {check.slice!r} of {check.metric} has no case",
            "check its tags, or drop the check",
        )
        for check in suite.plan.checks
        if not cases.slices[check.slice]
    ]
    if problems:
        raise InputError(problems)
    return cases


def refuse_unknown_tags(suite: LoadedSuite, collections: Sequence[Collection]) -> None:
    """Raise InputError where the suite's cases, or a slice that a check names, have a tag that no query of the collections has."""
    known = {tag for collection in collections for query in collection.queries.values() for tag in query.tags}
    named = ", ".join(collection.folder.name for collection in collections)
    checked = {check.slice for check in suite.plan.checks}
    selections: dict[tuple[str, ...], Selection] = {("cases",): suite.plan.cases}
    selections |= {("slices", name): selection for name, selection in suite.plan.slices.items() if name in checked}
    problems = [
        Problem(suite.source.where(location), f"no query of {named} has the tag {tag!r}", suggest(tag, known))
        for location, selection in selections.items()
        for tag in (*selection.tags, *selection.any_tags, *selection.not_tags)
        if tag not in known
    ]
    if problems:
        raise InputError(problems)
