"""The commands about roll-outs: start one, feed it what production does, decide, and see where it is."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragguard.errors import EXIT_BLOCK, EXIT_CANNOT_JUDGE, EXIT_HOLD, EXIT_INPUT, EXIT_PROMOTE, InputError, Problem
from ragguard.printing import AsJson, Place, console, print_json, say, shown, warn

if TYPE_CHECKING:
    from ragguard.records.canary import Standing
    from ragguard.records.event import Event

app = typer.Typer(
    name="canary",
    help="Roll-outs: a promoted candidate in production, stage by stage, and back when production says so.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CODES = "Exit codes: 0 advance or done; 1 rollback (or aborted); 2 hold; 3 the plan, the events or the usage is wrong; 4 could not judge."
ACTIONS = {"advance": EXIT_PROMOTE, "done": EXIT_PROMOTE, "rollback": EXIT_BLOCK, "abort": EXIT_BLOCK, "hold": EXIT_HOLD}

OfPlan = Annotated[Path, typer.Option("--plan", help="The plan that it is a roll-out of.")]
At = Annotated[str, typer.Option("--at", help="Now, for logs that are replayed: 2026-01-31T12:00:00Z, or seconds since 1970.")]


@app.command(epilog="Example: ragguard canary start tuned --from reports/starter")
def start(
    candidate: Annotated[str, typer.Argument(help="The candidate of the plan that goes out.")],
    report: Annotated[Path, typer.Option("--from", help="The report that promoted it: its folder, or report.json.")],
    plan: OfPlan = Path("gate.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Begin with what was not promoted; it is written down.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why, with --force.")] = "",
    expect: Annotated[list[str], typer.Option("--expect", help="What its server says it serves: adapter=NAME, model=NAME.")] = [],  # noqa: B006
    history: Place = "",
    at: At = "",
    as_json: AsJson = False,
) -> int:
    """Begin the roll-out of a candidate that a gate promoted."""
    from ragguard.canary import opening, starting

    served = dict(map(_pair, expect))
    now = opening.moment(at)
    starting.start(plan, candidate, report, now=now, history=history, force=force, reason=reason, expect=served)
    _show(plan, history, as_json)
    return 0


def _pair(text: str) -> tuple[str, str]:
    key, there, value = text.partition("=")
    if not (key and there and value):
        raise InputError(Problem("--expect", f"{text!r} is no KEY=VALUE", "write for instance adapter=support-v3"))
    return key, value


@app.command(epilog="Example: ragguard canary observe production.jsonl   or   gunzip -c *.gz | ragguard canary observe -")
def observe(
    files: Annotated[list[str], typer.Argument(help="Files of events, JSON lines (.gz too); - is standard input.")],
    plan: OfPlan = Path("gate.yaml"),
    history: Place = "",
    as_json: AsJson = False,
) -> int:
    """Take events of production into the roll-out: each counts once, however often it comes; what is none is told and skipped."""
    from dataclasses import asdict

    from ragguard.canary.observing import Observer, together
    from ragguard.canary.observing import observe as taking

    observer = Observer(plan, history)
    told, refused = together(each for name in files for each in taking(observer, _read(name)))
    warn(told.refused)
    say(asdict(told), f"{told.new:,} new, {told.duplicates:,} there already, {refused:,} refused", as_json)
    return EXIT_INPUT if told.refused and not told.new + told.duplicates else EXIT_PROMOTE


def _read(name: str) -> "Iterator[Event | Problem]":
    from ragguard.data.events import read

    return read.of_stream(sys.stdin.buffer, "-") if name == "-" else read.read(Path(name))


@app.command(epilog=f"Example: ragguard canary watch production.jsonl --every 60. {CODES}")
def watch(
    files: Annotated[list[Path] | None, typer.Argument(help="Files of events that grow. None: somebody else observes.")] = None,
    every: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between two looks.")] = 60,
    plan: OfPlan = Path("gate.yaml"),
    history: Place = "",
    as_json: AsJson = False,
) -> int:
    """Observe files that grow, and decide every so often, until the roll-out has ended; each change is a line."""
    from ragguard.canary.observing import Observer
    from ragguard.canary.watching import Tail, Watch

    tails = [Tail(path) for path in files or []]
    going = Watch(Observer(plan, history), tails, lambda found: _line(found, as_json), warn, lambda what: warn([what]))
    found = going.run(every)
    return ACTIONS[found.look.action] if found.look is not None else EXIT_CANNOT_JUDGE


def _line(found: "Standing", as_json: bool) -> None:
    import json

    from ragguard.reports.canary import standing

    say({}, json.dumps(standing.to_dict(found), allow_nan=False) if as_json else standing.line(found), as_json=False)


@app.command(epilog="Example: ragguard canary status")
def status(plan: OfPlan = Path("gate.yaml"), history: Place = "", as_json: AsJson = False) -> int:
    """Show where the roll-out is: stage, share of the traffic, guardrails, the last look."""
    _show(plan, history, as_json)
    return 0


@app.command(epilog=f"Example: ragguard canary decide. {CODES}")
def decide(plan: OfPlan = Path("gate.yaml"), history: Place = "", at: At = "", as_json: AsJson = False) -> int:
    """Look at the evidence, decide, and keep what was decided; what has ended is told again."""
    from ragguard.canary import deciding, opening

    _, look = deciding.decide(plan, opening.moment(at), history)
    _show(plan, history, as_json)
    return ACTIONS[look.action]


@app.command(epilog='Example: ragguard canary abort --reason "the index is being rebuilt"')
def abort(
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept with the roll-out.")],
    plan: OfPlan = Path("gate.yaml"),
    history: Place = "",
    at: At = "",
    as_json: AsJson = False,
) -> int:
    """End the roll-out by hand: all traffic goes to the baseline."""
    from ragguard.canary import opening, standing

    if not reason.strip():
        raise InputError(Problem("--reason", "is empty", "say why: it is kept with the roll-out"))
    _tell(standing.abort(plan, reason.strip(), opening.moment(at), history), as_json)
    return 0


def _show(plan: Path, history: str, as_json: bool) -> None:
    from ragguard.canary import standing

    _tell(standing.standing(plan, history), as_json)


def _tell(found: "Standing", as_json: bool) -> None:
    from ragguard.reports.canary import standing

    if as_json:
        print_json(standing.to_dict(found))
    else:
        with shown():
            standing.show(found, console())
