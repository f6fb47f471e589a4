"""report.html in a real browser: from disk, without a network, by keyboard, in the dark, on a phone, on paper."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="needs the package playwright")
CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.is_file():
    pytest.skip("needs the Debian package chromium", allow_module_level=True)

from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "reports"), str(HERE.parent / "reports" / "page")]

import answered_report  # noqa: E402
import factory  # noqa: E402
import hostile  # noqa: E402

from ragguard.reports.page import page, queries  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page.render(answered_report.answered()), encoding="utf-8")
    return path


@dataclass
class Seen:
    """A page, with all that it asked for and complained of."""

    tab: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Open = Callable[..., Seen]


@pytest.fixture
def open_(browser: Browser) -> Iterator[Open]:
    """A factory: opens a file with the options of a browser's context; in the end nothing else was asked for, or complained of."""
    made: list[tuple[Any, Seen, Path]] = []

    def do(path: Path, **options: Any) -> Seen:
        context = browser.new_context(**options)
        seen = Seen(context.new_page())
        seen.tab.on("request", lambda request: seen.requests.append(request.url))
        seen.tab.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
        seen.tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.tab.goto(path.as_uri())
        if options.get("java_script_enabled", True):
            seen.tab.wait_for_selector("html[data-ready]")
        made.append((context, seen, path))
        return seen

    yield do
    for context, seen, path in made:
        requests, complaints = list(seen.requests), list(seen.complaints)
        context.close()
        assert requests == [path.as_uri()]
        assert complaints == []


def shown(tab: Page) -> list[str]:
    """The ids of the queries in the table of the candidate that is shown."""
    return tab.locator(".candidate:not([hidden]) tbody.query th .id").all_inner_texts()


def pick(tab: Page, name: str) -> None:
    """Go to a candidate, by keyboard."""
    tab.locator(".contents a.pick", has_text=name).first.focus()
    tab.keyboard.press("Enter")


def candidates(tab: Page) -> list[str]:
    return [each.get_attribute("aria-label") or "" for each in tab.locator(".candidate").all() if each.is_visible()]


def test_it_opens_from_disk_and_says_the_decision_first(open_: Open, written: Path) -> None:
    tab = open_(written).tab
    heading = tab.get_by_role("heading", level=1)
    assert heading.inner_text().split("\n")[0] == "PROMOTE"
    assert heading.bounding_box()["y"] < 300
    assert float(tab.locator(".hero .word").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) > 100
    for role in ("main", "navigation", "contentinfo", "search"):
        expect(tab.get_by_role(role).first).to_be_attached()
    assert tab.get_by_role("img").count() > 0


def test_words_are_searched_for_by_keyboard_and_the_count_is_told(open_: Open, written: Path) -> None:
    tab = open_(written).tab
    box = tab.get_by_role("searchbox").first
    box.focus()
    tab.keyboard.type("dunning SANDBOX")
    report = answered_report.answered()
    rows = queries.rows(report, report.decisions[0])
    wanted = [row.case.id for row in rows if "dunning" in f"{row.case.id} {row.case.text}" and "sandbox" in row.case.text]
    assert wanted
    assert shown(tab) == wanted
    assert tab.get_by_role("status").first.inner_text().startswith(f"{len(wanted)} of {len(rows)} queries")
    box.fill("no such thing")
    assert shown(tab) == []


def test_columns_sort_by_keyboard_and_say_so(open_: Open, written: Path) -> None:
    tab = open_(written).tab
    assert shown(tab) == [row.case.id for row in queries.rows(answered_report.answered(), answered_report.answered().decisions[0])][:10]
    change = tab.get_by_role("columnheader", name="change").first
    assert change.get_attribute("aria-sort") == "ascending"
    button = tab.get_by_role("button", name="after").first
    for way in ("ascending", "descending"):
        button.focus()
        tab.keyboard.press("Enter")
        assert tab.get_by_role("columnheader", name="after").first.get_attribute("aria-sort") == way
        assert change.get_attribute("aria-sort") is None
        cells = tab.locator(".candidate:not([hidden]) tbody [data-slot=after]").all_inner_texts()
        numbers = [float(cell) for cell in cells if cell != "n/a"]
        assert len(numbers) == 30
        assert numbers == sorted(numbers, reverse=way == "descending")


