"""The adversarial suite: golden queries asked otherwise, and asked of a corpus in which somebody planted documents.

A case that is made keeps its query's intent, so it falls into the same cluster. The queries as they stand are asked too, so that what a
perturbation costs is known; they count in no suite-wide figure.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.data.planted import plant
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.plan.source import read
from ragguard.records.collection import Document
from ragguard.records.evidence import Case
from ragguard.suites import attacks
from ragguard.suites.golden import Cases, Part, refuse_empty, select
from ragguard.suites.perturbations import PERTURBATIONS, Perturbation, Setting, generator, now_asked, perturb
from ragguard.suites.users_own import load

NEEDS_GLOSSARY = ("expanded", "contracted")
CHANGES_THE_ANSWER = "swapped"
MARK = "~"
"""Stands between a query's id and the perturbation in a case's id."""

CLEAN, PARAPHRASE = "clean", "paraphrase"


def build(suite: LoadedSuite, collection: Collection) -> Cases:
    """Make the cases of a suite: each selected query that something answers, under each perturbation that changes it (or ``per_query``
    of them), and under each attack that aims at its intent.

    Every perturbation and attack is a slice of its own name, beside those that the suite defines; ``clean`` holds the queries as they
    stand, ``paraphrase`` those of them whose intent has several wordings.

    Raises:
        InputError: nothing is selected, a slice that a check names is empty, the glossary is missing or malformed, an attack cannot be
            made, or a perturbation of the user's own cannot be loaded or fails.
    """
    chosen = select(suite, collection)
    clean = tuple(case for case in chosen.cases if any(grade > 0 for grade in case.relevant.values()))
    functions = _functions(suite)
    settings = _settings(suite, collection, clean, tuple(functions))
    perturbed = tuple(made for case in clean for made in _perturbed(suite, case, functions, settings[case.id]))
    attacked = _attacked(suite, collection, clean, settings)
    cases = (*clean, *perturbed, *(case for part in attacked for case in part.cases))
    made = (*functions, *suite.plan.attacks)
    slices = _slices(chosen, cases, made)
    note = _note(suite, len(functions))
    return refuse_empty(suite, Cases(tuple(sorted(cases, key=lambda case: case.id)), slices, elsewhere=attacked, made=made, note=note))


def _slices(chosen: Cases, cases: Sequence[Case], made: Sequence[str]) -> dict[str, frozenset[str]]:
    of_query = {case.id: case.query.id for case in cases if case.clean}
    wordings: dict[str, list[str]] = {}
    for case in cases:
        if not case.clean:
            wordings.setdefault(case.query.intent, []).append(case.id)
    slices = {name: frozenset(case for case, query in of_query.items() if query in members) for name, members in chosen.slices.items()}
    slices |= {name: frozenset(case for case in of_query if case.endswith(MARK + name)) for name in made}
    slices[CLEAN] = frozenset(case for group in wordings.values() for case in group)
    slices[PARAPHRASE] = frozenset(case for group in wordings.values() if len(group) > 1 for case in group)
    return slices


def _functions(suite: LoadedSuite) -> dict[str, Perturbation]:
    """The perturbations by the name of their slice."""
    named = suite.plan.perturbations or tuple(PERTURBATIONS)
    found = {}
    for number, name in enumerate(named):
        if name in PERTURBATIONS:
            found[name] = PERTURBATIONS[name]
        else:
            found[name.partition(":")[2]] = load(name, suite.folder, suite.source.where(("perturbations", number)))
    return found


def _settings(suite: LoadedSuite, collection: Collection, clean: Sequence[Case], names: Sequence[str]) -> dict[str, Setting]:
    meanings, products = _glossary(suite, names), tuple(sorted(collection.corpus.marks.products))
    orders = attacks.orders(generator(suite.plan.seed, attacks.ORDERING))
    return {case.id: Setting(meanings, products, case.products, _other_versions(case, collection), orders) for case in clean}


def _other_versions(case: Case, collection: Collection) -> tuple[str, ...]:
    """The versions of the asked family that no relevant document has; none where no single version is asked for."""
    asks = case.query.asks
    if asks is None or asks.mode == "change":
        return ()
    right = {mark.version for mark in collection.marks(name for name, grade in case.relevant.items() if grade > 0).values()}
    return tuple(sorted(collection.corpus.families.get(asks.family, frozenset()) - right))


def _perturbed(suite: LoadedSuite, clean: Case, functions: Mapping[str, Perturbation], setting: Setting) -> Iterator[Case]:
    seed, found = suite.plan.seed, 0
    for name in _in_turn(tuple(functions), clean.id, seed) if suite.plan.per_query else functions:
        text = perturb(functions[name], name, clean.text, seed=seed, case=clean.id, setting=setting)
        if text is not None:
            made = replace(clean, id=f"{clean.id}{MARK}{name}", text=text, clean=clean.id)
            yield made if name != CHANGES_THE_ANSWER else _without_answer(made, now_asked(text, setting))
            found += 1
        if found == suite.plan.per_query:
            return


def _without_answer(case: Case, products: tuple[str, ...]) -> Case:
    """A case of which it is not known any more what answers it."""
    query = replace(case.query, gold_answer="", required=(), forbidden=())
    return replace(case, query=query, relevant={}, types=(), products=products)


def _in_turn(names: Sequence[str], case: str, seed: int) -> list[str]:
    """Names in an order of the case's own, so that a few of each query cover all of them."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}\n{case}\n{name}".encode()).digest())


