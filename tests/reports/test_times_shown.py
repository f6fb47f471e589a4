"""The tables of time, memory and speed, on the terminal and in report.md."""

from dataclasses import replace

import factory
import hostile
import pytest
from test_markdown import structure, tokens
from test_terminal import printed

from ragguard.records.efficiency import Answering, Latency, Stage
from ragguard.records.report import Report, Times
from ragguard.reports import document, efficiency, figures, markdown

TIMES = Times(
    "2026-01-01T00:00:00+00:00",
    {"baseline/golden": 2.0, "tuned/golden": 3.0},
    (
        Stage("", "read the plan and the data", 1.25, 90_000_000),
        Stage("baseline", "retrieve", 0.0, None, None, 0, 80),
        Stage("baseline", "index", 0.0, None, None, 0, 1),
        Stage("tuned", "retrieve", 12.34, 1_540_000_000, None, 16, 64),
        Stage("tuned", "index", 60.0, 840_400_000, 2_000_000_000, 1, 0),
    ),
    (
        Latency("baseline", "generate", 80, 0.0951, 0.2, 1.5, 8),
        Latency("tuned", "generate", 80, 0.000_123_4, 0.2, 1.5, 8),
        Latency("tuned", "first_token", 80, 0.001_5, 0.2, 1.5),
        Latency("tuned", "total", 80, 0.1, 0.2, 1.5, 8),
    ),
    (Answering("tuned", 80, 80, 12.5, 140.0, 168.2, 0.125), Answering("baseline", 80, 0)),
    1_600_000_000,
    "stage",
)


def timed(**more: object) -> Report:
    return factory.small("promote", factory.verdict("pass"), times=replace(TIMES, **more))  # type: ignore[arg-type]


def test_the_cells() -> None:
    assert [(row.name, row.cells) for row in efficiency.stages(timed())] == [
        ("index", ("0.0 s, from the store", "1 min 0 s, 840 MB, 2.00 GB on the device")),
        ("retrieve", ("0.0 s, from the store", "12.3 s, 1.54 GB, 64 of 80 from the store")),
    ]
    assert [(row.name, row.cells) for row in efficiency.speed(timed())] == [
        ("generate, ms", ("95.1 / 200 / 1,500", "0.123 / 200 / 1,500")),
        ("first token, ms", ("", "1.50 / 200 / 1,500")),
        ("total, ms", ("", "100 / 200 / 1,500")),
        ("tokens a second", ("", "168.2")),
        ("answer tokens, mean", ("", "12.5")),
        ("prompt tokens, mean", ("", "140.0")),
        ("prompts cut", ("", "12.5%")),
    ]
    assert efficiency.notes(timed()) == [
        "read the plan and the data: 1.2 s, 90 MB",
        "highest memory of the process: 1.60 GB",
        "generate of baseline, tuned: in batches of 8 at most, whose time its cases share",
    ]


def test_where_a_peak_is_the_processs_own_it_says_so() -> None:
    assert efficiency.LIFETIME in efficiency.notes(timed(reach="process"))
    assert efficiency.LIFETIME not in efficiency.notes(timed())


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_terminal_shows_it_within_its_width(width: int) -> None:
    text = printed(timed(), width)
    assert max(map(len, text.splitlines())) <= width
    assert text.index("Time, memory and speed") < text.index("95.1 / 200 / 1,500") < text.index("PROMOTE (exit code 0)")
    assert "took 5.0 s" in text


def test_markdown_has_all_times_in_its_last_part_alone() -> None:
    text = markdown.render(timed())
    head, fold, rest = text.partition(f"<details><summary>{efficiency.HEADING}</summary>")
    assert fold
    assert rest.rstrip().endswith("</details>")
    assert rest.count("</details>") == 1
    assert "| retrieve | 0.0 s, from the store | 12.3 s, 1.54 GB, 64 of 80 from the store |" in rest
    assert head.rstrip() == markdown.render(timed(stages=(), latencies=(), answering=(), seconds={})).rstrip()


def test_a_run_without_times_shows_none() -> None:
    report = factory.small("promote", factory.verdict("pass"))
    assert efficiency.HEADING not in printed(report) + markdown.render(report)
    only_seconds = timed(stages=(), latencies=(), answering=())
    assert "golden 5.0 s (100%)" in printed(only_seconds)
    assert efficiency.HEADING not in markdown.render(only_seconds)


@pytest.mark.parametrize("name", hostile.TEXTS)
def test_hostile_names_of_arms_stay_text(name: str) -> None:
    def named(arm: str) -> Report:
        report = timed()
        arms = tuple(replace(each, name=arm) if each.name == "tuned" else each for each in report.arms)
        stages = tuple(replace(each, arm=arm) if each.arm == "tuned" else each for each in TIMES.stages)
        latencies = tuple(replace(each, arm=arm) if each.arm == "tuned" else each for each in TIMES.latencies)
        return replace(report, arms=arms, times=replace(TIMES, stages=stages, latencies=latencies))

    page = "\n\n".join(efficiency.markdown(named(name or "w")))
    assert structure(tokens(page)) == structure(tokens("\n\n".join(efficiency.markdown(named("w")))))
    assert max(map(len, printed(named(name)).splitlines())) <= 80


def test_it_reads_back_from_json_a_row_a_line(tmp_path) -> None:
    (tmp_path / "report.json").write_bytes(document.to_json(timed()))
    assert document.from_json(tmp_path / "report.json").times == TIMES
    lines = (tmp_path / "report.json").read_text().splitlines()
    assert sum('"stage": "generate"' in line for line in lines) == 2


@pytest.mark.parametrize(("value", "text"), [(0, "0 MB"), (999_400_000, "999 MB"), (1e9, "1.00 GB"), (12_345_678_901, "12.35 GB")])
def test_sizes(value: int, text: str) -> None:
    assert figures.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.000"), (0.000_999, "0.999"), (0.001_234, "1.23"), (0.0123, "12.3"), (0.5, "500"), (12.3456, "12,346")]
)
def test_milliseconds(value: float, text: str) -> None:
    assert figures.milliseconds(value) == text
