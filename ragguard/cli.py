"""The command line: parse, call, print, exit code. Nothing heavy is imported before a command needs it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ragguard import cli_canary, cli_data, cli_judge, cli_nights, cli_play, cli_rates, cli_serve, cli_shadow
from ragguard.errors import EXIT_CANNOT_JUDGE, EXIT_INPUT, InputError, Problem, RagguardError
from ragguard.printing import AllowCode, AsJson, Candidate, Out, Plan
from ragguard.printing import console as _console
from ragguard.printing import print_json as _print_json
from ragguard.printing import progressing as _progress
from ragguard.printing import say as _say
from ragguard.printing import shown as _shown

if TYPE_CHECKING:
    from ragguard.records.report import Report

EXIT_INTERRUPTED = 130
EXIT_CODES = (
    "Exit codes: 0 promote; 1 block (quality, and nothing else); 2 hold (not enough evidence); "
    "3 the plan, the data or the usage is wrong; 4 could not judge (model, endpoint, disk, memory)."
)

app = typer.Typer(
    name="ragguard",
    help="Decides whether a fine-tuned RAG component may go out: paired suites, known error rates, one verdict.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.add_typer(cli_judge.app, name="judge")
cli_canary.app.command(epilog=cli_play.SIMULATE)(cli_play.simulate)
cli_canary.app.command(epilog=cli_play.REPORT)(cli_play.report)
cli_canary.app.command(epilog=cli_play.DRIFT)(cli_play.drift)
app.add_typer(cli_canary.app, name="canary")
app.add_typer(cli_data.app, name="data")


@app.command(epilog="Example: ragguard init my-gate && cd my-gate && ragguard gate gate.yaml   or   ragguard init . --ci github")
def init(
    folder: Annotated[Path, typer.Argument(help="Where to make the workspace; must be empty or not exist.")] = Path("ragguard-workspace"),
    ci: Annotated[
        Literal["github", "gitlab", "jenkins"] | None, typer.Option(help="Add what gates in this CI; to a workspace that is there, too.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make a starter workspace that gates as it is."""
    from ragguard import workspace

    written = [] if ci and (folder / "gate.yaml").is_file() else workspace.make(folder)
    added = workspace.add_ci(folder, ci) if ci else []
    lines = [f"{folder}: {len(written) + len(added)} files."]
    lines += [f"Next: cd {folder} && ragguard gate gate.yaml", "In pytest: pytest --ragguard-plan gate.yaml"] if written else []
    lines.append(f"In CI: commit {', '.join(added)}" if added else f"In CI: ragguard init {folder} --ci github (or gitlab, jenkins)")
    _say({"folder": str(folder), "files": sorted([*written, *added])}, "\n".join(lines), as_json)
    return 0


@app.command(epilog="Example: ragguard check gate.yaml")
def check(plan: Plan = Path("gate.yaml"), allow_code: AllowCode = False, as_json: AsJson = False) -> int:
    """Validate the plan, its suites and its data, and say what they can detect, without running any model."""
    from ragguard import assess
    from ragguard.canary import known
    from ragguard.plan.load import load
    from ragguard.reports import assessment

    known.check(load(plan))
    found = assess.check(plan, allow_code=allow_code)
    if as_json:
        _print_json(assessment.to_dict(found))
    else:
        with _shown():
            assessment.show(found, _console())
    return 0


@app.command(epilog="Example: ragguard train gate.yaml --candidate tuned")
def train(plan: Plan = Path("gate.yaml"), candidate: Candidate = None, allow_code: AllowCode = False, as_json: AsJson = False) -> int:
    """Train the plan's candidates (those not trained yet), and say where the checkpoints lie."""
    from ragguard import gate

    with _progress(quiet=as_json) as progress:
        trained = gate.train(plan, candidate=candidate, allow_code=allow_code, progress=progress)
    lines = [f"{name}: {folder}" for name, folder in trained.items()] or ["nothing to train: no candidate has a train: recipe"]
    _say({name: str(folder) for name, folder in trained.items()}, "\n".join(lines), as_json)
    return 0


