"""What the page shows, put together: texts, tables, and pictures, for the template to lay out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragguard.records.report import Report, SuiteRun
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, flips, means, moved, robustness, words, worst
from ragguard.reports.page import detail, forest, pictures, queries, stages, steps
from ragguard.reports.page.detail import Detail
from ragguard.reports.page.queries import Row
from ragguard.reports.page.stages import STAGES

if TYPE_CHECKING:
    from markupsafe import Markup

SHOWN = 20
"""Queries that stand in the page as it is, over all candidates; the script shows the others."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``words`` are the columns that hold words; a cell is a text, or a pair of a text and a smaller one below it."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence["str | tuple[str, str] | Markup"]]
    words: tuple[int, ...] = (0,)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture with its caption, and the same numbers as a table."""

    drawn: "Markup"
    caption: str
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite's part of a candidate's section."""

    id: str
    name: str
    about: str
    description: str
    checks: Table | None
    notes: tuple[str, ...]
    pictures: tuple[Drawn, ...]
    tables: tuple[Table, ...]
    slices: Table | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate's section. ``id`` is its anchor; ``queries`` all its rows, of which ``shown`` come with their details."""

    id: str
    decision: Decision
    word: str
    meaning: str
    reasons: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    forest: "tuple[Markup, Markup] | None"
    undrawn: tuple[str, ...]
    lost: Table | None
    lost_pictures: "tuple[Markup, Markup] | None"
    suites: tuple[Suite, ...]
    queries: tuple[Row, ...]
    shown: tuple[tuple[Row, Detail], ...]
    worsened: int


