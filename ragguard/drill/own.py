"""A mutant of the user's own: a function ``(observation, case, strength, rng) -> observation or None`` that is named as
``package.module:function``.

Attributes of the function say the rest, where it has them: ``strengths`` (default 0.05, 0.1, 0.25, 0.5), ``stated`` (0.25), ``unit``,
``harmless`` (False); its docstring's first line says what it does.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragguard.drill.mutant import Mutant, Scene
from ragguard.errors import InputError, Problem
from ragguard.records.evidence import Case, Observation
from ragguard.systems import code
from ragguard.systems.fingerprints import file_digest

DEFAULT: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5)


def load(name: str, folder: Path, *, allow_code: bool) -> Mutant:
    """Return the mutant that ``package.module:function`` names; the module may lie in ``folder``, the plan's.

    Raises:
        InputError: code may not run, there is no such function, or what it says of itself is wrong.
        CannotJudge: importing it failed.
    """
    where = f"--mutant {name}"
    if not allow_code:
        raise InputError(Problem(where, f"{name} runs code of its own", "if you trust it, say so with --allow-code"))
    try:
        source = code.source_of(name, folder)
        found = code.load(name)
    except InputError as error:
        raise InputError([replace(problem, where=where) for problem in error.problems]) from error
    if not callable(found):
        raise InputError(Problem(where, f"{name} is no function", "name a function (observation, case, strength, rng)"))
    strengths = _numbers(found, where)
    return Mutant(
        name=name,
        kind="own",
        place="observation",
        make=_guarded(found, name, where),
        about=(found.__doc__ or "code of the user's own").strip().splitlines()[0],
        unit=str(getattr(found, "unit", "share, or what the function makes of it")),
        strengths=strengths,
        stated=_stated(found, strengths, where),
        harmless=bool(getattr(found, "harmless", False)),
        version=file_digest(source) if source is not None else "",
    )


def _numbers(found: object, where: str) -> tuple[float, ...]:
    said: Any = getattr(found, "strengths", DEFAULT)
    try:
        strengths = tuple(sorted(float(each) for each in said))
    except (TypeError, ValueError):
        strengths = ()
    if not strengths:
        raise InputError(Problem(where, f"strengths is {said!r}", "give one number or several, for instance (0.1, 0.5)"))
    return strengths


def _stated(found: object, strengths: tuple[float, ...], where: str) -> float:
    said: Any = getattr(found, "stated", 0.25 if strengths[-1] >= 0.25 else strengths[-1])
    if not isinstance(said, int | float) or said > strengths[-1]:
        raise InputError(Problem(where, f"stated is {said!r}", "give the strength from which on it is to be caught, one that is tried"))
    return float(said)


def _guarded(function: Callable[..., object], name: str, where: str) -> Callable[[Observation, Case, Scene], Observation]:
    def spoil(observation: Observation, case: Case, scene: Scene) -> Observation:
        try:
            made = function(observation, case, scene.strength, scene.rng(case.id))
        except Exception as error:  # the user's code may raise anything
            what = f"{name} raised {type(error).__name__} on case {case.id!r}: {error}"
            raise InputError(Problem(where, what, "mend it, or return None where there is nothing to change")) from error
        if made is None:
            return observation
        if not isinstance(made, Observation) or made.case != case.id:
            what = f"{name} returned {type(made).__name__} on case {case.id!r}"
            raise InputError(Problem(where, what, "return the observation, changed with dataclasses.replace, or None"))
        return made

    return spoil
