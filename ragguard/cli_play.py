"""The commands that show roll-outs: simulated ones before there is any, and a real one as a page."""

from pathlib import Path
from typing import Annotated

import typer

from ragguard.errors import InputError, Problem
from ragguard.printing import AllowCode, AsJson, Out, Place, Plan, console, print_json, progressing, say, shown

SIMULATE = "Example: ragguard canary simulate gate.yaml --per-hour 2000. Exit codes: 0 told; 3 the plan or the usage is wrong."
REPORT = "Example: ragguard canary report. Exit codes: 0 written; 3 the plan is wrong, or it has no roll-out; 4 could not be written."
DRIFT = "Example: ragguard canary drift. Exit codes: 0 told; 3 the plan or the log is wrong, or there was no roll-out."


def simulate(
    plan: Plan = Path("gate.yaml"),
    per_hour: Annotated[
        float | None, typer.Option("--per-hour", help="Requests an hour of all traffic (sessions or users, where the plan's unit is that).")
    ] = None,
    rollouts: Annotated[int, typer.Option("--rollouts", min=100, help="Simulated roll-outs of each kind.")] = 1_000,
    shadow: Annotated[bool, typer.Option("--shadow", help="Both arms answer each request of the candidate.")] = False,
    level: Annotated[
        list[str],
        typer.Option("--level", help="The baseline's mean of a signal, higher is better: SIGNAL=0.97. Default: a stored run's, or 0.9."),
    ] = [],  # noqa: B006
    values: Annotated[
        list[str], typer.Option("--values", help="The share of requests that have a signal: SIGNAL=0.2. Default: 1; Feedback 0.05.")
    ] = [],  # noqa: B006
    seed: Annotated[int, typer.Option("--seed", help="Another one draws other roll-outs.")] = 0,
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Play the plan's roll-out against simulated traffic: how often, and after how long, candidates that lost so much are rolled back."""
    from ragguard.canary import simulating
    from ragguard.reports.canary import played

    said = {"levels": _numbers(level, "--level"), "values": _numbers(values, "--values")}
    with progressing(quiet=as_json) as progress:
        found = simulating.simulate(plan, rollouts=rollouts, per_hour=per_hour, paired=shadow, seed=seed, progress=progress, **said)
    picture = played.draw(found, (out or plan.resolve().parent / "reports" / found.plan) / played.PICTURE)
    if as_json:
        print_json(played.to_dict(found) | {"picture": str(picture)})
    else:
        with shown():
            played.show(found, console(), picture)
    return 0


def report(
    plan: Annotated[Path, typer.Option("--plan", help="The plan whose roll-out it is.")] = Path("gate.yaml"),
    history: Place = "",
    out: Out = None,
    as_json: AsJson = False,
) -> int:
    """Write canary.html, the roll-out as a page with its evidence over time, and canary.md, a short text for a pull request."""
    from ragguard.canary import telling

    told = telling.report(plan, history, out)
    data = {"state": told.canary.state, "candidate": told.canary.candidate, "number": told.canary.id, "looks": told.looks}
    files = {"page": str(told.page), "markdown": str(told.markdown)}
    say(data | files, f"{told.headline}\n{told.page}\n{told.markdown}", as_json)
    return 0


def drift(
    plan: Annotated[Path, typer.Option("--plan", help="The plan whose roll-out it is.")] = Path("gate.yaml"),
    log: Annotated[Path | None, typer.Option("--log", help="Look at the events of this file, not at the last roll-out's.")] = None,
    history: Place = "",
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Show whether production asks what the golden queries ask, what it finds, and how long answers are, arm by arm."""
    from dataclasses import asdict

    from ragguard.canary import drifting
    from ragguard.reports.canary import drift as shows

    with progressing(quiet=as_json) as progress:
        found = drifting.drift(plan, log=log, history=history, allow_code=allow_code, progress=progress)
    if as_json:
        print_json(asdict(found))
    else:
        with shown():
            shows.show(found, console())
    return 0


def _numbers(said: list[str], option: str) -> dict[str, float]:
    """Read NAME=NUMBER; a name may have = in it."""
    found, wrong = dict[str, float](), list[Problem]()
    for text in said:
        name, _, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            wrong.append(Problem(option, f"{text!r} is not SIGNAL=NUMBER", f"write for instance {option} VersionMismatch=0.97"))
    if wrong:
        raise InputError(wrong)
    return found
