"""Replays a sample of a production log through a plan's baseline and candidate, and feeds the running roll-out what both did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ragguard import gate, preflight
from ragguard.canary import known, replay
from ragguard.canary.observing import BATCH, Note, Observer, together
from ragguard.canary.opening import open_
from ragguard.canary.paired import estimates
from ragguard.canary.redaction import redactor
from ragguard.canary.replay import Stage, collection_of
from ragguard.canary.requests import Log, Request, read
from ragguard.canary.rules import of_canary
from ragguard.canary.shadowed import Shadowed
from ragguard.canary.signals import Noter
from ragguard.canary.strata import Drawn, draw
from ragguard.canary.unkept import Unkept
from ragguard.data.collection import Collection
from ragguard.errors import InputError, NotComparable, Problem, suggest
from ragguard.execute.local import batches
from ragguard.history.place import of_plan
from ragguard.plan import load as plans
from ragguard.plan.canary import CanaryPlan
from ragguard.plan.load import LoadedPlan
from ragguard.plan.source import display
from ragguard.records.canary import Canary, Told
from ragguard.records.event import Arm, Event, Noted
from ragguard.store import write_atomically
from ragguard.suites.resolve import Resolved
from ragguard.systems.protocols import Progress
from ragguard.train.survey import survey

SHARE, SEED = 0.05, 7


@dataclass(frozen=True)
class _Target:
    """Whom the events are for: the running canary (None: there is none), the candidate that is replayed, and the rules that count."""

    canary: Canary | None
    candidate: str
    rules: CanaryPlan


def shadow(
    plan: Path,
    log: Path,
    *,
    now: float,
    candidate: str | None = None,
    share: float = SHARE,
    seed: int = SEED,
    out: Path | None = None,
    history: str = "",
    dry_run: bool = False,
    allow_code: bool = False,
    progress: Progress | None = None,
    store: Path | None = None,
) -> Shadowed:
    """Replay a ``share`` of a log's units; ``out`` is where the events go as JSON lines, redacted.

    The systems are made as the gate makes them, and what was trained, asked or judged before comes from the store; a run that was killed
    goes on where it was. Queries are redacted before they are asked. The running canary of the plan is fed, unless ``dry_run``.

    Raises:
        InputError: the plan, the log or the usage is wrong; or the running canary is another candidate's.
        NotComparable: the plan's systems are not those that the running canary began with.
        CannotJudge: a system failed as a whole, or something cannot be written.
    """
    if not 0 < share <= 1:
        raise InputError(Problem("--share", f"{share} is no share of a log", "write more than 0, and 1 at most"))
    loaded = plans.load(plan)
    known.check(loaded)
    target = _target(loaded, history, candidate, dry_run=dry_run)
    replay.refuse_recorded(loaded, ["baseline", target.candidate])
    entries = read(log, now)
    resolved = preflight.load(loaded, allow_code=allow_code)
    stage = _stage(resolved, target, allow_code=allow_code, progress=progress, store=store)
    drawn = draw(entries.requests, share, seed, lambda request: _unit(target.rules, request), _product(stage.collection))
    panel = replay.panel(stage)
    events, prints = replay.replay(stage, drawn.requests, panel)
    if target.canary is not None and not dry_run:
        _refuse_others(target.canary, prints, loaded)
    noter = Noter.of(loaded, target.rules)
    noted = [noter.note(event) for event in events if not all(response.error for response in event.responses.values())]
    if out is not None:
        write_atomically(out, b"".join(each.kept.encode() + b"\n" for each in noted))
    told, unfed = _feed(loaded, target, history, noted, noter.note, dry_run=dry_run)
    return _shadowed(loaded, target, entries, drawn, events, noted, told, unfed, out)


def _target(loaded: LoadedPlan, history: str, candidate: str | None, *, dry_run: bool) -> _Target:
    """Find the running canary, and whom to replay: its candidate, or the one that is named, or the only one."""
    names = list(loaded.plan.candidates)
    if candidate is not None and candidate not in names:
        raise InputError(Problem(loaded.source.where(("candidates",)), f"there is no candidate {candidate!r}", suggest(candidate, names)))
    running = _running(loaded, history)
    if running is not None and candidate in (None, running.candidate):
        return _Target(running, running.candidate, of_canary(running).plan)
    if running is not None and not dry_run:
        what = f"the running canary is of {running.candidate!r}, not of {candidate!r}"
        raise InputError(Problem("--candidate", what, "leave it out, or feed nothing with --dry-run"))
    if candidate is None and len(names) > 1:
        raise InputError(Problem(loaded.source.where(("candidates",)), "the plan has several candidates", "name one with --candidate"))
    return _Target(None, candidate or names[0], loaded.plan.canary)


def _running(loaded: LoadedPlan, history: str) -> Canary | None:
    """The roll-out of the plan that runs; None where there is none, or no history."""
    place = of_plan(loaded.plan.nightly, loaded.folder, history)
    if place.path is not None and not place.path.exists():
        return None
    return open_(loaded, history).canaries.running(loaded.plan.name)


def _stage(resolved: Resolved, target: _Target, *, allow_code: bool, progress: Progress | None, store: Path | None) -> Stage:
    """Where the arms are made, checked as the gate checks them, over the plan's own collection."""
    workshop = gate.open_workshop(resolved, store, progress, allow_code)
    if not target.rules.redact.texts:
        workshop = replace(workshop, store=Unkept(workshop.store.folder))
    collection = collection_of(resolved)
    survey(workshop, ["baseline", target.candidate], [collection])
    metrics = tuple(each.metric for each in known.signals(known.names(target.rules)) if each.how in ("told", "scored"))
    return Stage(workshop, collection, target.candidate, metrics, _redactor(target.rules))


