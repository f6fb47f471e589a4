"""What every command prints with: JSON or text on standard output, a console, progress; and the options that most commands have."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ragguard.systems.protocols import Progress

Plan = Annotated[Path, typer.Argument(help="The plan.", show_default=True)]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the reports. Default: reports/NAME beside the plan.")]
Candidate = Annotated[str | None, typer.Option("--candidate", help="Only this candidate of several.")]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Let the plan run Python that it names: retrievers, perturbations.")]
Place = Annotated[
    str, typer.Option("--history", help="A file or postgresql://... Default: RAGGUARD_HISTORY, the plan's, or beside the plan.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]


@contextmanager
def shown() -> Iterator[None]:
    """Print to a reader that may leave early (head, less): that changes no verdict, and no exit code."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich makes the second, with code 1, of the first
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(data: dict[str, Any], text: str, as_json: bool) -> None:
    """Print what a command comes to: as JSON, or in words."""
    if as_json:
        print_json(data)
    else:
        with shown():
            print(text)


def print_json(data: dict[str, Any]) -> None:
    """Print one JSON document."""
    with shown():
        print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def warn(lines: Iterable[str]) -> None:
    """Print lines on standard error."""
    for line in lines:
        print(line, file=sys.stderr)


def console() -> Any:
    """Return rich's console on standard output."""
    from rich.console import Console

    return Console(highlight=False)


def progressing(*, quiet: bool) -> "Any[Progress]":
    """Return a context of the right kind of progress; ``quiet`` shows nothing."""
    from ragguard.reports import progress

    return progress.make(quiet=quiet)
