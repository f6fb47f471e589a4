"""How a candidate was made: the facts of each of its trainings, and its curves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragguard.records.report import Arm
from ragguard.reports import details

_CURVES = ("loss", "dev")
_STEP, _RATE = "step", "learning_rate"


@dataclass(frozen=True, slots=True)
class Curve:
    """One figure of a training by step: what it is called, and (step, value) in order."""

    what: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Training:
    """One training: of which part of which system, its facts, and its curves."""

    arm: str
    part: str
    facts: Mapping[str, str]
    curves: tuple[Curve, ...]


def trainings(arms: Sequence[Arm]) -> list[Training]:
    """Return every training that the arms' provenance tells of, in their order."""
    return [_training(arm.name, part, facts) for arm in arms for part, facts in _parts(arm)]


def _parts(arm: Arm) -> Iterator[tuple[str, Mapping[str, Any]]]:
    parts = [(part, facts) for part, facts in arm.provenance.items() if isinstance(facts, Mapping) and "key" in facts]
    if arm.provenance:
        yield from parts or [("", arm.provenance)]


def _training(arm: str, part: str, facts: Mapping[str, Any]) -> Training:
    curves = tuple(curve for key in _CURVES for curve in _curves(key, facts.get(key)))
    return Training(arm, part, details.flat({key: value for key, value in facts.items() if key not in _CURVES}), curves)


def _curves(key: str, found: Any) -> Iterator[Curve]:
    """The curves in a list of points, each of which is a mapping with a step and figures, or a figure alone."""
    points = [_point(number, point) for number, point in enumerate(found)] if isinstance(found, list | tuple) else []
    names = dict.fromkeys(name for _, figures in points for name in figures if name != _RATE)
    for name in names:
        made = tuple((step, figures[name]) for step, figures in points if name in figures)
        if len(made) > 1:
            yield Curve(_name(key, name), made)


def _point(number: int, point: Any) -> tuple[float, dict[str, float]]:
    if isinstance(point, Mapping):
        figures = {str(name): float(value) for name, value in point.items() if name != _STEP and isinstance(value, float | int)}
        return float(point.get(_STEP, number)), figures
    return float(number), {"": float(point)} if isinstance(point, float | int) else {}


def _name(key: str, name: str) -> str:
    if key == "loss":
        return "loss" if name in ("", "loss") else f"loss: {name}"
    return f"dev {name}".rstrip()
