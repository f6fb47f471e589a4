"""Questions asked several times: the numbers, by other means, and live systems that do not always say the same."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np
import pytest
import servers
from scipy.stats import beta

from ragguard.errors import CannotJudge
from ragguard.testing.trials import Tally, Trial

Run = Callable[..., pytest.RunResult]
Make = Callable[..., Path]
INI = "[pytest]\nragguard_plan = gate.yaml\n"


@dataclass(frozen=True)
class Said:
    """A go at a question."""

    answer: str | None
    error: str = ""


def trial(answers: str, n: int, threshold: float) -> Trial[Said]:
    return Trial(n, threshold, lambda: [Said(letter) for letter in answers], "what?")


@pytest.mark.parametrize(("n", "threshold", "enough"), [(5, 0.8, 4), (10, 0.7, 7), (3, 1.0, 3), (3, 0.01, 1), (7, 0.5, 4), (20, 0.15, 3)])
def test_how_many_are_enough(n: int, threshold: float, enough: int) -> None:
    assert trial("", n, threshold).enough == enough
    good = trial("y" * enough + "n" * (n - enough), n, threshold)
    assert good.assert_holds(lambda said: said.answer == "y") == Tally(enough, n)
    short = trial("y" * (enough - 1) + "n" * (n - enough + 1), n, threshold)
    with pytest.raises(AssertionError, match=rf"{enough - 1} of {n} times it held .*; wanted {enough}, "):
        short.assert_holds(lambda said: said.answer == "y")


@pytest.mark.parametrize(("n", "threshold"), [(0, 0.5), (5, 0.0), (5, 1.1), (-1, 0.5)])
def test_what_makes_no_sense_is_refused(n: int, threshold: float) -> None:
    with pytest.raises(ValueError, match="n is at least 1"):
        trial("", n, threshold)


def test_the_chance_is_the_sum_of_the_binomial_terms() -> None:
    for n in (1, 5, 12):
        for held in range(n + 1):
            for share in (0.1, 0.5, 0.8, 1.0):
                terms = math.fsum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(held + 1))
                assert Tally(held, n).chance(share) == pytest.approx(terms, abs=1e-12)


def test_the_interval_is_that_of_clopper_and_pearson() -> None:
    for n in (1, 5, 40):
        for held in range(n + 1):
            low, high = Tally(held, n).interval()
            assert low == pytest.approx(beta.ppf(0.025, held, n - held + 1) if held else 0.0, abs=1e-9)
            assert high == pytest.approx(beta.ppf(0.975, held + 1, n - held) if held < n else 1.0, abs=1e-9)


def test_the_chance_of_a_red_trial_is_what_simulated_trials_show() -> None:
    rng, repeats = np.random.default_rng(7), 20_000
    for n, share, threshold in ((5, 0.8, 0.8), (10, 0.9, 0.8), (20, 0.95, 0.8)):
        enough = trial("", n, threshold).enough
        red = np.count_nonzero(rng.binomial(n, share, repeats) < enough) / repeats
        wanted = Tally(enough - 1, n).chance(share)
        assert abs(red - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / repeats)


def test_the_message_has_the_numbers_and_what_was_said() -> None:
    with pytest.raises(AssertionError) as caught:
        trial("yynnn", 5, 0.8).assert_holds(lambda said: said.answer == "y")
    assert str(caught.value).splitlines() == [
        "2 of 5 times it held (0.40); wanted 4, a share of 0.8",
        "the true share lies between 0.05 and 0.85 (exact binomial, 95%); if it were 0.8, so few or fewer would be seen in 5.79% of "
        "such trials",
        "asked: what?",
        "3 times: n",
    ]


def test_an_assertion_in_the_predicate_counts_as_false() -> None:
    def holds(said: Said) -> bool:
        assert said.answer == "y"
        return True

    assert trial("yyn", 3, 0.6).assert_holds(holds) == Tally(2, 3)


@pytest.mark.parametrize("value", [None, "yes", 1])
def test_a_predicate_that_says_neither_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="must return True or False"):
        trial("y", 1, 1.0).assert_holds(lambda _: value)  # type: ignore[arg-type,return-value]


def test_a_system_that_fails_is_no_failure_of_quality() -> None:
    broken = Trial(2, 0.5, lambda: [Said("y"), Said(None, "timed out")], "what?")
    with pytest.raises(CannotJudge, match="1 of 2 times the system failed on 'what\\?'; the first: timed out"):
        broken.assert_holds(lambda _: True)


FLAKY = """
import itertools
from pathlib import Path

TIMES = itertools.count()

