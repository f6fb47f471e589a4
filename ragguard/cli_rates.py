"""The commands about a gate itself: what it can detect, how often it is wrong, and which planted regressions it catches."""

from pathlib import Path
from typing import Annotated

import typer

from ragguard.printing import AllowCode, AsJson, Candidate, Out, Plan, console, print_json, progressing, shown

POWER = "Example: ragguard power gate.yaml. Exit codes: 0 told; 3 the plan, the data or the usage is wrong."
ERROR_RATES = (
    "Example: ragguard error-rates gate.yaml. Exit codes: 0 measured; 3 the plan or the usage is wrong, or no run of it is stored."
)
DRILL = (
    "Example: ragguard drill gate.yaml --mutant first-lost --strength first-lost=0.1. Exit codes: 0 every regression was caught and "
    "nothing harmless blocked; 1 one survived, or a harmless change was blocked; 3 the plan, the data or the usage is wrong; "
    "4 could not judge."
)


def power(plan: Plan = Path("gate.yaml"), out: Out = None, allow_code: AllowCode = False, as_json: AsJson = False) -> int:
    """Say what the plan can detect with its cases, how often an equal candidate would be promoted, and what is lacking; draw the curve."""
    from ragguard import assess
    from ragguard.reports import power as told

    found = assess.power(plan, allow_code=allow_code)
    picture = told.draw(found, (out or plan.resolve().parent / "reports" / found.plan) / told.PICTURE)
    if as_json:
        print_json(told.to_dict(found) | {"picture": str(picture)})
    else:
        with shown():
            told.show(found, console(), picture)
    return 0


def error_rates(
    plan: Plan = Path("gate.yaml"),
    report: Annotated[Path | None, typer.Option("--report", help="Report folder or file. Default: the plan's newest stored run.")] = None,
    candidate: Candidate = None,
    gates: Annotated[int, typer.Option("--gates", min=100, help="Simulated gates of each kind.")] = 4_000,
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Measure how often this gate is wrong on these data: equal candidates, and worse ones, simulated from a stored run's scores."""
    from ragguard import error_rates as measuring
    from ragguard.reports import simulated

    with progressing(quiet=as_json) as progress:
        found = measuring.measure(plan, report=report, candidate=candidate, gates=gates, allow_code=allow_code, progress=progress)
    if as_json:
        print_json(simulated.to_dict(found))
    else:
        with shown():
            simulated.show(found, console())
    return 0


def drill(
    plan: Plan = Path("gate.yaml"),
    out: Out = None,
    mutant: Annotated[
        list[str], typer.Option(help="Only this one; several times for several. Your own is module:function, with --allow-code.")
    ] = [],  # noqa: B006
    strength: Annotated[
        list[str], typer.Option(help="From which strength on a mutant must be caught: MUTANT=NUMBER, or NUMBER for all shares.")
    ] = [],  # noqa: B006
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Plant regressions into the plan's baseline, and say which of them its gate would catch, and what is missing for the others."""
    from ragguard.drill import run as drilling
    from ragguard.reports.drill import files, show

    with progressing(quiet=as_json) as progress:
        found = drilling.run(plan, asked=drilling.wanted(mutant, strength), allow_code=allow_code, progress=progress)
    written = files.write(found, out or plan.resolve().parent / "reports" / found.plan)
    if as_json:
        print_json(files.to_dict(found))
    else:
        with shown():
            show.show(found, console(), written)
    return found.exit_code
