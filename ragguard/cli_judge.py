"""The commands about judges: what one is worth beside people, and answers for people to label."""

from pathlib import Path
from typing import Annotated

import typer

from ragguard.printing import AllowCode, AsJson, console, print_json, progressing, say, shown

app = typer.Typer(
    name="judge",
    help="Judges of answers: measure one against people's labels, and sample answers for people to label.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CODES = "Exit codes: 0 measured, or written; 3 the labels, the plan or the usage is wrong; 4 the judge could not be asked."


@app.command(epilog=f"Example: ragguard judge calibrate labels.jsonl --plan gate.yaml --judge gpt --out reports/judge. {CODES}")
def calibrate(
    labels: Annotated[Path, typer.Argument(help="What people say of answers: CSV, TSV or JSON lines.")],
    plan: Annotated[Path | None, typer.Option("--plan", help="Ask a judge of this plan. Default: the file's own values of judge.")] = None,
    judge: Annotated[str | None, typer.Option("--judge", help="Which judge of the plan. Default: the only one.")] = None,
    metric: Annotated[str | None, typer.Option("--metric", help="Which metric. Default: what the labels, or the suites, name.")] = None,
    threshold: Annotated[float, typer.Option("--threshold", help="The judge's value from which on it says yes.")] = 0.5,
    level: Annotated[float, typer.Option("--level", help="Confidence of the intervals.")] = 0.95,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for calibration.json and calibration.html.")] = None,
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Measure a judge on answers that people labelled: agreement, errors, leanings, and the labels that are lacking."""
    from ragguard import calibrate as calibrating
    from ragguard.reports.judge import files, show

    with progressing(quiet=as_json) as progress:
        found = calibrating.calibrate(
            labels, plan=plan, judge=judge, metric=metric, threshold=threshold, level=level, allow_code=allow_code, progress=progress
        )
    written = files.write(found, out) if out is not None else []
    if as_json:
        print_json(files.to_dict(found))
    else:
        with shown():
            show.show(found, console(), written)
    return 0


@app.command(epilog=f"Example: ragguard judge sample gate.yaml --n 100 --out labels.jsonl. {CODES}")
def sample(
    source: Annotated[Path, typer.Argument(help="A plan, whose last report is read, or the folder of a report of it.")] = Path("gate.yaml"),
    out: Annotated[Path, typer.Option("--out", help="The file to write: JSON lines with an empty label.")] = Path("labels.jsonl"),
    n: Annotated[int, typer.Option("--n", min=1, help="How many intents; of each, one query with every system's answer.")] = 100,
    suite: Annotated[
        str | None, typer.Option("--suite", help="Only queries of this suite. Default: those that ask judges, else all.")
    ] = None,
    candidate: Annotated[str | None, typer.Option("--candidate", help="Only this candidate's answers, and the baseline's.")] = None,
    metric: Annotated[str | None, typer.Option("--metric", help="The judged metric that the labels will be the truth of.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another sample.")] = 7,
    plan: Annotated[Path, typer.Option("--plan", help="The plan that the report is of.")] = Path("gate.yaml"),
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Write answers of a run for people to label, drawn at random, without saying which system gave them."""
    from ragguard import sampling

    drawn = sampling.sample(source, out, n=n, suite=suite, candidate=candidate, metric=metric, seed=seed, plan=plan, allow_code=allow_code)
    say(drawn.to_dict(), drawn.told, as_json)
    return 0
