"""What the numbers of a metric of another tool mean: said by the person, the tool, or its name; and asked for where nobody says."""

from collections.abc import Iterable

from ragguard.data.foreign.known import known
from ragguard.elsewhere.asked import Asked
from ragguard.elsewhere.paired import Pairing
from ragguard.errors import Problem
from ragguard.records.foreign import Known
from ragguard.records.metric import Scale

_ROUNDING = 1e-6


def scale(pairing: Pairing, metric: str, asked: Asked) -> Scale | list[Problem]:
    """Return a metric's scale; or a problem for what is not known of it, with the option that says it."""
    told = _told(pairing, metric, asked)
    values = list(pairing.numbers(metric))
    shown, problems = pairing.their_name(metric), []
    if told.higher_is_better is None:
        fix = f'say --higher-is-better "{shown}" or --lower-is-better "{shown}"'
        problems.append(Problem(pairing.shown, f"nobody says whether more or less of {shown!r} is better", fix))
    if (told.low is None or told.high is None) and not told.unbounded:
        seen = f"{min(values):g}..{max(values):g}" if values else "nothing"
        fix = f'say --range "{shown}=LOW..HIGH" (seen: {seen})'
        problems.append(Problem(pairing.shown, f"nobody says between what {shown!r} lies, and a margin is a share of that", fix))
    elif told.low is not None and told.high is not None:
        problems += _outside(pairing, metric, values, told.low, told.high)
    if problems:
        return problems
    ends = {told.low, told.high}
    binary = None not in ends and all(value in ends for value in values)
    return Scale(bool(told.higher_is_better), told.low, told.high, binary=binary)


def _told(pairing: Pairing, metric: str, asked: Asked) -> Known:
    """What is known, the nearest source first: the person, the tool's file, the name."""
    sources = [*(table.known.get(metric) for table in pairing.tables), known(pairing.tool, metric)]
    found = [each for each in sources if each is not None]
    higher = asked.higher.get(metric, next((k.higher_is_better for k in found if k.higher_is_better is not None), None))
    low, high = asked.ranges.get(metric) or next(((k.low, k.high) for k in found if k.low is not None), (None, None))
    return Known(higher, low, high, unbounded=low is None and any(each.unbounded for each in found))


def _outside(pairing: Pairing, metric: str, values: Iterable[float], low: float, high: float) -> list[Problem]:
    beyond = [value for value in values if value < low - _ROUNDING or value > high + _ROUNDING]
    if not beyond:
        return []
    shown = pairing.their_name(metric)
    what = f"{shown!r} is {beyond[0]:g} in {len(beyond):,} or more cases" if len(beyond) > 1 else f"{shown!r} is {beyond[0]:g}"
    fix = f'if that is right, say --range "{shown}=LOW..HIGH"'
    return [Problem(pairing.shown, f"{what}, outside its range {low:g} to {high:g}", fix)]
