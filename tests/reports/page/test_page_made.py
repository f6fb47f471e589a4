import re
from dataclasses import replace
from html.parser import HTMLParser

import answered_report
import factory
import hostile
import pytest

from ragguard.records.report import Report, Times
from ragguard.reports.page import page

VOID = frozenset({"meta", "br", "path", "use", "rect", "line", "input"})


class Read(HTMLParser):
    """What a page is made of, and whether every tag is closed where it ought to be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.text += data


REPORTS = {
    "answered": answered_report.answered,
    "plain": factory.report,
    "hostile": lambda: factory.with_cases(factory.small("block", factory.verdict("fail")), hostile.TEXTS),
    "hold": lambda: factory.small("hold", factory.verdict("inconclusive"), warnings=hostile.TEXTS),
    "error": lambda: factory.small("error", not_run=hostile.TEXTS[:3], plan=hostile.TEXTS[1]),
    "nothing": lambda: replace(factory.small("hold"), times=Times("not a date")),
}


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_whole_and_asks_for_nothing(name: str) -> None:
    text = page.render(REPORTS[name]())
    read = Read(text)
    assert read.open == []
    names = [tag for tag, _ in read.tags]
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(names)
    assert names.count("script") == 3
    assert names.count("h1") == names.count("main") == 1
    links = [value for _, found in read.tags for key, value in found.items() if key in ("src", "href", "xlink:href") and value]
    assert all(link.startswith("#") for link in links)
    ids = [found["id"] for _, found in read.tags if "id" in found]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links} <= set(ids)
    labels = {name for _, found in read.tags for name in str(found.get("aria-labelledby") or "").split()}
    assert labels <= set(ids)
    assert "url(http" not in text
    assert "@import" not in text
    assert not [key for _, found in read.tags for key in found if key.startswith("on")]
    scopes = [found.get("scope") for tag, found in read.tags if tag == "th"]
    assert all(scope in ("row", "col") for scope in scopes)
    assert names.count("caption") == names.count("table")


def test_the_decision_stands_first_with_why_and_what_to_do() -> None:
    report = factory.small("block", factory.verdict("fail"), reasons=("golden/nDCG@10 fell by 0.080 (0.6 -> 0.5): no",))
    body = page.render(report).partition("<main")[2]
    told = ("BLOCK", "tuned against", "Why", "fell by 0.080", "What to do next", "Every check", "Suites")
    order = [body.index(word) for word in told]
    assert order == sorted(order)


def test_the_script_allows_itself_alone() -> None:
    text = page.render(factory.report())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert policy[1].count("script-src") == 1
    assert "unsafe" not in policy[1].partition("script-src")[2]
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch("):
        assert forbidden not in text


def test_a_page_keeps_to_its_limit_and_says_what_it_lacks() -> None:
    report = answered_report.answered()
    whole = page.render(report)
    assert "To keep this page small" not in whole
    limit = len(whole.encode()) - 1_000
    less = page.render(report, limit)
    assert len(less.encode()) <= limit
    told = re.search(r"it leaves out the answers to (\d+) queries, which lost least: report\.json has them", Read(less).text)
    assert told is not None
    assert 0 < int(told[1]) < 150


def test_it_is_the_same_each_time() -> None:
    assert page.render(answered_report.answered()) == page.render(answered_report.answered())


def test_several_candidates_stand_side_by_side_first() -> None:
    text = page.render(factory.report())
    names = [name for name in ("tuned", "tuned-lora") if re.search(rf'<a href="#c\d">{name}</a>', text)]
    assert names == ["tuned", "tuned-lora"]
    assert text.count('class="candidate"') == 2


def test_what_is_not_in_the_report_is_not_made_up() -> None:
    report: Report = factory.small("hold", factory.verdict("inconclusive"))
    text = Read(page.render(report)).text
    assert "The report holds no times" in text
    assert "ragguard error-rates" in text
    assert "none: no answer was judged by a model" in text
    assert "Where it goes wrong" not in text
