"""Collects what a tool says of its cases into one table: averages repeats, and refuses what contradicts itself."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragguard.data.foreign import named, values
from ragguard.data.foreign.reading import fingerprint
from ragguard.data.problems import Problems
from ragguard.plan.source import display
from ragguard.records.evidence import Score, Unscored
from ragguard.records.foreign import Item, Known, Reply, Table

Attempt = tuple[str, float | str]
"""One repeat of a case: which, and its score, or why there is none."""

GRADED = "graded"
"""How a number is called that is neither 0 nor 1."""

NO_SCORE = "{tool} gave no score"


class Gather:
    """A table on its way. ``repeats`` says that a case without a repeat's number may come again: then it was asked again."""

    def __init__(self, tool: str, *paths: Path, repeats: bool = False, problems: Problems | None = None) -> None:
        self.tool, self.paths, self._may_repeat = tool, paths, repeats
        self.problems = problems or Problems()
        self.items: dict[str, Item] = {}
        self.errors: dict[str, str] = {}
        self.said: dict[str, Reply] = {}
        self.names: dict[str, str] = {}
        self._attempts: dict[str, dict[str, list[Attempt]]] = {}
        self._kinds: dict[str, set[str]] = {}

    def item(self, item: Item, where: str) -> None:
        """Take a case; one that came before must be the same question."""
        known = self.items.setdefault(item.id, item)
        if known is not item and known.content != item.content:
            self.problems.add(
                where, f"case {item.id!r} asks something else here than where it came first", "give each case an id of its own"
            )

    def metric(self, name: str, **parameters: str) -> str:
        """Return our name of a metric, and remember the tool's."""
        if parameters:
            return named.metric(name, **parameters)
        found = self.names.get(name)
        return found if found is not None else self.names.setdefault(name, named.metric(name))

    def score(self, case: str, metric: str, value: Any, where: str, repeat: str = "", words: Mapping[str, float] = values.WORDS) -> None:
        """Take a score in whatever way it is written; none at all is an attempt that the tool could not score."""
        try:
            read = values.read(value, words)
        except ValueError as error:
            self.problems.add(where, f"{metric}: {error}", "mend it, or leave the value empty where there is no score")
            return
        if read is None:
            self.fail(case, metric, NO_SCORE.format(tool=self.tool), where, repeat)
            return
        self._mixed(metric, *read, where)
        self._add(case, metric, read[0], where, repeat)

    def fail(self, case: str, metric: str, why: str, where: str, repeat: str = "") -> None:
        """Take an attempt that was not scored, in the tool's words."""
        self._add(case, metric, " ".join(why.split()) or NO_SCORE.format(tool=self.tool), where, repeat)

    def failed(self, case: str, why: str) -> None:
        """Note that the system, or the tool, failed on a case."""
        self.errors.setdefault(case, " ".join(why.split()))

    def worded(self, metric: str) -> bool:
        """Tell whether a metric's scores are written as words, which say what is better."""
        return "word" in self._kinds.get(metric, ())

    @property
    def metrics(self) -> Iterable[str]:
        """Every metric that some case has a score of, or lacks one."""
        return self._attempts.keys()

    def has(self, case: str, metric: str, repeat: str) -> bool:
        """Tell whether there is a score of one repeat of a case, or the reason that there is none."""
        return any(other == repeat for other, _ in self._attempts.get(metric, {}).get(case, ()))

    def _add(self, case: str, metric: str, value: float | str, where: str, repeat: str) -> None:
        attempts = self._attempts.setdefault(metric, {}).setdefault(case, [])
        if attempts and not (self._may_repeat and not repeat) and any(other == repeat for other, _ in attempts):
            which = f" of repeat {repeat}" if repeat else ""
            self.problems.add(
                where, f"a second score {metric}{which} of case {case!r}", "keep one, or number the repeats in a column repeat"
            )
            return
        attempts.append((repeat, value))

    def _mixed(self, metric: str, value: float, kind: values.Kind, where: str) -> None:
        """Refuse a metric that is words or truth values here and numbers between or beyond 0 and 1 there; 0 and 1 may be either."""
        kinds = self._kinds.setdefault(metric, set())
        written = GRADED if kind == "number" and value not in (0.0, 1.0) else kind
        if written == GRADED and kinds & {"word", "flag"}:
            self.problems.add(where, f"{metric} is {value:g} here, and a word or truth value above", "write all of them alike")
        if written in ("word", "flag") and GRADED in kinds:
            self.problems.add(where, f"{metric} is a word or truth value here, and a number above", "write all of them alike")
        kinds.add(written)

    def table(self, *, known: Mapping[str, Known] | None = None, **more: Any) -> Table:
        """Return the table.

        Raises:
            InputError: with everything that was wrong.
        """
        self.problems.raise_if_any()
        clusters = _clusters(self.items.values())
        return Table(
            tool=self.tool,
            shown=display(self.paths[0]) if len(self.paths) == 1 else display(self.paths[0].parent),
            fingerprint=fingerprint(*self.paths),
            items={n: item if item.intent else replace(item, intent=clusters[n]) for n, item in self.items.items()},
            scores={m: {case: _averaged(attempts) for case, attempts in found.items()} for m, found in self._attempts.items()},
            errors=self.errors,
            said=self.said,
            names={theirs: ours for theirs, ours in self.names.items() if theirs != ours},
            known={m: _known(kinds) for m, kinds in self._kinds.items()} | dict(known or {}),
            repeats=max((len(attempts) for found in self._attempts.values() for attempts in found.values()), default=1),
            **more,
        )


def _averaged(attempts: list[Attempt]) -> Score:
    numbers = [value for _, value in attempts if isinstance(value, float)]
    if len(numbers) == len(attempts):
        return numbers[0] if len(numbers) == 1 else math.fsum(numbers) / len(numbers)
    why = next(value for _, value in attempts if isinstance(value, str))
    return Unscored(why if len(attempts) == 1 else f"{len(attempts) - len(numbers)} of {len(attempts)} repeats: {why}")


def _clusters(items: Iterable[Item]) -> dict[str, str]:
    """The intent of each case: the one given; else cases that ask and want the same share one, and any other has its own."""
    first: dict[tuple[str, str], str] = {}
    return {
        item.id: item.intent or (first.setdefault((item.task, item.content), item.id) if item.content else item.id)
        for item in sorted(items, key=lambda item: item.id)
    }


def _known(kinds: set[str]) -> Known:
    """What is known of a metric by the way its scores are written: a word says what is better, a truth value does not."""
    if not kinds & {"word", "flag"}:
        return Known()
    return Known(True if "word" in kinds else None, 0.0, 1.0)
