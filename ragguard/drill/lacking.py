"""What a golden set lacks to notice a mutant: sentences that say what to write."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ragguard.drill.answers import CAVEAT
from ragguard.drill.mutant import World
from ragguard.metrics import catalog
from ragguard.records.collection import Query
from ragguard.records.drill import Moved, Shot

if TYPE_CHECKING:
    from ragguard.drill.mutant import Mutant
    from ragguard.drill.site import Site

FEW = 30
"""Intents below which a need is said to have few."""

NAMED = 5
BINDING = ("blocking", "veto", "must")


def _queries(site: "Site") -> list[Query]:
    """The queries that some suite asks as they stand, of the first suite's collection."""
    own = site.collection.queries
    return list({case.query.id: case.query for case in site.cases if not case.clean and case.query.id in own}.values())


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _intents(queries: Sequence[Query]) -> int:
    return len({query.intent for query in queries})


def _few(what: str, queries: Sequence[Query]) -> Iterator[str]:
    """What to say of a need that no query has, or few intents do."""
    count = _intents(queries)
    if not count:
        yield f"no query {what}"
    elif count < FEW:
        yield f"the queries of only {count} intent{'s' if count > 1 else ''} {_plural(what)}"


def _plural(what: str) -> str:
    verb, _, rest = what.partition(" ")
    return f"{ {'is': 'are', 'has': 'have'}.get(verb, verb.removesuffix('s')) } {rest}"


def families(site: "Site") -> Iterator[str]:
    """Families of the corpus that answer nothing."""
    marks = site.collection.marks(site.collection.ids)
    answering = {marks[name].family for name in World(site.collection).answering if name in marks}
    if silent := sorted({mark.family for mark in marks.values() if mark.family and not mark.planted} - answering):
        yield (
            f"no query has one of these {len(silent)} families as its answer: {_some(silent)}"
            if len(silent) > 1
            else (f"no query has family {silent[0]} as its answer")
        )


def versions(site: "Site") -> Iterator[str]:
    """Families of several versions of which no query asks one, and products without any such query."""
    world = World(site.collection)
    asked = [query for query in _queries(site) if query.asks is not None]
    named = {query.asks.family for query in asked if query.asks is not None}
    if silent := sorted(set(world.families) - named):
        yield f"no query asks for a version of {_some(silent)} ({len(silent)} of {len(world.families)} families with several versions)"
    of_family = {document.id: family for family, documents in world.families.items() for document in documents}
    for product, ids in world.products.items():
        own = {of_family[name] for name in ids if name in of_family}
        if own and own.isdisjoint(named):
            yield f"no versioned query of product {product}"
    yield from _few("asks for a version (asks:)", asked)


def product(name: str) -> "_OfProduct":
    """Whether a product's documents answer anything."""
    return _OfProduct(name)


class _OfProduct:
    """Says how many intents a product's documents answer."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, site: "Site") -> Iterator[str]:
        ids = set(World(site.collection).products.get(self._name, ()))
        qrels = site.collection.qrels
        found = [query for query in _queries(site) if any(grade > 0 and doc in ids for doc, grade in qrels.get(query.id, {}).items())]
        whole = _intents(_queries(site))
        if not found:
            yield f"no query has a document of product {self._name} as its answer"
        else:
            yield f"{_intents(found)} of {whole} intents have a document of product {self._name} as their answer"


def values(site: "Site") -> Iterator[str]:
    """Whether queries require values."""
    yield from _few(
        "requires a value (required:)", [q for q in _queries(site) if any(any(letter.isdigit() for letter in each) for each in q.required)]
    )


def caveats(site: "Site") -> Iterator[str]:
    """Whether queries require what takes something back."""
    yield from _few(
        "requires a caveat (a required: with unless, except, only, not...)",
        [query for query in _queries(site) if any(CAVEAT.search(each) for each in query.required)],
    )


def forbidden(site: "Site") -> Iterator[str]:
    """Whether queries know the values of other versions."""
    yield from _few("forbids another version's value (forbidden:)", [query for query in _queries(site) if query.forbidden])


def unanswerable(site: "Site") -> Iterator[str]:
    """Whether there are queries that nothing answers."""
    yield from _few("is unanswerable (answerable: false)", [query for query in _queries(site) if not query.answerable])


def orders(site: "Site") -> Iterator[str]:
    """Whether passages with orders are planted."""
    count = len({case.query.intent for case in site.cases if case.orders is not None})
    if count < FEW:
        yield f"passages with orders are planted against {count} intents (attacks: [instructions] of an adversarial suite)"


def why(site: "Site", mutant: "Mutant", shot: Shot) -> tuple[str, ...]:
    """Say what a mutant that was not caught at a strength would have needed, the nearest reason first."""
    found = [*_unseen(site, mutant), *mutant.lacks(site)]
    if not shot.touched:
        found.insert(0, f"it changed nothing on any of the {shot.cases:,} cases")
    elif not shot.nearest:
        found.insert(0, f"it changed {shot.touched:,} of {shot.cases:,} cases, and no check's score fell")
    else:
        found.append(_nearest(shot.nearest[0], shot))
    return tuple(dict.fromkeys(found))


def _unseen(site: "Site", mutant: "Mutant") -> Iterator[str]:
    """No check that binds is of a metric that looks for such a thing."""
    bases = {catalog.inner(check.metric).base for suite in site.suites for check in suite.checks if check.tier in BINDING}
    if mutant.seen_by and bases.isdisjoint(mutant.seen_by):
        yield f"no blocking or veto check is of a metric that sees this, such as {', '.join(mutant.seen_by)}"


def _nearest(moved: Moved, shot: Shot) -> str:
    lost = abs(moved.difference or 0.0)
    told = f"{moved.check} came nearest: {lost:.3f} worse on {moved.intents:,} intents, at a margin of {moved.margin:g}"
    if moved.tier == "advisory":
        return f"{told}; but it is advisory: make it a veto"
    if lost < moved.margin:
        few = shot.touched < shot.cases / 10
        return f"{told}; " + ("more queries of the kind that it touches, as a slice, would show it" if few else "a smaller margin would")
    return f"{told}; that is beyond the margin, but not beyond chance: more intents would show it"
