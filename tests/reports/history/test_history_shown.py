"""A history on a terminal and as a page."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from made_nights import accepted, day, judge, measured, night, nights, suite
from rich.console import Console

from ragguard.decision import nights as pairs
from ragguard.decision import series
from ragguard.records.history import History
from ragguard.records.night import ArmNight, Cost, Night
from ragguard.reports.history import files, page, show, words

HOSTILE = "<script>alert(1)</script>[bold]"
LONG = [*[0.7] * 20, *(0.7 - 0.002 * number for number in range(30))]


def long() -> History:
    made = [replace(each, accepted=accepted(1) if number < 5 else accepted(4)) for number, each in enumerate(nights(LONG))]
    made[30] = Night("made", day(30), "", f"{day(30)}T02", "error", 4, message="no server", name=day(30), accepted=accepted(4))
    made[40:] = [replace(each, answer="block") for each in made[40:]]
    return series.history("made", made)


def hostile() -> History:
    """Every name in it wants to be more than a name."""
    made = [
        replace(
            night(number, {HOSTILE: 0.5}, note=HOSTILE, judges=(replace(judge(str(number)), name=HOSTILE),)),
            arms=(ArmNight(HOSTILE, "candidate", HOSTILE),),
            suites=(suite(HOSTILE),),
            measures=(measured(HOSTILE, 0.5, HOSTILE, HOSTILE, HOSTILE),),
            decisions=(),
            message=HOSTILE if number == 1 else "",
        )
        for number in range(3)
    ]
    return series.history(HOSTILE, made)


def told(history: History, width: int = 100) -> str:
    out = io.StringIO()
    show.show(history, Console(file=out, width=width, highlight=False), "nights.db")
    return out.getvalue()


def test_the_terminal_says_what_drifts_first_and_draws_the_lines() -> None:
    shown = told(long())
    drift = shown.index("tuned: golden/nDCG@10 drifted 0.70")
    assert shown.index("Baseline: ") < drift < shown.index("Metrics of checks")
    assert re.search(r"tuned +0\.700 +█.*▁ +0\.642 +drift since 2026-01-2", shown)
    assert f"{day(30)} not judged: no server" in shown
    assert f"deployed: tuned was accepted on {day(4)}" in shown
    assert "0.1 false alarms" in " ".join(shown.split())


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, told(long(), width).splitlines())) <= width


def test_names_on_a_terminal_stay_text() -> None:
    assert "[bold]" in told(hostile())


def test_series_that_began_anew_are_drawn_apart() -> None:
    made = [replace(each, suites=(suite(asks=f"s{number // 4}"),)) for number, each in enumerate(nights([0.1, 0.2, 0.3, 0.4] * 2))]
    found = series.history("made", made)
    assert show.blocks(next(each for each in found.series if each.arm == "tuned")) == "▁▃▆█|▁▃▆█"


@pytest.mark.parametrize(("values", "blocks"), [([0, 0.5, 1], "▁▅█"), ([0.5, 0.5], "▅▅"), ([0, None, 1], "▁ █"), ([], ""), ([None], "")])
def test_sparks(values: list[float | None], blocks: str) -> None:
    assert words.spark(values) == blocks


def test_two_nights_are_shown_with_what_moved_and_what_did_not() -> None:
    out = io.StringIO()
    changes = pairs.compare(night(0, {"baseline": 0.7, "tuned": 0.72}), night(1, {"baseline": 0.7, "tuned": 0.66}, answer="block"))
    show.show_changes(changes, Console(file=out, width=140, highlight=False))
    shown = " ".join(out.getvalue().split())
    assert "PROMOTE -> BLOCK" in shown
    assert "1 mean did not move" in shown
    assert "nDCG@10 tuned 0.720 [0.690, 0.750] 0.660 [0.630, 0.690] -0.060 pass -> pass" in shown


def test_the_page_holds_everything_and_asks_nobody() -> None:
    made = page.render(long(), "nights.db")
    assert "1 metric has drifted" in made
    assert "<title>made: history</title>" in made
    assert not re.findall(r'(?:src|href)="(?!#)', made)
    assert "<script" not in made
    assert made.count("<svg") >= 4
    assert f"tuned was accepted on {day(4)} (run run4, promote)" in made
    assert len(made) < 2_000_000


def test_a_page_of_one_night_and_of_a_year_can_be_made() -> None:
    assert "Too early to tell" in page.render(series.history("made", nights([0.7])))
    assert "Nothing drifts." in page.render(series.history("made", nights([0.7 + 0.003 * (number % 2) for number in range(20)])))
    made = page.render(series.history("made", nights([0.7 + 0.003 * (number % 7) for number in range(365)])))
    assert len(made) < 2_000_000
    assert "351 nights before" in made


def test_times_and_tokens_are_drawn_where_there_are_any() -> None:
    taken = (Cost("tuned", "retrieve", "seconds", 3.5), Cost("tuned", "total", "p95", 0.0123), Cost("", "judge gpt", "tokens", 900.0))
    made = page.render(series.history("made", [replace(each, costs=taken) for each in nights([0.7] * 3)]))
    assert made.count("ms of a case, 95th percentile") == 1
    assert "tokens of an answer" not in made
    assert "Last: tuned 12.3." in made
    assert "Time and cost" not in page.render(series.history("made", nights([0.7] * 3)))


def test_names_on_a_page_stay_text() -> None:
    made = page.render(hostile(), HOSTILE)
    assert "<script" not in made
    assert made.count("&lt;script&gt;") > 10


def test_the_page_is_the_same_whenever_the_history_is() -> None:
    assert page.render(long()) == page.render(long())


def test_the_json_fits_its_schema() -> None:
    data = files.to_dict(long())
    jsonschema.validate(data, files.schema())
    assert data["drifts"][0]["arm"] == "tuned"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "surprise": 1}, files.schema())
    assert json.loads(json.dumps(data)) == data


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 390)])
def test_a_browser_shows_the_page_without_complaint_or_request(tmp_path: Path, scheme: str, width: int) -> None:
    browser = Path("/usr/bin/chromium")
    if not browser.exists():
        pytest.skip("needs Debian's package chromium")
    from playwright.sync_api import sync_playwright

    path, seen, said = tmp_path / "history.html", [], []
    path.write_text(page.render(long(), "nights.db"), encoding="utf-8")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        shown = opened.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        shown.on("request", lambda request: seen.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.goto(path.as_uri())
        assert shown.title() == "made: history"
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.locator("svg[role=img]").first.is_visible()
        shown.get_by_text("36 nights before").click()
        assert shown.get_by_role("region", name="Earlier nights").is_visible()
        shown.screenshot(path=tmp_path / "page.png", full_page=True)
        opened.close()
    assert (seen, said) == ([path.as_uri()], [])
