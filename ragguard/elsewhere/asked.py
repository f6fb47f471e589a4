"""What a person says of results made elsewhere, beside the files."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ragguard.data.foreign import named
from ragguard.errors import InputError, Problem

_RANGE = re.compile(r"(?P<metric>.+)=(?P<low>[-+0-9.eE]+)\.\.(?P<high>[-+0-9.eE]+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of ``compare`` that concern results made elsewhere.

    ``format`` names the tool ("": it is recognised). ``metrics`` are those that decide (none: the tool's main ones), as the tool or we
    name them; ``margin`` is theirs, as a share of the range. ``higher`` maps metrics to whether more is better, ``ranges`` to their
    ends. ``qrels`` judges rankings, ``suite`` says checks and slices, ``id`` is the column of a table that names the cases.
    """

    format: str = ""
    metrics: tuple[str, ...] = ()
    margin: float = 0.05
    higher: Mapping[str, bool] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    qrels: Path | None = None
    suite: Path | None = None
    id: str = ""

    @property
    def anything(self) -> str:
        """The first option that was given; empty where none was."""
        given = {"--format": self.format, "--metric": self.metrics, "--qrels": self.qrels, "--id": self.id, "--range": self.ranges,
                 "--margin": self.margin != Asked().margin, "--higher-is-better or --lower-is-better": self.higher}  # fmt: skip
        return next((name for name, value in given.items() if value), "")


def asked(
    *,
    format_: str,
    metrics: Sequence[str],
    margin: float,
    higher: Sequence[str],
    lower: Sequence[str],
    ranges: Sequence[str],
    qrels: Path | None,
    suite: Path | None,
    id_: str,
) -> Asked:
    """Read the options as the command line gives them.

    Raises:
        InputError: a range that is none, a margin outside 0 to 1, or a metric that is better both ways.
    """
    if both := set(higher) & set(lower):
        raise InputError(Problem("", f"{min(both)} cannot be better both the higher and the lower", "say one of them"))
    if not 0 <= margin < 1:
        raise InputError(Problem("", f"--margin {margin:g} is no share of a metric's range", "give one from 0 to 1, for instance 0.05"))
    ways = {named.metric(name): True for name in higher} | {named.metric(name): False for name in lower}
    return Asked(format_, tuple(metrics), margin, ways, dict(map(_range, ranges)), qrels, suite, id_)


def _range(text: str) -> tuple[str, tuple[float, float]]:
    match = _RANGE.fullmatch(text)
    try:
        low, high = (float(match["low"]), float(match["high"])) if match else (math.nan, math.nan)
    except ValueError:
        low = high = math.nan
    if match is None or not low < high or not math.isfinite(high - low):
        raise InputError(Problem("", f"--range {text!r} is no range", "write METRIC=LOW..HIGH, for instance Helpfulness=0..5"))
    return named.metric(match["metric"]), (low, high)
