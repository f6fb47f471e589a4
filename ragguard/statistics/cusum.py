"""A sequential detector of drift in a mean that is looked at every night: a self-starting CUSUM.

Each night's deviation from the nights before becomes a standard normal number, whatever the level and the spread of the series are and
however few nights they are known from (Hawkins 1987, The Statistician 36:299). A fall is summed up beyond an allowance ``k``; when the sum
passes ``h`` it is reported. So the average run length between false alarms is that of a CUSUM with known parameters (Page 1954,
Biometrika 41:100), which ``run_length`` computes: for independent, normal noise it is true from the first watched night on.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scipy.special import ndtri, stdtr

K = 1.0
"""The allowance, in standard deviations: falls of twice as much are found soonest."""

LEARNS = 14
"""Nights that a series is looked at before it is watched."""

ONE_NIGHT = 0.6
"""The share of the threshold that one night counts at most: however bad it is, a drift takes two."""

Phase = Literal["learning", "quiet", "fall", "back", "rise", "missing"]


@dataclass(frozen=True, slots=True)
class Step:
    """What the detector makes of one night.

    ``level`` and ``sd`` are what the night was held against: of a fall, what they were before it. ``deviation`` is in standard deviations,
    + is better; None where there is nothing to hold against. ``fall`` is the sum so far, over its threshold; ``since`` is the index of the
    first night of a fall or rise that this night is in.
    """

    phase: Phase
    level: float | None = None
    sd: float | None = None
    deviation: float | None = None
    fall: float = 0.0
    since: int | None = None


@dataclass(frozen=True)
class _Known:
    """The nights so far: ``n`` of the present level with their ``mean``; ``squares`` and ``df`` of all residuals, whatever the level."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0
    df: int = 0

    def residual(self, value: float) -> float:
        """How far a value is from the level, with the variance of a single night: one that is independent of those before."""
        return (value - self.mean) * math.sqrt(self.n / (self.n + 1))

    def add(self, value: float) -> "_Known":
        """With one more night of the level."""
        if self.n == 0:
            return replace(self, n=1, mean=value)
        residual = self.residual(value)
        return _Known(self.n + 1, self.mean + (value - self.mean) / (self.n + 1), self.squares + residual**2, self.df + 1)

    def sd(self, floor: float) -> float:
        return max(math.sqrt(self.squares / self.df), floor) if self.df else floor

    def deviation(self, value: float, floor: float) -> float:
        """A standard normal number where the noise is normal; nearer to 0 where it is below the floor."""
        residual = self.residual(value)
        known = abs(residual) / floor
        spread = math.sqrt(self.squares / self.df) if self.df else math.inf
        drawn = float(-ndtri(stdtr(self.df, -abs(residual) / spread))) if self.df and spread > 0 else math.inf
        return math.copysign(min(known, drawn), residual)


class Follower:
    """Follows one series night by night. Values are oriented so that higher is better.

    ``floor`` is the least standard deviation that it believes, in the values' unit: smaller movements than a few of these concern nobody.
    ValueError where it is not above 0: of a series that never moved, any movement would be infinitely far off.
    """

    def __init__(self, floor: float, k: float = K, learns: int = LEARNS) -> None:
        if not floor > 0:
            raise ValueError(f"{floor} is no standard deviation above 0")
        self.floor, self.k, self.learns = floor, k, learns
        self.known = _Known()
        self._nights = 0
        self._fall, self._rise = 0.0, 0.0
        self._before_fall = self._before_rise = (0, self.known)
        self._drift: tuple[int, _Known] | None = None
        self._near = 0

    @property
    def left(self) -> int:
        """Nights that it still learns from before it watches."""
        return max(0, self.learns - 1 - self.known.df)

    def restart(self) -> None:
        """Forget the level, for somebody decided on a new one; the noise is that of the same questions and stays known."""
        if self._drift is not None:
            self.known = self._drift[1]
        self.known = replace(self.known, n=0, mean=0.0)
        self._quiet()
        self._drift = None

    def step(self, value: float | None, h: float) -> Step:
        """Take the next night (None: there is no mean that could be trusted), with the threshold that holds on it."""
        self._nights += 1
        if value is None:
            return Step("missing")
        if self._drift is not None:
            return self._in_drift(value, *self._drift)
        if self.known.n == 0 or self.known.df < self.learns - 1:
            told = Step("learning", self.known.mean if self.known.n else None)
            self.known = self.known.add(value)
            self._quiet()
            return told
        return self._watch(value, h)

    def _watch(self, value: float, h: float) -> Step:
        level, sd = self.known.mean, self.known.sd(self.floor)
        deviation = self.known.deviation(value, self.floor)
        most = ONE_NIGHT * h
        self._fall = max(0.0, self._fall + min(-deviation - self.k, most))
        self._rise = max(0.0, self._rise + min(deviation - self.k, most))
        if self._fall > h:
            since, before = self._before_fall
            self._drift, self._near, told = (since, before), 0, self._fall / h
            return Step("fall", before.mean, before.sd(self.floor), deviation, told, since)
        if self._rise > h:
            return self._risen(Step("rise", level, sd, deviation, since=self._before_rise[0]))
        self.known = self.known.add(self._believed(value, (self.k + most) * sd))
        here = (self._nights, self.known)
        self._before_fall = here if self._fall == 0 else self._before_fall
        self._before_rise = here if self._rise == 0 else self._before_rise
        return Step("quiet", level, sd, deviation, self._fall / h)

    def _believed(self, value: float, most: float) -> float:
        """A value whose residual is no larger than ``most``: one strange night makes nobody deaf to the next."""
        residual = self.known.residual(value)
        return value if abs(residual) <= most else self.known.mean + (value - self.known.mean) * most / abs(residual)

    def _risen(self, told: Step) -> Step:
        """A lasting rise is a new level. It is learnt from the nights after it alone: those that made the detector sure were chosen by
        being high, and beside them every later night would look like a fall.
        """
        self.known = replace(self._before_rise[1], n=0, mean=0.0)
        self._quiet()
        return told

    def _in_drift(self, value: float, since: int, before: _Known) -> Step:
        """Two nights in a row within the allowance of the old level end a drift."""
        sd = before.sd(self.floor)
        deviation = (value - before.mean) / sd
        self._near = self._near + 1 if deviation >= -self.k else 0
        if self._near < 2:
            return Step("fall", before.mean, sd, deviation, 1.0, since)
        self.known, self._drift = before, None
        self._quiet()
        return Step("back", before.mean, sd, deviation)

    def _quiet(self) -> None:
        self._fall = self._rise = 0.0
        self._before_fall = self._before_rise = (self._nights, self.known)


def follow(values: Sequence[float | None], thresholds: Sequence[float], floor: float, restarts: Collection[int] = ()) -> list[Step]:
    """Follow a whole series; it starts anew at the nights of ``restarts``."""
    follower, steps = Follower(floor), []
    for index, (value, h) in enumerate(zip(values, thresholds, strict=True)):
        if index in restarts:
            follower.restart()
        steps.append(follower.step(value, h))
    return steps
