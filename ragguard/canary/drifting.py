"""What production's requests are like, beside the golden queries: advisory, for it says nothing of which arm is better."""

import math
from pathlib import Path

from ragguard import gate, preflight
from ragguard.canary.encoder import encoder_of
from ragguard.canary.harvest.finding import kept, logged
from ragguard.canary.novelty import NOVEL, Familiar, drifted
from ragguard.canary.replay import collection_of
from ragguard.errors import InputError, Problem, RagguardError
from ragguard.plan import load as plans
from ragguard.records.event import Event
from ragguard.records.novelty import Drift, Drifted
from ragguard.statistics.shares import log_above
from ragguard.suites.resolve import Resolved
from ragguard.systems.protocols import Progress
from ragguard.systems.silent import Silent

SURE = 0.01
"""The chance that requests which are no more novel than usual are called so, however often one looks."""


def drift(
    plan: Path,
    *,
    log: Path | None = None,
    history: str = "",
    allow_code: bool = False,
    progress: Progress | None = None,
    store: Path | None = None,
) -> Drift:
    """Look at the requests of the plan's last roll-out, or of the events of a ``log``.

    Raises:
        InputError: the plan or the log is wrong, or there was no roll-out, or nothing came yet.
    """
    loaded = plans.load(plan)
    resolved = preflight.load(loaded, allow_code=allow_code)
    found = logged(loaded, log) if log is not None else kept(loaded, history)
    every = list(found.rows)
    events = [each for each in every if isinstance(each, Event)]
    if not events:
        raise InputError(Problem(found.source, "holds no event", "send some first: ragguard canary observe"))
    familiar, notes = _familiar(resolved, progress or Silent(), allow_code=allow_code, store=store)
    arms = tuple(drifted(events, collection_of(resolved), familiar))
    return Drift(found.source, arms, NOVEL, tuple(each.arm for each in arms if _more(each)), len(every) - len(events), notes)


def _familiar(resolved: Resolved, progress: Progress, *, allow_code: bool, store: Path | None) -> tuple[Familiar | None, tuple[str, ...]]:
    """What knows the golden queries, if the baseline has an encoder and it is here; else why not."""
    workshop = gate.open_workshop(resolved, store, progress, allow_code)
    without = "so that only the length of answers is told"
    try:
        embeds, why = encoder_of(workshop)
        if embeds is None:
            return None, (f"{why}, {without}",)
        return Familiar(embeds, collection_of(resolved), workshop.store), ()
    except RagguardError as error:
        return None, (f"the baseline's encoder could not be asked, {without}: {error}",)


def _more(arm: Drifted) -> bool:
    """Whether an arm's queries are surely more novel than golden ones."""
    if arm.novel is None:
        return False
    hits = round(arm.novel * arm.asked)
    return hits > NOVEL * arm.asked and log_above(hits, arm.asked, NOVEL) >= -math.log(SURE)
