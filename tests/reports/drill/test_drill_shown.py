"""A drill in words, on the terminal, in Markdown and on the page: what survived comes first, and nobody's text becomes markup."""

import io
import json
import re

import jsonschema
import pytest
from rich.console import Console

from ragguard.records.drill import Drill, Drilled, Moved, Result, Shot
from ragguard.reports.drill import files, markdown, page, show, words

HOSTILE = "<script>alert(1)</script> [x](http://x) | $a$ \x1b[31m"


def shot(strength: float, answer: str, *checks: str) -> Shot:
    caught = tuple(Moved(check, "veto", "fail", -0.2, 0.05, 100, 0.001) for check in checks)
    return Shot(strength, answer, 10, 100, caught)  # type: ignore[arg-type]


def mutant(name: str, result: Result, *shots: Shot, harmless: bool = False, **more: object) -> Drilled:
    return Drilled(name, "retrieval", f"about {name}", "share", 0.25, harmless, result, shots=shots, **more)  # type: ignore[arg-type]


@pytest.fixture
def drill() -> Drill:
    mutants = (
        mutant("seen", "caught", shot(0.1, "hold"), shot(0.25, "block", "golden/RR", "golden/AP"), starts=0.25),
        mutant("twice", "caught", shot(0.25, "block", "golden/RR", "other/RR"), starts=0.25),
        mutant("unseen", "survived", shot(0.25, "promote"), missing=("no query has family X as its answer",)),
        mutant("same", "let through", shot(0.25, "hold"), harmless=True),
        mutant("loud", "stopped", shot(0.25, "block", "golden/RR"), harmless=True),
        mutant("absent", "not applicable", reason="there is no reranker"),
    )
    return Drill("plan", "q" * 64, "b" * 64, "0", 0.05, ("golden", "other"), mutants, 1)


def printed(drill: Drill, width: int = 160) -> str:
    out = io.StringIO()
    show.show(drill, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def test_the_score_and_what_survived_are_told_first(drill: Drill) -> None:
    assert drill.score == pytest.approx(2 / 3)
    assert words.headline(drill) == "2 of 3 planted regressions caught (67%); 1 would have gone out"
    told = printed(drill)
    assert told.index("would have gone out") < told.index("no query has family X") < told.index("Regressions")
    assert "2 harmless changes: 1 blocked" in told
    assert "held, though harmless (too little evidence for an equal system): same" in told
    assert "there is no reranker" in told
    assert [row[0] for row in words.regressions(drill)] == ["unseen", "seen", "twice"]
    assert words.regressions(drill)[0][3] == "never"


def test_it_is_told_which_suite_caught_what_alone(drill: Drill) -> None:
    assert words.by_suite(drill) == [("golden", "2 of 2", "seen"), ("other", "1 of 2", "-")]


def test_a_narrow_terminal_has_every_mutant(drill: Drill) -> None:
    told = printed(drill, 70)
    assert all(each.name in told for each in drill.mutants)
    assert max(map(len, told.splitlines())) <= 70


def test_the_page_draws_every_shot_and_markdown_has_every_table(drill: Drill) -> None:
    told = page.render(drill)
    drawn = re.findall(r"<svg.*?</svg>", told, re.DOTALL)
    assert len(drawn) == 2
    assert sum(picture.count("block</text>") + picture.count("promote</text>") + picture.count("hold</text>") for picture in drawn) == 6
    made = markdown.render(drill)
    assert [line for line in made.splitlines() if line.startswith("## ")] == [
        "## What would have gone out, and what is missing to catch it",
        "## Regressions",
        "## By suite",
        "## Harmless changes",
        "## Not applicable",
    ]


def test_nobodys_text_becomes_markup() -> None:
    bad = Drill(HOSTILE, "q", "b", "0", 0.05, (HOSTILE,), (mutant(HOSTILE, "survived", shot(0.25, "promote"), missing=(HOSTILE,)),), 1)
    assert "<script>" not in page.render(bad)
    made = markdown.render(bad)
    assert "<script>" not in made
    assert "[x](" not in made
    assert "\x1b" not in printed(bad)


def test_the_file_is_the_record_and_fits_its_schema(drill: Drill) -> None:
    read = json.loads(files.to_json(drill))
    jsonschema.validate(read, files.schema())
    assert read["mutants"][0]["shots"][1]["caught_by"][0]["check"] == "golden/RR"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read | {"surprise": 1}, files.schema())


def test_nothing_planted_has_no_score() -> None:
    none = Drill("plan", "q", "b", "0", 0.05, (), (mutant("same", "let through", shot(1.0, "promote"), harmless=True),), 0)
    assert none.score is None
    assert words.headline(none) == "No regression was planted"
