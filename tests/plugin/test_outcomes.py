"""What items say of a gated plan: exit codes, explanations, warnings, the summary; and that the gate runs whole, and once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workspaces import CHECKS, GOOD, IDS, LOST, TOPICS, WORSE, run

Run = Callable[..., pytest.RunResult]
Make = Callable[..., Path]
PLAN = ("--ragguard-plan", "gate.yaml")
DOWN = "remote: {url: 'http://127.0.0.1:9/ask', retries: 0, body: {q: '{question}'}, response: {ids: '$.ids[*]'}}"
COUNTING = """
from pathlib import Path

TOPICS = %s

def search(text, depth):
    with (Path(__file__).parent / "asked.log").open("a") as log:
        log.write(text + "\\n")
    right = TOPICS.index(text.split()[-2])
    return [f"d-{right}", *(f"d-{other}" for other in range(10) if other != right)]
"""


def report(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "reports" / "small" / "report.json").read_text())
    return read


def test_a_promoted_candidate_is_green(inner: Run, small: Make) -> None:
    small()
    result = inner(*PLAN)
    assert result.ret == 0
    result.assert_outcomes(passed=len(IDS))


def test_a_failed_check_is_explained_without_a_traceback(inner: Run, small: Make) -> None:
    folder = small({"tuned": WORSE})
    result = inner(*PLAN, "-rA")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=3, passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*tuned golden nDCG@10*",
            "golden/nDCG@10 FAIL (blocking): 1.000 -> 0.631, difference -0.369 (95 % one-sided bounds -0.369 to -0.369), margin*",
            "- golden/nDCG@10 fell by 0.369 (*Holm p < 0.0001)",
            "90 queries got worse; the worst 3. Ranked with *",
            "q-000: nDCG@10 1.000 -> 0.631",
            "*question 0: how do refunds work",
            "- wanted d-0 (v2.0 current, grade 1): rank 1 -> 2",
            "*baseline*tuned",
            "1  [[]1] d-0*[[]-] d-1*",
            "more: ragguard show q-000 --report reports/small",
        ]
    )
    text = result.stdout.str()
    assert "Traceback" not in text
    assert "pytest_plugin.py" not in text
    assert "items.py" not in text
    assert report(folder)["answer"] == "block"


def test_the_summary_line_of_a_failure_has_its_numbers(inner: Run, small: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    small({"tuned": WORSE})
    inner(*PLAN).stdout.fnmatch_lines(
        ["FAILED gate.yaml::tuned::golden::nDCG@10 - Failed: golden/nDCG@10 FAIL (blocking): 1.000 -> 0.631, *"]
    )


def test_a_must_check_names_what_it_lost(inner: Run, small: Make) -> None:
    small({"tuned": LOST})
    result = inner(*PLAN, "gate.yaml::tuned::golden::Success@5::canonical")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["golden/Success@5/canonical FAIL (must): *45 of 45 lost*", "lost: q-000, q-002, *"])


def test_too_little_evidence_fails_or_skips_as_asked(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small(queries=8)
    held = inner(*PLAN)
    assert held.ret == pytest.ExitCode.TESTS_FAILED
    held.assert_outcomes(failed=2, passed=3, warnings=1)
    held.stdout.fnmatch_lines(["*tuned decision*", "tuned: HOLD. Not enough evidence*", "- golden/nDCG@10 *51 more intents *"])
    skipped = inner(*PLAN, "--ragguard-inconclusive=skip", "-rs")
    assert skipped.ret == 0
    skipped.assert_outcomes(skipped=2, passed=3, warnings=1)
    skipped.stdout.fnmatch_lines(["*golden/nDCG@10 inconclusive (blocking): *"])
    pytester.makeini("[pytest]\nragguard_inconclusive = skip\n")
    assert inner(*PLAN).ret == 0
    assert inner(*PLAN, "--ragguard-inconclusive=fail").ret == pytest.ExitCode.TESTS_FAILED


def test_what_could_not_be_judged_is_an_error_not_a_failure(inner: Run, small: Make) -> None:
    small({"tuned": "partial"})
    result = inner(*PLAN)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(errors=4, passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of tuned golden nDCG@10*",
            "golden/nDCG@10 ERROR (blocking): *",
            "tuned: 45 queries gave an error; the first is q-045: query q-045: not in the run partial.trec*",
        ]
    )


def test_a_candidate_that_is_down_is_an_error_and_the_others_are_judged(inner: Run, small: Make) -> None:
    small({"tuned": GOOD, "away": DOWN})
    result = inner(*PLAN)
    result.assert_outcomes(passed=len(IDS), errors=len(IDS))
    result.stdout.fnmatch_lines(["the suite golden did not run, so nothing is known about it", "*away could not be run: *127.0.0.1:9*"])
    result.stdout.fnmatch_lines(["ERROR gate.yaml::away::decision - *"])


def test_a_baseline_that_is_down_makes_every_item_an_error_and_is_tried_once(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small(baseline="retriever: {type: python, callable: 'away:search'}")
    (pytester.path / "away.py").write_text(
        "from pathlib import Path\nwith (Path(__file__).parent / 'tried.log').open('a') as log: log.write('x')\nraise OSError('no index')\n"
    )
    result = inner(*PLAN, "--ragguard-allow-code")
    result.assert_outcomes(errors=len(IDS))
    result.stdout.fnmatch_lines(["*the baseline could not be run, so there is nothing to judge by: *no index*"])
    assert (pytester.path / "tried.log").read_text() == "x"
    assert "Traceback" not in result.stdout.str()


def test_code_runs_only_where_it_may(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small({"tuned": "retriever: {type: python, callable: 'mine:search'}"})
    (pytester.path / "mine.py").write_text("raise SystemExit('was run')\n")
    result = inner(*PLAN)
    result.assert_outcomes(errors=len(IDS))
    result.stdout.fnmatch_lines(["gate.yaml:7: *--allow-code*"])


def test_advice_is_a_warning_and_stops_nobody(inner: Run, small: Make) -> None:
    small({"tuned": GOOD}, checks="  - {metric: nDCG@10, tier: blocking}\n  - {metric: P@1, tier: advisory, margin: 0.01}\n")
    for strict in ([], ["-W", "error"]):
        result = inner(*PLAN, *strict)
        assert result.ret == 0
        result.assert_outcomes(passed=3, warnings=1)
        result.stdout.fnmatch_lines(["*suites/golden.yaml:6: AdvisoryWarning: golden/P@1 inconclusive (advisory): 1.000 -> 0.989, *"])
    silent = inner(*PLAN, "-W", "ignore::ragguard.testing.items.AdvisoryWarning")
    silent.assert_outcomes(passed=3, warnings=0)


def test_the_summary_says_what_was_decided_and_is_silent_under_q(inner: Run, small: Make) -> None:
    small({"tuned": GOOD, "other": WORSE})
    wanted = [
        "*= ragguard =*",
        "small: tuned, other against baseline",
        "tuned: PROMOTE - *",
        "other: BLOCK - golden/nDCG@10 fell by 0.369 (and * more reason*)",
        "best of the promoted: tuned",
        "report: reports/small (ragguard show ID --report reports/small tells all about one query)",
    ]
    inner(*PLAN).stdout.fnmatch_lines(wanted)
    assert "PROMOTE" not in inner(*PLAN, "-q").stdout.str()
    assert "= ragguard =" not in inner(*PLAN, "--co").stdout.str()


def test_nothing_is_said_that_was_not_asked_for(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small()
    pytester.makepyfile(test_mine="def test_mine(): pass")
    result = inner("-v", "test_mine.py")
    assert "ragguard" not in result.stdout.str().partition("collected")[2]
    assert inner(*PLAN, "-q").stderr.str() == ""


def test_progress_is_shown_where_v_asks_for_it(inner: Run, small: Make) -> None:
    small()
    assert "ask the queries (90)" in inner(*PLAN, "-v").stderr.str()


def test_the_gate_runs_once_and_whole_whatever_is_picked(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    folder = small({"tuned": "retriever: {type: python, callable: 'counting:search'}", "other": WORSE}, suites={"second": CHECKS})
    (folder / "counting.py").write_text(COUNTING % (TOPICS,))
    result = inner(*PLAN, "--ragguard-allow-code", "-k", "tuned and second and blocking")
    result.assert_outcomes(passed=1, deselected=17)
    assert len((folder / "asked.log").read_text().splitlines()) == 90
    found = report(folder)
    assert [suite["name"] for suite in found["suites"]] == ["golden", "second"]
    assert [decision["candidate"] for decision in found["decisions"]] == ["tuned", "other"]
    assert all(len(decision["verdicts"]) == 8 for decision in found["decisions"])


def test_deselecting_changes_no_verdict(inner: Run, small: Make) -> None:
    folder = small({"tuned": WORSE})
    inner(*PLAN)
    whole = report(folder)["decisions"]
    inner(*PLAN, "-k", "blocking")
    assert report(folder)["decisions"] == whole


def test_x_stops_and_lf_runs_what_failed(inner: Run, small: Make) -> None:
    small({"tuned": WORSE})
    inner(*PLAN, "-x").assert_outcomes(failed=1)
    inner(*PLAN).assert_outcomes(failed=3, passed=2, warnings=1)
    inner(*PLAN, "--lf").assert_outcomes(failed=3)


def test_lf_runs_a_check_that_has_slices_too(inner: Run, small: Make) -> None:
    small({"tuned": WORSE}, checks="  - {metric: RR, tier: blocking}\n  - {metric: RR, slice: canonical, tier: veto}\n")
    inner(*PLAN).assert_outcomes(failed=3)
    result = inner(*PLAN, "--lf", "-v")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["gate.yaml::tuned::golden::RR FAILED *", "gate.yaml::tuned::golden::RR::canonical FAILED *"])


def test_store_and_out_are_where_they_are_told_to_be(inner: Run, small: Make, tmp_path: Path, pytester: pytest.Pytester) -> None:
    folder = small()
    result = inner(*PLAN, "--ragguard-store", tmp_path / "kept", "--ragguard-out", "told")
    assert result.ret == 0
    assert {path.name for path in (folder / "told").iterdir()} == {"report.json", "report.junit.xml", "report.md"}
    assert (tmp_path / "kept" / "store").is_dir()
    assert not (folder / "reports").exists()
    assert not (folder / ".ragguard").exists()
    pytester.makeini("[pytest]\nragguard_plan = gate.yaml\nragguard_out = from-ini\nragguard_store = kept-here\n")
    assert inner().ret == 0
    assert (folder / "from-ini" / "report.json").is_file()
    assert (folder / "kept-here" / "store").is_dir()


def test_full_is_passed_on(inner: Run, small: Make) -> None:
    checks = "  - {metric: nDCG@10, tier: blocking}\nkind: adversarial\nperturbations: [typos, polite]\nper_query: 1\n"
    folder = small(
        {"new": "retriever: {type: lexical, document_text: '{title} {text}'}"}, checks=checks, baseline="retriever: {type: lexical}"
    )
    sizes = []
    for more in ([], ["--ragguard-full"]):
        inner(*PLAN, *more)
        sizes.append(report(folder)["suites"][0]["cases"])
    assert sizes == [90, 180]


@pytest.fixture
def gated(inner: Run, small: Make) -> Path:
    """A workspace whose candidate was blocked, and its report."""
    folder = small({"tuned": WORSE})
    assert inner(*PLAN).ret == 1
    return folder


def test_a_report_is_judged_without_running_anything(inner: Run, gated: Path) -> None:
    for run_file in gated.glob("*.trec"):
        run_file.write_text("")
    ran = {path: path.stat().st_mtime_ns for path in (gated / "reports").rglob("*")}
    alone = inner("--ragguard-report", "reports/small", "-v")
    alone.assert_outcomes(failed=3, passed=2, warnings=1)
    alone.stdout.fnmatch_lines(["reports/small/report.json::tuned::golden::nDCG@10 FAILED *", "*= ragguard =*"])
    beside = inner(*PLAN, "--ragguard-report", "reports/small/report.json", "-v")
    beside.assert_outcomes(failed=3, passed=2, warnings=1)
    beside.stdout.fnmatch_lines(["gate.yaml::tuned::golden::nDCG@10 FAILED *"])
    assert {path: path.stat().st_mtime_ns for path in (gated / "reports").rglob("*")} == ran


@pytest.mark.parametrize(
    "change", [("suites/golden.yaml", "margin: 0.05", "margin: 0.40"), ("gate.yaml", "name: small", "name: small\nalpha: 0.1")]
)
def test_a_report_of_another_question_is_refused(inner: Run, gated: Path, change: tuple[str, str, str]) -> None:
    name, old, new = change
    (gated / name).write_text((gated / name).read_text().replace(old, new, 1))
    result = inner(*PLAN, "--ragguard-report", "reports/small")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["reports/small/report.json: was made of another question than gate.yaml asks: *"])


def test_a_candidate_that_the_report_lacks_is_an_error(inner: Run, small: Make) -> None:
    folder = small({"tuned": GOOD, "other": WORSE})
    assert inner(*PLAN, "--ragguard-candidate", "tuned").ret == 0
    result = inner(*PLAN, "--ragguard-report", "reports/small")
    result.assert_outcomes(passed=len(IDS), errors=len(IDS))
    result.stdout.fnmatch_lines(["reports/small: has no candidate 'other'; *"])
    assert inner("--ragguard-report", folder / "reports" / "small", "--ragguard-candidate", "other").ret == pytest.ExitCode.INTERRUPTED


def test_a_report_of_an_outage_is_red_without_its_plan(inner: Run, small: Make) -> None:
    small({"away": DOWN})
    assert inner(*PLAN).ret == 1
    result = inner("--ragguard-report", "reports/small", "-v")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        ["reports/small/report.json::away::golden::decision ERROR*", "reports/small/report.json::away::decision ERROR*"]
    )


def test_the_runs_are_what_they_say() -> None:
    assert run([3], 2).splitlines()[:2] == ["q-003 Q0 d-0 1 99 made", "q-003 Q0 d-3 2 98 made"]
