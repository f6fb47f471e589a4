"""A calibration as one page of HTML that asks nothing of any server: its pictures and its style are in it."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ragguard.records.calibration import Calibration
from ragguard.reports import figures
from ragguard.reports.judge import picture, show, words

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("calibration.html.j2")


def render(calibration: Calibration) -> str:
    """Return the page. All text is escaped, whoever wrote it."""
    agreement = calibration.agreement
    return _template().render(
        calibration=calibration,
        agreement=agreement,
        about=show.about(calibration),
        heads=show.heads(agreement),
        rows=list(zip(show.cells(agreement), (meaning for *_, meaning in words.rows(agreement)), strict=True)),
        confusion=show.confusion(agreement),
        further=show.further(agreement),
        roc=picture.roc(calibration),
        values=picture.values(calibration),
        area=words.value(agreement.auroc),
        count=figures.count,
    )


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
