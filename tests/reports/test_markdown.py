import re
from dataclasses import replace

import factory
import hostile
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ragguard.reports import escape, markdown

BALANCED = re.compile(r"^<details><summary>[^\n]*</summary>$(?:(?!^<details>).)*?^</details>$", re.DOTALL | re.MULTILINE)
OWN_HTML = re.compile(r"</?(?:details|summary|code|sub)>")


def tokens(text: str) -> list[Token]:
    flat = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        flat += [token, *(token.children or [])]
    return flat


def test_the_first_line_is_the_answer_with_its_reason() -> None:
    for answer, word in (("promote", "PROMOTE"), ("block", "BLOCK"), ("hold", "HOLD"), ("error", "COULD NOT JUDGE")):
        first = markdown.render(factory.small(answer, reasons=("golden/nDCG@10 fell by 0.1 (0.7 -> 0.6)",))).splitlines()[0]  # type: ignore[arg-type]
        assert word in first
        assert first.endswith("golden/nDCG@10 fell by 0.1")


def test_an_outage_looks_unlike_a_regression() -> None:
    outage = markdown.render(factory.small("error", factory.verdict("error"), not_run=("forgetting",)))
    regression = markdown.render(factory.small("block", factory.verdict("fail")))
    assert "says nothing about quality" in outage
    assert "suite forgetting did not run" in outage
    assert "BLOCK" not in outage
    assert "quality regression" in regression
    assert "COULD NOT JUDGE" not in regression


def test_the_table_has_the_worst_first() -> None:
    made = [
        factory.verdict("pass", metric="RR"),
        factory.verdict("fail", "veto", metric="R@5"),
        factory.verdict("fail", "advisory", metric="AP"),
    ]
    made += [factory.verdict("inconclusive"), factory.verdict("pass", metric="P@5", degraded=True)]
    rows = re.findall(r"^\| (\S.*?) \| `(.*?)`", markdown.render(factory.small("block", *made)), re.MULTILINE)
    assert rows[:5] == [("**FAIL**", "R@5"), ("**inconclusive**", "nDCG@10"), ("pass (degraded)", "P@5"), ("pass", "RR"), ("fail", "AP")]


def test_a_row_has_every_number() -> None:
    text = markdown.render(factory.small("block", factory.verdict("fail", limit=0.55)))
    assert "| 0.600 | 0.520 | -0.080 | -0.115 to -0.045 | 0.05 | &gt;= 0.550 | 80 |" in text


def test_queries_that_got_worse_show_both_rankings() -> None:
    text = markdown.render(factory.report())
    assert "rank 1 -> 3" in text
    assert "superseded, grade 0" in text
    assert text.index("44 queries got worse") < text.index("g-interchange-true-up.80")


def test_several_candidates_and_the_best() -> None:
    text = markdown.render(factory.report())
    assert text.startswith("# ✅ PROMOTE: 1 of 2 candidates may go out.")
    assert "`tuned-lora`: **BLOCK**" in text
    assert "Best of the promoted: `tuned`" in text
    assert "optimistic" in text


def test_training_fingerprints_and_warnings_are_there() -> None:
    text = markdown.render(factory.report(), 10**7)
    assert "`trained: data.rows` | `480`" in text
    assert "9d" * 32 in text
    assert "12.5% of the documents" in text


def test_two_renders_are_the_same_and_times_play_no_part() -> None:
    report = factory.report()
    assert markdown.render(report) == markdown.render(replace(report, times=replace(report.times, started="later")))


@pytest.mark.parametrize("wide", ["x", "漢"])
def test_five_thousand_long_hostile_queries_fit_by_whole_queries(wide: str) -> None:
    texts = [f"{i} {hostile.TEXTS[i % len(hostile.TEXTS)]} {wide * 300}" for i in range(5000)]
    base = factory.small(
        "block", *(factory.verdict("fail", metric=f"nDCG@{k}") for k in range(10, 400)), warnings=tuple(texts), reasons=tuple(texts)
    )
    text = markdown.render(factory.with_cases(base, texts, texts))
    assert len(text) <= markdown.LIMIT
    assert len(text.encode()) <= markdown.LIMIT
    queries = text.count("\n<details><summary><code>")
    assert text.count("\n<details>") == text.count("\n</details>") == len(BALANCED.findall(text)) > queries > 0
    rows = [line for line in text.splitlines() if line.startswith("| ") and " `nDCG@" in line]
    assert rows
    assert all(line.endswith(" |") for line in rows)
    assert "5,000 queries got worse" in text
    assert f"Not shown here: {5000 - queries:,} queries" in text


def everywhere(text: str) -> str:
    """A report that has the text wherever others' text can be; a name or a reason is never empty."""
    name = text or "w"
    verdict = factory.verdict("fail", slice=name, reasons=(name,))
    base = factory.small("block", verdict, warnings=(name,), reasons=(name, name), plan=name)
    return markdown.render(factory.with_cases(base, [text], [name]))


def structure(found: list[Token]) -> list[str]:
    return [token.type for token in found if token.type not in ("text", "code_inline", "text_special", "softbreak")]


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_hostile_text_stays_text(text: str) -> None:
    found = tokens(everywhere(text))
    assert structure(found) == structure(tokens(everywhere("w")))
    for token in found:
        assert token.type not in ("link_open", "image", "fence", "em_open")
        if token.type in ("html_inline", "html_block"):
            assert "<" not in OWN_HTML.sub("", token.content)
        if token.type == "text":
            assert not re.search(r"(?<!\w)@\w|://|www\.|#\d|GH-\d|mail(to)?:\w|[\x00-\x09\x0b-\x1f\u202e]", token.content)


def test_code_spans_read_back_as_they_were() -> None:
    for text in ("a", "`", "``a`", "a\\", "a|b", "a\\|b", "| |", "<b>"):
        table = f"| x | y |\n| --- | --- |\n| {escape.cell(text)} | end |"
        cells = [token.content.strip() for token in tokens(table) if token.type == "code_inline"]
        assert cells == [text.strip()]
        assert [token.content.strip() for token in tokens(escape.code(text)) if token.type == "code_inline"] == [text.strip()]


def test_harmless_names_are_left_alone() -> None:
    assert escape.prose("golden/nDCG@10 fell by 0.05, 3.5 % of R(rel=2)") == "golden/nDCG@10 fell by 0.05, 3.5 % of R(rel=2)"
