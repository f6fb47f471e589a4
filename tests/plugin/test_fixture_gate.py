"""Tests that a user writes with ragguard_gate."""

from collections.abc import Callable
from pathlib import Path

import pytest
import workspaces
from workspaces import GOOD, IDS, WORSE

Run = Callable[..., pytest.RunResult]
Make = Callable[..., Path]
PLAN = ("--ragguard-plan", "gate.yaml")


def test_everything_can_be_asked(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small({"tuned": GOOD, "other": WORSE}, more="anchor:\n  retriever: {type: recorded, run: worse.trec}\n")
    pytester.makepyfile(
        test_mine="""
        import pytest
        from ragguard.errors import InputError

        def test_passes(ragguard_gate):
            golden = ragguard_gate.suite("golden", candidate="tuned")
            golden.check("nDCG@10").assert_passes()
            golden.check("nDCG@10", against="anchor").assert_passes()
            golden.check("RR", slice="canonical").assert_does_not_fail()
            assert ragguard_gate.decision("tuned").answer == "promote"
            assert ragguard_gate.decision("other").answer == "block"
            ragguard_gate.assert_promoted("tuned")

        def test_numbers(ragguard_gate):
            check = ragguard_gate.suite("golden", "other").check("nDCG@10")
            assert check.outcome == "fail"
            assert check.estimate.candidate_mean == pytest.approx(0.6309, abs=1e-4)
            pair = check.score("q-003")
            assert (pair.baseline, pair.candidate) == (1.0, pytest.approx(0.6309, abs=1e-4))
            assert check.score("question 3: how do disputes work") == pair
            assert ragguard_gate.suite("golden", "tuned").check("nDCG@10", against="anchor").score("q-003").baseline == pair.candidate
            assert ragguard_gate.report.plan == "small"

        @pytest.mark.parametrize("ask", [
            lambda gate: gate.suite("golden"),
            lambda gate: gate.suite("goldn", "tuned"),
            lambda gate: gate.decision("tund"),
            lambda gate: gate.suite("golden", "tuned").check("nDCG@5"),
            lambda gate: gate.suite("golden", "tuned").check("nDCG at 5"),
            lambda gate: gate.suite("golden", "tuned").check("RR"),
            lambda gate: gate.suite("golden", "tuned").check("nDCG@10").score("q-3000"),
        ])
        def test_what_is_not_there_is_named(ragguard_gate, ask):
            with pytest.raises(InputError, match="did you mean|known|name one|several|not a metric name|is not checked|no query"):
                ask(ragguard_gate)
        """
    )
    result = inner(*PLAN, "test_mine.py", "-k", "test_mine")
    result.assert_outcomes(passed=9, deselected=18)
    assert result.ret == 0


def test_a_failed_assertion_shows_the_users_line_and_the_explanation(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small({"tuned": WORSE})
    pytester.makepyfile(
        test_mine="""
        def test_check(ragguard_gate):
            ragguard_gate.suite("golden").check("nDCG@10").assert_passes()

        def test_veto(ragguard_gate):
            ragguard_gate.suite("golden").check("RR", slice="canonical").assert_does_not_fail()

        def test_decision(ragguard_gate):
            ragguard_gate.assert_promoted()
        """
    )
    pytester.makeini("[pytest]\nragguard_plan = gate.yaml\n")
    result = inner("test_mine.py")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            '>       ragguard_gate.suite("golden").check("nDCG@10").assert_passes()',
            "E       AssertionError: golden/nDCG@10 FAIL (blocking): 1.000 -> 0.631, *",
            "E       q-000: nDCG@10 1.000 -> 0.631",
            "E       AssertionError: golden/RR/canonical FAIL (veto): *",
            "E       AssertionError: tuned: BLOCK. *",
            "*= ragguard =*",
        ]
    )
    assert "results.py" not in result.stdout.str()


def test_too_little_evidence(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small(queries=8)
    pytester.makepyfile(
        test_mine="""
        def test_check(ragguard_gate):
            ragguard_gate.suite("golden").check("nDCG@10").assert_passes()

        def test_veto(ragguard_gate):
            ragguard_gate.suite("golden").check("RR", slice="canonical").assert_does_not_fail()

        def test_decision(ragguard_gate):
            ragguard_gate.assert_promoted()
        """
    )
    inner(*PLAN, "test_mine.py", "-k", "test_mine").assert_outcomes(failed=2, passed=1, deselected=5)
    skipped = inner(*PLAN, "test_mine.py", "-k", "test_mine", "--ragguard-inconclusive=skip")
    skipped.assert_outcomes(skipped=2, passed=1, deselected=5)


def test_an_outage_is_no_assertion(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    small({"tuned": "partial"})
    pytester.makepyfile(
        test_mine="""
        import pytest
        from ragguard.errors import CannotJudge

        def test_check(ragguard_gate):
            with pytest.raises(CannotJudge, match="35|45 queries gave an error"):
                ragguard_gate.suite("golden").check("nDCG@10").assert_passes()
            with pytest.raises(CannotJudge):
                ragguard_gate.assert_promoted()
        """
    )
    inner(*PLAN, "test_mine.py", "-k", "test_mine").assert_outcomes(passed=1, deselected=5)


def test_the_plan_may_be_a_fixture_of_the_project(inner: Run, pytester: pytest.Pytester) -> None:
    workspaces.make(pytester.path / "made")
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def ragguard_plan():
            return "made/gate.yaml"
        """
    )
    pytester.makepyfile(test_mine="def test_mine(ragguard_gate): ragguard_gate.assert_promoted()")
    result = inner()
    result.assert_outcomes(passed=1)
    assert (pytester.path / "made" / "reports" / "small" / "report.json").is_file()


@pytest.mark.parametrize(
    ("plan", "wanted"),
    [
        (None, "there is no plan to gate; name one with --ragguard-plan, as ragguard_plan in pytest's ini file, or by a fixture *"),
        ("nowhere.yaml", "nowhere.yaml: there is no such plan; check the path, *"),
    ],
)
def test_a_gate_that_cannot_be_had_is_an_error_in_one_line(inner: Run, pytester: pytest.Pytester, plan: str | None, wanted: str) -> None:
    if plan is not None:
        pytester.makeini(f"[pytest]\nragguard_plan = {plan}\n")
    pytester.makepyfile(test_mine="def test_mine(ragguard_gate): pass\n\ndef test_too(ragguard_gate): pass")
    result = inner()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines([wanted])
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()


def test_tests_and_items_share_one_gate(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    folder = small({"tuned": "retriever: {type: python, callable: 'once_only:search'}"})
    (folder / "once_only.py").write_text(
        "from pathlib import Path\n\ndef search(text, depth):\n    with (Path(__file__).parent / 'asked.log').open('a') as log:\n"
        "        log.write('x')\n    return ['d-0']\n"
    )
    pytester.makepyfile(test_mine="def test_mine(ragguard_gate): assert ragguard_gate.decision().answer == 'block'")
    result = inner(*PLAN, "--ragguard-allow-code")
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] + outcomes["failed"] == 1 + len(IDS)
    assert len((folder / "asked.log").read_text()) == 90
