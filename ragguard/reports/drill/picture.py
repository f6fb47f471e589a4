"""A drill drawn: a row a mutant, a column a strength, from the weakest to the strongest that was tried."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragguard.records.drill import Drill, Drilled
from ragguard.reports.web import drawing
from ragguard.reports.web.drawing import ERROR, FAIL, INK, PAPER, PASS, SOFT, UNSURE

if TYPE_CHECKING:
    from markupsafe import Markup

ROW, CELL, NAMES, EDGE = 24.0, 92.0, 190.0, 6.0
REGRESSION = {"block": PASS, "promote": FAIL, "hold": UNSURE, "error": ERROR}
HARMLESS = {"block": FAIL, "promote": PASS, "hold": UNSURE, "error": ERROR}


def regressions(drill: Drill) -> "Markup | None":
    """Strength by regression; None where none was planted. Green is blocked, red let out; a frame marks the stated strength."""
    return _drawn([*drill.of("survived"), *drill.of("caught")], "regressions", "Which regressions were blocked, at which strength")


def harmless(drill: Drill) -> "Markup | None":
    """The same of harmless changes, where to be blocked is the fault; None where none was made."""
    return _drawn([*drill.of("stopped"), *drill.of("let through")], "harmless", "Which harmless changes were let through")


def _drawn(rows: Sequence[Drilled], name: str, title: str) -> "Markup | None":
    if not rows:
        return None
    width = NAMES + CELL * max(len(each.shots) for each in rows) + EDGE
    height = ROW * len(rows) + EDGE
    made = drawing.figure(width, height)
    sheet = drawing.sheet(made, width, height)
    for number, each in enumerate(rows):
        top = EDGE / 2 + number * ROW
        drawing.words(sheet, NAMES - 8, top + ROW / 2, each.name, ha="right", va="center", color=INK)
        for column, shot in enumerate(each.shots):
            left = NAMES + column * CELL
            colour = (HARMLESS if each.harmless else REGRESSION)[shot.answer]
            drawing.bar(sheet, left + 1, left + CELL - 1, top + 1, ROW - 2, color=colour)
            if not each.harmless and shot.strength == each.stated:
                sheet.plot([left + 3, left + CELL - 3], [top + ROW - 4, top + ROW - 4], color=PAPER, linewidth=2)
            drawing.words(sheet, left + CELL / 2, top + ROW / 2, f"{shot.strength:g} {shot.answer}", ha="center", va="center", color=PAPER)
    sheet.plot([NAMES - 2, NAMES - 2], [EDGE / 2, height - EDGE / 2], color=SOFT, linewidth=1)
    return drawing.svg(made, name, title)
