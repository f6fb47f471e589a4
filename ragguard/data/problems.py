"""Collects what is wrong with files, so that a person sees all of it at once."""

from ragguard.errors import InputError, Problem

MOST_SHOWN = 50


class Problems:
    """Keeps the first ``MOST_SHOWN`` problems and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._more = 0

    def add(self, where: str, what: str, fix: str = "") -> None:
        """Note one problem."""
        if len(self._kept) < MOST_SHOWN:
            self._kept.append(Problem(where, what, fix))
        else:
            self._more += 1

    def extend(self, error: InputError) -> None:
        """Note the problems of an error."""
        for problem in error.problems:
            self.add(problem.where, problem.what, problem.fix)

    def __len__(self) -> int:
        return len(self._kept) + self._more

    def raise_if_any(self) -> None:
        """Raise them all.

        Raises:
            InputError: something was noted.
        """
        more = [Problem("", f"and {self._more:,} more problems", "mend these first")] if self._more else []
        if self._kept:
            raise InputError([*self._kept, *more])
