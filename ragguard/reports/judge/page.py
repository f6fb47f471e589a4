"""A calibration as one page of HTML that asks nothing of any server: its pictures and its style are in it."""

from ragguard.records.calibration import Calibration
from ragguard.reports import figures
from ragguard.reports.judge import picture, show, words
from ragguard.reports.web import pages


def render(calibration: Calibration) -> str:
    """Return the page. All text is escaped, whoever wrote it."""
    agreement = calibration.agreement
    return pages.render(
        "judge/calibration.html.j2",
        calibration=calibration,
        agreement=agreement,
        about=show.about(calibration),
        heads=show.heads(agreement),
        rows=[
            ((name, meaning), *cells) for (name, *cells), (*_, meaning) in zip(show.cells(agreement), words.rows(agreement), strict=True)
        ],
        confusion=show.confusion(agreement),
        further=show.further(agreement),
        roc=picture.roc(calibration),
        values=picture.values(calibration),
        area=words.value(agreement.auroc),
        count=figures.count,
    )
