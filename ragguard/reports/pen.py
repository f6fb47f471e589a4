"""Writes untrusted text to a console: no markup, no control characters, nothing that its encoding cannot carry."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from ragguard.records.verdict import Answer
from ragguard.reports.words import clean

ANSWER_STYLE: Mapping[Answer, str] = {"promote": "bold green", "block": "bold red", "hold": "bold yellow", "error": "bold magenta"}


class Pen:
    """A console with the few shapes that a report is made of. ``narrow`` is whether it has too few columns for wide tables."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.narrow = console.width < 132

    def text(self, value: str, style: str = "") -> Text:
        """The text as it is, as far as it can be printed; line ends stay."""
        encoding = self.console.encoding
        lines = "\n".join(map(clean, value.split("\n")))
        return Text(lines.encode(encoding, "backslashreplace").decode(encoding), style)

    def print(self, thing: RenderableType) -> None:
        """Print anything that rich renders."""
        self.console.print(thing)

    def say(self, value: str, style: str = "") -> None:
        """Print a paragraph."""
        self.console.print(self.text(value, style))

    def item(self, value: str, style: str = "") -> None:
        """Print a list's item, its further lines indented."""
        self._hang("- ", value, style)

    def quote(self, value: str) -> None:
        """Print what somebody else wrote, indented."""
        self._hang("  ", value, "italic")

    def _hang(self, mark: str, value: str, style: str) -> None:
        body = self.text(value, style)
        lines = body.wrap(self.console, max(self.console.width - len(mark), 20))
        for number, line in enumerate(lines):
            line.rstrip()
            self.console.print(Text(mark if number == 0 else " " * len(mark)) + line, soft_wrap=True)

    def heading(self, name: str, about: str = "") -> None:
        """Print a section's name and a few words about it."""
        line = self.text(name, "bold underline")
        self.console.print()
        self.console.print(line + Text("  ") + self.text(about, "dim") if about else line)

    def banner(self, word: str, lines: Sequence[str], style: str) -> None:
        """Print the answer, so that it is found at a glance."""
        body = Text("\n").join([self.text(word, f"{style} reverse"), *map(self.text, lines)])
        self.console.print(Panel(body, box=box.HEAVY, border_style=style, padding=(0, 2)))

    def rule(self, title: str, style: str) -> None:
        """Print a line across, with a title in it."""
        self.console.print()
        self.console.print(Rule(self.text(title, style), style=style, align="left"))