def candidate(report: Report, number: int) -> Candidate:
    """Put a candidate's section together; ``number`` is its place among the decisions."""
    decision, id_ = report.decisions[number], f"c{number + 1}"
    made = queries.rows(report, decision)
    share = max(6, SHOWN // len(report.decisions))
    checks = [verdict for group in forest.groups(report, decision) for verdict in group.verdicts]
    lost = stages.both(report, decision) if stages.told(report) else []
    return Candidate(
        id=id_,
        decision=decision,
        word=words.HEADLINE[decision.answer],
        meaning=words.MEANING[decision.answer],
        reasons=tuple(parted(reason) for reason in (*words.not_run(decision), *decision.reasons)),
        steps=tuple(steps.steps(report, decision)),
        forest=_both(lambda wide: forest.picture(report, decision, f"{id_}-forest-{_form(wide)}", wide=wide)) if checks else None,
        undrawn=tuple(_undrawn(report, checks)),
        lost=_lost(report, decision, lost) if lost else None,
        lost_pictures=_both(lambda wide: _losses(report, decision, lost, f"{id_}-lost-{_form(wide)}", wide=wide)) if lost else None,
        suites=tuple(_suite(report, decision, suite, f"{id_}-s{i}") for i, suite in enumerate(words.suites(report, decision), 1)),
        queries=tuple(made),
        shown=tuple((row, detail.of(report, decision, row.case)) for row in made[:share]),
        worsened=queries.worsened(made),
    )


def _form(wide: bool) -> str:
    return "wide" if wide else "narrow"


def _both(draw: Callable[[bool], "Markup"]) -> "tuple[Markup, Markup]":
    return draw(True), draw(False)


def parted(reason: str) -> tuple[str, str]:
    """A reason in two: what happened, and the numbers that stood in its first brackets; the second is "" where there are none."""
    head, bracket, tail = reason.replace("->", "→").partition(" (")
    depth = 1
    for at, letter in enumerate(tail if bracket else ""):
        depth += (letter == "(") - (letter == ")")
        if not depth:
            return f"{head}{tail[at + 1 :]}", tail[:at]
    return reason, ""


def _undrawn(report: Report, checks: Sequence[Verdict]) -> Iterator[str]:
    for verdict in checks:
        if not forest.drawable(verdict) and verdict.check.tier != "must" and verdict.estimate.difference is not None:
            name = " ".join((verdict.check.identity, words.against(verdict, report))).rstrip()
            yield f"{name}: {words.outcome(verdict)}, {figures.difference(verdict.estimate)}"


def _losses(report: Report, decision: Decision, found: Sequence[stages.Lost], name: str, *, wide: bool) -> "Markup":
    arms = words.baseline(report), decision.candidate
    made = {suite.name: stages.rows(found, suite.name) for suite in words.suites(report, decision)}
    return pictures.losses({suite: rows for suite, rows in made.items() if any(row.baseline for row in rows)}, arms, name, wide=wide)


def _lost(report: Report, decision: Decision, found: Sequence[stages.Lost]) -> Table:
    """Where cases are lost, over all suites and in each."""
    by_suite = {suite.name: stages.rows(found, suite.name) for suite in report.suites}
    by_suite = {name: rows for name, rows in by_suite.items() if any(row.baseline for row in rows)}
    everywhere = stages.rows(found)
    rows = []
    for number, stage in enumerate(STAGES):
        row, parts = everywhere[number], [made[number] for made in by_suite.values()]
        if row.baseline or row.candidate:
            newly, back = (f"{row.newly:,}", f"{row.back:,}") if stage != "fine" else ("", "")
            each = [f"{part.baseline:,} → {part.candidate:,}" for part in parts]
            cells: list[str | tuple[str, str] | Markup] = [(stage, stages.MEANING[stage])]
            rows.append([*cells, f"{row.baseline:,}", f"{row.candidate:,}", newly, back, *each])
    heads = ["stage", words.baseline(report), decision.candidate, "newly lost", "won back", *by_suite]
    return Table("Cases by the first stage that loses them, over all suites and in each", heads, rows)


def _suite(report: Report, decision: Decision, suite: SuiteRun, id_: str) -> Suite:
    made = sorted(words.verdicts(decision, suite.name), key=lambda verdict: forest.TIERS.index(verdict.check.tier))
    return Suite(
        id=id_,
        name=suite.name,
        about=words.overview(suite),
        description=suite.description,
        checks=_checks(report, decision, made) if made else None,
        notes=words.notes(made, decision),
        pictures=tuple(_pictures(report, decision, suite.name, id_)),
        tables=tuple(_tables(report, decision, suite)),
        slices=_slices(report, decision, suite),
    )


def _checks(report: Report, decision: Decision, verdicts: Sequence[Verdict]) -> Table:
    level = " or ".join(sorted({figures.level(each.estimate.alpha) for each in verdicts}))
    first = "reference" if any(words.against(each, report) for each in verdicts) else words.baseline(report)
    margin = "margin, limit" if any(verdict.check.limit is not None for verdict in verdicts) else "margin"
    heads = ["check", "verdict", "tier", f"{first} → {decision.candidate}", "difference", f"{level} bounds"]
    rows = [_check(report, verdict) for verdict in verdicts]
    return Table("Checks, the blocking ones first", [*heads, margin, "intents", "won / tied / lost"], rows, (0, 1, 2))


def _check(report: Report, verdict: Verdict) -> list["str | tuple[str, str] | Markup"]:
    estimate, check = verdict.estimate, verdict.check
    means_, unit = (estimate.baseline_mean, estimate.candidate_mean), estimate.scale.unit
    counted = f"{estimate.wins:,} / {estimate.ties:,} / {estimate.losses:,}" if estimate.difference is not None else ""
    return [
        _title(report, verdict),
        marked(verdict),
        check.tier,
        " → ".join(figures.mean(mean, unit) for mean in means_) if check.tier != "must" else "",
        *words.change(verdict),
        (figures.margin(estimate), figures.limit(check, estimate.scale)),
        f"{estimate.intents:,}",
        counted if check.tier != "must" else "",
    ]


def _title(report: Report, verdict: Verdict) -> "tuple[str | Markup, str]":
    """What a check is called, a blocking one in bold, and below it that less is better, where it is."""
    from markupsafe import Markup

    *name, last = words.title(verdict, report)
    lower = last == "(lower is better)"
    text = " ".join(name if lower else [*name, last])
    named = Markup("<strong>{}</strong>").format(words.clean(text)) if verdict.check.tier == "blocking" else text
    return named, last.strip("()") if lower else ""


def marked(verdict: Verdict) -> "Markup":
    """A verdict's word, in its colour and with its shape."""
    from markupsafe import Markup

    return Markup('<span class="is-{}">{}</span>').format(verdict.outcome, words.outcome(verdict))


def _pictures(report: Report, decision: Decision, suite: str, id_: str) -> Iterator[Drawn]:
    """How the cases' scores are spread in the suite's leading check, and what single cases gained and lost."""
    check = worst.leading(report, decision, suite)
    pairs = list(worst.pairs_of(report, decision, check)) if check is not None else []
    if check is None or not pairs:
        return
    metric, scale = str(check.check.metric), check.estimate.scale
    before, after = [pair[1] for pair in pairs], [pair[2] for pair in pairs]
    arms = words.reference(check, report), decision.candidate
    if not scale.binary:
        found = pictures.spread(before, after, scale.low, scale.high)
        bins = zip(found.edges, found.edges[1:], found.before, found.after, strict=False)
        rows = [(f"{low:.3g} to {high:.3g}", f"{old:,}", f"{new:,}") for low, high, old, new in bins if old or new]
        table = Table(f"Cases by their {metric}", [metric, *arms], rows)
        yield Drawn(pictures.scores(found, arms, metric, f"{id_}-scores"), f"{metric} of single cases.", table)
    changes = [pair[3] for pair in pairs]
    caption = f"What single cases gained or lost in {metric}; ties are not drawn."
    yield Drawn(pictures.differences(changes, metric, f"{id_}-differences"), caption)


def _tables(report: Report, decision: Decision, suite: SuiteRun) -> Iterator[Table]:
    cost = robustness.costs(report, decision, suite)
    if cost is not None:
        heads = ["what was done", "cases", *(part for arm in cost.arms for part in (arm, "lost"))]
        pairs = [[(change.replace("->", "→"), lost) for change, lost in zip(row.changes, row.losses, strict=True)] for row in cost.rows]
        rows = [[row.name, f"{row.cases:,}", *(text for pair in made for text in pair)] for row, made in zip(cost.rows, pairs, strict=True)]
        yield Table(f"What hurt: {cost.metric} of the same queries as they stand, and perturbed or attacked so", heads, rows)
    tasks = flips.rows(decision, suite)
    if tasks:
        heads, lines = flips.table(report, decision, tasks)
        text = tuple(number for number, head in enumerate(heads) if head in ("task", "metric"))
        yield Table(flips.heading(tasks), heads, lines, text, flips.LEGEND)
    figures_ = moved.rows(report, decision, suite)
    if figures_:
        heads = ["figure", "of", "size", *means.arms(report, decision)]
        rows = [[row.what, row.of, row.size, *row.values] for row in figures_]
        yield Table(moved.HEADING, heads, rows, (0, 1), " ".join([moved.legend(figures_), *moved.notes(report, decision, suite)]))


def _slices(report: Report, decision: Decision, suite: SuiteRun) -> Table | None:
    made = means.by_slice(report, decision, suite)
    if not made:
        return None
    metrics = list(made[0].cells)
    rows = [[row.slice or "all", f"{row.scored:,}", *(row.cells[metric].replace("->", "→") for metric in metrics)] for row in made]
    return Table(f"Means over intents by slice, {' → '.join(means.arms(report, decision))}", ["slice", "cases", *metrics], rows)
