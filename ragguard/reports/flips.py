"""lm-eval's tasks side by side, and the items that flipped, in words for the terminal and for report.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragguard.records.report import CaseRun, Report, SuiteRun, TaskRun
from ragguard.records.verdict import Decision
from ragguard.reports import figures, tables, words
from ragguard.reports.escape import cell, code, prose
from ragguard.reports.pen import Pen

LEGEND = (
    "Of all tasks together each counts alike. Lost: the baseline has the item right and the candidate has it wrong, or less right; won: "
    "the other way round. Bounds are those of the checks on these slices."
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
    """A candidate's rows: all tasks first, then those without data, then what lost most."""
    mine = [each for each in suite.tasks if each.arm == decision.candidate]
    return sorted(mine, key=lambda each: (each.task != "", each.difference if each.difference is not None else -2.0, each.task))


def heading(made: Sequence[TaskRun]) -> str:
    """What the table is of; the metric too, where all tasks have the same."""
    metrics = _metrics(made)
    return f"lm-eval tasks: mean {metrics[0] if len(metrics) == 1 else 'score'} of the items"


def table(report: Report, decision: Decision, made: Sequence[TaskRun]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The heads of the columns, and the rows as text; a column of metrics where the tasks have several."""
    several = len(_metrics(made)) > 1
    heads = ["task", "metric", "items", words.baseline(report), decision.candidate, "difference", "bounds", "lost", "won"]
    cells = [_cells(row) for row in made]
    kept = [number for number in range(len(heads)) if number != 1 or several]
    return [heads[number] for number in kept], [tuple(row[number] for number in kept) for row in cells]


def _metrics(made: Sequence[TaskRun]) -> list[str]:
    return list(dict.fromkeys(row.metric for row in made if row.task and row.metric))


def _cells(row: TaskRun) -> tuple[str, ...]:
    bounds = figures.NONE if row.lower is None else f"{figures.signed(row.lower)} to {figures.signed(row.upper)}"
    means = (figures.mean(row.baseline), figures.mean(row.candidate), figures.signed(row.difference))
    metric = row.metric if row.task else ""
    return (row.task or "all tasks", metric, f"{row.items:,}", *means, bounds, f"{len(row.lost):,}", f"{len(row.won):,}")


def flipped(report: Report, decision: Decision, suite: SuiteRun) -> Iterator[tuple[str, list[Flip]]]:
    """For each task, what came of its items in words, and the first ones that were lost; then the same of those that were won."""
    cases = {case.id: case for case in report.cases if case.suite == suite.name}
    for row in (row for row in rows(decision, suite) if row.task):
        for word, ids in (("lost (right -> wrong)", row.lost), ("won (wrong -> right)", row.won)):
            if ids:
                yield f"{row.task}: {len(ids):,} {word}", [_flip(report, decision, cases[id_]) for id_ in ids[:SHOWN]]


def _flip(report: Report, decision: Decision, case: CaseRun) -> Flip:
    before, after = (case.answers[arm].text if arm in case.answers else "" for arm in (words.baseline(report), decision.candidate))
    return Flip(case, before, after)


def _said(report: Report, decision: Decision, flip: Flip) -> list[tuple[str, str]]:
    """Whose words they are, and the words."""
    told = [("wanted", flip.case.expected), (f"{words.baseline(report)} says", flip.before), (f"{decision.candidate} says", flip.after)]
    return [(words.clip(who, _CLIP), words.clip(what, _CLIP)) for who, what in told]


def show(report: Report, decision: Decision, suite: SuiteRun, pen: Pen) -> None:
    """Print the table and the first items that flipped, where the suite has tasks."""
    made = rows(decision, suite)
    if not made:
        return
    heads, lines = table(report, decision, made)
    drawn = tables.plain(heads, pen)
    for number, column in enumerate(drawn.columns):
        column.justify = "right" if heads[number] not in ("task", "metric") else "left"
    for line in lines:
        drawn.add_row(*map(pen.text, line))
    pen.say(f"\n{heading(made)}", "bold")
    pen.print(drawn)
    for row in made:
        if row.note and row.task:
            pen.item(f"{row.task}: {row.note}")
    pen.say(LEGEND, "dim")
    for title, flips in flipped(report, decision, suite):
        pen.say(f"\n{title}", "bold")
        for flip in flips:
            pen.item(f"{flip.case.id}: {words.clip(flip.case.text, _TEXT)}")
            pen.quote("; ".join(f"{who} {what!r}" for who, what in _said(report, decision, flip)))


def markdown(report: Report, decision: Decision, suite: SuiteRun) -> list[str]:
    """The table for report.md, and the items that flipped, folded; nothing where the suite has no tasks."""
    made = rows(decision, suite)
    if not made:
        return []
    heads, body = table(report, decision, made)
    arms = (words.baseline(report), decision.candidate)
    names = [cell(words.clip(head, _CLIP)) if head in arms else head.capitalize() for head in heads]
    lines = [names, ["---" if head in ("task", "metric") else "--:" for head in heads]]
    lines += [[cell(words.clip(line[0], _CLIP)), *map(prose, line[1:])] for line in body]
    drawn = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    notes = "\n".join(f"- {code(row.task)}: {prose(row.note)}" for row in made if row.note and row.task)
    told = "\n\n".join(filter(None, [f"**{prose(heading(made))}**", drawn, notes, f"<sub>{prose(LEGEND)}</sub>"]))
    return [told, *_folded(report, decision, suite)]


def _folded(report: Report, decision: Decision, suite: SuiteRun) -> Iterator[str]:
    for title, flips in flipped(report, decision, suite):
        lines = []
        for flip in flips:
            said = "; ".join(f"{prose(who)} {code(what)}" for who, what in _said(report, decision, flip))
            lines.append(f"- {code(flip.case.id)} {code(words.clip(flip.case.text, _TEXT))}: {said}")
        yield f"<details><summary>{prose(title)}</summary>\n\n" + "\n".join(lines) + "\n\n</details>"
