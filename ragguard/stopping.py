"""``gate --sequential``: the cases of a candidate in random batches, and when the decision on it is sure before all are asked.

Intents are drawn in an order that follows from the plan and its data. After each batch every blocking and veto check is looked at by its
betting processes, at half of the plan's alpha; the fixed rule has the other half, if all cases come to be asked. Cases of tier ``must``
are asked in the first batch, and count in no other check before it is their turn: what is asked out of turn would not be random.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ragguard.decision.judge import FAMILY, MAX_MISSING, judge
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedPlan
from ragguard.plan.systems import SystemPlan
from ragguard.records.evidence import Case, Check, PairedScores
from ragguard.records.report import Sequential
from ragguard.records.verdict import Outcome, Verdict
from ragguard.reports.assemble import ArmScores
from ragguard.reports.pairs import pairs
from ragguard.statistics import sequential
from ragguard.statistics.estimate import estimate
from ragguard.statistics.paired import Array
from ragguard.statistics.rows import Pair, Row, complete_pairs, imputed_pairs, intent_means, oriented, ranged, read_rows
from ragguard.statistics.seeds import keyed
from ragguard.suites.resolve import Resolved, Suite
from ragguard.suites.restricted import restricted

INTENTS = 32
"""Intents of a batch."""

Unit = tuple[str, str]
"""An intent of a collection: its cases in all suites are asked together."""

Scores = Mapping[str, ArmScores]
"""What an arm scored, by suite."""


def halved(loaded: LoadedPlan) -> LoadedPlan:
    """Return the plan with half of its alpha: what is left for the fixed rule, and for the processes, each."""
    return replace(loaded, plan=loaded.plan.model_copy(update={"alpha": loaded.plan.alpha / 2}))


def refuse(resolved: Resolved, candidates: Sequence[str]) -> None:
    """Raise InputError for plans that cannot be stopped early."""
    where, problems = resolved.loaded.source.where, []
    if len(candidates) > 1:
        fix = f"gate them one after the other, each at its share of alpha; the baseline is asked once: --candidate {candidates[0]}"
        problems.append(Problem(where(("candidates",)), "--sequential asks each candidate other cases, and a report has one set", fix))
    if resolved.loaded.plan.anchor is not None:
        problems.append(Problem(where(("anchor",)), "--sequential compares with the baseline alone", "leave --sequential out"))
    if problems:
        raise InputError(problems)


@dataclass
class Watch:
    """Watches one candidate. ``seen`` counts the intents that were asked, of those in ``order``; ``sure`` has, by suite and check, what
    is sure, with the words for it.
    """

    resolved: Resolved
    baseline: Scores
    order: tuple[Unit, ...]
    seen: int = 0
    batches: int = 0
    sure: dict[tuple[str, str], tuple[Outcome, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, resolved: Resolved, baseline: Scores) -> "Watch":
        """Draw the order of the intents."""
        units = sorted({_unit(suite, case) for suite in resolved.suites for case in _asked(suite)})
        rng = keyed("sequential", resolved.question)
        return cls(resolved, baseline, tuple(units[number] for number in rng.permutation(len(units))))

    def rounds(self) -> Iterator[list[Suite]]:
        """Yield the suites, batch by batch, each with the cases that are to be asked now and were not before."""
        done: dict[str, set[str]] = {}
        for start in range(0, len(self.order), INTENTS):
            self.seen, self.batches = min(start + INTENTS, len(self.order)), self.batches + 1
            fresh = []
            for suite in self.resolved.suites:
                wanted = (self.turn(suite) | _must(suite)) - done.setdefault(suite.name, set())
                done[suite.name] |= wanted
                if wanted:
                    fresh.append(_without_tasks(restricted(suite, wanted)))
            yield fresh

    def turn(self, suite: Suite) -> set[str]:
        """The cases of a suite whose turn has come."""
        known = set(self.order[: self.seen])
        return {case.id for case in _asked(suite) if _unit(suite, case) in known}

    def shown(self) -> list[Suite]:
        """The suites with all cases that were asked so far."""
        made = []
        for suite in self.resolved.suites:
            asked = self.turn(suite) | _must(suite)
            note = f"stopped early: {len(asked)} of {len(suite.cases.cases)} cases were asked"
            made.append(_without_tasks(restricted(suite, asked, note=note)))
        return made

    def look(self, candidate: Scores) -> bool:
        """Look at all checks; tell whether the decision is sure. None is promoted early past a veto that cannot be looked at yet."""
        family = [(suite, check) for suite in self.resolved.suites for check in suite.checks if check.tier in FAMILY]
        some = {suite.name: restricted(suite, self.turn(suite)) for suite in self.resolved.suites}
        for suite, check in family:
            if (suite.name, check.identity) not in self.sure and _can_be_sure(self.resolved, suite, check):
                found = self._looked(some[suite.name], check, candidate, len(family))
                if found is not None:
                    self.sure[suite.name, check.identity] = found
        if any(outcome == "fail" for outcome, _ in self.sure.values()) or self._missed(candidate):
            return True
        blind = any(not _can_be_sure(self.resolved, suite, check) for suite, check in family)
        return not blind and all((suite.name, check.identity) in self.sure for suite, check in family if check.tier == "blocking")

    def _looked(self, suite: Suite, check: Check, candidate: Scores, family: int) -> tuple[Outcome, str] | None:
        paired = self._pairs(suite, check, candidate)
        rows = read_rows(paired) if paired is not None else ()
        if paired is None or not rows:
            return None
        terms = sequential.Terms(self.resolved.alpha_pass, self.resolved.alpha_fail, family)
        complete, filled = complete_pairs(rows), imputed_pairs(rows, *_ends(paired))
        seen, held = (self._in_turn(found, suite, paired) for found in (complete, filled))
        if len(seen) and sequential.look(seen, check.margin, terms, np.array([len(seen)])).fails[-1]:
            return "fail", f"{check.identity} fell: {_told(sequential.worse(seen), terms.fails_from)}"
        passes = sequential.look(held, check.margin, terms, np.array([len(held)])).passes[-1]
        if passes and _whole(rows) and _meets(check, paired, filled):
            return "pass", f"{check.identity}: pass, {_told(sequential.within_margin(held, check.margin), terms.passes_from)}"
        return None

    def _in_turn(self, found: Sequence[Pair], suite: Suite, paired: PairedScores) -> Array:
        """The differences, one an intent, in the order in which the intents were drawn."""
        scale, turn = paired.scale, {unit: number for number, unit in enumerate(self.order)}
        intents = sorted({pair.intent for pair in found})
        values = intent_means(found, lambda pair: oriented(pair.candidate, scale) - oriented(pair.baseline, scale))
        by_intent = dict(zip(intents, values, strict=True))
        in_turn = sorted(intents, key=lambda intent: turn[suite.collection.fingerprint, intent])
        return np.array([by_intent[intent] for intent in in_turn], dtype=np.float64)

    def _pairs(self, suite: Suite, check: Check, candidate: Scores) -> PairedScores | None:
        if suite.name not in candidate or not suite.members(check):
            return None
        return pairs(self.resolved, suite, check, self.baseline[suite.name], candidate[suite.name])

    def _missed(self, candidate: Scores) -> bool:
        """Whether a case that must never break did."""
        return any(verdict.outcome == "fail" for verdict in self._rules(candidate))

    def _rules(self, candidate: Scores) -> Iterator[Verdict]:
        for suite in self.resolved.suites:
            for check in suite.checks:
                if check.tier == "must":
                    paired = self._pairs(restricted(suite, _must(suite)), check, candidate)
                    if paired is not None:
                        found = estimate(paired, alpha=self.resolved.alpha_pass, endpoints=self.resolved.endpoints)
                        yield from judge([("baseline", found)], alpha=self.resolved.alpha_fail)

    def verdicts(self, candidate: Scores) -> list[Verdict]:
        """The verdicts at the moment of stopping: what is sure, and of the others that it is not."""
        rules = {(verdict.check.suite, verdict.check.identity): verdict for verdict in self._rules(candidate)}
        made = []
        for suite in self.resolved.suites:
            some = restricted(suite, self.turn(suite))
            for check in suite.checks:
                key = suite.name, check.identity
                if check.tier == "must" and key in rules:
                    made.append(rules[key])
                elif (paired := self._pairs(some, check, candidate)) is not None:
                    found = estimate(paired, alpha=self.resolved.alpha_pass, endpoints=self.resolved.endpoints)
                    waiting = f"{check.identity}: not sure when the gate stopped, after {found.intents} intents"
                    outcome, told = self.sure.get(key, ("inconclusive", waiting))
                    made.append(Verdict(check, outcome, (told,), found))
        return made


def told(watch: Watch, system: SystemPlan, *, stopped: bool) -> Sequential:
    """Say how it went, and what was spared: questions that several suites ask count once."""
    every, asked, cases = set[tuple[str, str]](), set[tuple[str, str]](), 0
    for suite in watch.resolved.suites:
        turn = watch.turn(suite) | _must(suite) if stopped else {case.id for case in _asked(suite)}
        cases += len(turn)
        for part in suite.parts:
            every |= {(part.collection.corpus_fingerprint, case.text) for case in part.cases}
            asked |= {(part.collection.corpus_fingerprint, case.text) for case in part.cases if case.id in turn}
    answers = getattr(system.generator, "repeats", 1) if system.answers else 0
    whole, left = sum(len(_asked(suite)) for suite in watch.resolved.suites), len(every - asked)
    return Sequential(stopped, watch.batches, cases, whole, left, answers * left, 2 * watch.resolved.loaded.plan.alpha)


def trimmed(scores: ArmScores, cases: set[str]) -> ArmScores:
    """Return what an arm made of some cases."""

    def some(values: Mapping[str, object]) -> dict[str, object]:
        return {case: value for case, value in values.items() if case in cases}

    return ArmScores(**{name: some(getattr(scores, name)) for name in scores.__dataclass_fields__})  # type: ignore[arg-type]


def _unit(suite: Suite, case: Case) -> Unit:
    return suite.collection.fingerprint, case.query.intent


def _asked(suite: Suite) -> list[Case]:
    """The queries of a suite; items of tasks are asked at the end, by lm-eval."""
    return [case for case in suite.cases.cases if not case.task]


def _must(suite: Suite) -> set[str]:
    queries = {case.id for case in _asked(suite)}
    return {case for check in suite.checks if check.tier == "must" for case in suite.members(check)} & queries


def _without_tasks(suite: Suite) -> Suite:
    return replace(suite, tasks=())


def _can_be_sure(resolved: Resolved, suite: Suite, check: Check) -> bool:
    """Whether a check is a mean over queries, of scores that nothing corrects later."""
    queries = all(not case.task for case in suite.cases.cases if case.id in suite.members(check))
    return queries and check.metric not in suite.corrected and ranged(resolved.scale(suite, check))


def _ends(paired: PairedScores) -> tuple[float, float]:
    return paired.scale.best or 0.0, paired.scale.worst or 0.0


def _whole(rows: Sequence[Row]) -> bool:
    """Whether so little is missing that a check may pass."""
    missing = {row.case for row in rows if row.baseline is None or row.candidate is None}
    return len(missing) <= MAX_MISSING * len({row.case for row in rows})


def _meets(check: Check, paired: PairedScores, filled: Sequence[Pair]) -> bool:
    if check.limit is None:
        return True
    mean = float(np.mean(intent_means(filled, lambda pair: pair.candidate)))
    return mean >= check.limit if paired.scale.higher_is_better else mean <= check.limit


def _told(evidence: Array, enough: float) -> str:
    return f"sure after {len(evidence)} intents (evidence {_many(float(evidence[-1]))}, {_many(enough)} are enough)"


def _many(log_evidence: float) -> str:
    """Evidence as a number of a few digits."""
    return f"{math.exp(min(log_evidence, 30)):,.0f}" if log_evidence < 12 else f"e^{log_evidence:.0f}"
