"""A suite's part of a candidate's section: its checks, its pictures, and whatever else it tells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragguard.records.report import Report, SuiteRun
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, flips, means, moved, robustness, words, worst
from ragguard.reports.page import forest, pictures
from ragguard.reports.page.shapes import Drawn, Table

if TYPE_CHECKING:
    from markupsafe import Markup


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


def suite(report: Report, decision: Decision, run: SuiteRun, id_: str) -> Suite:
    """Put a suite's part together; ``id_`` is its anchor."""
    made = sorted(words.verdicts(decision, run.name), key=lambda verdict: forest.TIERS.index(verdict.check.tier))
    return Suite(
        id=id_,
        name=run.name,
        about=words.overview(run),
        description=run.description,
        checks=_checks(report, decision, made) if made else None,
        notes=words.notes(made, decision),
        pictures=tuple(_pictures(report, decision, run.name, id_)),
        tables=tuple(_tables(report, decision, run)),
        slices=_slices(report, decision, run),
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
