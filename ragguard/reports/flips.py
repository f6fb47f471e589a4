"""lm-eval's tasks side by side, and the items that flipped, in words for the terminal and for report.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table

from ragguard.records.report import CaseRun, Report, SuiteRun, TaskRun
from ragguard.records.verdict import Decision
from ragguard.reports import figures, tables, words
from ragguard.reports.escape import cell, code, prose
from ragguard.reports.pen import Pen

HEADING = "lm-eval tasks: mean score of the items"
LEGEND = (
    "All tasks: each counts alike. Lost: the baseline has it right and the candidate has it wrong (or less right); won: the other way "
    "round. Bounds are those of the checks on these slices."
)
SHOWN = 3
"""Items of a task that are shown, of those lost and of those won."""

_CLIP, _TEXT = 80, 240


@dataclass(frozen=True, slots=True)
class Flip:
    """An item that flipped, with what each arm said of it."""

    case: CaseRun
    before: str
    after: str


def rows(decision: Decision, suite: SuiteRun) -> list[TaskRun]:
    """A candidate's rows: all tasks first, then what lost most."""
    mine = [each for each in suite.tasks if each.arm == decision.candidate]
    return sorted(mine, key=lambda each: (each.task != "", each.difference if each.difference is not None else -2.0, each.task))


def cells(row: TaskRun) -> tuple[str, ...]:
    """The columns of a row as text."""
    margin = 0.0
    bounds = figures.NONE if row.lower is None else f"{figures.bound(row.lower, margin)} to {figures.bound(row.upper, margin)}"
    means = (figures.mean(row.baseline), figures.mean(row.candidate), figures.signed(row.difference))
    return (row.task or "all tasks", row.metric, f"{row.items:,}", *means, bounds, f"{len(row.lost):,}", f"{len(row.won):,}")


def flipped(report: Report, decision: Decision, suite: SuiteRun) -> Iterator[tuple[str, list[Flip]]]:
    """For each task, what it is to be called and the first items that were lost, then those that were won."""
    cases = {case.id: case for case in report.cases if case.suite == suite.name}
    for row in rows(decision, suite):
        for word, ids in (("lost (right -> wrong)", row.lost), ("won (wrong -> right)", row.won)) if row.task else ():
            if ids:
                yield f"{row.task}: {len(ids):,} {word}", [_flip(report, decision, cases[id_]) for id_ in ids[:SHOWN]]


def _flip(report: Report, decision: Decision, case: CaseRun) -> Flip:
    said = [case.answers[arm].text if arm in case.answers else "" for arm in (words.baseline(report), decision.candidate)]
    return Flip(case, *said)


def show(report: Report, decision: Decision, suite: SuiteRun, pen: Pen) -> None:
    """Print the table and the first items that flipped, where the suite has tasks."""
    made = rows(decision, suite)
    if not made:
        return
    pen.say(f"\n{HEADING}", "bold")
    pen.print(_table(report, decision, made, pen))
    for row in made:
        if row.note and row.task:
            pen.item(f"{row.task}: {row.note}")
    pen.say(LEGEND, "dim")
    for title, flips in flipped(report, decision, suite):
        pen.say(f"\n{title}", "bold")
        for flip in flips:
            pen.item(f"{flip.case.id}: {words.clip(flip.case.text, _TEXT)}")
            pen.quote(_told(report, decision, flip))


def _table(report: Report, decision: Decision, made: Sequence[TaskRun], pen: Pen) -> Table:
    drawn = tables.plain(_heads(report, decision), pen)
    for column in drawn.columns[2:]:
        column.justify = "right"
    for row in made:
        drawn.add_row(*map(pen.text, cells(row)))
    return drawn


def _heads(report: Report, decision: Decision) -> list[str]:
    return ["task", "metric", "items", words.baseline(report), decision.candidate, "difference", "bounds", "lost", "won"]


def _told(report: Report, decision: Decision, flip: Flip) -> str:
    arms = (words.baseline(report), flip.before), (decision.candidate, flip.after)
    said = "; ".join(f"{arm} says {words.clip(text, _CLIP) or 'nothing'!r}" for arm, text in arms)
    return f"wanted {words.clip(flip.case.expected, _CLIP)!r}; {said}"


def markdown(report: Report, decision: Decision, suite: SuiteRun) -> list[str]:
    """The table for report.md, and the items that flipped, folded; nothing where the suite has no tasks."""
    made = rows(decision, suite)
    if not made:
        return []
    heads = [cell(words.clip(name, _CLIP)) if name in (words.baseline(report), decision.candidate) else name.capitalize()
             for name in _heads(report, decision)]  # fmt: skip
    lines = [heads, ["---"] * 2 + ["--:"] * 7]
    lines += [[cell(words.clip(part, _CLIP)) if number < 2 else prose(part) for number, part in enumerate(cells(row))] for row in made]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    notes = "\n".join(f"- {code(row.task)}: {prose(row.note)}" for row in made if row.note and row.task)
    told = "\n\n".join(filter(None, [f"**{HEADING}**", table, notes, f"<sub>{prose(LEGEND)}</sub>"]))
    return [told, *_items(report, decision, suite)]


def _items(report: Report, decision: Decision, suite: SuiteRun) -> Iterator[str]:
    for title, flips in flipped(report, decision, suite):
        lines = [f"- {code(flip.case.id)} {code(words.clip(flip.case.text, _TEXT))}: {_said(report, decision, flip)}" for flip in flips]
        yield f"<details><summary>{prose(title).replace('->', '&rarr;')}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _said(report: Report, decision: Decision, flip: Flip) -> str:
    arms = (words.baseline(report), flip.before), (decision.candidate, flip.after)
    said = "; ".join(f"{code(words.clip(arm, _CLIP))} says {code(words.clip(text, _CLIP))}" for arm, text in arms)
    return f"wanted {code(words.clip(flip.case.expected, _CLIP))}; {said}"
