"""What production's requests were like, on a terminal."""

from rich.console import Console

from ragguard.records.novelty import Drift, Drifted
from ragguard.reports import tables
from ragguard.reports.pen import Pen

_HEADS = ("arm", "requests", "novel queries", "cosine of query\nand first document", "answer,\ncharacters")


def show(found: Drift, console: Console) -> None:
    """Print what the arms' requests were like, and whether golden queries are still like them."""
    pen = Pen(console)
    pen.heading("Requests", f"{found.source}; of golden queries {found.usual:.0%} are novel by the same rule")
    table = tables.plain((), pen)
    for name in _HEADS:
        table.add_column(name, justify="right" if name != _HEADS[0] else "left", no_wrap=True)
    for each in found.arms:
        table.add_row(*map(pen.text, _row(each)))
    pen.print(table)
    for arm in found.more:
        what = f"{arm}: more novel queries than usual: the golden set is less like production than it was (ragguard data harvest)"
        pen.item(what, "yellow")
    for note in (*found.notes, *((f"{found.skipped} lines hold no event",) if found.skipped else ())):
        pen.item(note, "yellow")


def _row(each: Drifted) -> tuple[str, ...]:
    novel = f"{each.novel:.1%} of {each.asked:,}" if each.novel is not None else "n/a"
    alike = f"{each.similarity:.3f}" if each.similarity is not None else "n/a"
    return each.arm, f"{each.requests:,}", novel, alike, f"{each.characters:,.0f}" if each.characters is not None else "n/a"
