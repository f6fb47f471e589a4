"""Which signals a roll-out may watch, and why others not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from ragguard.canary.redaction import redactor
from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.metrics import catalog
from ragguard.plan.canary import CanaryPlan, RedactPlan
from ragguard.plan.load import LoadedPlan
from ragguard.plan.source import Location
from ragguard.records.metric import Metric, Scale

OWN = ("Failed", "Feedback", "Refused", "VersionMismatch")
"""Signals that only production has; each is 1 where all is well."""

MEASURED = ("AnswerTokens", "Latency", "PromptTokens")
"""What an event says in numbers without an upper end."""

_MADE = {
    "VersionAcc": "write VersionMismatch",
    "Stale": "write VersionMismatch",
    "Inverted": "write VersionMismatch",
    "Poisoned": "",
    "FormatValid": "",
    "InstructionFollowed": "",
    "CanaryLeak": "",
    "TaskScore": "",
}
"""Metrics of cases that suites make, and what to write instead in production."""

_OVERS = {"Latency": "2000", "AnswerTokens": "256", "PromptTokens": "4096"}

How = Literal["own", "measured", "told", "scored"]


@dataclass(frozen=True)
class Signal:
    """A signal of a plan: its name, and how it comes about.

    ``own`` is one of ``OWN``; ``measured`` is a number of the event against a target; ``told`` is what production's judges say in
    ``scores``; ``scored`` is computed as in the gate. Any but an ``own`` one that an event has under its name in ``scores`` is that.
    """

    name: str
    metric: Metric
    how: How
    scale: Scale = Scale()  # noqa: RUF009 - frozen

    def share(self, value: float) -> float:
        """Return a value of the signal's scale as a share of it: from 0 to 1, higher is better.

        Raises:
            ValueError: it lies outside of the scale.
        """
        low, high = self.scale.low or 0.0, self.scale.high if self.scale.high is not None else 1.0
        if not low <= value <= high:
            raise ValueError(f"{self.name} is {value:g}, and lies between {low:g} and {high:g}")
        part = (value - low) / (high - low)
        return part if self.scale.higher_is_better else 1 - part


def names(rules: CanaryPlan) -> tuple[str, ...]:
    """Return the names of the signals that a plan's guardrails watch, in its order."""
    return tuple(each.signal for each in rules.guardrails)


def signals(wanted: Iterable[str]) -> tuple[Signal, ...]:
    """Return what is known of signals.

    Raises:
        ValueError: one is none.
        MissingExtra: the package that computes one is not installed.
    """
    return tuple(map(signal, wanted))


def signal(name: str) -> Signal:
    """Return what is known of one signal. Raises as ``signals``."""
    metric = Metric.parse(name)
    if metric.base in OWN:
        if metric != Metric(metric.base):
            raise ValueError(f"{metric.base} takes no parameter and no cutoff; write {metric.base}")
        return Signal(name, metric, "own")
    if near := get_close_matches(metric.base, OWN, n=1, cutoff=0.75):
        raise ValueError(f"there is no signal {metric.base!r}; did you mean {near[0]!r}?")
    catalog.resolve(metric)
    _refuse(metric)
    catalog.version(metric)
    how: How = "told" if metric.judge else "measured" if metric.base in ("Exceeds", "LongAnswer") else "scored"
    return Signal(name, metric, how, catalog.scale(metric))


def _refuse(metric: Metric) -> None:
    """Raise ValueError where a metric of the catalog is nothing that an event of production could say."""
    inner = catalog.inner(metric)
    if metric.base == "Exceeds":
        if inner.base not in MEASURED:
            raise ValueError(f"{metric} is of {inner.base}, which no event says in numbers; {suggest(inner.base, MEASURED)}")
        catalog.scale(metric)
    elif metric.base in catalog.DERIVED:
        instead = _exceeds(inner.base) if inner.base in MEASURED else str(inner)
        raise ValueError(f"{metric} is made of many requests, and a signal is what each of them says; write {instead}")
    elif None in (catalog.scale(metric).low, catalog.scale(metric).high):
        raise ValueError(f"{metric} has no range, so that no drop is a share of it; write {_exceeds(metric.base)}")
    elif metric.base in _MADE:
        raise ValueError(f"{metric} is about cases that a suite makes; {_MADE[metric.base] or 'the gate judges it, and not production'}")


def _exceeds(base: str) -> str:
    return f"Exceeds(of={base}, over={_OVERS[base]})"


def problems(rules: CanaryPlan, where: Callable[[Location], str]) -> list[Problem]:
    """Return what is wrong with the signals of a plan's guardrails; ``where`` gives file and line of a place in the plan.

    Raises:
        MissingExtra: as ``signals``.
    """
    found = []
    for number, each in enumerate(rules.guardrails):
        try:
            signal(each.signal)
        except ValueError as wrong:
            what, _, fix = str(wrong).partition("; ")
            found.append(Problem(where(("canary", "guardrails", number, "signal")), what, fix))
    return found


def check(loaded: LoadedPlan) -> None:
    """Refuse a plan whose roll-out watches what is no signal, or redacts what is not known.

    Raises:
        InputError: with every signal that is none, and every entity, by line.
        MissingExtra: as ``signals``; or the plan says what is to be redacted, and Presidio is not installed.
    """
    found = problems(loaded.plan.canary, loaded.source.where)
    if loaded.plan.canary.redact != RedactPlan():
        try:
            redactor(loaded.plan.canary.redact, loaded.source.where(("canary", "redact")))
        except MissingExtra:
            raise
        except InputError as wrong:
            found += wrong.problems
    if found:
        raise InputError(found)


def of_answers(name: str) -> bool:
    """Tell whether a signal says something of answers alone, so that it waits for ever where none are given. Raises as ``signals``."""
    found = signal(name)
    return found.name == "Refused" or (found.how == "scored" and catalog.resolve(found.metric).needs_answers)