@app.command(epilog=f"Example: ragguard gate gate.yaml --candidate tuned. {EXIT_CODES}")
def gate(
    plan: Plan = Path("gate.yaml"),
    out: Out = None,
    candidate: Candidate = None,
    allow_code: AllowCode = False,
    full: Annotated[bool, typer.Option("--full", help="All cases, whatever the suites' caps (per_query, targets) say.")] = False,
    sequential: Annotated[
        bool, typer.Option("--sequential", help="Ask the candidate in random batches, and stop as soon as the decision is sure.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Train, run, score, compare and decide; write report.json, report.junit.xml, report.md and report.html."""
    from ragguard import gate as gates

    with _progress(quiet=as_json) as progress:
        report = gates.run(plan, candidate=candidate, allow_code=allow_code, full=full, sequential=sequential, progress=progress)
    return _finish(report, out or plan.resolve().parent / "reports" / report.plan, as_json)


@app.command(
    epilog="Example: ragguard compare bm25.trec dense.trec --collection golden/payments   or   ragguard compare old.jsonl new.jsonl"
)
def compare(
    baseline: Annotated[
        str, typer.Argument(help="A run id, a report folder or file, a run file, or another tool's results; :ARM picks one.")
    ],
    candidate: Annotated[str, typer.Argument(help="The same, for the candidate.")],
    collection: Annotated[Path | None, typer.Option(help="For run files: the collection with queries and qrels.")] = None,
    split: Annotated[str, typer.Option(help="For run files: which qrels.")] = "test",
    qrels: Annotated[Path | None, typer.Option(help="For run files without a collection: what is relevant (BEIR, TREC, JSONL).")] = None,
    suite: Annotated[Path | None, typer.Option(help="What is demanded. Default for run files: nDCG@10, RR, R@100 and AP.")] = None,
    format_: Annotated[str, typer.Option("--format", help="The tool that wrote the results. Default: it is recognised.")] = "",
    metric: Annotated[list[str], typer.Option(help="What decides; several times for several. Default: the tool's main metric.")] = [],  # noqa: B006
    margin: Annotated[float, typer.Option(help="The loss that would matter, as a share of the metric's range.")] = 0.05,
    higher_is_better: Annotated[list[str], typer.Option(help="A metric of which more is better.")] = [],  # noqa: B006
    lower_is_better: Annotated[list[str], typer.Option(help="A metric of which less is better.")] = [],  # noqa: B006
    range_: Annotated[list[str], typer.Option("--range", help="Between what a metric lies: METRIC=LOW..HIGH.")] = [],  # noqa: B006
    id_: Annotated[str, typer.Option("--id", help="The column of a table that names the cases.")] = "",
    out: Annotated[Path, typer.Option("--out", help="Folder for the reports.")] = Path("reports/compare"),
    store: Annotated[Path, typer.Option(help="Where run ids are looked up.", envvar="RAGGUARD_STORE")] = Path(".ragguard"),
    as_json: AsJson = False,
) -> int:
    """Compare two stored runs, reports, run files, or results of other tools, paired, and decide on the second."""
    from ragguard import compare as comparing
    from ragguard.elsewhere.asked import asked

    options = asked(
        format_=format_, metrics=metric, margin=margin, higher=higher_is_better, lower=lower_is_better, ranges=range_, qrels=qrels,
        suite=suite, id_=id_,
    )  # fmt: skip
    with _progress(quiet=as_json) as progress:
        report = comparing.compare(
            baseline, candidate, collection=collection, split=split, suite=suite, store=store, progress=progress, asked=options
        )
    return _finish(report, out, as_json)


@app.command(
    epilog='Example: ragguard show a-webhook-retry-window.1   or   ragguard show "how long are webhooks retried"   or   '
    "ragguard show --html report.html"
)
def show(
    query: Annotated[str, typer.Argument(help="A query's id, or its text.")] = "",
    report: Annotated[Path | None, typer.Option("--report", help="Report folder, or its report.json. Default: the plan's.")] = None,
    plan: Annotated[Path, typer.Option("--plan", help="The plan whose last report is read.")] = Path("gate.yaml"),
    html: Annotated[Path | None, typer.Option("--html", help="Write the whole report as one page, to this file.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show everything about one query in every system of a report; or make the report's page again."""
    from ragguard.reports import document

    if bool(query) == (html is not None):
        raise InputError(Problem("show", "shows a query, or makes a page", "name a query, or a file with --html"))
    place = _report_folder(report, plan)
    found = document.from_json(place if place.is_file() else place / "report.json")
    if html is not None:
        from ragguard.reports.page import page
        from ragguard.store import write_atomically

        write_atomically(html, page.render(found).encode())
        _say({"file": str(html)}, str(html), as_json)
        return 0
    from ragguard.reports.one_query import query_to_dict, show_query

    if as_json:
        _print_json(query_to_dict(found, query))
    else:
        with _shown():
            show_query(found, query, _console())
    return 0


@app.command(epilog="Example: ragguard accept tuned")
def accept(
    candidate: Annotated[str, typer.Argument(help="The candidate to make the baseline.")],
    plan: Annotated[Path, typer.Option("--plan", help="The plan it belongs to.")] = Path("gate.yaml"),
    report: Annotated[Path | None, typer.Option("--report", help="Report folder that judged it. Default: the plan's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Accept what was not promoted; the lock says so.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make a promoted candidate the baseline: write ragguard.lock, which `baseline: accepted` reads."""
    from ragguard import accept as accepting

    lock = accepting.accept(candidate, plan, _report_folder(report, plan) / "report.json", force=force)
    text = f"accepted {candidate} (run {lock.run}, {lock.decision}{', forced' if lock.forced else ''}): {plan.parent / 'ragguard.lock'}"
    _say({"candidate": lock.candidate, "run": lock.run, "decision": lock.decision, "forced": lock.forced}, text, as_json)
    return 0


@app.command(epilog="Example: ragguard cases gate.yaml --out asked")
def cases(
    plan: Plan = Path("gate.yaml"),
    out: Annotated[Path, typer.Option("--out", help="Folder for the files, one folder a suite.")] = Path("cases"),
    allow_code: AllowCode = False,
    as_json: AsJson = False,
) -> int:
    """Write the queries that the suites ask, and the documents that they plant, for a system that is asked elsewhere."""
    from ragguard import cases as casing

    written = casing.write(plan, out, allow_code=allow_code)
    _say({"files": [str(path) for path in written]}, "\n".join(map(str, written)), as_json)
    return 0


@app.command(epilog="Example: ragguard schema --out schemas")
def schema(
    out: Annotated[Path, typer.Option("--out", help="Folder for gate, suite and report schemas.")] = Path("schemas"),
    as_json: AsJson = False,
) -> int:
    """Write the JSON schemas of gate.yaml, suites/*.yaml and report.json, for editors and tools."""
    from ragguard import workspace

    written = workspace.write_schemas(out)
    _say({"files": [str(path) for path in written]}, "\n".join(map(str, written)), as_json)
    return 0


app.command(epilog=cli_rates.POWER)(cli_rates.power)
app.command("error-rates", epilog=cli_rates.ERROR_RATES)(cli_rates.error_rates)
app.command(epilog=cli_rates.DRILL)(cli_rates.drill)
app.command(epilog=cli_shadow.EPILOG)(cli_shadow.shadow)
app.command(epilog=f"Example: ragguard nightly gate.yaml --fail-on-drift. {cli_nights.CODES}")(cli_nights.nightly)
app.command(epilog="Example: ragguard history   or   ragguard history 2026-01-30 2026-01-31   or   ragguard history --html history.html")(
    cli_nights.history
)
cli_canary.app.command(epilog=cli_serve.SERVE)(cli_serve.serve)


def main() -> None:
    """Entry point: run the command and leave with its exit code."""
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: list[str]) -> int:
    """Run a command line and return its exit code; every error is printed, and says whose fault it was."""
    as_json = "--json" in arguments
    try:
        code = app(args=arguments, standalone_mode=False)
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except SystemExit as stop:
        return _fail(f"something that was run called exit({stop.code!r}); nothing was judged", EXIT_CANNOT_JUDGE, as_json)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug must not read as a verdict
        return _fail(*_blame(error), as_json)
    if code == EXIT_INTERRUPTED:  # typer gives an interrupt back as this code, and says nothing
        return _fail("interrupted; run it again: it goes on where it was", EXIT_INTERRUPTED, as_json)
    return code if isinstance(code, int) else 0


def _blame(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code that says whose fault it was."""
    if isinstance(error, RagguardError):
        return str(error), error.exit_code
    if isinstance(error, typer.Abort):
        return "interrupted", EXIT_INTERRUPTED
    if isinstance(error, MemoryError):
        return "out of memory: use a smaller batch_size, or a machine with more", EXIT_CANNOT_JUDGE
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}", EXIT_CANNOT_JUDGE
    message = _usage(error)
    return (message, EXIT_INPUT) if message is not None else (_trace(error), EXIT_CANNOT_JUDGE)


def _usage(error: Exception) -> str | None:
    """The message of a wrong command line; typer's own error class is known by its method."""
    message = getattr(error, "format_message", None)
    return f"{message()} (see ragguard --help)" if callable(message) else None


def _trace(error: Exception) -> str:
    import traceback

    return f"{''.join(traceback.format_exception(error))}ragguard stopped on an error of its own; nothing was judged"


def _fail(message: str, code: int, as_json: bool) -> int:
    if as_json:
        _print_json({"error": message.splitlines(), "exit_code": code})
    print(message, file=sys.stderr)
    return code


def _finish(report: "Report", out: Path, as_json: bool) -> int:
    from ragguard.reports import document, store, terminal

    store.write(report, out)
    with _shown():
        if as_json:
            sys.stdout.buffer.write(document.to_json(report))
        else:
            terminal.show(report, _console(), out)
    return report.exit_code


def _report_folder(report: Path | None, plan: Path) -> Path:
    if report is not None:
        return report
    from ragguard.plan.source import read

    name = read(plan.resolve(), "plan").values.get("name")
    if not isinstance(name, str):
        raise InputError(Problem(str(plan), "has no name:", "add one, or name the report's folder with --report"))
    return plan.resolve().parent / "reports" / name


if __name__ == "__main__":
    main()
