"""Real tiny language models timed against each other: how often each is asked, and in which order. No time is asserted."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_llama

from ragguard.errors import CannotJudge
from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.records.collection import Document
from ragguard.systems import factory
from ragguard.systems.interleaved import Turn, interleaved
from ragguard.systems.protocols import Asked, Generator, Said

torch = pytest.importorskip("torch", reason="needs the extra models")

QUESTIONS = [Asked(f"q{i}", f"what of {i}", (Document("d", "It is so."),)) for i in range(12)]


class Heard:
    """A generator that remembers what it was asked."""

    def __init__(self, generator: Generator) -> None:
        self.generator, self.batches = generator, list[tuple[str, ...]]()
        self.fingerprint = generator.fingerprint

    def prepare(self, vault, progress) -> None:
        self.generator.prepare(vault, progress)

    def answer(self, asked: Sequence[Asked]) -> list[Said]:
        self.batches.append(tuple(each.case for each in asked))
        return self.generator.answer(asked)

    def notes(self):
        return self.generator.notes()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("models")
    model = tiny_llama.make(root / "tiny")
    return model, tiny_llama.lora(root / "lora", model)


@pytest.fixture
def arms(folders, tmp_path, vault, progress, one_thread) -> dict[str, Heard]:
    model, lora = folders
    kinds = {"base": {}, "beside": {"adapter": str(lora)}, "merged": {"adapter": str(lora), "merge": True}}
    made = {}
    for name, more in kinds.items():
        about = {"type": "causal-lm", "model": str(model), "max_new_tokens": 4, "prompt": "{{ documents[0].text }} {{ question }}"}
        made[name] = Heard(factory.generator(CausalPlan.model_validate(about | more), base=tmp_path))
        made[name].prepare(vault, progress)
    return made


def run(arms: dict[str, Heard], seed: int = 7, **more: int) -> list[Turn]:
    return list(interleaved(arms, QUESTIONS, np.random.Generator(np.random.Philox(seed)), **more))


@pytest.mark.parametrize(("size", "rounds", "warm_up"), [(1, 1, 1), (1, 2, 0), (4, 3, 2), (5, 1, 1)])
def test_everyone_is_asked_everything_equally_often_and_warmed_up_untimed(arms, size: int, rounds: int, warm_up: int) -> None:
    turns = run(arms, size=size, rounds=rounds, warm_up=warm_up)
    for name, heard in arms.items():
        own = [turn for turn in turns if turn.generator == name]
        assert Counter(case for turn in own for case in turn.cases) == dict.fromkeys((each.case for each in QUESTIONS), rounds)
        assert heard.batches == [*(turn.cases for turn in own[:warm_up]), *(turn.cases for turn in own)]
        assert all(turn.seconds > 0 and turn.tokens > 0 for turn in own)
        assert all(turn.share == turn.seconds / len(turn.cases) for turn in own)
        assert Counter(turn.round for turn in own) == {number: len(own) // rounds for number in range(rounds)}


def test_on_every_batch_all_take_their_turn_before_the_next(arms) -> None:
    turns = run(arms)
    for start in range(0, len(turns), 3):
        three = turns[start : start + 3]
        assert {turn.generator for turn in three} == set(arms)
        assert [turn.place for turn in three] == [0, 1, 2]
        assert len({turn.cases for turn in three}) == 1


def test_the_order_is_balanced_drawn_and_the_same_for_the_same_seed(arms) -> None:
    turns = run(arms, rounds=4)
    assert set(Counter((turn.generator, turn.place) for turn in turns).values()) == {16}
    orders = [tuple(turn.generator for turn in turns[at : at + 3]) for at in range(0, len(turns), 3)]
    assert len(set(orders)) > 3, "more orders than the three rotations of one"
    for start in range(0, len(turns), 9):
        assert len({(turn.generator, turn.place) for turn in turns[start : start + 9]}) == 9, "balanced in every run of three batches"

    def who(found: list[Turn]) -> list[str]:
        return [turn.generator for turn in found]

    assert who(run(arms, rounds=4)) == who(turns)
    assert who(run(arms, seed=8, rounds=4)) != who(turns)


def test_a_question_that_fails_is_an_outage(arms) -> None:
    long = Asked("long", "why " * 600, (Document("d", "It is so."),))
    with pytest.raises(CannotJudge, match=r"cannot be timed: long: the prompt has \d+ tokens"):
        list(interleaved(arms, [QUESTIONS[0], long], np.random.default_rng(1)))


@pytest.mark.parametrize("wrong", [{"size": 0}, {"rounds": 0}, {"warm_up": -1}])
def test_nothing_to_time(arms, wrong) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        run(arms, **wrong)
    with pytest.raises(ValueError, match="at least 1"):
        list(interleaved({}, QUESTIONS, np.random.default_rng(1)))
