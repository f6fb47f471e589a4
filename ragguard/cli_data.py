"""The commands about data: what production failed at, as golden cases."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragguard.errors import InputError, Problem
from ragguard.printing import AllowCode, AsJson, print_json, progressing, say, warn

if TYPE_CHECKING:
    from ragguard.canary.harvest.accepting import Accepted
    from ragguard.canary.harvest.collecting import Harvested

app = typer.Typer(
    name="data",
    help="Data of a plan: turn what production failed at into golden cases and hard negatives.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CODES = "Exit codes: 0 written; 3 the plan, the events or the proposals are wrong; 4 a file or a history cannot be read or written."
MOST_SHOWN = 20
"""Skipped lines that are told one by one."""


@app.callback()
def _group() -> None:
    """Data of a plan: turn what production failed at into golden cases and hard negatives."""


@app.command(
    epilog="Example: ragguard data harvest --plan gate.yaml --out proposals.jsonl   and then   "
    f"ragguard data harvest --accept proposals.jsonl --into golden/docs. {CODES}"
)
def harvest(
    log: Annotated[Path | None, typer.Argument(help="Events of production. Default: those of the plan's last canary.")] = None,
    plan: Annotated[Path, typer.Option("--plan", help="The plan.")] = Path("gate.yaml"),
    out: Annotated[Path, typer.Option("--out", help="The file to write, one proposal a line.")] = Path("proposals.jsonl"),
    accept: Annotated[Path | None, typer.Option("--accept", help="Write what was accepted in this file of proposals.")] = None,
    into: Annotated[Path | None, typer.Option("--into", help="With --accept: the folder of a collection in BEIR layout.")] = None,
    split: Annotated[str, typer.Option("--split", help="With --accept: which qrels.")] = "test",
    rows: Annotated[Path | None, typer.Option("--rows", help="With --accept: the file of training rows. Default: its train.jsonl.")] = None,
    train: Annotated[float, typer.Option("--train", help="Share of new intents, of those with a hard negative, to train on.")] = 0.3,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other intents to train on.")] = 7,
    most: Annotated[int, typer.Option("--most", min=1, help="Proposals at most: those of most events.")] = 500,
    history: Annotated[
        str, typer.Option("--history", help="A file or postgresql://... Default: RAGGUARD_HISTORY, the plan's, or beside the plan.")
    ] = "",
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Propose golden cases and hard negatives from what production failed at; or write those that a person accepted."""
    if (accept is None) != (into is None):
        raise InputError(Problem("data harvest", "--accept and --into go together", "name the proposals, and the collection's folder"))
    if accept is not None and into is not None:
        from ragguard.canary.harvest import accepting

        done = accepting.accept(accept, into, split=split, train=rows)
        say(done.to_dict(), _accepted(done, into), as_json)
        return 0
    from ragguard.canary.harvest import collecting

    with progressing(quiet=as_json) as progress:
        found = collecting.harvest(
            plan, out, log=log, history=history, train=train, seed=seed, most=most, allow_code=allow_code, progress=progress
        )  # fmt: skip
    if as_json:
        print_json(found.to_dict())
        return 0
    more = len(found.skipped) - MOST_SHOWN
    warn([*found.skipped[:MOST_SHOWN], *([f"and {more:,} more"] if more > 0 else []), *found.notes])
    say({}, _found(found), as_json)
    return 0


def _found(found: "Harvested") -> str:
    """What a harvest came to, in words."""
    why = ", ".join(f"{reason} {count:,}" for reason, count in found.failures.items()) or "none"
    lines = [
        f"{found.source}: {found.events:,} events; failures: {why}",
        f"known already: {found.golden:,} golden, {found.trained:,} trained on; without a text: {found.wordless:,}",
        f"{found.file}: {found.proposals:,} proposals of {found.intents:,} intents, {found.train:,} of them to train on"
        + (f"; {found.more:,} questions more were left out (--most)" if found.more else ""),
    ]
    if found.likeness is not None:
        lines.append(f"one intent from a cosine of {found.likeness} on")
    lines.append("Set accept to true or false, fill in relevant and gold_answer; then: ragguard data harvest --accept FILE --into FOLDER")
    return "\n".join(lines)


def _accepted(done: "Accepted", into: Path) -> str:
    """What became of proposals, in words."""
    if done.yaml:
        return (
            f"{into} is built from {into}/source/*.yaml, so nothing was written: put this into its source files, and build it again.\n"
            f"Declined: {done.declined:,}; not decided: {done.open:,}\n\n{done.yaml}"
        )
    return (
        f"{done.queries:,} golden cases and {done.rows:,} training rows added, {done.known:,} were there; declined: {done.declined:,}; "
        f"not decided: {done.open:,}\n{', '.join(done.files) or 'nothing was written'}"
    )
