"""Tests that a user writes for golden cases, with @pytest.mark.ragguard(cases=...)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from workspaces import GOOD, WORSE

Run = Callable[..., pytest.RunResult]
Make = Callable[..., Path]
INI = "[pytest]\nragguard_plan = gate.yaml\n"
ANSWERS = "generator: {type: python, callable: 'mouth:say', contexts: 2}"
SAY = "def say(question, texts):\n    return texts[0].splitlines()[-1] + ' [1]'\n"


@pytest.fixture
def project(small: Make, pytester: pytest.Pytester) -> Callable[..., Path]:
    """A workspace named in the ini file, and a test file."""

    def make(test: str, *arguments: object, **more: object) -> Path:
        pytester.makeini(INI)
        pytester.makepyfile(test_mine=test)
        return small(*arguments, **more)

    return make


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if line.startswith("test_mine.py::")]


def test_a_marked_test_runs_once_for_each_case(inner: Run, project: Callable[..., Path]) -> None:
    folder = project(
        """
        import pytest

        @pytest.mark.ragguard(cases="golden")
        def test_all(ragguard_case): pass

        @pytest.mark.ragguard(cases="golden", tags=["canonical"])
        def test_tagged(ragguard_case): pass

        @pytest.mark.ragguard(cases="golden", slice="canonical")
        def test_slice(ragguard_case): pass
        """,
        queries=4,
    )
    found = ids(inner("--co", "-q", "test_mine.py"))
    assert found == [
        *(f"test_mine.py::test_all[q-00{i}]" for i in range(4)),
        *(f"test_mine.py::test_{name}[q-00{i}]" for name in ("tagged", "slice") for i in (0, 2)),
    ]
    assert not (folder / ".ragguard").exists()
    assert ids(inner("--co", "-q", "test_mine.py::test_all[q-002]")) == ["test_mine.py::test_all[q-002]"]


def test_a_module_may_bear_the_mark(inner: Run, project: Callable[..., Path]) -> None:
    project(
        """
        import pytest

        pytestmark = pytest.mark.ragguard(cases="golden")

        def test_case(ragguard_case): pass

        def test_other(): pass
        """,
        queries=3,
    )
    assert len(ids(inner("--co", "-q", "test_mine.py"))) == 4


def test_a_case_knows_what_was_asked_expected_and_observed(inner: Run, project: Callable[..., Path], pytester: pytest.Pytester) -> None:
    (pytester.path / "mouth.py").write_text(SAY)
    system = f"retriever: {{type: recorded, run: %s.trec}}\n    {ANSWERS}"
    project(
        """
        import pytest
        from ragguard.records.evidence import NotApplicable

        @pytest.mark.ragguard(cases="golden", candidate="tuned")
        def test_case(ragguard_case):
            case, topics = ragguard_case, ("refunds", "webhooks", "payouts", "disputes")
            topic = topics[int(case.id[-1])]
            right = "d-" + case.id[-1]
            assert case.suite == "golden"
            assert case.question == f"question {case.id[-1]}: how do {topic} work"
            assert case.expected == f"{topic} work step by step"
            assert case.required == ("step by step",) and case.forbidden == ()
            assert case.relevant == {right: 1}
            assert case.tags in (("canonical",), ("explicit",))
            seen = case.candidate
            assert (seen.rank(right), case.baseline.rank(right), seen.rank("nothing")) == (2, 1, None)
            assert [found.rank for found in seen.ranking] == list(range(1, 11))
            assert seen.ranking[1].text == f"How {topic} work, step by step." and seen.ranking[1].grade == 1
            assert seen.ranking[1].title == f"About {topic}" and seen.ranking[0].grade is None
            assert [document.id for document in case.baseline.contexts][0] == right
            assert case.baseline.answer == f"How {topic} work, step by step. [1]"
            assert case.baseline.citations == (right,) and not case.baseline.abstained
            assert topic not in seen.answer
            assert case.baseline.scores["nDCG@10"] == 1.0 and seen.scores["nDCG@10"] == pytest.approx(0.6309, abs=1e-4)
            assert seen.system == "tuned" and case.baseline.system == "baseline" and seen.error == ""

        def test_unmarked(ragguard_case): pass
        """,
        {"tuned": system % "worse", "other": system % "good"},
        queries=4,
        baseline=(system % "base").replace("\n    ", "\n  "),
    )
    result = inner("--ragguard-allow-code", "test_mine.py")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["ragguard_case is for tests that are marked: *"])


def test_a_query_that_failed_says_so(inner: Run, project: Callable[..., Path]) -> None:
    project(
        """
        import pytest

        @pytest.mark.ragguard(cases="golden")
        def test_case(ragguard_case):
            assert bool(ragguard_case.candidate.error) == (int(ragguard_case.id[2:]) >= 4)
            assert bool(ragguard_case.candidate.ranking) != bool(ragguard_case.candidate.error)
        """,
        {"tuned": "partial"},
        queries=8,
    )
    inner("test_mine.py").assert_outcomes(passed=8)


def test_a_candidate_that_was_not_asked_is_an_error(inner: Run, project: Callable[..., Path]) -> None:
    down = "remote: {url: 'http://127.0.0.1:9/ask', retries: 0, body: {q: '{question}'}, response: {ids: '$.ids[*]'}}"
    project(
        "import pytest\n\n@pytest.mark.ragguard(cases='golden')\ndef test_case(ragguard_case): pass\n",
        {"away": down},
        queries=4,
    )
    result = inner("test_mine.py")
    result.assert_outcomes(errors=4)
    result.stdout.fnmatch_lines(["away was not asked q-000 of the suite golden: away could not be run: *"])


def test_it_works_on_a_report_of_the_plan(inner: Run, project: Callable[..., Path]) -> None:
    project(
        """
        import pytest

        @pytest.mark.ragguard(cases="golden")
        def test_case(ragguard_case): assert ragguard_case.candidate.ranking[0].text

        @pytest.mark.ragguard(cases="golden")
        def test_live(ragguard_case): ragguard_case.trial(n=2).assert_holds(lambda seen: True)
        """,
        queries=3,
    )
    assert inner("gate.yaml").ret == 1
    result = inner("test_mine.py", "--ragguard-report", "reports/small")
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines(["*a trial asks the live system, and --ragguard-report says that nothing is run; *"])


WRONG = {
    "no plan": ("cases='golden'", "ragguard_case", "", "there is no plan to take golden cases from; name one *"),
    "a suite that is not there": ("cases='goldn'", "ragguard_case", INI, "the plan has no suite 'goldn'; did you mean 'golden'?"),
    "a slice that is not there": ("cases='golden', slice='x'", "ragguard_case", INI, "the suite golden has no slice 'x'; *canonical"),
    "a tag that is not there": ("cases='golden', tags=['cannonical']", "ragguard_case", INI, "*cannonical; did you mean 'canonical'?"),
    "no argument": ("cases='golden'", "", INI, "is marked ragguard, and has no argument ragguard_case; *"),
    "no suite": ("", "ragguard_case", INI, "the marker ragguard: *missing*; write @pytest.mark.ragguard(cases='golden')"),
    "an unknown key": ("case='golden'", "ragguard_case", INI, "the marker ragguard: *'case'*"),
    "which candidate": ("cases='golden'", "ragguard_case", INI, "the plan has the candidates tuned, other; name one *candidate='tuned'"),
    "a candidate that is not there": ("cases='golden', candidate='x'", "ragguard_case", INI, "*there is no candidate 'x'; known: *"),
}


@pytest.mark.parametrize(("mark", "argument", "ini", "wanted"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_mark_is_a_collection_error_in_one_line(
    inner: Run, small: Make, pytester: pytest.Pytester, mark: str, argument: str, ini: str, wanted: str
) -> None:
    small({"tuned": GOOD, "other": WORSE}, queries=4)
    pytester.makeini(ini or "[pytest]")
    pytester.makepyfile(test_mine=f"import pytest\n\n@pytest.mark.ragguard({mark})\ndef test_case({argument}): pass\n")
    result = inner("test_mine.py")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"test_mine.py::test_case: {wanted}"])
    assert "Traceback" not in result.stdout.str()
