"""Failures of one question become one proposal, and proposals of one need one intent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ragguard.canary.harvest.failing import Failure
from ragguard.canary.harvest.likeness import Likeness
from ragguard.data.audit import normalise, overlaps

SAME = 0.8
"""Similarity (Jaccard, of character 5-grams) from which on two texts are one question: that of the check for leaks."""

ALIKE = 0.5
"""Similarity from which on two questions may be of one need."""

Source = Literal["golden", "train"]


@dataclass(frozen=True, slots=True)
class Known:
    """A question that the golden set asks, or that systems are trained on."""

    text: str
    intent: str
    source: Source
    name: str


@dataclass
class Group:
    """The failures of one question, under the text that was asked most. ``known`` is the question that it resembles, if it does."""

    text: str
    failures: list[Failure] = field(default_factory=list)
    intent: str = ""
    resembles: str = ""
    known: Known | None = None


def questions(failures: Iterable[Failure]) -> list[Group]:
    """Gather failures by question: equal after normalisation, or nearly (``SAME``). Most failures first, then the oldest."""
    exact: dict[str, list[Failure]] = {}
    for each in failures:
        if key := normalise(each.query):
            exact.setdefault(key, []).append(each)
    rows = [sorted(row, key=lambda each: (each.at, each.event, each.arm)) for row in exact.values()]
    rows.sort(key=lambda row: (-len(row), row[0].at, row[0].query))
    near = _neighbours([row[0].query for row in rows], [row[0].query for row in rows], SAME)
    leaders: dict[str, Group] = {}
    for row in rows:
        text = row[0].query
        best = next((name for name, _ in near.get(text, ()) if name in leaders), text)
        leaders.setdefault(best, Group(best)).failures.extend(row)
    return sorted(leaders.values(), key=lambda group: (-len(group.failures), group.failures[0].at, group.text))


def unknown(groups: Sequence[Group], known: Sequence[Known]) -> tuple[list[Group], list[tuple[Group, Known]]]:
    """Part the groups into those that nobody asked before, and those that ``known`` questions ask already (``SAME``)."""
    by_text = _by_text(known)
    near = _neighbours([group.text for group in groups], list(by_text), SAME)
    asked = [(group, by_text[near[group.text][0][0]]) for group in groups if group.text in near]
    return [group for group in groups if group.text not in near], asked


def settle(groups: Sequence[Group], known: Sequence[Known], likeness: Likeness | None, name_of: Mapping[str, str]) -> None:
    """Suggest an intent for every group: that of the known question, or of the group before it, that it resembles most; else its own.

    Two questions resemble each other from ``ALIKE`` on, or where embeddings do (``likeness``); embeddings are asked where letters say
    nothing. ``name_of`` is what a group's own intent is called, by its text.
    """
    by_text = _by_text(known)
    texts = [group.text for group in groups]
    letters = _neighbours(texts, [*by_text, *texts], ALIKE)
    meaning = likeness.neighbours(texts, [*by_text, *texts]) if likeness is not None else {}
    done: dict[str, Group] = {}
    for group in groups:
        near = [*letters.get(group.text, ()), *meaning.get(group.text, ())]
        best = next((text for text, _ in near if text != group.text and (text in by_text or text in done)), "")
        group.resembles, leader = best, done.get(best)
        group.known = by_text.get(best) or (leader.known if leader is not None else None)
        group.intent = group.known.intent if group.known is not None else leader.intent if leader is not None else name_of[group.text]
        done[group.text] = group


def _by_text(known: Iterable[Known]) -> dict[str, Known]:
    """The known questions by text; one that is both golden and trained on counts as golden."""
    found: dict[str, Known] = {}
    for each in sorted(known, key=lambda each: each.source != "golden"):
        found.setdefault(each.text, each)
    return found


def _neighbours(left: Sequence[str], right: Sequence[str], threshold: float) -> dict[str, list[tuple[str, float]]]:
    """The texts on the right that resemble each on the left, the most similar first."""
    found: dict[str, list[tuple[str, float]]] = {}
    for pair in overlaps(left, right, threshold):
        found.setdefault(pair.train, []).append((pair.golden, pair.similarity))
    return found