def say(question, texts):
    with (Path(__file__).parent / "said.log").open("a") as log:
        log.write(question + "\\n")
    return "It takes 30 days [1]." if next(TIMES) % 5 else "I do not know."
"""


def test_a_flaky_generator_is_asked_anew_each_time(inner: Run, small: Make, pytester: pytest.Pytester) -> None:
    spec = "retriever: {type: recorded, run: good.trec}\n    generator: {type: python, callable: 'flaky:say', contexts: 2}"
    folder = small({"tuned": spec}, queries=2, baseline=spec.replace("good", "base").replace("\n    ", "\n  "))
    (folder / "flaky.py").write_text(FLAKY)
    pytester.makeini(INI)
    pytester.makepyfile(
        test_mine="""
        import pytest

        @pytest.mark.ragguard(cases="golden")
        def test_often(ragguard_case):
            tally = ragguard_case.trial(n=10, threshold=0.8).assert_holds(lambda seen: "30 days" in seen.answer)
            assert (tally.held, tally.n) == (8, 10)
            seen = ragguard_case.trial(n=1, threshold=0.1, baseline=True).ask()
            assert [each.system for each in seen] == ["baseline"]
            assert [len(each.ranking) for each in seen] == [10]
            assert [document.title for document in seen[0].contexts][0].startswith("About")
            assert all(each.citations for each in seen if "[1]" in each.answer)

        @pytest.mark.ragguard(cases="golden")
        def test_always(ragguard_case):
            ragguard_case.trial(n=10, threshold=1.0).assert_holds(lambda seen: "30 days" in seen.answer)
        """
    )
    result = inner("--ragguard-allow-code", "test_mine.py")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        ["*AssertionError: 8 of 10 times it held (0.80); wanted 10, a share of 1", "E*exact binomial*", "E*2 times: I do not know."]
    )
    assert "trials.py" not in result.stdout.str()
    asked = (folder / "said.log").read_text().splitlines()
    assert len(asked) == 4 + 2 * 11 + 2 * 10


@pytest.fixture
def dice() -> Iterator[servers.Served]:
    """A chat endpoint that never says the same twice."""

    def behave(request: servers.Request) -> None:
        number = len(found.seen)
        message = {"role": "assistant", "content": f"answer {number}"}
        request.answer({"choices": [{"message": message, "finish_reason": "stop"}]})

    with servers.serve(behave) as found:
        yield found


def test_a_server_is_asked_without_the_seed_that_would_pin_its_answer(
    inner: Run, small: Make, pytester: pytest.Pytester, dice: servers.Served
) -> None:
    generator = f"generator: {{type: openai, base_url: '{dice.url}', model: m, stream: false, temperature: 1.0, seed: 5, contexts: 1}}"
    spec = f"retriever: {{type: recorded, run: good.trec}}\n    {generator}"
    small({"tuned": spec}, queries=1, baseline=spec.replace("good", "base").replace("\n    ", "\n  "), checks=BARE)
    pytester.makeini(INI)
    pytester.makepyfile(
        test_mine="""
        import pytest

        @pytest.mark.ragguard(cases="golden")
        def test_often(ragguard_case):
            assert len({each.answer for each in ragguard_case.trial(n=4).ask()}) == 4
        """
    )
    inner("test_mine.py").assert_outcomes(passed=1)
    assert [request.body.get("seed") for request in dice.seen] == [5, 5, None, None, None, None]


BARE = "  - {metric: nDCG@10, tier: blocking}\n"


@pytest.mark.slow
def test_a_language_model_draws_as_many_answers_as_are_asked_for(
    inner: Run, small: Make, pytester: pytest.Pytester, nano_folder: Path, one_thread: None
) -> None:
    generator = f"generator: {{type: causal-lm, model: '{nano_folder}', temperature: 8.0, contexts: 1, max_new_tokens: 8}}"
    spec = f"retriever: {{type: recorded, run: good.trec}}\n    {generator}"
    small({"tuned": spec}, queries=1, baseline=spec.replace("good", "base").replace("\n    ", "\n  "), checks=BARE)
    pytester.makeini(INI)
    pytester.makepyfile(
        test_mine="""
        import pytest

        @pytest.mark.ragguard(cases="golden")
        def test_often(ragguard_case):
            said = [each.answer for each in ragguard_case.trial(n=6).ask()]
            assert len(said) == 6 and len(set(said)) > 1
            assert said[0] == ragguard_case.candidate.answer
            assert said == [each.answer for each in ragguard_case.trial(n=6).ask()]
        """
    )
    inner("test_mine.py").assert_outcomes(passed=1)
