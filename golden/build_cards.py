"""Expands golden/cards/source/tarn.yaml into families of short fact cards, with golden questions and training rows, as build.py takes them.

Cards and questions are worded otherwise than in golden/models/nano_reading.py, in words that nano's tokenizer knows. Of each thing's
facts, every other one is asked by golden questions, the rest by training rows: no fact is in both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

NOT_TOLD = "the documents do not tell"
DATES = {"v1.4": "2021-03-01", "v2.1": "2023-05-15", "v3.0": "2025-09-01"}
CARDS = ("{e}: {a} {v}.", "rule for {e}: the {a} is set to {v}.", "{e} get a {a} of {v}.")
GOLDEN = ("which {a} applies to {e} {when}?", "how much {a} do {e} get {when}?")
TRAIN = ("please give the {a} that {e} get {when}", "{e}: {a} {when}?", "say what {a} is valid for {e} {when}")
VAIN_PER_THING = 2


@dataclass(frozen=True)
class Told:
    """One fact: what is told of which thing, by version, the last current; one version "" where there are none."""

    entity: str
    attribute: str
    values: dict[str, str]
    number: int

    @property
    def family(self) -> str:
        """Its cards' family."""
        return f"{self.entity}-{self.attribute}"

    @property
    def versioned(self) -> bool:
        """Whether its cards bear versions."""
        return "" not in self.values

    def card(self, version: str) -> str:
        """The id of a card."""
        return f"{self.family}-{version}" if version else self.family

    @property
    def current(self) -> str:
        """The current version."""
        return list(self.values)[-1]


def expand(source: Row) -> dict[str, Row]:
    """Families by name, in the form of golden/payments' source files."""
    terms = {attribute: term for term, attribute in source["house_terms"].items()}
    families: dict[str, Row] = {}
    for entity, thing in source["things"].items():
        told = [_told(entity, attribute, values, number) for number, (attribute, values) in enumerate(thing["facts"].items())]
        for fact in told:
            golden = fact.number % 2 == 0
            families[fact.family] = {
                "product": thing["area"],
                "facts": {fact.attribute: fact.values} if fact.versioned else {},
                "documents": [_document(fact, version) for version in fact.values],
                "queries": list(_queries(fact, terms)) if golden else [],
                "train": [] if golden else list(_train(fact, told, terms)),
            }
        families[told[0].family]["queries"] += _in_vain(entity, told, source, terms)
    return families


def _told(entity: str, attribute: str, values: Any, number: int) -> Told:
    return Told(entity, attribute, dict(values) if isinstance(values, dict) else {"": str(values)}, number)


def _document(fact: Told, version: str) -> Row:
    status = "current" if version == fact.current else "superseded"
    text = CARDS[(fact.number + len(fact.entity)) % len(CARDS)].format(e=fact.entity, a=fact.attribute, v=fact.values[version])
    return {
        "_id": fact.card(version),
        "type": "card",
        "version": version or "v3.0",
        "status": status,
        "effective_from": DATES[version or "v3.0"],
        "title": f"{fact.entity}: {fact.attribute}",
        "source": f"cards/{fact.card(version)}",
        "text": f"{version} {status}: {text}" if version else text,
    }


def _word(forms: tuple[str, ...], fact: Told, terms: dict[str, str], when: str, pick: int) -> tuple[str, bool]:
    """A question, in the house's term for every other fact that has one: (text, whether the term is the house's)."""
    term = terms.get(fact.attribute) if (pick + len(fact.entity)) % 2 else None
    text = forms[pick % len(forms)].format(a=term or fact.attribute, e=fact.entity, when=when)
    return " ".join(text.split()).replace(" ?", "?"), term is not None


def _queries(fact: Told, terms: dict[str, str]) -> Iterator[Row]:
    moments = [(fact.current, "now", {"mode": "current"})] if fact.versioned else [("", "", None)]
    old = [version for version in fact.values if version != fact.current]
    moments += [(version, f"under {version}", {"mode": "named", "versions": [version]}) for version in old[:1]]
    for number, (version, when, asks) in enumerate(moments):
        text, house = _word(GOLDEN, fact, terms, when, fact.number // 2 + number)
        yield {
            "intent": f"{fact.card(version)}-{'named' if number else 'now'}",
            "tags": ["implicit" if house else "explicit", *(["versioned"] if asks else [])],
            **({"asks": asks} if asks else {}),
            "gold_answer": fact.values[version],
            "required": [fact.values[version]],
            "forbidden": [value for other, value in fact.values.items() if other != version],
            "relevant": {fact.card(version): 2},
            "texts": [text],
        }


def _in_vain(entity: str, told: list[Told], source: Row, terms: dict[str, str]) -> Iterator[Row]:
    """Questions that no card answers: attributes told of other things, not of this one."""
    known = {fact.attribute for fact in told}
    others = sorted({attribute for thing in source["things"].values() for attribute in thing["facts"]} - known)
    step = max(1, len(others) // VAIN_PER_THING)
    for number, attribute in enumerate(others[len(entity) % step :: step][:VAIN_PER_THING]):
        text, _ = _word(GOLDEN, Told(entity, attribute, {}, number), terms, "", number)
        yield {
            "intent": f"{entity}-{attribute}-untold",
            "tags": ["unanswerable"],
            "gold_answer": NOT_TOLD,
            "required": [],
            "forbidden": [],
            "relevant": {},
            "texts": [text],
        }


def _train(fact: Told, told: list[Told], terms: dict[str, str]) -> Iterator[Row]:
    """Three wordings of each version's question; the near miss is another version, or another fact of the thing."""
    for place, version in enumerate(fact.values):
        when = "" if not fact.versioned else "today" if version == fact.current else f"under {version}"
        other = [v for v in fact.values if v != version]
        near = fact.card(other[-1]) if other else (neighbour := told[fact.number - 1]).card(neighbour.current)
        yield {
            "intent": f"train-{fact.card(version)}",
            "positive": fact.card(version),
            "hard_negative": near,
            "gold_answer": fact.values[version],
            "required": [fact.values[version]],
            "texts": [_word(TRAIN, fact, terms, when, pick + place)[0] for pick in range(len(TRAIN))],
        }
