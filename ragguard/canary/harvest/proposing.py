"""From failures to proposals."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ragguard.canary.harvest.documents import Library
from ragguard.canary.harvest.failing import STALE, Failure
from ragguard.canary.harvest.grouping import Group, Known, Source, questions, settle, unknown
from ragguard.canary.harvest.likeness import Likeness
from ragguard.canary.harvest.proposal import Hint, Proposal, Use
from ragguard.data.audit import normalise

NAMED = 5
"""Events and days that a proposal names, at most."""


@dataclass(frozen=True)
class Proposed:
    """The proposals, most events first, and what was left out: ``asked`` are questions that are golden or trained on already, by which,
    and ``more`` is how many were too many.
    """

    proposals: tuple[Proposal, ...]
    asked: Mapping[Source, tuple[str, ...]]
    more: int = 0


def propose(
    failures: Sequence[Failure], known: Sequence[Known], library: Library, likeness: Likeness | None, *, train: float, seed: int, most: int
) -> Proposed:
    """Make a proposal of every question that failed and is neither golden nor trained on, ``most`` at most, those of most events.

    ``train`` is the share of intents that are proposed as training rows, among those that have a hard negative and resemble no known
    question; which they are is drawn by the seed and the intent. All of an intent have one use, for no gate may ask what was trained on.
    """
    every, asked = unknown(questions(failures), known)
    groups = every[:most]
    settle(groups, known, likeness, {group.text: _name(group.text) for group in groups})
    found: dict[str, list[Failure]] = {}
    for group in groups:
        found.setdefault(group.intent, []).extend(group.failures)
    wrong = {intent: library.wrong(_found(rows)) for intent, rows in found.items()}
    hints = {intent: library.hints(_found(rows)) for intent, rows in found.items()}
    uses = {group.intent: _use(group, wrong[group.intent], train, seed) for group in groups}
    made = [_settled(_proposal(group, library), uses[group.intent], wrong[group.intent], hints[group.intent]) for group in groups]
    sources: dict[Source, list[str]] = {"golden": [], "train": []}
    for _, question in asked:
        sources[question.source].append(question.name)
    return Proposed(tuple(made), {source: tuple(names) for source, names in sources.items()}, len(every) - len(groups))


def _use(group: Group, wrong: Mapping[str, str], train: float, seed: int) -> Use:
    if group.known is not None:
        return group.known.source
    drawn = int(hashlib.sha256(f"{seed}\0{group.intent}".encode()).hexdigest()[:12], 16) / 16**12
    return "train" if wrong and drawn < train else "golden"


def _settled(proposal: Proposal, use: Use, wrong: Mapping[str, str], hints: tuple[Hint, ...]) -> Proposal:
    """A proposal with what its whole intent says."""
    candidates = proposal.candidates or hints
    return replace(proposal, use=use, hard_negatives=wrong, candidates=candidates, asks=proposal.asks if use == "golden" else None)


def _proposal(group: Group, library: Library) -> Proposal:
    why = Counter(reason for each in group.failures for reason in each.why)
    stale = [each for each in group.failures if STALE in each.why]
    days = sorted({datetime.fromtimestamp(each.at, UTC).date().isoformat() for each in group.failures})
    return Proposal(
        id=f"{_name(group.text)}.1",
        query=group.text,
        intent=group.intent,
        why=tuple(f"{reason} ({count})" if count > 1 else reason for reason, count in why.most_common()),
        asks=library.asking(stale[0].found) if stale else None,
        candidates=library.hints(_found(group.failures)),
        answers={each.arm: each.answer for each in reversed(group.failures) if each.answer},
        intent_from=_told(group),
        seen=len({each.event for each in group.failures}),
        arms=tuple(sorted({each.arm for each in group.failures})),
        days=tuple(days[-NAMED:]),
        events=tuple(dict.fromkeys(each.event for each in group.failures))[:NAMED],
    )


def _told(group: Group) -> str:
    if not group.resembles:
        return ""
    known = group.known if group.known is not None and group.known.text == group.resembles else None
    return f"{known.source} {known.name}: {known.text}" if known is not None else f"proposed: {group.resembles}"


def _found(failures: Sequence[Failure]) -> list[str]:
    """What failures found: what stood first most often comes first."""
    places: dict[str, float] = {}
    for each in failures:
        for place, name in enumerate(each.found):
            places[name] = places.get(name, 0.0) + 1 / (1 + place)
    return sorted(places, key=lambda name: (-places[name], name))


def _name(text: str) -> str:
    return "harvest-" + hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]
