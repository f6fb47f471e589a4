"""What moved in the embeddings of a suite that looks for forgetting: one table, in words for the terminal and for report.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from ragguard.records.report import Figure, Moved, Report, SuiteRun
from ragguard.records.verdict import Decision
from ragguard.reports import figures, means, tables, words
from ragguard.reports.escape import cell, prose
from ragguard.reports.pen import Pen

HEADING = "What moved (shown only)"

MEANING: Mapping[Figure, str] = {
    "mean cosine": "of a document's embedding with its embedding by the baseline; 1 where none turned",
    "neighbours kept": "share of a document's 10 nearest documents that the baseline has there too",
    "effective rank": "how many directions the documents' embeddings use (exponential of the entropy of their singular values, not "
    "centred); a fall is a collapse",
    "Spearman": "rank correlation of the cosines of sentence pairs with the scores that people gave them, -1 to 1",
    "MTEB": "main score of the task",
}

_CLIP = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what it is of, how many documents or pairs that has, and its values as text, in the order of ``means.arms``."""

    what: Figure
    of: str
    size: str
    values: tuple[str, ...]


def rows(report: Report, decision: Decision, suite: SuiteRun) -> list[Row]:
    """The figures of a decision's arms: those against the baseline first, each kind in the order it was recorded in."""
    found = {(each.what, each.of, each.arm): each for each in suite.moved}
    made = []
    for what, of in sorted(dict.fromkeys((each.what, each.of) for each in suite.moved), key=lambda key: list(MEANING).index(key[0])):
        cells = [found.get((what, of, arm)) for arm in means.arms(report, decision)]
        told = [each for each in cells if each is not None]
        if told:
            paired = any(each.against for each in told)
            size = figures.count(told[0].size, "pair" if what == "Spearman" else "document") if told[0].size else ""
            made.append(Row(what, of, size, tuple(_value(each, paired=paired) for each in cells)))
    return made


def _value(figure: Moved | None, *, paired: bool) -> str:
    """A pair's figure stands with the arm that is compared; the baseline has none."""
    if figure is None:
        return "" if paired else figures.NONE
    return figures.mean(figure.value)


def notes(report: Report, decision: Decision, suite: SuiteRun) -> list[str]:
    """Why a figure has no value; what a benchmark lacks stands among the warnings."""
    arms = means.arms(report, decision)
    lacking = [each for each in suite.moved if each.note and each.what != "MTEB" and each.arm in arms]
    return [f"{each.arm}: no {each.what} of {words.clip(each.of, _CLIP)}: {words.clip(each.note, _CLIP)}" for each in lacking]


def legend(made: list[Row]) -> str:
    """What the figures of a table mean."""
    return " ".join(f"{what[0].upper()}{what[1:]}: {MEANING[what]}." for what in dict.fromkeys(row.what for row in made))


def table(report: Report, decision: Decision, suite: SuiteRun, pen: Pen) -> Table | None:
    """The table for the terminal; None where there is nothing to show."""
    made = rows(report, decision, suite)
    if not made:
        return None
    drawn = tables.plain(["figure", "of", "size", *means.arms(report, decision)], pen)
    for column in drawn.columns[3:]:
        column.justify = "right"
    for row in made:
        drawn.add_row(*map(pen.text, (row.what, row.of, row.size, *row.values)))
    return drawn


def show(report: Report, decision: Decision, suite: SuiteRun, pen: Pen) -> None:
    """Print the table with its heading and legend, where there is something to show."""
    drawn = table(report, decision, suite, pen)
    if drawn is not None:
        pen.say(f"\n{HEADING}", "bold")
        pen.print(drawn)
        for note in notes(report, decision, suite):
            pen.item(note)
        pen.say(legend(rows(report, decision, suite)), "dim")


def markdown(report: Report, decision: Decision, suite: SuiteRun) -> list[str]:
    """The table for report.md with its heading and legend; nothing where there is nothing to show."""
    made = rows(report, decision, suite)
    if not made:
        return []
    arms = [cell(words.clip(arm, _CLIP)) for arm in means.arms(report, decision)]
    lines = [["Figure", "Of", "Size", *arms], [*["---"] * 3, *["--:"] * len(arms)]]
    lines += [[row.what, cell(words.clip(row.of, _CLIP)), row.size, *map(prose, row.values)] for row in made]
    drawn = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    told = "\n".join(f"- {prose(note)}" for note in notes(report, decision, suite))
    return ["\n\n".join(filter(None, [f"**{HEADING}**", drawn, told, f"<sub>{prose(legend(made))}</sub>"]))]
