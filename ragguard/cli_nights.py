"""The commands about nights: gate and remember, and what is seen over the nights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragguard.errors import InputError, Problem
from ragguard.printing import AllowCode, AsJson, Candidate, Out, Place, Plan, console, print_json, progressing, say, shown, warn

if TYPE_CHECKING:
    from ragguard.nightly import Outcome

CODES = (
    "Exit codes: the gate's; 1 also where a drift lasts and --fail-on-drift is given; 4 also where the gate says 0 and the night could not "
    "be kept or told."
)


def nightly(
    plan: Plan = Path("gate.yaml"),
    out: Out = None,
    history: Place = "",
    date: Annotated[str, typer.Option("--date", help="The night's day. Default: today, UTC.")] = "",
    note: Annotated[str, typer.Option("--note", help="Words to keep with the night, for instance a commit.")] = "",
    fail_on_drift: Annotated[
        bool | None, typer.Option("--fail-on-drift/--no-fail-on-drift", help="Exit code 1 while a drift lasts. Default: the plan's.")
    ] = None,
    candidate: Candidate = None,
    allow_code: AllowCode = False,
    full: Annotated[bool, typer.Option("--full", help="All cases, whatever the suites' caps (per_query, targets) say.")] = False,
    as_json: AsJson = False,
) -> int:
    """Gate, append to the history, look for drift, and tell those whom the plan names."""
    from ragguard import nightly as nights

    with progressing(quiet=as_json) as progress:
        done = nights.run(
            plan, out=out, history=history, day=date, note=note, candidate=candidate, fail_on_drift=fail_on_drift, allow_code=allow_code,
            full=full, progress=progress,
        )  # fmt: skip
    if not as_json:
        with shown():
            _show(done)
    warn(done.troubles)
    if done.error is not None:  # kept and told; it is still what the command ends with
        raise done.error
    if as_json:
        print_json(_told(done))
    return done.exit_code


def _show(done: "Outcome") -> None:
    from ragguard.reports import terminal
    from ragguard.reports.history import show

    if done.report is not None:
        terminal.show(done.report, console(), done.out)
    told = f"Told ({', '.join(done.alert.kinds)}): {', '.join(done.sent) or 'nobody'}" if done.alert is not None else ""
    show.show_night(done.history, told, console(), done.place)
    if done.report is not None and done.exit_code != done.report.exit_code:
        say({}, f"exit code {done.exit_code}: the gate's is {done.report.exit_code}", as_json=False)


def _told(done: "Outcome") -> dict[str, Any]:
    """What a night came to, as JSON."""
    from dataclasses import asdict

    drifts = [asdict(each) for each in done.history.drifts if not each.ended] if done.history is not None else []
    return {
        "plan": done.report.plan if done.report is not None else "",
        "night": done.history.nights[-1].name if done.history is not None else "",
        "run": done.report.run if done.report is not None else "",
        "answer": done.report.answer if done.report is not None else "error",
        "exit_code": done.exit_code,
        "report": str(done.out) if done.report is not None else "",
        "history": done.place,
        "drifts": drifts,
        "alert": asdict(done.alert) if done.alert is not None else None,
        "sent": list(done.sent),
        "troubles": list(done.troubles),
    }


def history(
    nights: Annotated[list[str] | None, typer.Argument(help="Two nights to compare: days such as 2026-01-31, or last.")] = None,
    plan: Annotated[Path, typer.Option("--plan", help="The plan whose history it is.")] = Path("gate.yaml"),
    history: Place = "",
    html: Annotated[Path | None, typer.Option("--html", help="Write it as one page of HTML, with pictures.")] = None,
    last: Annotated[int | None, typer.Option("--last", min=1, help="Only so many nights are shown; all are looked at for drift.")] = None,
    suite: Annotated[str, typer.Option("--suite", help="Of two nights: compare this suite alone.")] = "",
    as_json: AsJson = False,
) -> int:
    """Show every metric over the nights, what drifts, and what changed; or compare two nights."""
    from ragguard import overnight
    from ragguard.reports.history import files, show

    if nights and len(nights) != 2:
        raise InputError(Problem("history", "names one night, or more than two", "name two nights to compare, or none"))
    if nights:
        changes = overnight.compare(plan, history, (nights[0], nights[1]), suite)
        if as_json:
            print_json(files.to_dict(changes))
        else:
            with shown():
                show.show_changes(changes, console())
        return 0
    found, place = overnight.history(plan, history, last)
    if html is not None:
        overnight.write(found, html, place)
    if as_json:
        print_json(files.to_dict(found))
    elif html is not None:
        say({}, f"{html}: {len(found.nights)} nights of {found.plan}", as_json)
    else:
        with shown():
            show.show(found, console(), place)
    return 0
