"""report.md: a pull request's comment, or a CI job's step summary."""

from collections.abc import Sequence

from ragguard.records.report import Report
from ragguard.records.verdict import Decision
from ragguard.reports import details, efficiency, figures, flips, judged, moved, rates, robustness, simulated, words, worst
from ragguard.reports.escape import code, prose
from ragguard.reports.fit import Part, fit

LIMIT = 65_400  # GitHub takes comments of 65,536 characters; CI puts a line of its own before the report

_SIGN = {"promote": "✅", "block": "❌", "hold": "⏸️", "error": "⚠️"}
_QUERIES = 25  # of one candidate in one suite: nobody reads more in a comment
_ROWS = 50  # of one table: a longer one goes on in another, so that it can be left out in pieces
_REASONS, _WARNINGS, _LENGTH = 12, 20, 400


def render(report: Report, limit: int = LIMIT) -> str:
    """Return the report as GitHub-flavoured Markdown of at most ``limit`` bytes, the worst first. Times are in its last part alone.

    The first line is the answer and its first reason. Where it would get too long, whole queries are left out, the lesser losses first.
    """
    parts = [Part(_head(report), 0, "head")]
    for decision in report.decisions:
        if len(report.decisions) > 1:
            text = f"## {_SIGN[decision.answer]} {code(decision.candidate)}: {words.HEADLINE[decision.answer]}\n\n{_reasons(decision)}"
            parts.append(Part(text.rstrip(), 1, "candidate"))
        parts += _decision(report, decision)
    parts += [Part(text, 3, "table of judges") for text in judged.markdown(report)]
    parts += [Part(simulated.markdown(found), 4, "table of error rates") for found in report.error_rates]
    if report.warnings:
        parts.append(Part("## Warnings\n\n" + _bullets(report.warnings, _WARNINGS), 3, "list of warnings"))
    parts += [Part(text, 4, "list") for text in details.systems(report)]
    parts += [Part(text, 4, "table of times") for text in efficiency.markdown(report)]
    return fit(parts, limit, {"query": _hidden(report)})


def _hidden(report: Report) -> int:
    """How many queries that got worse are not even tried."""
    lost = (worst.losses(report, decision, suite.name) for decision in report.decisions for suite in report.suites)
    return sum(max(0, len(each) - _QUERIES) for each in lost)


def _head(report: Report) -> str:
    because = prose(words.gist(report.decisions[0])) if len(report.decisions) == 1 else ""
    lines = [f"# {_SIGN[report.answer]} {words.HEADLINE[report.answer]}: {because or words.standing(report)}"]
    lines.append(f"{_what(report)} {words.MEANING[report.answer] if because else ''} Exit code {report.exit_code}.".replace("  ", " "))
    lines.append(words.stopping(report))
    lines += [f"{prose(rates.line(found, report))}." for found in report.error_rates]
    if len(report.decisions) == 1:
        lines.append(_reasons(report.decisions[0]))
    else:
        lines.append(
            "\n".join(
                f"- {code(words.clip(each.candidate, 80))}: **{words.HEADLINE[each.answer]}** {prose(words.gist(each))}".rstrip()
                for each in report.decisions[:50]
            )
        )
    if report.best:
        lines.append(f"Best of the promoted: {code(words.clip(report.best, 80))}. {words.BEST}")
    return "\n\n".join(filter(None, lines))


def _what(report: Report) -> str:
    names = words.listed((words.clip(each.candidate, 80) for each in report.decisions), 5)
    return f"{code(words.clip(report.plan, 80))}: {code(names)} against {code(words.clip(words.baseline(report), 80))}."


def _reasons(decision: Decision) -> str:
    return _bullets([*words.not_run(decision), *decision.reasons], _REASONS)


def _bullets(texts: Sequence[str], most: int) -> str:
    lines = [f"- {prose(words.clip(text, _LENGTH))}" for text in texts[:most]]
    return "\n".join([*lines, f"- and {len(texts) - most:,} more in `report.json`"] if len(texts) > most else lines)


def _decision(report: Report, decision: Decision) -> list[Part]:
    parts: list[Part] = []
    for suite in words.suites(report, decision):
        made = words.verdicts(decision, suite.name)
        parts.append(Part(f"### {code(suite.name)}\n\n{prose(words.overview(suite))}", 2, "suite"))
        for start in range(0, len(made), _ROWS):
            parts.append(Part(details.checks(report, made[start : start + _ROWS]), 2, "table of checks"))
        noted = words.notes(made, decision)
        if noted:
            parts.append(Part(_bullets(noted, _REASONS), 2, "list of reasons"))
        cost = robustness.costs(report, decision, suite)
        if cost is not None:
            parts.append(Part(details.costs(cost), 2, "table of what hurt"))
        ranks = enumerate(flips.markdown(report, decision, suite))
        parts += [Part(text, 5 if number else 3, "list of items" if number else "table of tasks") for number, text in ranks]
        parts += [Part(text, 3, "table of what moved") for text in moved.markdown(report, decision, suite)]
        parts += [Part(text, 5, "table of means") for text in details.means(report, decision, suite)]
        parts += _queries(report, decision, suite.name)
    return [*parts, Part(f"<sub>{prose(words.legend(decision))}</sub>", 3, "legend")] if decision.verdicts else parts


def _queries(report: Report, decision: Decision, suite: str) -> list[Part]:
    lost, failed = worst.losses(report, decision, suite), worst.failed(report, decision.candidate, suite)
    parts: list[Part] = []
    if failed:
        first = prose(words.clip(f"{failed[0].id}: {failed[0].errors[decision.candidate]}", _LENGTH))
        parts.append(Part(f"**{figures.count(len(failed), 'query', 'queries')} gave an error**; the first is {first}", 2, "note"))
    if lost:
        text = f"**{figures.count(len(lost), 'query', 'queries')} got worse** in {code(str(lost[0].metric))}, the worst first"
        parts.append(Part(text, 2, "note"))
    return parts + [Part(details.query(report, decision, loss), 6 + i, "query") for i, loss in enumerate(lost[:_QUERIES])]
