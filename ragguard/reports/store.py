"""The folder that a run leaves: report.json, report.junit.xml, report.md, report.html."""

from pathlib import Path

from ragguard.records.report import Report
from ragguard.reports import document, junit, markdown
from ragguard.reports.page import page
from ragguard.store import write_atomically

JSON, JUNIT, MARKDOWN, HTML = "report.json", "report.junit.xml", "report.md", "report.html"


def write(report: Report, out: Path) -> list[Path]:
    """Write a report's four files into a folder (made if it is not there) and return their paths. Each is there whole or not at all.

    Raises:
        CannotJudge: the disk is full, or the folder cannot be written to; the message names the path.
    """
    # All are made before any is written: a fault in one leaves the folder as it was.
    files = {
        JSON: document.to_json(report),
        JUNIT: junit.to_xml(report),
        MARKDOWN: markdown.render(report).encode(),
        HTML: page.render(report).encode(),
    }
    for name, data in files.items():
        write_atomically(out / name, data)
    return [out / name for name in files]


def read(path: Path) -> Report:
    """Read a report from its folder, or from the path of its report.json.

    Raises:
        InputError: as ``document.from_json``.
    """
    return document.from_json(path / JSON if path.is_dir() else path)
