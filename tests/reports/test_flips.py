"""lm-eval's tasks and the items that flipped, on the terminal and in report.md."""

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import factory
import hostile
import pytest
from rich.console import Console

from ragguard.records.evidence import Answer
from ragguard.records.report import CaseRun, Report
from ragguard.reports import document, markdown, tasked, terminal
from ragguard.reports.tasked import About

TASKS = (About("sums", "exact_match"), About("colours", "acc"), About("far", "", "its data could not be had (ConnectionError)"))


def item(task: str, number: int, before: float, after: float, text: str = "", said: str = "42") -> CaseRun:
    scores = {"baseline": {"TaskScore": before}, "tuned": {"TaskScore": after}}
    answers = {"baseline": Answer(f"before {said}"), "tuned": Answer(f"after {said}")}
    name = f"{task}/{number}"
    slices = ("", task)
    asked = text or f"question {number} of {task}"
    return CaseRun(name, "golden", asked, name, (), slices, {}, scores, {}, answers=answers, task=task, expected=f"wanted {said}")  # type: ignore[arg-type]


ITEMS = (
    *(item("sums", number, 1.0, 0.0) for number in range(5)),
    item("sums", 5, 0.0, 1.0),
    *(item("colours", number, 1.0, 1.0) for number in range(2)),
    item("colours", 2, 0.25, 0.75),
    replace(item("far", 0, 0.0, 0.0), scores={}, answers={}),
)


def report(items: Sequence[CaseRun] = ITEMS, tasks: Sequence[About] = TASKS) -> Report:
    made = factory.small(
        "hold", factory.verdict("inconclusive", metric="TaskScore"), factory.verdict("fail", metric="TaskScore", slice="sums")
    )
    rows = tuple(tasked.rows(tasks, items, made.decisions, "golden", "baseline"))
    return replace(made, suites=(replace(made.suites[0], tasks=rows),), cases=tuple(items))


def printed(made: Report, width: int = 132) -> str:
    out = io.StringIO()
    terminal.show(made, Console(file=out, width=width, highlight=False), Path("x"))
    return out.getvalue()


def test_tasks_stand_side_by_side_and_what_lost_most_comes_first() -> None:
    lines = [line for line in markdown.render(report()).splitlines() if line.startswith("|")]
    start = lines.index("| Task | Metric | Items | `baseline` | `tuned` | Difference | Bounds | Lost | Won |")
    assert [line.replace("\\", "") for line in lines[start + 2 : start + 6]] == [
        "| `all tasks` |  | 9 | n/a | n/a | n/a | n/a | 5 | 2 |",
        "| `far` |  | 0 | n/a | n/a | n/a | n/a | 0 | 0 |",
        "| `sums` | exact_match | 6 | 0.833 | 0.167 | -0.667 | -0.115 to -0.045 | 5 | 1 |",
        "| `colours` | acc | 3 | 0.750 | 0.917 | +0.167 | n/a | 0 | 1 |",
    ]
    assert ["sums", "exact_match", "6", "0.833", "0.167", "-0.667"] in [line.split()[:6] for line in printed(report()).splitlines()]


def test_all_tasks_together_count_alike_where_none_lacks_data() -> None:
    made = report([each for each in ITEMS if each.task != "far"], TASKS[:2])
    (row,) = [line for line in markdown.render(made).splitlines() if line.startswith("| `all tasks`")]
    assert row.replace("\\", "") == "| `all tasks` |  | 9 | 0.792 | 0.542 | -0.250 | -0.055 to +0.015 | 5 | 2 |"


def test_the_first_items_that_flipped_are_told_with_both_answers() -> None:
    text = printed(report())
    assert "sums: 5 lost (right -> wrong)" in text
    assert "- sums/2: question 2 of sums" in text
    assert "sums/3" not in text, "three of a kind are enough"
    assert "wanted 'wanted 42'; baseline says 'before 42'; tuned says 'after 42'" in text
    assert "colours: 1 won (wrong -> right)" in text
    assert "- far: its data could not be had (ConnectionError)" in text
    folded = markdown.render(report())
    assert "- `sums/2` `question 2 of sums`: wanted `wanted 42`; baseline says `before 42`; tuned says `after 42`" in folded


def test_one_metric_needs_no_column() -> None:
    only = [each for each in ITEMS if each.task == "sums"]
    text = printed(report(only, TASKS[:1]))
    assert "lm-eval tasks: mean exact_match of the items" in text
    assert "| Task | Items | `baseline`" in markdown.render(report(only, TASKS[:1]))


def test_items_are_no_queries_that_got_worse() -> None:
    assert "got worse" not in printed(report())
    assert "got worse" not in markdown.render(report())


def test_a_report_without_tasks_says_nothing_of_them() -> None:
    made = factory.small("hold", factory.verdict("inconclusive"))
    assert "lm-eval" not in printed(made) + markdown.render(made)


def test_it_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(document.to_json(report()))
    assert document.from_json(tmp_path / "report.json") == report()


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_what_models_say_stays_text(text: str) -> None:
    made = report([item("sums", 0, 1.0, 0.0, text=text or "x", said=text)], TASKS[:1])
    drawn = markdown.render(made)
    assert "\x1b" not in drawn + printed(made)
    assert "\u202e" not in drawn + printed(made)
    outside = re.sub(r"(`+).*?\1", "", drawn)
    assert "evil.example.com" not in outside
    assert "<script" not in outside
    assert "<h1>" not in outside
    assert not re.search(r"(?<!\w)@(?=\w)", outside)
    assert outside.count("</details>") == outside.count("<details>")