def _redactor(rules: CanaryPlan) -> Callable[[str], str]:
    """What is put over queries: they are asked, so they are there even where no texts are stored."""
    return redactor(rules.redact.model_copy(update={"texts": True}))


def _unit(rules: CanaryPlan, request: Request) -> str:
    """Whom a request belongs to, as evidence counts; kinds of names are kept apart."""
    person = {"user": request.user, "session": request.session}.get(rules.unit, "")
    return f"{rules.unit}\0{person}" if person else f"request\0{request.id}"


def _product(collection: Collection) -> Callable[[str], str]:
    return lambda name: collection.marks([name])[name].product if name in collection else ""


def _refuse_others(canary: Canary, prints: Mapping[Arm, str], loaded: LoadedPlan) -> None:
    """Refuse to feed what other systems did than those that were promoted."""
    for arm, began in (("candidate", canary.fingerprint), ("baseline", canary.baseline)):
        now = prints["candidate" if arm == "candidate" else "baseline"]
        if now != began:
            what = f"the {arm} is {now[:12]} by now, and the running canary began with {began[:12]}"
            fix = "restore what the plan names, feed nothing with --dry-run, or abort the canary and gate anew"
            raise NotComparable(Problem(loaded.source.shown, what, fix))


def _feed(
    loaded: LoadedPlan, target: _Target, history: str, noted: Sequence[Noted], note: Note, *, dry_run: bool
) -> tuple[Told | None, str]:
    if target.canary is None:
        return None, f"no canary of the plan {loaded.plan.name!r} is running: nothing was fed"
    if dry_run:
        return None, "--dry-run: nothing was fed"
    observer = Observer(loaded, history, noting=lambda *_: note)
    told, _ = together(observer.store(batch) for batch in batches(noted, BATCH))
    return told, ""


def _shadowed(
    loaded: LoadedPlan,
    target: _Target,
    log: Log,
    drawn: Drawn,
    events: Sequence[Event],
    noted: Sequence[Noted],
    told: Told | None,
    unfed: str,
    out: Path | None,
) -> Shadowed:
    failed = {arm: sum(bool(event.responses[arm].error) for event in events) for arm in replay.ARMS}
    return Shadowed(
        plan=loaded.plan.name,
        candidate=target.candidate,
        requests=len(log.requests),
        drawn=len(drawn.requests),
        units=sum(drawn.taken.values()),
        strata=len(drawn.units),
        skipped=tuple(map(str, log.problems)),
        duplicates=log.duplicates,
        failed=failed,
        both_failed=len(events) - len(noted),
        estimates=estimates(target.rules, noted),
        told=told,
        unfed=unfed,
        out=display(out) if out is not None else "",
    )
