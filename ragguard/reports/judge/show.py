"""A calibration on the terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ragguard.records.calibration import Agreement, Calibration, Figure
from ragguard.reports import figures, tables
from ragguard.reports.judge import words
from ragguard.reports.pen import Pen
from ragguard.reports.words import clip

_WORST, _TEXT = 5, 300


def about(calibration: Calibration) -> str:
    """Who was measured, on what."""
    agreement = calibration.agreement
    judge = (
        f"judge {calibration.judge} ({calibration.judge_fingerprint[:12]})"
        if calibration.judge
        else "the judge whose values the file holds"
    )
    metric = f", metric {calibration.metric}" if calibration.metric else ""
    size = f"{figures.count(agreement.answers, 'answer')} of {figures.count(agreement.intents, 'intent')}"
    raters = f", {figures.count(calibration.raters, 'rater')}" if calibration.raters > 1 else ""
    return f"{judge}{metric}; {calibration.labels}: {size}{raters}"


def heads(agreement: Agreement) -> list[str]:
    """The heads of the table of figures."""
    return ["", "value", f"{100 * agreement.level:.4g} % interval", *(f"labels for +-{width}" for width in ("0.1", "0.05"))]


def cells(agreement: Agreement) -> list[tuple[str, ...]]:
    """The rows of the table of figures, as text."""
    return [
        (name, words.value(figure, name), words.interval(figure, name), *(_needed(figure.needed.get(width)) for width in ("0.1", "0.05")))
        for name, figure, _ in words.rows(agreement)
    ]


def _needed(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def confusion(agreement: Agreement) -> list[tuple[str, str, str]]:
    """Rows of the table of yes and no, by what the judge says."""
    found = agreement.confusion
    return [
        ("judge says yes", f"{found.both_yes:,}", f"{found.judge_only:,}"),
        ("judge says no", f"{found.people_only:,}", f"{found.both_no:,}"),
    ]


def further(agreement: Agreement) -> list[str]:
    """What stands in no table: why something cannot be told, people among themselves, the best threshold."""
    told = [f"{name}: {figure.note}" for name, figure, _ in words.rows(agreement) if figure.note]
    people, best = agreement.people, agreement.best
    if people is not None:
        both = f"{figures.count(people.answers, 'answer')} with up to {people.raters} labels"
        told.append(f"people among themselves ({both}): Krippendorff's alpha {_with_interval(people.alpha)}")
        told.append(f"the judge with their single labels: kappa {_with_interval(people.judge)}")
    if best is not None and agreement.graded:
        rates = f"sensitivity {best.sensitivity:.3f}, specificity {best.specificity:.3f}"
        how = f"optimistic, for it was picked on these very answers; used was {agreement.threshold:g}"
        told.append(f"best threshold {best.threshold:.3f} ({rates}): {how}")
    return told


def _with_interval(figure: Figure) -> str:
    return f"{words.value(figure)}, {words.interval(figure) or figure.note}"


def show(calibration: Calibration, console: Console, written: Sequence[Path] = ()) -> None:
    """Print the verdict in words, the figures, and the worst disagreements; then the files that were ``written``."""
    pen, agreement = Pen(console), calibration.agreement
    first, *others = calibration.summary
    pen.say(first, "bold")
    for sentence in others:
        pen.item(sentence)
    pen.say(f"\n{about(calibration)}", "dim")
    drawn = tables.plain(heads(agreement), pen)
    for row in cells(agreement):
        drawn.add_row(*map(pen.text, row))
    pen.print(drawn)
    pen.say(f"\nYes from {agreement.threshold:g} on", "bold")
    table = tables.plain(["", "people say yes", "people say no"], pen)
    for row in confusion(agreement):
        table.add_row(*map(pen.text, row))
    pen.print(table)
    for line in further(agreement):
        pen.item(line)
    _worst(calibration, pen)
    if calibration.warnings:
        pen.heading("Warnings")
        for line in calibration.warnings:
            pen.item(line, "yellow")
    for path in written:
        pen.say(str(path))


def _worst(calibration: Calibration, pen: Pen) -> None:
    if not calibration.worst:
        return
    pen.heading("Where they disagree most", f"{min(_WORST, len(calibration.worst))} answers; calibration.json and the page have more")
    for each in calibration.worst[:_WORST]:
        pen.say(f"\n{each.query}: people {each.label:.2f}, judge {each.judge:.2f}", "bold")
        for name, text in (("question", each.question), ("answer", each.answer), ("against", each.against), ("the judge", each.reason)):
            if text:
                pen.item(f"{name}: {clip(text, _TEXT)}")
