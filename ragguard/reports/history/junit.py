"""The junit file of a night: the gate's, and a suite of the series that are watched, those that drift red where that fails the night."""

from collections.abc import Sequence

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from ragguard.records.history import History
from ragguard.reports import words as plain
from ragguard.reports.history import words

SUITE = "nightly/drift"


def with_drift(gate: bytes, history: History, *, fails: bool, troubles: Sequence[str] = ()) -> bytes:
    """Return the gate's junit file with the watched series. ``fails``: a drift is a failure; else it is skipped, with its words.

    ``troubles`` are what else went wrong of the night, such as an alert that did not arrive: errors.
    """
    root = JUnitXml.fromstring(gate)
    suite = TestSuite(SUITE)
    for series in history.series:
        if series.state == "not watched":
            continue
        case = TestCase(plain.clean(words.title(series.suite, series.metric, series.slice)), plain.clean(f"{series.arm}.nightly"))
        if series.state == "drift":
            said = plain.clean(words.drift(series.drifts[-1]))
            case.append(Failure(said, "drift") if fails else Skipped(said, "drift"))
        suite.append(case)
    for number, trouble in enumerate(troubles, 1):
        case = TestCase(f"trouble {number}", "nightly")
        case.append(Error(plain.clean(trouble), "infrastructure"))
        suite.append(case)
    suite.update_statistics()
    root.append(suite)
    root.update_statistics()
    return bytes(root.tostring()) + b"\n"
