"""Where the time of a run went: training, and each suite over all systems."""

from ragguard.records.report import Report
from ragguard.reports import figures

TRAINING, PREPARE, DRIFT = "/train", "/prepare", "/drift"


def total(report: Report) -> float:
    """Seconds of wall clock, trainings included once."""
    return sum(seconds for name, seconds in report.times.seconds.items() if not name.endswith(TRAINING))  # within its arm's own


def shares(report: Report) -> list[str]:
    """What took how long, and which share of the whole that is, the longest first; nothing of a run without times."""
    whole = total(report)
    spent = {suite.name: _of(report, f"/{suite.name}") for suite in report.suites}
    spent["preparing and training the systems"] = _of(report, PREPARE)
    if moved := _of(report, DRIFT):
        spent["looking at what moved"] = moved
    longest = sorted(spent.items(), key=lambda pair: (-pair[1], pair[0]))
    return [f"{name} {figures.seconds(seconds)} ({seconds / whole:.0%})" for name, seconds in longest] if whole else []


def _of(report: Report, ending: str) -> float:
    return sum(seconds for name, seconds in report.times.seconds.items() if name.endswith(ending))
