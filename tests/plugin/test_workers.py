"""Under xdist: the same outcomes as without it, one gate for all workers, and workers that die of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from workspaces import IDS, TOPICS, WORSE

pytestmark = pytest.mark.slow

Run = Callable[..., pytest.RunResult]
Make = Callable[..., Path]
PLAN = ("--ragguard-plan", "gate.yaml", "-p", "xdist.plugin")
PYTHON = {"tuned": "retriever: {type: python, callable: 'mine:search'}"}

COUNTED = f"""
import os
from pathlib import Path

HERE, TOPICS = Path(__file__).parent, {TOPICS!r}

def search(text, depth):
    with (HERE / "asked.log").open("a") as log:
        log.write(str(os.getpid()) + "\\n")
    DIE
    right = TOPICS.index(text.split()[-2])
    return [f"d-{{right}}", *(f"d-{{other}}" for other in range(10) if other != right)]
"""

DIE_ONCE = """if not (HERE / "died").exists():
        (HERE / "died").touch()
        os._exit(9)"""

MINE = """
import pytest

@pytest.mark.ragguard(cases="golden")
def test_case(ragguard_case):
    assert ragguard_case.candidate.rank(next(iter(ragguard_case.relevant))) == 1

def test_gate(ragguard_gate):
    assert ragguard_gate.decision().answer == "promote"
"""


def test_workers_share_one_gate_with_items_and_tests(
    apart: Run, small: Make, pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    folder = small(PYTHON, baseline="retriever: {type: recorded, run: worse.trec}")
    (folder / "mine.py").write_text(COUNTED.replace("DIE", "pass"))
    pytester.makepyfile(test_mine=MINE)
    result = apart(*PLAN, "-n", "3", "--ragguard-allow-code")
    result.assert_outcomes(passed=len(IDS) + 90 + 1)
    assert result.ret == 0
    asked = (folder / "asked.log").read_text().splitlines()
    assert len(asked) == 90
    assert len(set(asked)) == 1
    result.stdout.fnmatch_lines(["*= ragguard =*", "small: tuned against baseline", "tuned: PROMOTE - *", "report: reports/small *"])
    assert not list(scratch.glob("ragguard-pytest-*")), "nothing is left behind"


def test_outcomes_are_those_without_workers(apart: Run, small: Make) -> None:
    small({"tuned": WORSE})
    alone = apart(*PLAN, "-p", "no:xdist", "-q")
    together = apart(*PLAN, "-n", "2", "-q")
    assert alone.parseoutcomes() == together.parseoutcomes()
    assert alone.ret == together.ret == 1
    red = [[line for line in result.outlines if line.startswith("FAILED")] for result in (alone, together)]
    assert sorted(red[0]) == sorted(red[1])
    together.stdout.fnmatch_lines(["- golden/nDCG@10 fell by 0.369 *", "q-000: nDCG@10 1.000 -> 0.631"])


def test_an_outage_is_met_once_and_told_by_all(apart: Run, small: Make) -> None:
    folder = small(baseline="retriever: {type: python, callable: 'away:search'}")
    (folder / "away.py").write_text(
        "from pathlib import Path\nwith (Path(__file__).parent / 'tried.log').open('a') as log: log.write('x')\nraise OSError('no index')\n"
    )
    result = apart(*PLAN, "-n", "2", "--ragguard-allow-code")
    result.assert_outcomes(errors=len(IDS))
    assert result.stdout.str().count("the baseline could not be run, so there is nothing to judge by") >= len(IDS)
    assert (folder / "tried.log").read_text() == "x"


def test_where_a_worker_dies_another_gates(apart: Run, small: Make) -> None:
    folder = small(PYTHON)
    (folder / "mine.py").write_text(COUNTED.replace("DIE", DIE_ONCE))
    result = apart(*PLAN, "-n", "2", "--ragguard-allow-code")
    result.assert_outcomes(failed=1, passed=len(IDS) - 1)
    result.stdout.fnmatch_lines(["*worker 'gw?' crashed while running 'gate.yaml::tuned::*'*"])
    assert len(set((folder / "asked.log").read_text().splitlines())) == 2


def test_a_gate_that_kills_every_worker_is_given_up(apart: Run, small: Make) -> None:
    folder = small(PYTHON)
    (folder / "mine.py").write_text(COUNTED.replace("DIE", "os._exit(9)"))
    result = apart(*PLAN, "-n", "2", "--ragguard-allow-code")
    result.assert_outcomes(failed=2, errors=len(IDS) - 2)
    result.stdout.fnmatch_lines(["2 workers died while they ran the gate: out of memory? *"])


def test_a_wrong_plan_is_one_collection_error(apart: Run, small: Make) -> None:
    path = small() / "gate.yaml"
    path.write_text(path.read_text().replace("name: small", "name: small\ncandidats: 3"))
    result = apart(*PLAN, "-n", "2")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["gate.yaml:2: unknown key 'candidats' in the file; did you mean 'candidates'?"])
