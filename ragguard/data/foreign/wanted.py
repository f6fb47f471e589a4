"""What a reader of results is asked for, beside the file."""

from dataclasses import dataclass

from ragguard.errors import InputError, Problem, suggest


@dataclass(frozen=True, slots=True)
class Wanted:
    """``arm`` names one of several systems in a file (a promptfoo provider, a subset and split of MTEB, one log of a folder); ``id`` the
    column of a table that names the cases.
    """

    arm: str = ""
    id: str = ""


def one_arm(shown: str, arms: list[str], wanted: Wanted) -> str:
    """Return the arm that is wanted: the one named, or the only one there is.

    Raises:
        InputError: there are several and none is named, or another is.
    """
    if wanted.arm:
        if wanted.arm not in arms:
            raise InputError(Problem(shown, f"has no system {wanted.arm!r}", suggest(wanted.arm, arms)))
        return wanted.arm
    if len(arms) != 1:
        listed = ", ".join(arms) or "none"
        raise InputError(Problem(shown, f"holds several systems ({listed})", f"name one: {shown}:{arms[0] if arms else 'NAME'}"))
    return arms[0]
