"""The report on a terminal, or in the plain log of a CI job. Words carry the meaning, colour only helps to find it."""

from pathlib import Path

from rich.console import Console

from ragguard.records.report import CaseRun, Report, SuiteRun
from ragguard.records.verdict import Decision
from ragguard.reports import efficiency, figures, flips, judged, means, moved, rates, robustness, spent, tables, verdicts, words, worst
from ragguard.reports.one_query import show_query
from ragguard.reports.pen import ANSWER_STYLE, Pen

__all__ = ["show", "show_query"]

QUERIES, _RANKS, _ANSWER = 3, 5, 300


def show(report: Report, console: Console, folder: Path | None = None, queries: int = QUERIES) -> None:
    """Print a report: the answer first, then each candidate with its suites, then warnings and where the files are.

    ``folder`` is where the report was written; ``queries`` how many of those that got worse are shown of each suite.
    """
    pen = Pen(console)
    _answer(report, pen)
    for decision in report.decisions:
        if len(report.decisions) > 1:
            pen.rule(f"{decision.candidate}: {words.HEADLINE[decision.answer]}", ANSWER_STYLE[decision.answer])
            pen.say(words.MEANING[decision.answer])
            _reasons(decision, pen)
        for suite in words.suites(report, decision):
            _suite(report, decision, suite, pen, queries)
    judged.show(report, pen)
    _notes(report, pen)
    _end(report, pen, folder)


def _answer(report: Report, pen: Pen) -> None:
    names = words.listed((each.candidate for each in report.decisions), 5)
    told = [words.standing(report), f"{report.plan}: {names} against {words.baseline(report)}"]
    pen.banner(words.HEADLINE[report.answer], told, ANSWER_STYLE[report.answer])
    if early := words.stopping(report):
        pen.say(early)
    for found in report.error_rates:
        pen.say(f"{rates.line(found, report)}.", "dim")
    if len(report.decisions) == 1:
        _reasons(report.decisions[0], pen)
        return
    for decision in report.decisions:
        pen.item(
            f"{decision.candidate}: {words.HEADLINE[decision.answer]} - {words.gist(decision)}".removesuffix(" - "),
            ANSWER_STYLE[decision.answer],
        )
    if report.best:
        pen.item(f"Best of the promoted: {report.best}. {words.BEST}")


def _reasons(decision: Decision, pen: Pen) -> None:
    for lost in words.not_run(decision):
        pen.item(lost, ANSWER_STYLE["error"])
    for reason in decision.reasons:
        pen.item(reason)


def _suite(report: Report, decision: Decision, suite: SuiteRun, pen: Pen, queries: int) -> None:
    pen.heading(suite.name, words.overview(suite))
    verdicts = words.verdicts(decision, suite.name)
    if verdicts:
        pen.print(tables.checks(report, verdicts, pen))
    for note in words.notes(verdicts, decision):
        pen.item(note)
    table = tables.means(report, decision, suite, pen)
    if table is not None:
        pen.say(f"\nMeans over intents, {' -> '.join(means.arms(report, decision))}", "bold")
        pen.print(table)
    cost = robustness.costs(report, decision, suite)
    if cost is not None:
        pen.say(f"\nWhat hurt: {cost.metric} of the same queries as they stand, and perturbed or attacked so", "bold")
        pen.print(tables.costs(cost, pen))
    flips.show(report, decision, suite, pen)
    moved.show(report, decision, suite, pen)
    _worst(report, decision, suite.name, pen, queries)


def _worst(report: Report, decision: Decision, suite: str, pen: Pen, queries: int) -> None:
    for arm in dict.fromkeys([words.baseline(report), decision.candidate]):
        failed = worst.failed(report, arm, suite)
        if failed:
            told = f"{arm}: {figures.count(len(failed), 'query', 'queries')} gave an error; the first is {failed[0].id}: "
            pen.item(told + failed[0].errors[arm], ANSWER_STYLE["error"])
    lost = worst.losses(report, decision, suite)
    if not lost:
        return
    more = f"; the worst {queries} (report.json has all; ragguard show ID tells all about one)" if len(lost) > queries else ""
    ranked = worst.ranks([loss.case for loss in lost])
    what = figures.count(len(lost), "query", "queries") if ranked else figures.count(len(lost), "case")
    legend = ". Ranked with [grade]; [-] was not judged:" if ranked else ":"
    pen.say(f"\n{what} got worse in {lost[0].metric}{more}{legend}", "bold")
    for loss in lost[:queries]:
        show_loss(report, loss, (words.baseline(report), decision.candidate), pen)


def show_loss(report: Report, loss: worst.Loss, arms: tuple[str, str], pen: Pen) -> None:
    """Print a case that got worse: by how much, where what it wanted went, what was said, and what was ranked before and after."""
    unit = loss.scale.unit
    change = f"{figures.mean(loss.before, unit)} -> {figures.mean(loss.after, unit)}"
    pen.say(f"\n{loss.case.id}: {loss.metric} {change}", "bold")
    pen.quote(loss.case.text)
    _lost(report, loss.case, arms, pen)


def _lost(report: Report, case: CaseRun, arms: tuple[str, str], pen: Pen) -> None:
    tables.wanted(report, case, arms, pen)
    told = worst.said(case, arms)
    for name, text in [*told, *verdicts.reasons(case, arms)]:
        pen.item(f"{name}: {words.clip(text, _ANSWER)}")
    if not worst.ranks([case]):
        return
    if told and worst.alike(case, arms):
        pen.item(f"both ranked alike: {', '.join(shown.id for shown in case.rankings[arms[0]][:_RANKS])}")
    else:
        pen.print(tables.rankings(report, case, arms, pen, depth=_RANKS))


def _notes(report: Report, pen: Pen) -> None:
    told = {arm.name: ", ".join(f"{key} {tables.fact(value)}" for key, value in sorted(arm.notes.items())) for arm in report.arms}
    facts = [f"{name}: {notes}" for name, notes in told.items() if notes]
    for heading, lines in (("Systems", facts), ("Warnings", list(report.warnings))):
        if lines:
            pen.heading(heading)
            for each in lines:
                pen.item(each, "yellow" if heading == "Warnings" else "")


def _end(report: Report, pen: Pen, folder: Path | None) -> None:
    judged = [decision for decision in report.decisions if decision.verdicts]
    if judged:
        pen.heading("How to read this")
        pen.say(words.legend(judged[0]), "dim")
    took = spent.total(report)
    efficiency.show(report, pen)
    pen.heading(f"{words.HEADLINE[report.answer]} (exit code {report.exit_code})", f"took {figures.seconds(took)}" if took else "")
    if folder is not None:
        pen.say(f"Report: {folder}")