def _attacked(suite: LoadedSuite, collection: Collection, clean: Sequence[Case], settings: Mapping[str, Setting]) -> tuple[Part, ...]:
    """The attacked cases, each attack's in a corpus of its own, so that none gets in the way of another."""
    parts = []
    for number, name in enumerate(suite.plan.attacks):
        made = list(_aimed(suite, name, collection, clean, settings))
        if not made:
            what = f"{name} can be planted against none of the {len(clean)} queries: it needs documents of several products"
            raise InputError(Problem(suite.source.where(("attacks", number)), what, f"give documents a product, or leave {name} out"))
        parts.append(Part(plant(collection, [document for _, document in made]), tuple(case for case, _ in made)))
    return tuple(parts)


def _aimed(
    suite: LoadedSuite, name: str, collection: Collection, clean: Sequence[Case], settings: Mapping[str, Setting]
) -> Iterator[tuple[Case, Document]]:
    """The first wording of each of ``targets`` intents, with the document planted against it."""
    first = {case.query.intent: case for case in reversed(clean)}
    seed, left = suite.plan.seed, suite.plan.targets or len(first)
    for intent in sorted(first, key=lambda intent: hashlib.sha256(f"{seed}\n{name}\n{intent}".encode()).digest()):
        case = first[intent]
        best = max(case.relevant, key=lambda document: (case.relevant[document], document))
        document = attacks.plant(name, case, collection.document(best), generator(seed, name, case.id), settings[case.id])
        if document is not None:
            orders = settings[case.id].orders if name == attacks.ORDERING else None
            yield replace(case, id=f"{case.id}{MARK}{name}", clean=case.id, attack=name, orders=orders), document
            left -= 1
        if not left:
            return


def _note(suite: LoadedSuite, perturbations: int) -> str:
    """What is left out, if something is."""
    capped = suite.plan.per_query is not None and suite.plan.per_query < perturbations
    asked = [f"{suite.plan.per_query} of {perturbations} perturbations a query"] if capped else []
    if suite.plan.attacks and suite.plan.targets is not None:
        asked.append(f"each attack aims at {suite.plan.targets} intents at most")
    return "; ".join(asked)


def _glossary(suite: LoadedSuite, names: Sequence[str]) -> dict[str, str]:
    if suite.plan.glossary is None:
        if suite.plan.perturbations and (lacking := sorted(set(names) & set(NEEDS_GLOSSARY))):
            where = suite.source.where(("perturbations",))
            raise InputError(Problem(where, f"{lacking[0]} needs the domain's abbreviations", "name their file with glossary:"))
        return {}
    source = read((suite.folder / Path(suite.plan.glossary)).resolve(), "glossary")
    return {short: _meaning(source.where((short,)), entry) for short, entry in source.values.items()}


def _meaning(where: str, entry: object) -> str:
    here = entry.get("here") if isinstance(entry, Mapping) else entry
    if not isinstance(here, str):
        raise InputError(
            Problem(where, f"the meaning is {here!r}", "write SHORT: what it means here, or SHORT: {here: ..., elsewhere: ...}")
        )
    return here
