"""A roll-out as a page and as Markdown."""

import re
from dataclasses import replace
from pathlib import Path

import made_rollouts as made
import pytest
from hostile import TEXTS

from ragguard.plan.canary import CanaryPlan, GuardrailPlan
from ragguard.records.canary import GuardrailState, Look
from ragguard.reports.canary import markdown, page, picture, timeline, words
from ragguard.reports.web import drawing

LOST = made.rolled_out({"VersionMismatch": 0.12}, lost_at=12)
DONE = made.rolled_out()
RUNNING = made.rolled_out(looks=20)
ABORTED = made.rolled_out(looks=9, until="the index is being rebuilt")
BEGUN = made.Made(made.begun(), ())
HOSTILE = "<script>alert(1)</script>[x](http://evil.example.com) @team |"


def shown(found: made.Made) -> str:
    return page.render(found.canary, found.looks, "history.db")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (LOST, "Rolled back: tuned was at 50 % of the traffic, and the baseline has all again, after 4.3 h."),
        (DONE, "Done: all traffic goes to tuned, after 5.7 h."),
        (RUNNING, "Running: 50 % of the traffic goes to tuned (stage 3 of 3)."),
        (ABORTED, "Aborted by a person: tuned was at 10 % of the traffic, and the baseline has all again, after 1.5 h."),
        (BEGUN, "Running: 1 % of the traffic goes to tuned (stage 1 of 3)."),
    ],
)
def test_the_headline_says_the_state_in_words_on_the_page_and_in_markdown(found: made.Made, said: str) -> None:
    assert f"<p>{said}</p>" in shown(found)
    assert said in markdown.render(found.canary, found.looks).replace("\\", "")


def test_the_page_of_a_rollback_says_why_and_where_to_look() -> None:
    text = shown(LOST)
    assert LOST.looks[-1].action == "rollback"
    assert f"<li>{LOST.looks[-1].reasons[0]}</li>" in text
    assert "Look at: the adapter is not loaded" in text
    assert text.index("<h3>VersionMismatch</h3>") < text.index("<h3>Refused</h3>") < text.index("<h3>Feedback</h3>")
    assert "rolls back, at 80" in text
    assert "lets go on, at 20" in text
    assert "312 pairs; it fell" in text


def test_every_guardrail_is_drawn_with_its_thresholds_and_all_changes_are_marked() -> None:
    text = shown(LOST)
    pictures = re.findall(r"<svg class=\"drawn\".*?</svg>", text, re.DOTALL)
    assert len(pictures) == len(LOST.looks[-1].guardrails) + 2
    for drawn in pictures:
        letters = re.findall(r">([ARXD])</text>", drawn)
        assert letters == ["A", "A", "R"]


def test_both_thresholds_are_drawn_where_they_matter() -> None:
    assert _levels("Refused") == {1.0, 20.0, 80.0}
    assert _levels("Feedback") == {1.0, 80.0}


def _levels(name: str) -> set[float]:
    axes = drawing.axes(drawing.figure(300, 200))
    picture._evidence(axes, picture._rows(LOST.canary, LOST.looks, name), 20.0)
    across = (line for line in axes.lines if list(line.get_xdata()) == [0, 1])
    return {float(line.get_ydata()[0]) for line in across}


def test_the_stages_tell_when_each_was_entered_and_what_became_of_it() -> None:
    stays = timeline.stays(LOST.canary, LOST.looks)
    assert [stay.end for stay in stays] == ["left", "left", "rolled back", "not reached"]
    assert [stay.entered for stay in stays[:3]] == [made.STARTED, *(look.at for look in LOST.looks if look.action == "advance")]
    assert [stay.end for stay in timeline.stays(DONE.canary, DONE.looks)] == ["left", "left", "left", "all traffic"]
    assert [stay.end for stay in timeline.stays(ABORTED.canary, ABORTED.looks)] == ["left", "aborted", "not reached", "not reached"]
    assert [stay.end for stay in timeline.stays(BEGUN.canary, ())] == ["here", "not reached", "not reached", "not reached"]


def test_looks_that_held_in_a_row_are_one_entry_of_the_log_and_none_is_lost() -> None:
    entries = timeline.log(LOST.looks)
    assert sum(entry.looks for entry in entries) == len(LOST.looks)
    assert [entry.last.action for entry in entries] == ["rollback", "hold", "advance", "hold", "advance", "hold"]
    assert entries[0].last == LOST.looks[-1]


def test_a_person_who_ends_it_leaves_the_evidence_on_the_page() -> None:
    text = shown(ABORTED)
    assert "<li>the index is being rebuilt</li>" in text
    assert "<h3>UnsupportedValue</h3>" in text
    assert "At the stage of 10 % the candidate got 96 of 960 sessions, 10.00 %." in text


def test_the_ratio_at_a_look_that_advances_is_that_of_the_stage_that_it_left() -> None:
    found = made.rolled_out(looks=5)
    assert found.looks[-1].action == "advance"
    assert "At the stage of 1 % the candidate got 60 of 6,000 sessions, 1.00 %." in shown(found)
    assert words.planned(found.canary, replace(found.looks[-1], action="hold", moved=False)) == 10


