"""A perturbation of the user's own: a function ``(text, rng) -> text or None`` that a suite names as ``package.module:function``."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.suites.perturbations import PERTURBATIONS, Perturbation, Rng, Setting
from ragguard.systems import code


def refuse_code(suite: LoadedSuite) -> None:
    """Raise InputError where a suite names code: it runs only where somebody said that it may."""
    named = [(number, name) for number, name in enumerate(suite.plan.perturbations) if name not in PERTURBATIONS]
    problems = [
        Problem(suite.source.where(("perturbations", number)), f"{name} runs code of its own", "if you trust it, say so with --allow-code")
        for number, name in named
    ]
    if problems:
        raise InputError(problems)


def load(name: str, folder: Path, where: str) -> Perturbation:
    """Return the function that ``package.module:function`` names, as a perturbation; the module may lie in ``folder``.

    The function takes the query's text and a ``numpy.random.Generator`` of the case's own, and returns the new text, or None where it
    changes nothing.

    Raises:
        InputError: there is no such function; and from the perturbation, if the function raises or returns anything else.
        CannotJudge: importing it failed.
    """
    try:
        code.source_of(name, folder)
        found = code.load(name)
    except InputError as error:
        raise InputError([replace(problem, where=where) for problem in error.problems]) from error
    if not callable(found):
        raise InputError(Problem(where, f"{name} is no function", "name a function (text, rng) that returns a text or None"))
    return _guarded(found, name, where)


def _guarded(function: Callable[[str, Rng], object], name: str, where: str) -> Perturbation:
    def perturbation(text: str, rng: Rng, setting: Setting) -> str | None:
        del setting
        try:
            changed = function(text, rng)
        except Exception as error:  # the user's code may raise anything
            what = f"{name} raised {type(error).__name__} on {text!r}: {error}"
            raise InputError(Problem(where, what, "mend it, or return None where there is nothing to change")) from error
        if changed is not None and not isinstance(changed, str):
            what = f"{name} returned {type(changed).__name__} on {text!r}"
            raise InputError(Problem(where, what, "return the new text, or None where there is nothing to change"))
        return changed

    return perturbation
