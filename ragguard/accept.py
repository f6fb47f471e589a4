"""Makes a judged candidate the baseline."""

from datetime import UTC, datetime
from pathlib import Path

from ragguard.errors import InputError, Problem, suggest
from ragguard.plan import lock as locks
from ragguard.plan.lock import Lock
from ragguard.plan.source import display
from ragguard.reports import document
from ragguard.store import write_atomically
from ragguard.train.arms import CHECKPOINT


def accept(candidate: str, plan: Path, report: Path, *, force: bool = False) -> Lock:
    """Write ``ragguard.lock`` beside the plan from the report that judged the candidate.

    Raises:
        InputError: the report does not know the candidate, or did not promote it and ``force`` is not given.
    """
    found = document.from_json(report)
    decisions = {decision.candidate: decision for decision in found.decisions}
    if candidate not in decisions:
        raise InputError(Problem(display(report), f"has no candidate {candidate!r}", suggest(candidate, decisions)))
    answer = decisions[candidate].answer
    if answer != "promote" and not force:
        what = f"{candidate!r} was not promoted but decided {answer!r} in run {found.run}"
        raise InputError(Problem(display(report), what, "gate it again, or accept it all the same with --force, which is written down"))
    arm = next(arm for arm in found.arms if arm.name == candidate)
    lock = Lock(
        candidate=candidate,
        system=dict(arm.description),
        fingerprint=arm.fingerprint,
        run=found.run,
        decision=answer,
        accepted_at=datetime.now(UTC).isoformat(timespec="seconds"),
        forced=answer != "promote",
        judges={judge.name: judge.fingerprint for judge in found.judges},
        checkpoints={place: about[CHECKPOINT] for place, about in arm.provenance.items()},
    )
    write_atomically(plan.resolve().parent / locks.NAME, lock.to_bytes())
    return lock
