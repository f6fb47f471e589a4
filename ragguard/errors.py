"""The errors of the house. Each knows the exit code that says whose fault it was.

A message names the thing, what is wrong with it and what to do about it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

EXIT_PROMOTE, EXIT_BLOCK, EXIT_HOLD, EXIT_INPUT, EXIT_CANNOT_JUDGE = range(5)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with something a person wrote.

    ``where`` is a file, with ``:line`` where one is known; ``what`` says what is wrong; ``fix`` what to do (may be empty).
    """

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        """One line: ``file:line: what; fix``."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.fix}" if self.fix else text


class RagguardError(Exception):
    """Root of the errors that ragguard raises itself; ``exit_code`` is what the command line returns for it."""

    exit_code = EXIT_CANNOT_JUDGE


class InputError(RagguardError):
    """The plan, the data or the usage is wrong (exit code 3). Carries every problem that was found, not only the first."""

    exit_code = EXIT_INPUT

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class MissingExtra(InputError):  # noqa: N818 - named after what happened, as ImportError's children are not
    """A part that is not installed was asked for; the message is one line with the pip command."""

    def __init__(self, extra: str, needed_for: str) -> None:
        self.extra = extra
        super().__init__(Problem("", f"{needed_for} needs an extra that is not installed", f"run: pip install 'ragguard[{extra}]'"))


class NotComparable(InputError):  # noqa: N818
    """Two results were made of unlike things (another golden set, another judge, other margins) and are not compared."""


class CannotJudge(RagguardError):  # noqa: N818
    """A model, an endpoint, the disk or the memory failed (exit code 4). Never reads as a pass nor as a regression."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the fix for a mistyped name: the near one if there is one, else the list of what is known."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1, cutoff=0.6) or [k for k in names if k.lower() == name.lower()]
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if names else "none is known here"
