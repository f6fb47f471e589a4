"""The table of what moved, on the terminal and in report.md."""

import io
import re
from dataclasses import replace
from pathlib import Path

import factory
import hostile
import pytest
from rich.console import Console

from ragguard.records.report import Moved, Report
from ragguard.reports import document, markdown, terminal

FIGURES = (
    Moved("effective rank", "general", "baseline", 210.751523, 312),
    Moved("Spearman", "pairs.jsonl", "baseline", 0.925534, 132),
    Moved("MTEB", "STS12", "baseline", None, note="its data could not be had (ConnectionError)"),
    Moved("effective rank", "general", "tuned", 12.5, 312),
    Moved("mean cosine", "general", "tuned", 0.25, 2000, "baseline"),
    Moved("neighbours kept", "general", "tuned", None, 9, "baseline", "no document has more than 10 others"),
    Moved("Spearman", "pairs.jsonl", "tuned", 0.1, 132),
    Moved("MTEB", "STS12", "tuned", 0.75),
    Moved("effective rank", "general", "another", 99.0, 312),
)


def report(*figures: Moved) -> Report:
    made = factory.small("hold", factory.verdict("inconclusive"))
    return replace(made, suites=(replace(made.suites[0], moved=figures),))


def printed(made: Report, width: int = 132) -> str:
    out = io.StringIO()
    terminal.show(made, Console(file=out, width=width, highlight=False), Path("x"))
    return out.getvalue()


def test_both_values_stand_side_by_side_those_of_two_systems_first() -> None:
    lines = [line for line in markdown.render(report(*FIGURES)).splitlines() if line.startswith("|")]
    start = lines.index("| Figure | Of | Size | `baseline` | `tuned` |")
    assert lines[start + 1 : start + 7] == [
        "| --- | --- | --- | --: | --: |",
        "| mean cosine | `general` | 2,000 documents |  | 0.250 |",
        "| neighbours kept | `general` | 9 documents |  | n/a |",
        "| effective rank | `general` | 312 documents | 210.8 | 12.5 |",
        "| Spearman | `pairs.jsonl` | 132 pairs | 0.926 | 0.100 |",
        "| MTEB | `STS12` |  | n/a | 0.750 |",
    ]
    rows = [line.split() for line in printed(report(*FIGURES)).splitlines()]
    assert ["effective", "rank", "general", "312", "documents", "210.8", "12.5"] in rows
    assert ["mean", "cosine", "general", "2,000", "documents", "0.250"] in rows


def test_why_there_is_no_value_is_told_once() -> None:
    said = "tuned: no neighbours kept of general: no document has more than 10 others"
    assert f"- {said}\n" in markdown.render(report(*FIGURES))
    text = printed(report(*FIGURES))
    assert f"- {said}\n" in text
    assert "ConnectionError" not in text, "that is a warning"


def test_a_system_without_figures_has_none() -> None:
    text = markdown.render(report(*(each for each in FIGURES if each.arm == "tuned")))
    assert "| Spearman | `pairs.jsonl` | 132 pairs | n/a | 0.100 |" in text
    assert "| mean cosine | `general` | 2,000 documents |  | 0.250 |" in text


def test_only_what_is_shown_is_explained() -> None:
    text = " ".join(printed(report(FIGURES[1])).split())
    assert "Spearman: rank correlation of the cosines of sentence pairs" in text
    assert "Effective rank:" not in text


def test_nothing_is_shown_where_nothing_was_looked_at() -> None:
    assert "What moved" not in printed(report())
    assert "What moved" not in printed(report(FIGURES[-1])), "it is another candidate's"
    assert "What moved" not in markdown.render(report())


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_console(width) -> None:
    text = printed(report(*FIGURES, Moved("MTEB", "x" * 100, "tuned", None, note="y" * 300)), width)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_text_of_others_stays_text(text) -> None:
    rendered = markdown.render(report(Moved("mean cosine", "general", "tuned", None, note=text)))
    lines = [line for line in rendered.splitlines() if line.startswith("- tuned: no mean cosine")]
    assert len(lines) == (text != "")
    assert not re.search(r"<\w|(?<!\\)\]\(|://", "".join(lines))
    made = report(Moved("MTEB", text, "tuned", 0.5))
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in _rows(made)] == [6], "five cells"
    assert "\x1b" not in printed(made)


def _rows(made: Report) -> list[str]:
    return [line for line in markdown.render(made).splitlines() if line.startswith("| MTEB")]


def test_figures_survive_the_round_trip(tmp_path) -> None:
    made = report(*FIGURES)
    (tmp_path / "report.json").write_bytes(document.to_json(made))
    assert document.from_json(tmp_path / "report.json") == made
    lines = (tmp_path / "report.json").read_text().splitlines()
    assert sum(line.strip().startswith('{"what": ') for line in lines) == len(FIGURES), "each on its line"
