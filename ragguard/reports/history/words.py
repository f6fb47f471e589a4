"""What is said of nights, drifts and series, once for the terminal, the page and the alerts."""

from collections.abc import Sequence

from ragguard.records.history import Age, Detector, Drift, History, Series
from ragguard.records.night import Night
from ragguard.reports import figures
from ragguard.reports.words import HEADLINE, clip

SPARKS = "▁▂▃▄▅▆▇█"


def title(suite: str, metric: str, slice_: str) -> str:
    """A check's identity: suite/metric, with /slice where there is one."""
    return f"{suite}/{metric}" + (f"/{slice_}" if slice_ else "")


def drift(each: Drift) -> str:
    """A drift in a sentence."""
    change = f"{figures.mean(each.level, each.unit)} -> {figures.mean(each.now, each.unit)}"
    told = f"{each.arm}: {title(each.suite, each.metric, each.slice)} drifted {change}, since {each.since} (reported {each.reported})"
    if not each.ended:
        return told
    return f"{told}; {'back' if each.recovered else 'a new level'} on {each.ended}"


def detector(each: Detector) -> str:
    """How drift is found, and how often wrongly."""
    watched = figures.count(each.watched, "series", "series")
    return (
        f"{watched} watched by a CUSUM (k = {each.k:g}, h = {each.h:.2f} night-to-night standard deviations): "
        f"{each.false_alarms_a_year:g} false alarms a year in all, one of a series in {each.nights_between:,.0f} nights"
    )


def calm(history: History) -> str:
    """What can be said where no drift lasts: nothing yet, where every series that is watched still learns how much nights differ."""
    watched = [each for each in history.series if each.state != "not watched"]
    if watched and all(each.state == "learning" for each in watched):
        return (
            f"Too early to tell: what nights differ by is learned from {figures.count(min(each.left for each in watched), 'more night')}."
        )
    return "Nothing drifts."


def age(each: Age | None) -> str:
    """How old the baseline is."""
    if each is None:
        return "no baseline was judged yet"
    how = f"accepted on {each.since}" if each.accepted else f"the same since {each.since}, the first night that has it"
    return f"{figures.count(each.days, 'day')} old ({how}; {figures.count(each.nights, 'night')} with it)"


def state(each: Series) -> str:
    """What the detector says of a series."""
    if each.state == "learning":
        return f"learning, {each.left} more"
    if each.state == "drift":
        return f"drift since {each.drifts[-1].since}"
    return each.state


def night(each: Night) -> str:
    """A night in a line: its answers, and why."""
    if each.message:
        return f"{HEADLINE[each.answer]} - {clip(each.message.splitlines()[0], 160)}"
    several = len(each.decisions) > 1
    return "; ".join(f"{d.candidate + ': ' if several else ''}{HEADLINE[d.answer]}" for d in each.decisions) or HEADLINE[each.answer]


def spark(values: Sequence[float | None], low: float | None = None, high: float | None = None) -> str:
    """A line of blocks, between the least and the largest value unless said otherwise; a gap where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known) if low is None else low, max(known) if high is None else high
    width = high - low
    steps = ((value - low) / width if width else 0.5 for value in known)
    blocks = iter([SPARKS[min(max(round(step * (len(SPARKS) - 1)), 0), len(SPARKS) - 1)] for step in steps])
    return "".join(" " if value is None else next(blocks) for value in values)


def main_series(history: History) -> list[Series]:
    """The series that a terminal shows: those of checks, and those that drift; the graver first."""
    order = {"drift": 0, "learning": 1, "quiet": 1, "not watched": 2}
    shown = [each for each in history.series if each.tier in ("blocking", "veto", "must") or each.drifts]
    return sorted(shown, key=lambda each: order[each.state])
