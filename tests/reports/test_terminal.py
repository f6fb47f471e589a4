import io
import re
from itertools import product
from pathlib import Path
from typing import get_args

import factory
import hostile
import pytest
from rich.console import Console

from ragguard.errors import InputError
from ragguard.records.evidence import Tier
from ragguard.records.report import Report
from ragguard.records.verdict import Outcome
from ragguard.reports.terminal import show, show_query


def printed(report: Report, width: int = 80, query: str | None = None, **more: object) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, **more)  # type: ignore[arg-type]
    if query is None:
        show(report, console, Path("reports/x"))
    else:
        show_query(report, query, console)
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_is_wider_than_the_console_and_no_cell_is_cut(width: int) -> None:
    text = printed(factory.report(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "-0.018 to +0.030" in text
    assert "inconclusive" in text
    assert "intents" in text


def test_the_answer_comes_first_and_last_in_words() -> None:
    for answer, word, code in (
        ("promote", "PROMOTE", 0),
        ("block", "BLOCK", 1),
        ("hold", "HOLD", 2),
        ("error", "ERROR: COULD NOT JUDGE", 4),
    ):
        lines = printed(factory.small(answer, factory.verdict("pass"))).splitlines()  # type: ignore[arg-type]
        assert word in lines[1]
        assert f"{word} (exit code {code})" in "\n".join(lines[-3:])


def test_every_outcome_and_tier_has_its_word() -> None:
    outcomes, tiers = get_args(Outcome), get_args(Tier)
    made = [factory.verdict(outcome, tier, metric=f"nDCG@{i}") for i, (outcome, tier) in enumerate(product(outcomes, tiers), 1)]
    text = printed(factory.small("block", *made, factory.verdict("pass", metric="RR", degraded=True)), 200)
    words = re.findall(r"^(pass \(degraded\)|\w+) +(blocking|veto|must|advisory) ", text, re.MULTILINE)
    assert set(words) == {
        *((word, tier) for word in ("pass", "FAIL", "inconclusive", "ERROR") for tier in ("blocking", "veto", "must")),
        *((word, "advisory") for word in ("pass", "fail", "inconclusive", "error")),
        ("pass (degraded)", "blocking"),
    }


def test_an_outage_looks_unlike_a_regression() -> None:
    outage = printed(factory.small("error", factory.verdict("error"), not_run=("forgetting",)))
    assert "suite forgetting did not run" in outage
    assert "says nothing about quality" in outage
    assert "regression" not in outage


def test_reasons_warnings_best_and_place_are_told() -> None:
    text = printed(factory.report())
    assert "1 of 2 candidates may go out." in text
    assert "Best of the promoted: tuned" in text
    assert ": 1 query gave an error; the first is g-webhook-retries.0: timeout after 30 s" in " ".join(text.split())
    assert "scores missing: 0 of the reference, 1 of the candidate" in text
    assert "Report: reports/x" in text
    assert text.index("g-interchange-true-up.80") < text.index("Warnings")


def test_the_anchor_is_told_apart() -> None:
    text = printed(factory.small("promote", factory.verdict("pass"), factory.verdict("pass", against="anchor")), 200)
    assert "nDCG@10 against anchor" in text
    assert "reference" in text


def test_colour_is_only_on_a_terminal_and_plain_text_is_ascii_where_it_must_be() -> None:
    assert "\x1b[" in printed(factory.report(), force_terminal=True)
    assert "\x1b[" not in printed(factory.report())
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    show(factory.with_cases(factory.small("block", factory.verdict("fail")), ["漢字 query"]), Console(file=file, width=80))
    file.flush()
    assert b"\\u6f22" in raw.getvalue()


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_hostile_text_is_printed_and_does_nothing(text: str) -> None:
    base = factory.small("block", factory.verdict("fail", reasons=(text,)), warnings=(text,), reasons=(text,), plan=text)
    report = factory.with_cases(base, [text, "second"], [text, "second"])
    for out in (printed(report), printed(report, query="second")):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", out)
    if text.startswith("[bold red]"):
        assert "[bold red]not markup[/bold red]" in printed(report, 200)


def test_one_query_in_every_system() -> None:
    text = printed(factory.report(), query="g-risk-rules.1")
    assert "suite golden, intent risk-rules-0" in text
    assert "rank 2 -> 2 -> 3" in text
    assert "124.4 ms" in text
    assert "Risk rules guide" in text
    assert "[0] risk-rules-1.9" in text


def test_a_query_is_found_by_its_text_and_in_every_suite() -> None:
    text = factory.report().cases[1].text
    assert "g-risk-rules.1" in printed(factory.report(), query=f"  {text.upper()} ")


def test_what_was_not_scored_says_why() -> None:
    assert "missing: timeout after 30 s" in printed(factory.report(), 200, query="g-webhook-retries.0")
    made = factory.with_cases(factory.small("block", factory.verdict("fail")), ["x"])
    assert "not applicable: asks for an old version" in printed(made, 120, query="q00000")


def test_an_unknown_query_gets_near_names() -> None:
    with pytest.raises(InputError, match=r"did you mean 'g-risk-rules\.1'"):
        printed(factory.report(), query="g-risk-rule.1")
    with pytest.raises(InputError, match="the report has g-account"):
        printed(factory.report(), query="zzzzzz")
    with pytest.raises(InputError, match="the report has no cases"):
        printed(factory.small("hold"), query="q")
