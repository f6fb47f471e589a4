"""The command that serves a roll-out over HTTP."""

from pathlib import Path
from typing import Annotated

import typer

from ragguard.errors import MissingExtra
from ragguard.printing import AsJson, Place, say

SERVE = (
    "Example: ragguard canary serve. Exit codes: 0 it was told to end, and everything is stored; 3 the plan, the history or the "
    "options are wrong; 4 the address or the history cannot be had."
)


def serve(
    plan: Annotated[Path, typer.Option("--plan", help="The plan whose roll-outs are served.")] = Path("gate.yaml"),
    host: Annotated[str, typer.Option("--host", help="Where it listens; others than this machine need RAGGUARD_TOKEN.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: a free one.")] = 8765,
    history: Place = "",
    every: Annotated[float, typer.Option("--every", min=1, help="Seconds between decisions.")] = 60.0,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Events of a request at most.")] = 1_000,
    waiting: Annotated[
        int, typer.Option("--waiting", min=1, help="Events that wait to be stored at most; more are sent away: 429.")
    ] = 10_000,
    body: Annotated[int, typer.Option("--body", min=1, max=64, help="MiB of a request at most.")] = 8,
    openapi: Annotated[Path | None, typer.Option("--openapi", help="Write the OpenAPI document to a file, and serve nothing.")] = None,
    as_json: AsJson = False,
) -> int:
    """Take events over HTTP, decide, and tell verdicts: to Argo Rollouts, Flagger, Prometheus."""
    try:
        from ragguard.canary.service import document, serving, settings
        from ragguard.canary.service.judging import open_judge
    except ModuleNotFoundError as error:
        raise MissingExtra("canary", "ragguard canary serve") from error
    if openapi is not None:
        document.write(openapi)
        say({"file": str(openapi)}, str(openapi), as_json)
        return 0
    asked = settings.Settings(
        host, port, settings.tokens(), every=every, body=body * 2**20, events=min(batch, waiting), waiting=waiting, held=8 * body * 2**20
    )
    judge = open_judge(plan, history)
    serving.run(asked, judge, lambda address: say({"url": address, "plan": str(plan)}, f"{plan}: events at {address}/v1/events", as_json))
    return 0
