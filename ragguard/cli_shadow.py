"""The command that replays production's requests through both arms of a plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragguard.printing import AllowCode, AsJson, Candidate, print_json, progressing, say, warn

if TYPE_CHECKING:
    from ragguard.canary.shadowed import Shadowed

EPILOG = (
    "Example: ragguard shadow gate.yaml production.jsonl --share 0.05. "
    "Exit codes: 0 replayed; 3 the plan, the log or the usage is wrong; 4 a system or a judge could not be run."
)
MOST_SHOWN = 20
"""Skipped lines that are told one by one."""


def shadow(
    plan: Annotated[Path, typer.Argument(help="The plan.")],
    log: Annotated[Path, typer.Argument(help='Events of production, or lines such as {"query": "..."}.')],
    share: Annotated[float, typer.Option("--share", help="Share of the log's sessions (or users, or requests) that is replayed.")] = 0.05,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another sample.")] = 7,
    candidate: Candidate = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the events, redacted, as JSON lines.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Feed no canary; only estimate.")] = False,
    history: Annotated[
        str, typer.Option("--history", help="A file or postgresql://... Default: RAGGUARD_HISTORY, the plan's, or beside the plan.")
    ] = "",
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Replay a sample of a production log through baseline and candidate, and feed the running canary."""
    import time

    from ragguard.canary import shadow as shadowing

    with progressing(quiet=as_json) as progress:
        done = shadowing.shadow(
            plan, log, now=time.time(), candidate=candidate, share=share, seed=seed, out=out, history=history, dry_run=dry_run,
            allow_code=allow_code, progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(done.to_dict())
        return 0
    warn([*done.skipped[:MOST_SHOWN], *([f"and {len(done.skipped) - MOST_SHOWN:,} more"] if len(done.skipped) > MOST_SHOWN else [])])
    say({}, _words(done), as_json)
    return 0


def _words(done: "Shadowed") -> str:
    """What a replay came to, in words."""
    lines = [
        f"{done.plan}: {done.drawn:,} of {done.requests:,} requests ({done.units:,} units of {done.strata} strata) through the baseline "
        f"and {done.candidate}",
        f"skipped lines: {len(done.skipped)}; repeated ids: {done.duplicates}; failed: baseline {done.failed['baseline']}, "
        f"candidate {done.failed['candidate']}, both {done.both_failed}",
        f"{'guardrail':<40} {'tier':<9} {'units':>6} {'difference':>11}  95 % interval",
    ]
    for each in done.estimates:
        mean = f"{each.mean:+.4f}" if each.mean is not None else "-"
        ends = f"{each.lower:+.4f} to {each.upper:+.4f}" if each.lower is not None else "-"
        lines.append(f"{each.signal:<40} {each.tier:<9} {each.units:>6,} {mean:>11}  {ends}")
    if done.out:
        lines.append(f"events: {done.out}")
    fed = f"fed to the running canary: {done.told.new:,} events, {done.told.duplicates:,} that it had already" if done.told else done.unfed
    return "\n".join([*lines, fed])
