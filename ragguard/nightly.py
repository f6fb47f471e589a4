"""A night: the gate, then the history, what drifts in it, and who is told."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from ragguard import gate, webhook
from ragguard.decision import series
from ragguard.errors import EXIT_BLOCK, EXIT_CANNOT_JUDGE, EXIT_PROMOTE, CannotJudge, InputError, Problem, RagguardError
from ragguard.history.nights import Nights
from ragguard.history.place import of_plan
from ragguard.plan import load as plans
from ragguard.plan import lock as locks
from ragguard.plan.load import LoadedPlan
from ragguard.plan.nightly import NightlyPlan
from ragguard.records.alert import Alert
from ragguard.records.history import History
from ragguard.records.night import Accepted, Night
from ragguard.records.report import Report
from ragguard.reports import store as reports
from ragguard.reports.history import alert as alerts
from ragguard.reports.history import junit, night
from ragguard.reports.redaction import hider
from ragguard.store import fingerprint, write_atomically
from ragguard.systems.protocols import Progress


@dataclass(frozen=True)
class Outcome:
    """What a night came to. ``report`` is None where there was nothing to judge, and ``error`` says why.

    ``troubles`` are what went wrong beside the gate: a history that could not be written, an alert that did not arrive. They change no
    verdict, and make an exit code of 0 one of 4.
    """

    out: Path
    report: Report | None
    history: History | None
    place: str
    alert: Alert | None
    sent: tuple[str, ...]
    troubles: tuple[str, ...]
    exit_code: int
    error: Exception | None = None


@dataclass(frozen=True)
class _Night:
    """What is known before anything runs."""

    loaded: LoadedPlan
    nights: Nights
    key: bytes
    day: str
    note: str
    out: Path
    fails: bool
    accepted: Accepted | None

    @property
    def settings(self) -> NightlyPlan:
        return self.loaded.plan.nightly


def run(
    plan: Path,
    *,
    out: Path | None = None,
    history: str = "",
    day: str = "",
    note: str = "",
    candidate: str | None = None,
    fail_on_drift: bool | None = None,
    allow_code: bool = False,
    full: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Gate a plan, append the night to its history, look for drift, and tell those who asked for it.

    ``history`` is a file or URL (default: RAGGUARD_HISTORY, the plan's, or ``ragguard-history.db`` beside it), ``day`` the night's date
    (default: today, UTC). Systems behind HTTP and code of the plan's are asked anew each day. An error of the gate is told and kept, too.

    Raises:
        InputError: the plan, the history or the usage is wrong.
        CannotJudge: the history cannot be reached: before anything ran.
    """
    loaded = plans.load(plan)
    settings = loaded.plan.nightly
    fails = settings.fail_on_drift if fail_on_drift is None else fail_on_drift
    made = _Night(
        loaded,
        Nights(of_plan(settings, loaded.folder, history)),
        _key(loaded),
        _day(day),
        note,
        out or loaded.folder / "reports" / loaded.plan.name,
        fails,
        _accepted(loaded.folder),
    )
    started = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        report = gate.run(loaded, candidate=candidate, allow_code=allow_code, full=full, progress=progress, asked_on=made.day)
        reports.write(report, made.out)
    except Exception as error:  # noqa: BLE001 - whatever it is, a night that was not judged has to be told of
        return _not_judged(made, started, error)
    return _finish(made, night.night(report, made.day, made.accepted, note), report)


def _accepted(folder: Path) -> Accepted | None:
    if not (folder / locks.NAME).exists():
        return None
    lock = locks.read(folder)
    return Accepted(lock.candidate, lock.fingerprint, lock.run, lock.decision, lock.accepted_at, lock.forced)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else datetime.now(UTC).date().isoformat()
    except ValueError:
        raise InputError(Problem("--date", f"{text!r} is no date", "write it as 2026-01-31")) from None


def _key(loaded: LoadedPlan) -> bytes:
    hook = loaded.plan.nightly.alerts.webhook
    return webhook.secret(hook, loaded.source.where(("nightly", "alerts", "webhook", "secret_env"))) if hook is not None else b""


def _not_judged(made: _Night, started: str, error: Exception) -> Outcome:
    code = error.exit_code if isinstance(error, RagguardError) else EXIT_CANNOT_JUDGE
    said = hider(made.loaded.expanded)(str(error) or type(error).__name__)
    return _finish(made, night.failed(made.loaded.plan.name, made.day, started, said, code, made.accepted, made.note), None, error)


def _finish(made: _Night, tonight: Night, report: Report | None, error: Exception | None = None) -> Outcome:
    """Append, look, tell; whatever fails in it is said and leaves the verdict as it is."""
    troubles: list[str] = []
    found = None
    try:
        made.nights.append(tonight)
        found = series.history(tonight.plan, made.nights.read(tonight.plan), made.settings.false_alarms)
    except RagguardError as trouble:
        troubles.append(str(trouble))
    # A history that cannot be read shows no drift; what the gate found is told all the same.
    seen = found or series.history(tonight.plan, (replace(tonight, name=tonight.day),), made.settings.false_alarms)
    code = _code(tonight.exit_code, seen, made.fails)
    told = alerts.alert(seen, made.settings.alerts.when, code, str(made.out) if report is not None else "")
    sent = list(_tell(made, told, troubles))
    code = EXIT_CANNOT_JUDGE if troubles and code == EXIT_PROMOTE else code
    if report is not None:
        path = made.out / reports.JUNIT
        write_atomically(path, junit.with_drift(path.read_bytes(), seen, fails=made.fails, troubles=troubles))
    return Outcome(made.out, report, found, made.nights.place.shown, told, tuple(sent), tuple(troubles), code, error)


def _code(gates: int, history: History, fails: bool) -> int:
    """The gate's exit code; 1 for a drift that lasts, where that is asked for and the gate says 0."""
    lasts = any(each.state == "drift" for each in history.series)
    return EXIT_BLOCK if gates == EXIT_PROMOTE and fails and lasts else gates


def _tell(made: _Night, told: Alert | None, troubles: list[str]) -> Iterator[str]:
    """Write and send an alert; yield what was reached, and note what was not."""
    wanted = made.settings.alerts
    if wanted.markdown is not None:
        path = made.loaded.folder / wanted.markdown
        try:
            if told is not None:
                write_atomically(path, alerts.markdown(told).encode("utf-8", "replace"))
                yield str(path)
            else:
                path.unlink(missing_ok=True)  # that of a night before would be read as this one's
        except (CannotJudge, OSError) as error:
            troubles.append(f"the alert could not be written: {error}")
    if wanted.webhook is not None and told is not None:
        now = int(time.time())
        id_ = f"ragguard_{fingerprint('alert', told.plan, told.night, told.run, told.kinds, told.text)[:24]}"
        failed = webhook.send(wanted.webhook, made.key, id_, now, alerts.payload(told, now))
        if failed:
            troubles.append(f"the alert did not arrive: {failed}")
        else:
            yield "the webhook"
