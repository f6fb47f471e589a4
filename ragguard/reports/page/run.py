"""What the page shows of the run as a whole: who and what, how sure the gate is, what it cost, who judged, how things were made."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ragguard.records.report import Report
from ragguard.records.verdict import Decision
from ragguard.reports import details, efficiency, figures, judged, spent, words
from ragguard.reports.page import pictures
from ragguard.reports.page.shapes import Drawn, Table
from ragguard.reports.page.training import Curve, Training, trainings

if TYPE_CHECKING:
    from markupsafe import Markup

_FACTS = 60
_CURVE_ROWS = 12


@dataclass(frozen=True, slots=True)
class Made:
    """A training: whose, its facts, and its curves."""

    title: str
    facts: Table
    curves: tuple[Drawn, ...]


def facts(report: Report) -> list[tuple[str, str]]:
    """What was judged against what, on what, by whom and when: a name and a text each."""
    collections = dict.fromkeys(f"{suite.collection} ({suite.split})" if suite.split else suite.collection for suite in report.suites)
    judges = [f"{judge.name} ({judge.model}, {judge.fingerprint[:12]})" for judge in report.judges]
    found = [
        ("candidate" if len(report.decisions) == 1 else "candidates", words.listed([each.candidate for each in report.decisions], 8)),
        ("baseline", words.baseline(report)),
        ("anchor", ", ".join(arm.name for arm in report.arms if arm.role == "anchor")),
        ("collection" if len(collections) == 1 else "collections", words.listed(collections, 6)),
        ("judge" if len(judges) == 1 else "judges", words.listed(judges, 6) or "none: no answer was judged by a model"),
        ("date", date(report)),
        ("run", f"{report.run}, question {report.question[:12]}, ragguard {report.ragguard}"),
    ]
    return [(name, text) for name, text in found if text]


def date(report: Report) -> str:
    """When the run began, in words; "" where the report does not say."""
    try:
        return datetime.fromisoformat(report.times.started).strftime("%-d %B %Y, %H:%M %Z").strip()
    except ValueError:
        return report.times.started


def overview(report: Report) -> Table | None:
    """All candidates at a glance, where there are several."""
    if len(report.decisions) < 2:
        return None
    rows = [_glance(report, number, decision) for number, decision in enumerate(report.decisions, 1)]
    endpoints = [name.replace("/", "/\u200b") for name in dict.fromkeys(_endpoints(report))]  # where a narrow head may break
    return Table("All candidates", ["candidate", "decision", *endpoints], rows, (0, 1))


def _endpoints(report: Report) -> Iterator[str]:
    for decision in report.decisions:
        for each in decision.verdicts:
            if each.check.tier == "blocking" and not words.against(each, report):
                yield each.check.identity


def _glance(report: Report, number: int, decision: Decision) -> "list[str | tuple[str, str] | Markup]":
    from markupsafe import Markup

    found = {each.check.identity: each for each in decision.verdicts if not words.against(each, report)}
    cells = [
        Markup('<span class="is-{}">{}</span>').format(found[name].outcome, figures.difference(found[name].estimate))
        if name in found
        else ""
        for name in dict.fromkeys(_endpoints(report))
    ]
    best = " (best of the promoted)" if report.best == decision.candidate else ""
    return [
        (Markup('<a href="#c{}">{}</a>{}').format(number, words.clean(decision.candidate), best), words.gist(decision)),
        Markup('<strong class="is-{}">{}</strong>').format(decision.answer, words.HEADLINE[decision.answer]),
        *cells,
    ]


def costs(report: Report) -> list[Table]:
    """Seconds, memory and speed, as tables."""
    heads = ["", *(arm.name for arm in report.arms)]
    found = (("Stages", efficiency.STAGES, efficiency.stages(report)), ("A case", efficiency.SPEED, efficiency.speed(report)))
    return [Table(name, heads, [[row.name, *row.cells] for row in rows], note=legend) for name, legend, rows in found if rows]


def notes(report: Report) -> list[str]:
    """What the tables of costs do not say."""
    tokens = [f"{name} spent {count:,} tokens in this run" for name, count in report.times.tokens.items()]
    took = spent.total(report)
    whole = [f"It took {figures.seconds(took)}: {', '.join(spent.shares(report))}."] if took else []
    return [*whole, *tokens, *efficiency.notes(report)]


def judges(report: Report) -> Table | None:
    """Who judged, with what came to nothing."""
    if not report.judges:
        return None
    return Table("Judges", list(judged.HEAD), judged.rows(report), (0, 1, 2), f"{judged.LEGEND} {judged.LEGEND_NOW}")


def made(report: Report) -> list[Made]:
    """Every training of the run."""
    return [_made(number, each) for number, each in enumerate(trainings(report.arms), 1)]


def _made(number: int, training: Training) -> Made:
    title = " ".join(filter(None, (training.arm, training.part)))
    rows = [[key, value] for key, value in list(training.facts.items())[:_FACTS]]
    curves = tuple(_curve(curve, f"t{number}-{i}", title) for i, curve in enumerate(training.curves, 1))
    return Made(title, Table(f"What {title} was trained on, and how", ["what", "value"], rows, (0, 1)), curves)


def _curve(curve: Curve, name: str, title: str) -> Drawn:
    every = -(-len(curve.points) // _CURVE_ROWS)
    kept = [point for i, point in enumerate(curve.points) if i % every == 0 or i == len(curve.points) - 1]
    table = Table(f"{curve.what} of {title}", ["step", curve.what], [[f"{step:,.0f}", figures.mean(value)] for step, value in kept])
    return Drawn(pictures.curve(curve.points, curve.what, name), f"{curve.what} of {title}, by step", table)


def systems(report: Report) -> list[Table]:
    """What each system is, and what it says of itself."""
    return [
        Table(f"{arm.role}: {arm.name}" if arm.role != arm.name else arm.name, ["what", "value"], rows, (0, 1))
        for arm in report.arms
        if (rows := [[key, value] for key, value in {**details.flat(arm.description), **details.flat(arm.notes)}.items()][:_FACTS])
    ]


def fingerprints(report: Report) -> Table:
    """The SHA-256 of all that the result hangs on."""
    prints = [
        ("question: cases, checks, margins, alpha, seeds", report.question),
        *((f"{a.role} {a.name}", a.fingerprint) for a in report.arms),
    ]
    for suite in report.suites:
        prints += [(f"suite {suite.name}", suite.fingerprint), (f"collection {suite.collection}", suite.collection_fingerprint)]
    prints += [(f"judge {judge.name}", judge.fingerprint) for judge in report.judges]
    return Table("SHA-256", ["of", "SHA-256"], [[name, value] for name, value in dict(prints).items()], (0, 1))
