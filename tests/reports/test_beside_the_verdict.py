"""Error rates and early stops, told beside the verdict in every kind of report."""

import io
import re
from dataclasses import replace
from pathlib import Path

from factory import report as made
from rich.console import Console

from ragguard.records.error_rates import ErrorRates, Share, Simulated
from ragguard.records.report import Report, Sequential
from ragguard.reports import document, markdown, rates, simulated, terminal, words
from ragguard.reports.page.page import render
from ragguard.store import Store

SUMMARY = "a candidate worse by the margin passes at most 4.6 % of the time here (golden/nDCG@10); an equal one is promoted 91.0 %"


def share(count: int) -> Share:
    return Share(count, 1000, count / 1000, min(1.0, count / 1000 + 0.01))


def found(candidate: str = "tuned", run: str = "1f0c55aa9b21") -> ErrorRates:
    rows = (
        Simulated("swapped", share(905), share(10)),
        Simulated("redrawn", share(912), share(12)),
        Simulated("planted", share(910), share(11)),
        Simulated("planted", share(46), share(300), "golden/nDCG@10", 1.0, 0.05, "evenly"),
        Simulated("planted", share(0), share(970), "golden/nDCG@10", 2.0, 0.10, "broken"),
    )
    passing = {"golden/nDCG@10": share(950)}
    return ErrorRates(
        "payments-docs", run, candidate, "k" * 64, "d" * 64, 1000, SUMMARY, rows, passing, ("labels are right",), ("x: must",)
    )


def with_rates(*rates_: ErrorRates) -> Report:
    return replace(made(), error_rates=rates_)


def on_terminal(report: Report) -> str:
    file = io.StringIO()
    terminal.show(report, Console(file=file, width=100))
    return " ".join(file.getvalue().split())


def test_the_sentence_stands_in_every_report_and_reads_back(tmp_path: Path) -> None:
    report = with_rates(found())
    assert f"How often this gate is wrong, on what tuned scored: {SUMMARY}" in on_terminal(report)
    page = markdown.render(report)
    assert "How often this gate is wrong, on what tuned scored" in page
    assert "| worse by 1 margin, everywhere | `golden/nDCG@10` | 4.6 (4.6-5.6) | 30.0 (30.0-31.0) |" in page
    assert page.index("How often this gate is wrong") < page.index("###")
    path = tmp_path / "report.json"
    path.write_bytes(document.to_json(report))
    assert document.from_json(path) == report


def test_the_page_shows_every_simulated_kind_and_where_it_stopped() -> None:
    sequential = Sequential(stopped=True, batches=3, asked=100, cases=300, spared=50, answers_spared=0, alpha=0.05)
    page = render(replace(with_rates(found()), sequential=sequential))
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert f"How often this gate is wrong, on what tuned scored: {SUMMARY}" in text
    assert "worse by 1 margin, everywhere golden/nDCG@10 4.6 (4.6-5.6) 30.0 (30.0-31.0)" in text
    assert "Left out: x: must." in text
    assert "Stopped as soon as the decision was sure, after 100 of 300 cases in 3 batches" in text
    assert "ragguard error-rates" not in text


def test_scores_of_another_run_are_named() -> None:
    assert "on what other scored in run 0123: a candidate" in on_terminal(with_rates(found("other", "0123")))


def test_nothing_is_said_where_nothing_was_measured() -> None:
    assert "How often" not in on_terminal(made())
    assert "How often" not in markdown.render(made())


def test_rates_are_kept_by_candidate_under_what_is_demanded(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert rates.known(store, "k" * 64) == rates.known(store, "") == ()
    rates.keep(store, [found()])
    rates.keep(store, [found("other"), replace(found(), gates=7)])
    assert [(each.candidate, each.gates) for each in rates.known(store, "k" * 64)] == [("other", 1000), ("tuned", 7)]


def test_the_table_on_a_terminal() -> None:
    file = io.StringIO()
    simulated.show([found()], Console(file=file, width=160))
    told = " ".join(file.getvalue().split())
    assert "worse by 2 margins, in a few golden/nDCG@10 0.0 (0.0-1.0) 97.0 (97.0-98.0)" in told
    assert "golden/nDCG@10 passes 95.0 (95.0-96.0) % of the equal ones" in told
    assert "left out: x: must" in told


def test_a_summary_is_of_the_worst_of_each_kind() -> None:
    told = rates.summary(found().simulated, 1000)
    assert told == (
        "a candidate worse by the margin passes at most 4.6 % of the time here (golden/nDCG@10); an equal one is promoted 91.0 % and "
        "blocked 1.1 %; one worse by two margins is blocked at least 97.0 % (1,000 simulated gates of each kind)"
    )
    assert rates.summary(found().simulated[:3], 1000).startswith("an equal one is promoted 91.0 %")
    assert rates.percent(share(0)) == "under 0.1 %"
    assert rates.percent(share(1000)) == "over 99.9 %"


def test_an_early_stop_is_told() -> None:
    early = Sequential(True, 3, 96, 2730, 800, 2400, 0.05)
    assert words.stopping(replace(made(), sequential=early)) == (
        "Stopped as soon as the decision was sure, after 96 of 2,730 cases in 3 batches; spared were 800 questions and 2,400 answers of "
        "the generator."
    )
    assert "All 2,730 cases were asked, in 86 batches" in on_terminal(
        replace(made(), sequential=Sequential(False, 86, 2730, 2730, 0, 0, 0.05))
    )
    assert "Stopped as soon as" in markdown.render(replace(made(), sequential=early))
    assert words.stopping(made()) == ""
