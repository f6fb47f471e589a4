"""The panel: who is asked what, how often, what is kept, and when a judge is given up."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ragguard.execute.meter import Meter
from ragguard.judges.build import Seat
from ragguard.judges.panel import CHUNK, GIVE_UP, MOST, Panel
from ragguard.plan.judges import NliJudge, RagasJudge
from ragguard.records.judgement import Asked, Verdict
from ragguard.records.metric import Metric
from ragguard.statistics.noise import turns
from ragguard.store import Store
from ragguard.systems.silent import Silent

METRIC = Metric.parse("ragas:Faithfulness")


@dataclass
class Own:
    """A judge of the test's own: says what a function of the answer and the turn says."""

    says: Callable[[Asked, int], Verdict]
    fingerprint: str = "own"
    calls: list[tuple[int, list[str]]] = field(default_factory=list)

    def judge(self, metric: Metric, asked: Sequence[Asked], turn: int) -> list[Verdict]:
        self.calls.append((turn, [each.answer for each in asked]))
        return [self.says(each, turn) for each in asked]

    def notes(self) -> Mapping[str, float | int | str]:
        return {}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Panel]:
    def made(own: Own, repeats: int | str = 1) -> Panel:
        plan = RagasJudge(type="ragas", base_url="http://x", model="m", repeats=repeats)
        return Panel({"own": Seat("own", plan, own)}, {METRIC: "own"}, Store(tmp_path), Silent(), Meter(), turns)

    return made


def answers(*texts: str) -> list[Asked]:
    return [Asked(f"q{i}", "Why?", text) for i, text in enumerate(texts)]


def test_the_same_answer_is_asked_once_and_kept(make) -> None:
    own = Own(lambda each, turn: Verdict(0.5, each.answer, tokens=3))
    found = make(own).ask("own", METRIC, answers("a", "b", "a"), "suite/metric")
    assert [each.case for each in found] == ["q0", "q1", "q2"]
    assert [each.verdicts[0].reason for each in found] == ["a", "b", "a"]
    assert {each.judge for each in found} == {"own"}
    assert own.calls == [(0, ["a", "b"])]
    assert make(own).ask("own", METRIC, answers("b", "c"), "suite/metric")[0].verdicts == (Verdict(0.5, "b", tokens=3),)
    assert own.calls[1:] == [(0, ["c"])]


@pytest.mark.parametrize(
    ("other", "asked"),
    [
        (Asked("p", "Why?", "a"), 0),  # the case's name is nothing that a judge sees
        (Asked("q0", "Who?", "a"), 1),
        (Asked("q0", "Why?", "a", ("c",)), 1),
        (Asked("q0", "Why?", "a", reference="r"), 1),
        (Asked("q0", "Why?", "a", required=("r",)), 1),
        (Asked("q0", "Why?", "a", against="b"), 1),
    ],
)
def test_what_a_verdict_hangs_on(make, other, asked) -> None:
    own = Own(lambda each, turn: Verdict(1.0))
    panel = make(own)
    panel.ask("own", METRIC, answers("a"), "suite/metric")
    panel.ask("own", METRIC, [other], "suite/metric")
    assert len(own.calls) == 1 + asked


def test_another_metric_or_judge_is_another_verdict_and_who_was_named_is_not(make) -> None:
    own = Own(lambda each, turn: Verdict(1.0))
    panel = make(own)
    for name in ("ragas:Faithfulness", "ragas:Faithfulness(judge=own)", "ragas:AnswerRelevancy", "ragas:FactualCorrectness(mode=recall)"):
        panel.ask("own", Metric.parse(name), answers("a"), "suite/metric")
    assert len(own.calls) == 3
    other = Own(lambda each, turn: Verdict(0.0), "other")
    assert make(other).ask("own", METRIC, answers("a"), "suite/metric")[0].values == (0.0,)


def test_errors_are_asked_again_by_the_next_run_and_not_by_this_one(make) -> None:
    own = Own(lambda each, turn: Verdict(error="timed out: late"))
    panel = make(own)
    for _ in range(2):
        assert panel.ask("own", METRIC, answers("a"), "suite/metric")[0].verdicts[0].kind == "timed out"
    assert len(own.calls) == 1
    own.says = lambda each, turn: Verdict(1.0)
    assert make(own).ask("own", METRIC, answers("a"), "suite/metric")[0].values == (1.0,)


