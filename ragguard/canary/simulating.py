"""A plan's canary section, played against simulated traffic before there is any."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ragguard import gate
from ragguard.canary import known, likely
from ragguard.canary.rules import of_plan
from ragguard.decision import playout_counts as counts
from ragguard.decision import playouts
from ragguard.decision.playout_counts import Clock
from ragguard.decision.playouts import Candidate, Signal
from ragguard.decision.rollout import Rules
from ragguard.decision.rollouts import Played
from ragguard.errors import InputError, Problem
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.load import load
from ragguard.records import playout
from ragguard.records.playout import Kind, Playout
from ragguard.reports import runs
from ragguard.statistics.redraw import Random
from ragguard.statistics.seeds import keyed
from ragguard.store import Store, fingerprint
from ragguard.systems.protocols import Progress

ROLLOUTS = 1_000
"""Roll-outs of each kind of candidate."""

CONDITIONS = (
    "looked at after every pair: whoever looks more seldom is wrong less often, and later",
    "a candidate that lost d of a signal gives, in a share of its requests, the signal's worst value, so that the mean falls by d",
    "requests, and guardrails, are independent of each other",
    "failed requests, unsafe answers, sample ratio, silence and time of day are not simulated",
)
"""What the numbers hold for, in words."""


def simulate(
    plan: Path,
    *,
    rollouts: int = ROLLOUTS,
    per_hour: float | None = None,
    paired: bool = False,
    levels: Mapping[str, float] | None = None,
    values: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Progress,
) -> Playout:
    """Play the roll-outs of a plan for candidates that lost nothing, and a half to four margins of all blocking guardrails or of one.

    ``per_hour`` are units (requests, sessions or users: what enters once) an hour; ``paired`` plays shadow traffic; ``levels`` are the
    baseline's means and ``values`` the shares of requests that have a value, by signal, where the caller knows better.

    Raises:
        InputError: the plan, or what is said of its signals, is wrong.
    """
    if per_hour is not None and not 0 < per_hour < 1e12:
        raise InputError(Problem("--per-hour", f"{per_hour:g} is no number of requests", "give one above 0"))
    loaded = load(plan)
    known.check(loaded)
    name, rules = loaded.plan.name, loaded.plan.canary
    kept = of_plan(rules).rules
    report = next(runs.newest_first(Store(gate.store_folder(loaded.folder)), name), None)
    signals = likely.signals(rules, likely.Before(report, levels or {}, values or {}), paired=paired)
    delay = ((rules.window if rules.unit != "request" else 0.0) + rules.lateness) / 60
    clock = Clock(per_hour, tuple(stage.percent for stage in rules.stages), delay, paired) if per_hour is not None else None
    kinds, equal = _played(signals, kept, clock, rollouts, _seeded(rules, signals, seed), progress)
    stays = counts.stays(signals, kept, equal, clock)
    return Playout(
        plan=name,
        rollouts=rollouts,
        seed=seed,
        labels=rules.labels,
        alpha=rules.alpha,
        paired=paired,
        unit=rules.unit,
        per_hour=per_hour,
        signals=tuple(map(_told, signals)),
        kinds=kinds,
        needs=counts.needs(signals, kept, equal),
        stays=stays,
        bottleneck=counts.bottleneck(stays),
        conditions=CONDITIONS,
        notes=tuple(_notes(signals, kinds)),
    )


def _played(
    signals: list[Signal], rules: Rules, clock: Clock | None, rollouts: int, random: Random, progress: Progress
) -> tuple[tuple[Kind, ...], Played]:
    waiting = round(clock.pace(len(rules.stages) - 2) * clock.delay) if clock is not None and len(rules.stages) > 1 else 0
    wanted = list(playouts.candidates(signals, len(rules.stages), waiting))
    progress.start("play roll-outs", len(wanted) * rollouts)
    found = [(each, playouts.play(signals, rules, each, rollouts, random, progress.advance)) for each in wanted]
    equal = next(played for each, played in found if each == Candidate())
    return tuple(counts.kind(each, played, clock) for each, played in found), equal


def _seeded(rules: CanaryPlan, signals: list[Signal], seed: int) -> Random:
    """Random numbers that follow from the rules, what the signals are like, and the seed."""
    told = [
        [each.name, each.values, each.baseline.tolist(), None if each.candidate is None else each.candidate.tolist()] for each in signals
    ]
    key = fingerprint("roll-outs", rules.model_dump(mode="json", exclude={"redact"}), told, seed)
    return lambda purpose: keyed(key, purpose)


def _told(signal: Signal) -> playout.Signal:
    watched = signal.watched
    return playout.Signal(signal.name, watched.tier, watched.margin, signal.level, signal.sd, signal.values, signal.source)


def _notes(signals: list[Signal], kinds: tuple[Kind, ...]) -> Iterator[str]:
    most = max(each.drop for each in kinds)
    for each in signals:
        if each.watched.tier == "blocking" and each.lost(most) > 1:
            yield f"{each.name} cannot fall by {most:g} margins: the baseline has {each.level:.3f}; there it loses all of it"
