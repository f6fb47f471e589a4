"""The adversarial suite: golden queries asked otherwise. A perturbed case keeps its query's intent, so it falls into the same cluster."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.plan.source import read
from ragguard.records.evidence import Case
from ragguard.suites.golden import Cases, refuse_empty, select
from ragguard.suites.perturbations import PERTURBATIONS, Glossary, perturb

NEEDS_GLOSSARY = ("expanded", "contracted")
MARK = "~"
"""Stands between a query's id and the perturbation in a case's id."""


def build(suite: LoadedSuite, collection: Collection) -> Cases:
    """Make the cases of a suite: each selected query under each perturbation that changes it, or under ``per_query`` of them.

    Every perturbation is a slice of its own name, beside those that the suite defines.

    Raises:
        InputError: nothing is selected, a slice that a check names is empty, or the glossary is missing or malformed.
    """
    clean, names = select(suite, collection), suite.plan.perturbations or tuple(PERTURBATIONS)
    glossary = _glossary(suite, names)
    made = [case for query in clean.cases for case in _perturbed(suite, query, names, glossary)]
    of_query = {case.id: case.query.id for case in made}
    slices = {name: frozenset(case for case, query in of_query.items() if query in members) for name, members in clean.slices.items()}
    slices |= {name: frozenset(case for case in of_query if case.endswith(MARK + name)) for name in names}
    return refuse_empty(suite, Cases(tuple(sorted(made, key=lambda case: case.id)), slices))


def _perturbed(suite: LoadedSuite, clean: Case, names: Sequence[str], glossary: Glossary) -> Iterator[Case]:
    seed, found = suite.plan.seed, 0
    for name in _in_turn(names, clean.id, seed) if suite.plan.per_query else names:
        text = perturb(name, clean.text, seed=seed, case=clean.id, glossary=glossary)
        if text is not None:
            yield replace(clean, id=f"{clean.id}{MARK}{name}", text=text)
            found += 1
        if found == suite.plan.per_query:
            return


def _in_turn(names: Sequence[str], case: str, seed: int) -> list[str]:
    """The perturbations in an order of the case's own, so that a few of each query cover all of them."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}\n{case}\n{name}".encode()).digest())


def _glossary(suite: LoadedSuite, names: Sequence[str]) -> Glossary:
    if suite.plan.glossary is None:
        if suite.plan.perturbations and (lacking := sorted(set(names) & set(NEEDS_GLOSSARY))):
            where = suite.source.where(("perturbations",))
            raise InputError(Problem(where, f"{lacking[0]} needs the domain's abbreviations", "name their file with glossary:"))
        return Glossary({})
    source = read((suite.folder / Path(suite.plan.glossary)).resolve(), "glossary")
    return Glossary({short: _meaning(source.where((short,)), entry) for short, entry in source.values.items()})


def _meaning(where: str, entry: object) -> str:
    here = entry.get("here") if isinstance(entry, Mapping) else entry
    if not isinstance(here, str):
        raise InputError(
            Problem(where, f"the meaning is {here!r}", "write SHORT: what it means here, or SHORT: {here: ..., elsewhere: ...}")
        )
    return here