def test_what_was_judged_before_a_crash_is_kept(make) -> None:
    def crashing(each: Asked, turn: int) -> Verdict:
        if each.answer == "60":
            raise KeyboardInterrupt
        return Verdict(1.0)

    own = Own(crashing)
    many = answers(*map(str, range(100)))
    with pytest.raises(KeyboardInterrupt):
        make(own).ask("own", METRIC, many, "suite/metric")
    own.says = lambda each, turn: Verdict(1.0)
    own.calls.clear()
    assert len(make(own).ask("own", METRIC, many, "suite/metric")) == 100
    assert own.calls[0][1][0] == str(CHUNK)


def test_every_turn_is_asked_and_kept(make) -> None:
    own = Own(lambda each, turn: Verdict(turn / 4))
    assert make(own, 3).ask("own", METRIC, answers("a", "b"), "suite/metric")[1].values == (0.0, 0.25, 0.5)
    assert [turn for turn, _ in own.calls] == [0, 1, 2]
    assert make(own, 4).ask("own", METRIC, answers("a", "b"), "suite/metric")[1].values == (0.0, 0.25, 0.5, 0.75)
    assert [turn for turn, _ in own.calls] == [0, 1, 2, 3]


def test_a_local_judge_has_one_turn(tmp_path) -> None:
    own = Own(lambda each, turn: Verdict(1.0))
    seat = Seat("own", NliJudge(type="nli", model="m"), own)
    panel = Panel({"own": seat}, {METRIC: "own"}, Store(tmp_path), Silent(), Meter(), turns)
    assert len(panel.ask("own", METRIC, answers("a"), "suite/metric")[0].verdicts) == 1


def test_a_steady_judge_has_two_turns_and_a_fickle_one_as_many_as_may_be(make) -> None:
    steady = Own(lambda each, turn: Verdict(float(each.answer) / 10))
    assert {len(each.verdicts) for each in make(steady, "auto").ask("own", METRIC, answers(*"0123456789"), "s/m")} == {2}
    fickle = Own(lambda each, turn: Verdict(float(turn % 2)), "fickle")
    assert {len(each.verdicts) for each in make(fickle, "auto").ask("own", METRIC, answers(*"0123456789"), "s/m")} == {MOST}


def test_the_first_arm_alone_decides_how_many_turns_all_have(make) -> None:
    def restless(each: Asked, turn: int) -> Verdict:
        value = float(each.answer[-1]) / 10
        return Verdict(abs(value - 0.06 * (turn % 2)) if each.answer.startswith("b") else float(turn % 2))

    panel = make(Own(restless), "auto")
    baseline = panel.ask("own", METRIC, answers(*(f"b{i}" for i in range(10))), "s/m")
    candidate = panel.ask("own", METRIC, answers(*(f"c{i}" for i in range(10))), "s/m")
    assert {len(each.verdicts) for each in (*baseline, *candidate)} == {2}
    assert {len(each.verdicts) for each in panel.ask("own", METRIC, answers(*(f"c{i}" for i in range(10))), "s/n")} == {MOST}


def test_a_judge_that_judges_nothing_is_given_up_after_a_few(make) -> None:
    own = Own(lambda each, turn: Verdict(error=f"not JSON: {each.answer}"))
    panel = make(own)
    found = panel.ask("own", METRIC, answers(*map(str, range(200))), "suite/metric")
    assert sum(len(texts) for _, texts in own.calls) == CHUNK
    kinds = [each.verdicts[0].kind for each in found]
    assert kinds == ["not JSON"] * CHUNK + ["given up"] * (200 - CHUNK)
    assert found[-1].verdicts[0].error == f"given up: {GIVE_UP} answers in a row came to nothing; the last: not JSON: {GIVE_UP - 1}"
    panel.ask("own", METRIC, answers("another"), "suite/metric")
    assert sum(len(texts) for _, texts in own.calls) == CHUNK


def test_one_in_sixteen_keeps_a_judge_in_its_seat(make) -> None:
    own = Own(lambda each, turn: Verdict(1.0) if int(each.answer) % GIVE_UP == 0 else Verdict(error="empty: nothing"))
    found = make(own).ask("own", METRIC, answers(*map(str, range(200))), "suite/metric")
    assert {each.verdicts[0].kind for each in found} == {"", "empty"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1, None])
def test_a_value_that_is_none_is_an_error(make, value) -> None:
    (found,) = make(Own(lambda each, turn: Verdict(value))).ask("own", METRIC, answers("a"), "suite/metric")
    assert found.values == ()
    assert found.verdicts[0].error == f"out of range: the value is {value}, not from 0 to 1"


def test_lone_surrogates_do_not_stop_a_run(make) -> None:
    own = Own(lambda each, turn: Verdict(1.0))
    assert make(own).ask("own", METRIC, answers("a \ud800 b"), "suite/metric")[0].values == (1.0,)