def test_all_queries_can_be_reached_in_the_order_of_the_report(open_: Open, written: Path) -> None:
    tab = open_(written).tab
    while (more := tab.locator(".candidate:not([hidden]) .further")).is_visible():
        more.press("Enter")
    report = answered_report.answered()
    assert shown(tab) == [row.case.id for row in queries.rows(report, report.decisions[0])]


def test_filters_narrow_the_table(open_: Open, written: Path) -> None:
    tab = open_(written).tab
    section = tab.locator(".candidate:not([hidden])")
    section.locator("select[name=suite]").select_option("version-confusion")
    assert set(section.locator("tbody [data-slot=suite]").all_inner_texts()) == {"version-confusion"}
    section.locator("select[name=moved]").select_option("better")
    assert all(text.startswith("+") for text in section.locator("tbody [data-slot=change]").all_inner_texts())
    section.locator("select[name=suite]").select_option("")
    section.locator("select[name=moved]").select_option("newly")
    assert all(text.startswith("fine → ") for text in section.locator("tbody [data-slot=stage]").all_inner_texts())


TOLD = """line => [...line.querySelectorAll("tr")].map((row) => row.textContent).join("|").replace(/\\s+/g, " ")
  + [...line.querySelectorAll("[hidden]")].map((part) => part.dataset.part ?? part.dataset.slot)"""


def test_what_the_script_makes_looks_like_what_came_in_the_page(open_: Open, written: Path) -> None:
    def bodies(tab: Page) -> dict[str, str]:
        return {line.locator("th .id").inner_text(): line.evaluate(TOLD) for line in tab.locator(".candidate tbody.query").all()}

    tab = open_(written).tab
    served = bodies(tab)
    assert len(served) > 10
    for box in tab.get_by_role("searchbox").all():
        box.fill("x")
        box.fill("")
    for section in tab.locator(".candidate").all():
        section.evaluate("section => { for (const fold of section.querySelectorAll('.rest > td > details')) fold.open = true; }")
    expect(tab.locator(".rest .body:empty")).to_have_count(0)
    assert {id_: text for id_, text in bodies(tab).items() if id_ in served} == served


def test_documents_and_answers_with_markup_in_them_stay_text(open_: Open, written: Path) -> None:
    seen = open_(written)
    tab = seen.tab
    for word in ("", "onerror"):
        tab.get_by_role("searchbox").first.fill(word)
        folds = tab.locator(".candidate:not([hidden]) .rest > td > details")
        for number in range(min(4, folds.count())):
            folds.nth(number).evaluate("fold => { fold.open = true; }")
    expect(tab.locator("details[open] > .body:empty")).to_have_count(0)
    text = tab.locator(".candidate:not([hidden]) table.queries").inner_text()
    assert "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>" in text
    assert tab.evaluate("window.hacked") is None
    assert tab.locator("img, iframe, object").count() == 0
    assert tab.locator("script").count() == 3


def test_hostile_names_of_everything_stay_text(open_: Open, tmp_path: Path) -> None:
    base = factory.small("block", factory.verdict("fail", slice=hostile.TEXTS[1]), reasons=hostile.TEXTS)
    report = factory.with_cases(base, hostile.TEXTS)
    (tmp_path / "report.html").write_text(page.render(report), encoding="utf-8")
    tab = open_(tmp_path / "report.html").tab
    assert tab.locator("img, iframe, object, a[href^=http]").count() == 0
    assert tab.locator("script").count() == 3


