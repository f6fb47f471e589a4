"""Everything about one query, in every system."""

from typing import Any

from pydantic import TypeAdapter
from rich.console import Console

from ragguard.records.evidence import NotApplicable, Score, Unscored
from ragguard.records.report import CaseRun, Report
from ragguard.reports import figures, lookup, tables, verdicts, worst
from ragguard.reports.pen import Pen

_DEPTH, _VERDICTS = 10, 64


def show_query(report: Report, query: str, console: Console) -> None:
    """Print all that the report knows of a query: what it asks and wants, how each system scored, and what each ranked.

    ``query`` is the id of a case (of every suite that has it), or its text.

    Raises:
        InputError: no case has this id or text; the message has near ones.
    """
    pen = Pen(console)
    for case in lookup.find(report, query):
        pen.heading(case.id, f"suite {case.suite}, intent {case.intent}")
        pen.quote(case.text)
        for label, names in (("tags", case.tags), ("slices", tuple(filter(None, case.slices)))):
            if names:
                pen.say(f"{label}: {', '.join(names)}")
        arms = [arm.name for arm in report.arms if arm.name in case.scores or arm.name in case.rankings or arm.name in case.errors]
        if case.task:
            _item(report, case, arms, pen)
            continue
        ranked = worst.ranks([case])
        if ranked or case.errors:
            pen.say("\nWanted (rank in " + " -> ".join(arms) + ")", "bold")
            tables.wanted(report, case, arms, pen)
        _scores(report, case, arms, pen)
        if ranked or case.errors:
            pen.say("\nRanked, with [grade]; [-] was not judged", "bold")
            pen.print(tables.rankings(report, case, arms, pen, _DEPTH, titles=True))
        _answers(case, arms, pen)


def _item(report: Report, case: CaseRun, arms: list[str], pen: Pen) -> None:
    """An item of an lm-eval task: what it wants, and what each arm said."""
    pen.say(f"\nWanted, of the lm-eval task {case.task}", "bold")
    pen.quote(case.expected)
    for arm in arms:
        pen.say(f"\n{arm} says", "bold")
        pen.quote(case.answers[arm].text if arm in case.answers else case.errors.get(arm, "nothing"))
    _scores(report, case, arms, pen)


def _answers(case: CaseRun, arms: list[str], pen: Pen) -> None:
    if case.expected and case.answers:
        pen.say("\nWanted answer", "bold")
        pen.quote(case.expected)
    for arm in arms:
        answer = case.answers.get(arm)
        if answer is not None:
            given = f", given {', '.join(case.contexts.get(arm, ())) or 'nothing'}" if arm in case.contexts else ""
            pen.say(f"\n{arm} answers{given}", "bold")
            pen.quote(answer.text)
            for sample in answer.samples[1:]:
                pen.quote(f"or: {sample.text}")
            if answer.cut:
                pen.item("the prompt did not hold all of these documents")
            if arm in case.contexts:
                pen.item("it abstains" if answer.abstained else f"cites {', '.join(answer.citations) or 'nothing'}")
    told = verdicts.reasons(case, arms, most=_VERDICTS)
    if told:
        pen.say("\nWhat judges said", "bold")
    for name, text in told:
        pen.item(f"{name}: {text}")


def _scores(report: Report, case: CaseRun, arms: list[str], pen: Pen) -> None:
    units = {each.metric: each.unit for suite in report.suites if suite.name == case.suite for each in suite.means}
    metrics = dict.fromkeys(name for arm in arms for name in sorted(case.scores.get(arm, {})))
    table = tables.plain(["score", *arms], pen)
    for name in metrics:
        table.add_row(*map(pen.text, (name, *(_score(case.scores.get(arm, {}).get(name), units.get(name, "")) for arm in arms))))
    pen.say("\nScores", "bold")
    pen.print(table)


def _score(score: Score | None, unit: str) -> str:
    if isinstance(score, NotApplicable):
        return f"not applicable: {score.not_applicable}"
    if isinstance(score, Unscored):
        return f"missing: {score.unscored}"
    return figures.mean(score, unit)


def query_to_dict(report: Report, query: str) -> dict[str, Any]:
    """Everything that ``show_query`` prints, as JSON-able data. Raises InputError as it does."""
    cases = lookup.find(report, query)
    named = {name for case in cases for name in (*case.relevant, *(shown.id for head in case.rankings.values() for shown in head))}
    documents = {name: document for name, document in report.documents.items() if name in named}
    plain: dict[str, Any] = TypeAdapter(dict[str, Any]).dump_python({"cases": cases, "documents": documents}, mode="json")
    return plain
