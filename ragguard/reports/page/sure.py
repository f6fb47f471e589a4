"""How sure a gate is: what its checks can see, what the statistics promise, and how often it was seen to be wrong."""

from ragguard.records.error_rates import ErrorRates
from ragguard.records.report import Report
from ragguard.reports import figures, rates, simulated, words
from ragguard.reports.page.shapes import Table


def sureness(report: Report) -> Table:
    """What each blocking check could have seen, as far as the report says."""
    heads = [
        "check",
        "candidate",
        "intents",
        "least that can pass",
        "margin",
        "smallest loss seen 4 times of 5",
        "intents for an equal candidate",
    ]
    rows = []
    for decision in report.decisions:
        for each in decision.verdicts:
            if each.check.tier == "blocking":
                estimate = each.estimate
                name = " ".join((each.check.identity, words.against(each, report))).rstrip()
                counts = (f"{estimate.intents:,}", f"{estimate.guard:,}", figures.margin(estimate))
                needed = figures.NONE if estimate.needed is None else f"{estimate.needed:,}"
                rows.append([name, decision.candidate, *counts, figures.mean(estimate.mde), needed])
    return Table("What the blocking checks can see", heads, rows, (0, 1))


def levels(report: Report) -> list[str]:
    """What the statistics promise, in sentences."""
    share = sorted({each.estimate.alpha for decision in report.decisions for each in decision.verdicts})
    split = (
        f", divided into {', '.join(f'{100 * alpha:.3g} %' for alpha in share)} for each candidate"
        if share and share != [report.alpha]
        else ""
    )
    level = f"{100 * report.alpha:.3g} %"
    looks = f", over {figures.count(report.looks, 'look')}" if report.looks > 1 else ""
    return [
        f"A candidate that is worse by a margin in any blocking check is promoted at most {level} of the time{split}{looks}.",
        f"One that equals the baseline is blocked at most {level} of the time, however many checks there are.",
        "These rates are those of the method (docs/statistics.md), and hold for the cases that were asked. What no interval knows: "
        "wrong labels, a judge that is wrong on average, and a golden set that is not like production.",
    ]


def measured(report: Report) -> list[Table]:
    """How often this gate was wrong in simulated gates, where that was measured: a table for each candidate that it was measured on."""
    return [_measured(found, report) for found in report.error_rates]


def _measured(found: ErrorRates, report: Report) -> Table:
    note = " ".join((simulated.LEGEND, *(f"{each}." for each in found.conditions), *(f"Left out: {why}." for why in found.left_out)))
    return Table(f"{rates.line(found, report)}.", list(simulated.HEADS), [list(row) for row in simulated.rows(found)], (0, 1), note)


def stopped(report: Report) -> str:
    """How a gate went that might stop early; empty of any other."""
    return words.stopping(report)
