"""How numbers are written, once for every kind of report, so that no two of them disagree."""

from ragguard.records.evidence import Check
from ragguard.records.metric import Scale
from ragguard.records.verdict import Estimate

NONE = "n/a"


def mean(value: float | None, unit: str = "") -> str:
    """A metric's mean in its own unit: three decimals up to 10, fewer above; ``n/a`` where there is none."""
    if value is None:
        return NONE
    digits = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:.{digits}f} {unit}".rstrip()


def signed(value: float | None, digits: int = 3) -> str:
    """A difference with its sign, as a share of the metric's range; one that rounds to zero has no sign."""
    if value is None:
        return NONE
    text = f"{value:+.{digits}f}"
    return text[1:] if not text.strip("+-0.") else text


def bound(value: float | None, margin: float) -> str:
    """A bound, with as many decimals (at most six) as it takes to see on which side of minus the margin it lies."""
    if value is None:
        return NONE
    digits = 3
    while digits < 6 and value != -margin and round(value, digits) == round(-margin, digits):
        digits += 1
    return signed(value, digits)


def interval(estimate: Estimate) -> str:
    """Both one-sided bounds, ``-0.021 to +0.034``; ``n/a`` where there is nothing to compute from."""
    if estimate.lower is None and estimate.upper is None:
        return NONE
    margin = estimate.check.margin
    return f"{bound(estimate.lower, margin)} to {bound(estimate.upper, margin)} {_rangeless(estimate.scale)}".rstrip()


def difference(estimate: Estimate) -> str:
    """The difference: a share of the metric's range, in the metric's unit where it has none, or of the baseline's quantile; + is better."""
    return f"{signed(estimate.difference)} {_rangeless(estimate.scale)}".rstrip() if estimate.difference is not None else NONE


def margin(estimate: Estimate) -> str:
    """The margin as a share of the metric's range; ``none`` for a ``must`` check and for metrics without a range."""
    unlimited = None in (estimate.scale.low, estimate.scale.high) and estimate.scale.quantile is None
    if estimate.check.tier == "must" or unlimited:
        return "none"
    return f"{estimate.check.margin:.3f}".removesuffix("0")


def _rangeless(scale: Scale) -> str:
    return scale.unit if None in (scale.low, scale.high) and scale.quantile is None else ""


def limit(check: Check, scale: Scale) -> str:
    """The absolute floor or ceiling, ``>= 0.600`` or ``<= 250.0 ms``; empty where none was set."""
    if check.limit is None:
        return ""
    return f"{'>=' if scale.higher_is_better else '<='} {mean(check.limit, scale.unit)}"


def level(alpha: float) -> str:
    """The confidence of a one-sided bound at ``alpha``: ``95 %``, ``97.5 %``."""
    return f"{100 * (1 - alpha):.4g} %"


def p_value(value: float) -> str:
    """A p-value with its relation: ``p = 0.031``, ``p < 0.0001``; never 0."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def count(number: int, thing: str, plural: str = "") -> str:
    """A number of things, with thousands apart: ``1 query``, ``5,000 queries``."""
    return f"{number:,} {thing if number == 1 else plural or thing + 's'}"


def size(value: int) -> str:
    """An amount of memory: ``840 MB``, ``1.54 GB`` (10^6 and 10^9 bytes)."""
    return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"


def milliseconds(value: float) -> str:
    """Seconds as a number of milliseconds, of three digits below a thousand: ``0.123``, ``12.3``, ``1,234``."""
    scaled = 1000 * value
    digits = 0 if scaled >= 100 else 1 if scaled >= 10 else 2 if scaled >= 1 else 3
    return f"{scaled:,.{digits}f}"


def seconds(value: float) -> str:
    """A duration a person can read: ``0.8 s``, ``4 min 10 s``, ``2 h 5 min``."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