def test_what_was_counted_is_told_by_its_name() -> None:
    last = replace(
        LOST.looks[-1], counts={"candidate": 5, "late": 2, "duplicates": 3, "refused": 1, "another": 4, "entering": 9, "both": 0}
    )
    rows = dict(words.counted(last))
    assert rows == {
        "events of the candidate": "5",
        "events that came too late": "2",
        "events that were there already": "3",
        "events that were refused": "1",
        "another": "4",
    }


def test_a_forced_roll_out_says_so_and_why() -> None:
    forced = replace(RUNNING.canary, forced=True, decision="block", reason="the label set is wrong")
    said = "Forced: the gate said block (run 0123abcd). Reason: the label set is wrong"
    assert said in page.render(forced, RUNNING.looks)
    assert said in markdown.render(forced, RUNNING.looks)


def test_a_page_without_a_look_can_be_made_and_says_what_to_do() -> None:
    text = shown(BEGUN)
    assert "Nobody has looked yet: ragguard canary decide" in text
    assert '<svg class="drawn"' not in text


def test_traffic_that_both_arms_answer_has_no_ratio() -> None:
    looks = tuple(replace(look, counts={"both": number + 1}) for number, look in enumerate(RUNNING.looks))
    text = page.render(RUNNING.canary, looks)
    assert "Share of the candidate" not in text
    assert "both 20" in text


def test_a_roll_out_of_many_looks_stays_a_small_page() -> None:
    many = tuple(
        Look(made.STARTED + 60 * number, "hold", 0, (f"look {number}",), guardrails=_states(number), counts={"both": number})
        for number in range(1, 5_000)
    )
    text = page.render(made.begun(), many)
    assert len(text) < 1_000_000
    assert len(timeline.thinned(many)) <= timeline.MOST + 2
    assert timeline.thinned(many)[-1] == many[-1]
    moved = (*many[:2_001], replace(many[2_001], moved=True, action="advance", stage=1), *many[2_002:])
    assert moved[2_001] in timeline.thinned(moved)


def _states(number: int) -> tuple[GuardrailState, ...]:
    return (GuardrailState("Refused", "blocking", number, -0.01, 1.5, 80.0, 0.2, 3.0),)


@pytest.mark.parametrize("text", [HOSTILE, *TEXTS])
def test_what_others_wrote_stays_text(text: str) -> None:
    looks = tuple(
        replace(look, reasons=(text,), hints=(text,), guardrails=tuple(replace(each, name=text) for each in look.guardrails[:1]))
        for look in RUNNING.looks
    )
    canary = replace(RUNNING.canary, plan=text, candidate=text, run=text, decision=text, reason=text, forced=True, expected={text: text})
    found = page.render(canary, looks, text)
    assert "<script" not in found
    assert "<img" not in found
    assert not re.findall(r'(?:src|href)="(?!#)', found)
    assert "\x1b" not in found
    told = markdown.render(canary, looks, text)
    assert "<script" not in told
    assert "@team" not in told
    assert "@security-team" not in told
    assert "](http" not in told.replace("\\](", "")
    assert all(line.count("|") - line.count("\\|") == 7 for line in told.splitlines() if line.startswith("| ") and "veto" in line)


def test_the_page_asks_nobody_and_is_the_same_each_time() -> None:
    text = shown(DONE)
    assert text == shown(DONE)
    assert not re.findall(r'(?:src|href)="(?!#)', text)
    assert "<script" not in text


def test_guardrails_of_every_tier_are_shown() -> None:
    rules = CanaryPlan(guardrails=[GuardrailPlan(signal="Refused"), GuardrailPlan(signal="Feedback", tier="advisory")])
    states = (*_states(40), GuardrailState("Feedback", "advisory", 3, -0.5, 200.0, 20.0, 0.2, 0.1))
    look = Look(made.STARTED + 60, "hold", 0, ("Refused: 40 of 50 pairs",), guardrails=states)
    text = page.render(made.begun(rules), (look,))
    assert "advisory; -0.500 over 3 pairs<" in text
    assert "it fell" not in text


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 390)])
@pytest.mark.parametrize("found", [LOST, BEGUN], ids=["rolled back", "begun"])
def test_a_browser_shows_the_page_without_complaint_or_request(tmp_path: Path, scheme: str, width: int, found: made.Made) -> None:
    browser = Path("/usr/bin/chromium")
    if not browser.exists():
        pytest.skip("needs Debian's package chromium")
    from playwright.sync_api import sync_playwright

    path, seen, said = tmp_path / "canary.html", [], []
    path.write_text(shown(found), encoding="utf-8")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        tab = opened.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        tab.on("request", lambda request: seen.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(path.as_uri())
        assert tab.title() == "support: tuned in production"
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.get_by_role("list", name="Stages, in order").locator("li").count() == 4
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Stages"
        background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(20, 23, 27)" if scheme == "dark" else "rgb(253, 253, 251)")
        tab.emulate_media(media="print")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        opened.close()
    assert (seen, said) == ([path.as_uri()], [])
