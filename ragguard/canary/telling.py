"""A roll-out as files: its page, and a short text."""

from dataclasses import dataclass
from pathlib import Path

from ragguard.canary.opening import open_
from ragguard.records.canary import Canary
from ragguard.reports.canary import markdown, page, words
from ragguard.store import write_atomically

PAGE, MARKDOWN = "canary.html", "canary.md"


@dataclass(frozen=True)
class Told:
    """What was written, and of which roll-out."""

    canary: Canary
    looks: int
    headline: str
    page: Path
    markdown: Path


def report(plan: Path, history: str = "", out: Path | None = None) -> Told:
    """Write the page and the text of a plan's roll-out, the one that runs or ran last; ``out`` is a folder (default: reports/NAME).

    Raises:
        InputError: the plan is wrong, or has no roll-out.
        CannotJudge: the history cannot be reached, or the files not be written.
    """
    opened = open_(plan, history)
    canary = opened.last()
    looks = opened.canaries.looks(canary.id)
    folder = out or opened.loaded.folder / "reports" / opened.name
    place = opened.canaries.place.shown
    for name, text in ((PAGE, page.render(canary, looks, place)), (MARKDOWN, markdown.render(canary, looks, place))):
        write_atomically(folder / name, text.encode("utf-8", "replace"))
    return Told(canary, len(looks), words.headline(canary, looks), folder / PAGE, folder / MARKDOWN)
