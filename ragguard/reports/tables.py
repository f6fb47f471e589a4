"""The tables of the terminal: wide ones with a column for everything, narrow ones (80 columns) with two lines a row."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from ragguard.records.report import CaseRun, Report, SuiteRun
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, robustness, words, worst
from ragguard.reports import means as unjudged
from ragguard.reports.pen import Pen

_STYLE = {"fail": "bold red", "error": "bold magenta", "inconclusive": "yellow", "pass": "green"}


def checks(report: Report, verdicts: Sequence[Verdict], pen: Pen) -> Table:
    """A suite's checks, in the given order."""
    level = " or ".join(sorted({figures.level(each.estimate.alpha) for each in verdicts}))
    first = "reference" if any(words.against(each, report) for each in verdicts) else "baseline"
    table = _table()
    if pen.narrow:
        heads = ["verdict\ntier", "check", f"{first}\ncandidate", f"difference\n{level} bounds", "margin\nlimit", "intents"]
    else:
        heads = ["verdict", "tier", "check", first, "candidate", "difference", f"{level} bounds", "margin", "limit", "intents"]
    for number, name in enumerate(heads):
        is_check = name == "check"
        right = number > heads.index("check")
        table.add_column(name, justify="right" if right else "left", no_wrap=not is_check, overflow="fold", ratio=1 if is_check else None)
    for verdict in verdicts:
        style = _STYLE[verdict.outcome] if words.counts(verdict) or verdict.outcome == "pass" else "dim"
        cells = _stacked(report, verdict) if pen.narrow else _flat(report, verdict)
        table.add_row(pen.text(cells[0], style), *map(pen.text, cells[1:]))
    return table


def _stacked(report: Report, verdict: Verdict) -> tuple[str, ...]:
    """The cells for a narrow console: what belongs together, one above the other."""
    word, tier, name, before, after, difference, bounds, margin, limit, intents = _flat(report, verdict, "\n")
    pairs = (word.replace(" (", "\n("), tier), (name,), (before, after), (difference, bounds), (margin, limit), (intents,)
    return tuple("\n".join(filter(None, pair)) for pair in pairs)


def _flat(report: Report, verdict: Verdict, between: str = " ") -> tuple[str, ...]:
    estimate, check = verdict.estimate, verdict.check
    return (
        words.outcome(verdict),
        check.tier,
        between.join(words.title(verdict, report)),
        figures.mean(estimate.baseline_mean, estimate.scale.unit),
        figures.mean(estimate.candidate_mean, estimate.scale.unit),
        *words.change(verdict),
        figures.margin(estimate),
        figures.limit(check, estimate.scale),
        f"{estimate.intents:,}",
    )


def means(report: Report, decision: Decision, suite: SuiteRun, pen: Pen) -> Table | None:
    """Means by slice, as many metrics as the console has room for, or None where nothing was scored."""
    rows = unjudged.by_slice(report, decision, suite)
    if not rows:
        return None
    metrics = list(rows[0].cells)
    widths = {metric: max(len(metric), *(len(row.cells[metric]) for row in rows)) + 2 for metric in metrics}
    room = pen.console.width - max(len("slice"), *(len(row.slice) for row in rows)) - len("cases") - 3
    shown = [metric for index, metric in enumerate(metrics) if sum(widths[name] for name in metrics[: index + 1]) <= room] or metrics[:1]
    table = _table()
    table.add_column("slice", overflow="fold")
    for name in (*shown, "cases"):
        table.add_column(pen.text(name), justify="right", overflow="fold")
    for row in rows:
        table.add_row(*map(pen.text, (row.slice or "all", *(row.cells[name] for name in shown), f"{row.scored:,}")))
    return table


def costs(found: robustness.Costs, pen: Pen) -> Table:
    """What each perturbation cost each arm."""
    table = _table()
    heads = ["", "cases", *(head for arm in found.arms for head in (f"{arm}: clean -> so", "lost"))]
    for number, name in enumerate(heads):
        table.add_column(pen.text(name), justify="right" if number else "left", overflow="fold")
    for row in found.rows:
        cells = [cell for pair in zip(row.changes, row.losses, strict=True) for cell in pair]
        table.add_row(*map(pen.text, (row.name, f"{row.cases:,}", *cells)))
    return table


def wanted(report: Report, case: CaseRun, arms: Sequence[str], pen: Pen) -> None:
    """Print where each relevant document stood, before and after."""
    for id_, grade in worst.wanted(case):
        about = ", ".join(part for part in (worst.marks(report, id_), f"grade {grade}") if part)
        ranks = " -> ".join(worst.place(case, arm, id_) for arm in arms)
        pen.item(f"wanted {id_} ({about}): rank {ranks}")


def rankings(report: Report, case: CaseRun, arms: Sequence[str], pen: Pen, depth: int, titles: bool = False) -> Table:
    """What each system ranked, side by side, with versions, grades, and titles if asked for."""
    table = _table()
    table.add_column("", justify="right", no_wrap=True)
    for arm in arms:
        table.add_column(pen.text(arm), ratio=1, overflow="fold")
    for rank in range(max([1, *(min(depth, len(case.rankings.get(arm, ()))) for arm in arms)])):
        cells = [pen.text(*_ranked(report, case, arm, rank, titles)) for arm in arms]
        table.add_row(pen.text(str(rank + 1)), *cells)
    return table


def _ranked(report: Report, case: CaseRun, arm: str, rank: int, titles: bool) -> tuple[str, str]:
    ranking = case.rankings.get(arm, ())
    if rank >= len(ranking):
        return (
            (f"nothing ranked: {case.errors[arm]}" if arm in case.errors else "nothing ranked" if not ranking else "", "")
            if rank == 0
            else ("", "")
        )
    shown = ranking[rank]
    told = f"[{'-' if shown.grade is None else shown.grade}] {shown.id} {worst.marks(report, shown.id)}".rstrip()
    title = report.documents[shown.id].title if titles and shown.id in report.documents else ""
    return (f"{told}\n{title}" if title else told, "green" if shown.grade else "")


def plain(heads: Sequence[str], pen: Pen) -> Table:
    """An empty table with the given column heads."""
    table = _table()
    for name in heads:
        table.add_column(pen.text(name), overflow="fold")
    return table


def fact(value: object) -> str:
    """A fact of any kind in a few characters."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, header_style="bold")