def test_candidates_are_shown_one_at_a_time_and_all_on_paper(open_: Open, written: Path) -> None:
    tab = open_(written).tab
    assert candidates(tab) == ["tuned"]
    pick(tab, "tuned-lora")
    expect(tab.locator("#c2")).to_be_visible()
    assert candidates(tab) == ["tuned-lora"]
    assert tab.locator(".contents a[aria-current]").inner_text().startswith("tuned-lora")
    tab.emulate_media(media="print")
    assert candidates(tab) == ["tuned", "tuned-lora"]
    assert not tab.locator(".controls").first.is_visible()
    assert tab.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_reader_and_can_be_told_apart(open_: Open, written: Path, scheme: Any, tmp_path: Path) -> None:
    tab = open_(written, color_scheme=scheme, viewport={"width": 1280, "height": 900}).tab
    ratios = tab.evaluate(CONTRAST)
    assert min(ratios.values()) >= 4.5, ratios
    background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(map(int, background.removeprefix("rgb(").removesuffix(")").split(",")))
    assert (lightness > 600) == (scheme == "light")
    picture = tab.locator("figure.wide svg text").first.evaluate("text => getComputedStyle(text).fill")
    assert picture == tab.evaluate("getComputedStyle(document.body).color")
    tab.screenshot(path=tmp_path / f"{scheme}.png", full_page=True)
    assert (tmp_path / f"{scheme}.png").stat().st_size > 50_000


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const level = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(document.documentElement), found = {};
  for (const name of ["ink", "soft", "mark", "warm", "pass", "fail", "unsure", "error"]) {
    const [one, other] = [level(style.getPropertyValue(`--${name}`)), level(style.getPropertyValue("--paper"))];
    found[name] = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }
  return found;
}"""


def test_a_phone_needs_no_sideways_scrolling(open_: Open, written: Path, tmp_path: Path) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    tab = open_(written, **phone).tab
    tab.locator(".candidate:not([hidden]) .rest > td > details > summary").first.tap()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.evaluate("innerWidth") == 390
    assert tab.locator("figure.narrow svg").first.is_visible()
    assert not tab.locator("figure.wide svg").first.is_visible()
    size = tab.locator("figure.narrow svg text").nth(1).evaluate("text => text.getBoundingClientRect().height")
    assert size >= 11
    tab.screenshot(path=tmp_path / "phone.png", full_page=True)
    assert (tmp_path / "phone.png").stat().st_size > 50_000


def test_without_scripts_the_worst_queries_are_there_all_the_same(open_: Open, written: Path) -> None:
    tab = open_(written, java_script_enabled=False).tab
    report = answered_report.answered()
    first = queries.rows(report, report.decisions[0])[0]
    tab.locator("#c1 .rest summary").first.click()
    assert first.case.id in tab.locator("#c1 tbody.query").first.inner_text()
    assert tab.locator("#c1 tbody.query").first.get_by_text("Ranked before and after").is_visible()
    told = tab.locator("#c1 noscript p")
    assert told.is_visible()
    assert told.inner_text().startswith("Without scripts this page shows the worst 10")
    assert not tab.get_by_role("searchbox").first.is_visible()
    assert tab.locator("#c2").is_visible()


NAMELESS = """() => [...document.querySelectorAll("input, select, button, [role=img], [role=region], table, nav, form")]
  .filter((each) => !(each.labels?.length || each.ariaLabel || each.getAttribute("aria-labelledby") || each.textContent.trim()))
  .map((each) => each.outerHTML)"""

DESCRIBED = """() => [...document.querySelectorAll("svg[role=img]")].every((svg) => svg.querySelector("title")
  && svg.getAttribute("aria-labelledby").split(" ").every((id) => document.getElementById(id)?.textContent))"""


def test_its_structure_can_be_heard(open_: Open, written: Path) -> None:
    tab = open_(written).tab
    levels = [int(each.evaluate("e => e.tagName.slice(1)")) for each in tab.locator("h1, h2, h3, h4").all() if each.is_visible()]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert tab.locator("html").get_attribute("lang") == "en"
    assert tab.evaluate(NAMELESS) == []
    assert tab.evaluate(DESCRIBED)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the content"
    snapshot = tab.locator(".candidate:not([hidden]) table.queries").aria_snapshot()
    assert 'columnheader "change' in snapshot, snapshot[:1000]
    assert "rowheader" in snapshot


def test_a_gated_plan_leaves_its_page_and_show_makes_it_again(tiny: Any, open_: Open) -> None:
    made = tiny(70)
    assert made.gate() == 0
    left = made.path("reports/tiny/report.html")
    tab = open_(left).tab
    assert tab.get_by_role("heading", level=1).inner_text().startswith("PROMOTE")
    assert "tiny" in tab.title()
    assert made.run("show", "--html", "again.html") == 0
    assert made.path("again.html").read_bytes() == left.read_bytes()
    assert made.run("show", "--html", "third.html", "--report", "reports/tiny/report.json", "--json") == 0
    assert made.path("third.html").read_bytes() == left.read_bytes()
    assert made.run("show") == 3
    assert made.run("show", "q-000", "--html", "fourth.html") == 3
    assert not (made.folder / "fourth.html").exists()
