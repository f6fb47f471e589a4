"""By hand, and against scipy: lengths of answers, quantiles of seconds, tokens a second."""

import pytest
from scipy.stats.mstats import mquantiles

from ragguard.metrics import catalog, efficiency
from ragguard.metrics.scoring import score
from ragguard.records.collection import Query
from ragguard.records.evidence import Answer, Case, Observation, Unscored
from ragguard.records.metric import Metric, Scale

CASE = Case("q", "asked", Query("q", "asked", "q"), {"d": 1})


def one(metric: str, answer: Answer | None):
    return score(Metric.parse(metric), [CASE], {"q": Observation("q", answer=answer)})["q"]


@pytest.mark.parametrize(
    ("metric", "answer", "value"),
    [
        ("AnswerTokens", Answer("a", tokens=12, prompt_tokens=80), 12.0),
        ("AnswerTokens", Answer("", tokens=0, prompt_tokens=80), 0.0),
        ("AnswerTokens", Answer("a", tokens=30, prompt_tokens=80, samples=("a", "b", "c")), 10.0),
        ("PromptTokens", Answer("a", tokens=12, prompt_tokens=80), 80.0),
        ("LongAnswer(over=12)", Answer("a", tokens=12, prompt_tokens=80), 0.0),
        ("LongAnswer(over=11)", Answer("a", tokens=12, prompt_tokens=80), 1.0),
        ("LongAnswer(over=11)", Answer("a", tokens=24, prompt_tokens=80, samples=("a", "b")), 1.0),
        ("LongAnswer(over=12)", Answer("a", tokens=24, prompt_tokens=80, samples=("a", "b")), 0.0),
        ("AnswerTokens", None, Unscored("the system gives no answers")),
        ("PromptTokens", Answer("quoted"), Unscored("nobody counted the answer's tokens")),
        ("LongAnswer(over=1)", Answer("quoted"), Unscored("nobody counted the answer's tokens")),
    ],
)
def test_lengths(metric: str, answer: Answer | None, value) -> None:
    assert one(metric, answer) == value


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("LongAnswer", "LongAnswer needs over; for instance LongAnswer(over=64)"),
        ("LongAnswer(over=0)", "over must be a whole number of at least 1"),
        ("LongAnswer(over=9)@5", "takes no cutoff; write LongAnswer(over=9)"),
        ("AnswerTokens(over=9)", "AnswerTokens has no parameter 'over'"),
    ],
)
def test_what_is_wrong_is_said(name: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        catalog.resolve(Metric.parse(name))
    assert message in str(caught.value)


def test_a_length_has_no_range_and_a_share_over_a_target_has_one() -> None:
    tokens, long = Metric.parse("AnswerTokens"), Metric.parse("LongAnswer(over=64)")
    assert catalog.scale(tokens) == Scale(higher_is_better=False, high=None, unit="tokens")
    assert catalog.scale(long) == Scale(higher_is_better=False, binary=True)
    assert [catalog.advisory(metric) for metric in (tokens, long)] == [True, False]
    assert "has no range" in catalog.why_advisory(tokens)
    instead = [catalog.instead(Metric.parse(name)) for name in ("AnswerTokens", "PromptTokens", "Drop(of=RR)")]
    assert instead == [str(long), "p95(of=PromptTokens)", "RR"]


@pytest.mark.parametrize("values", [[0.2], [0.3, 0.1], [0.001 * i * i for i in range(1, 40)]])
def test_quantiles_are_scipys(values: list[float]) -> None:
    assert efficiency.quantiles(values) == pytest.approx(mquantiles(values, [0.5, 0.95, 0.99], alphap=1, betap=1))


def test_no_times_have_no_quantiles() -> None:
    with pytest.raises(ValueError, match="no times"):
        efficiency.quantiles([])


def timed(number: int, **seconds: float) -> Observation:
    together = {"generate": 8 if number < 8 else 3} if "generate" in seconds else {}
    return Observation(f"q{number}", seconds=seconds, together=together)


def test_latencies_by_stage_and_in_total() -> None:
    seen = [timed(i, generate=0.1 * (i + 1), retrieve=1.0, first_token=0.05) for i in range(11)]
    found = {each.stage: each for each in efficiency.latencies("new", [*seen, Observation("recorded")])}
    assert list(found) == ["retrieve", "generate", "first_token", "total"]
    assert {each.arm for each in found.values()} == {"new"}
    assert {each.cases for each in found.values()} == {11}
    assert (found["generate"].p50, found["generate"].p95) == pytest.approx((0.6, 1.05))
    assert (found["total"].p50, found["total"].p95) == pytest.approx((1.6, 2.05)), "the first token lies within the answer"
    assert {stage: each.together for stage, each in found.items()} == {"retrieve": 1, "generate": 8, "first_token": 1, "total": 8}


def test_one_stage_has_no_total_and_no_times_have_nothing() -> None:
    assert [each.stage for each in efficiency.latencies("a", [timed(1, remote=2.0), timed(2, remote=3.0)])] == ["remote"]
    assert list(efficiency.latencies("a", [Observation("recorded")])) == []


def test_lengths_and_speed_over_the_answers_whose_tokens_were_counted() -> None:
    seen = [
        Observation("a", seconds={"generate": 2.0}, answer=Answer("x", tokens=10, prompt_tokens=100, cut=True)),
        Observation("b", seconds={"generate": 3.0}, answer=Answer("x", tokens=40, prompt_tokens=50, samples=("x", "y"))),
        Observation("c", seconds={"generate": 9.0}, answer=Answer("quoted")),
        Observation("d", seconds={"retrieve": 9.0}),
    ]
    (found,) = efficiency.answering("new", seen)
    assert (found.answers, found.counted, found.cut) == (3, 2, 0.5)
    assert (found.tokens, found.prompt_tokens, found.tokens_per_second) == pytest.approx((50 / 3, 75.0, 10.0))
    (quoted,) = efficiency.answering("new", seen[2:])
    assert (quoted.answers, quoted.counted, quoted.tokens, quoted.tokens_per_second) == (1, 0, None, None)
    assert list(efficiency.answering("new", seen[3:])) == []


def observed(seconds: dict[str, float], together: dict[str, int] | None = None) -> Observation:
    return Observation("q", seconds=seconds, together=together or {})


@pytest.mark.parametrize(
    ("name", "observation", "wanted"),
    [
        ("Latency", observed({"retrieve": 0.01, "generate": 0.2, "first_token": 0.05}), 210.0),
        ("Latency(stage=total)", observed({"retrieve": 0.01}), 10.0),
        ("Latency(stage=first_token)", observed({"generate": 0.2, "first_token": 0.05}), 50.0),
        ("Latency(stage=generate)", observed({"retrieve": 0.01, "generate": 0.2}, {"retrieve": 64}), 200.0),
        ("Latency", observed({}), Unscored("nobody timed the case")),
        ("Latency(stage=rerank)", observed({"retrieve": 0.01}), Unscored("the case has no time of stage rerank")),
        (
            "Latency",
            observed({"retrieve": 0.01}, {"retrieve": 64}),
            Unscored("the case has no time of its own: up to 64 were worked on together"),
        ),
    ],
)
def test_latency_of_a_case(name: str, observation: Observation, wanted: object) -> None:
    metric = Metric.parse(name)
    found = score(metric, [CASE], {"q": observation})["q"]
    assert found == (pytest.approx(wanted) if isinstance(wanted, float) else wanted)


def test_a_target_is_exceeded_or_not_and_what_is_missing_stays_so() -> None:
    metric = Metric.parse("Exceeds(of=Latency, over=100)")
    cases = [Case(name, "asked", Query(name, "asked", name), {}) for name in "abc"]
    scores = {"a": 100.0, "b": 100.1, "c": Unscored("timeout")}
    found = catalog.derive([metric], cases, {name: {Metric("Latency"): score} for name, score in scores.items()})[metric]
    assert found == {"a": 0.0, "b": 1.0, "c": Unscored("timeout")}
    assert catalog.scale(metric).binary
    assert catalog.scale(Metric.parse("p99(of=AnswerTokens)")).quantile == 0.99
    assert not catalog.advisory(Metric.parse("p99(of=AnswerTokens)"))
