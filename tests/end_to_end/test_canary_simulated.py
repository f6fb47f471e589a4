"""ragguard canary simulate and report, as people call them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_canaries import START, canary, shadowed

from ragguard.canary.deciding import decide_on
from ragguard.cli import invoke
from ragguard.history.canaries import Canaries
from ragguard.history.place import place

GUARDED = """
canary:
  guardrails:
    - {signal: nDCG@10}
    - {signal: VersionMismatch, margin: 0.1}
    - {signal: Feedback, tier: veto}
"""


@pytest.fixture
def ready(tiny: Callable[..., Any]) -> Any:
    """A workspace that was gated, whose plan guards a metric that the run scored; both systems err on some queries, mostly the same."""
    made = tiny(queries=90, more=GUARDED)
    made.write("baseline.trec", erring(made.path("baseline.trec").read_text(), every=3))
    made.write("candidate.trec", erring(made.path("baseline.trec").read_text(), every=20))
    assert made.gate() in (0, 2)
    return made


def erring(run: str, every: int) -> str:
    """The first and the third document of every so-manieth query change places."""
    other = {"1": "3", "3": "1"}
    lines = [line.split() for line in run.splitlines()]
    swapped = [[*line[:3], other.get(line[3], line[3]), *line[4:]] if int(line[0][2:]) % every == 0 else line for line in lines]
    return "".join(" ".join([*line[:4], str(100 - int(line[3])), line[5]]) + "\n" for line in swapped)


def simulated(capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    capsys.readouterr()
    assert invoke(["canary", "simulate", "--rollouts", "100", "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_levels_come_from_the_stored_run_and_are_assumed_elsewhere(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = simulated(capsys)
    report = json.loads(ready.path("reports/tiny/report.json").read_text())
    scores = [case["scores"]["baseline"]["nDCG@10"] for case in report["cases"] if case["suite"] == "golden"]
    ranked, assumed, thumbs = found["signals"]
    assert ranked["source"] == f"run {report['run']}, golden: {len(scores)} cases"
    assert ranked["level"] == pytest.approx(sum(scores) / len(scores))
    assert (assumed["source"], assumed["level"], assumed["values"]) == ("", 0.9, 1.0)
    assert thumbs["values"] == 0.05


def test_shadow_traffic_is_of_the_pairs_that_the_run_scored(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    split, shadow = (simulated(capsys, *more)["signals"][0] for more in ((), ("--shadow",)))
    assert shadow["sd"] < split["sd"]


def test_every_kind_of_candidate_is_told_with_its_intervals(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = simulated(capsys, "--per-hour", "600", "--level", "VersionMismatch=0.97")
    kinds = {(kind["drop"], kind["only"], kind["stage"]): kind for kind in found["kinds"]}
    assert len(kinds) == 13
    assert {stage for _, _, stage in kinds} == {0, 2}
    equal, bad = kinds[0.0, "", 0], kinds[4.0, "", 0]
    assert equal["promoted"]["count"] > bad["promoted"]["count"]
    assert bad["rolled_back"]["count"] == 100
    assert bad["hours_back"]["median"] < equal["hours_on"]["median"]
    for kind in kinds.values():
        assert sum(kind[end]["count"] for end in ("rolled_back", "promoted", "neither")) == 100
        assert all(kind[end]["lower"] <= kind[end]["count"] / 100 <= kind[end]["upper"] for end in ("rolled_back", "promoted"))
    assert found["signals"][1]["level"] == pytest.approx(0.97)
    assert Path(found["picture"]).read_text().startswith("<?xml")


@pytest.mark.slow
def test_it_is_the_same_each_time_unless_another_seed_is_asked_for(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = (simulated(capsys) for _ in range(2))
    picture = Path(one["picture"]).read_bytes()
    assert one == two
    assert simulated(capsys, "--seed", "2")["kinds"] != one["kinds"]
    simulated(capsys)
    assert Path(one["picture"]).read_bytes() == picture


def test_the_terminal_says_the_bottleneck_in_pairs_and_time(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert invoke(["canary", "simulate", "--rollouts", "100", "--per-hour", "600"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert re.search(r"the bottleneck: \S+ needs [\d,]+ pairs to exclude 0\.\d+: [\d.]+ (h|min|days) at 1 %", told)
    assert "an equal candidate gets all traffic" in told
    assert "level and sd of VersionMismatch, Feedback: assumed" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--level", "VersionMismatch"], "--level: 'VersionMismatch' is not SIGNAL=NUMBER"),
        (["--level", "VersionMismach=0.9"], "'VersionMismach' is no guardrail of the plan; did you mean 'VersionMismatch'?"),
        (["--values", "Feedback=1.5"], "Feedback=1.5 is no share"),
        (["--per-hour", "0"], "0 is no number of requests"),
        (["--rollouts", "5"], "100"),
    ],
)
def test_what_is_said_wrongly_is_refused(ready: Any, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert invoke(["canary", "simulate", *arguments]) == 3
    assert said in capsys.readouterr().err


def test_a_signal_that_nobody_knows_is_refused_with_its_line(tiny: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    made = tiny(queries=90)
    text = made.path("gate.yaml").read_text() + "\ncanary:\n  guardrails:\n    - {signal: VersionMismach}\n"
    made.write("gate.yaml", text)
    assert invoke(["canary", "simulate"]) == 3
    told = capsys.readouterr().err
    assert "gate.yaml:" in told
    assert "VersionMismach" in told
    assert "did you mean 'VersionMismatch'?" in told


def test_the_report_is_of_the_roll_out_that_the_history_keeps(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Canaries(place("kept.db", ready.folder))
    made = kept.begin(canary(plan="tiny", window=2, lateness=1))
    kept.accept(made.id, shadowed([-0.25] * 60))
    decide_on(kept, made, START + 600)
    capsys.readouterr()
    assert invoke(["canary", "report", "--history", "kept.db", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["candidate"], told["looks"]) == ("rolled back", "tuned", 1)
    page, text = (Path(told[name]).read_text() for name in ("page", "markdown"))
    assert "UnsupportedValue fell by 0.250 over 60 pairs" in page
    assert "Rolled back: tuned was at 1 %" in page
    assert text.startswith("# ❌ Rolled back: tuned was at 1 %")
    assert Path(told["page"]).parent == ready.folder / "reports" / "tiny"
    assert invoke(["canary", "report", "--history", "kept.db", "--out", "elsewhere"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [str(Path("elsewhere") / name) for name in ("canary.html", "canary.md")]
    assert Path("elsewhere/canary.html").read_text() == page


def test_a_plan_without_a_roll_out_has_no_report(ready: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["canary", "report", "--history", "nowhere.db"]) == 3
    assert "ragguard canary start" in capsys.readouterr().err
    Canaries(place("kept.db", ready.folder))
    assert invoke(["canary", "report", "--history", "kept.db"]) == 3
    assert "no canary of the plan 'tiny' is running" in capsys.readouterr().err
