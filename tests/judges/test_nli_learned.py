"""The judge of type nli with a model that has learned to compare: does it tell faithful answers from others, about things it never saw?"""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nli_model import VERSIONS, Fact, Tarn
from scipy.stats import rankdata

from ragguard.data.collection import load
from ragguard.judges.nli import NliJudgeRunner
from ragguard.judges.protocols import Context
from ragguard.judging import shown
from ragguard.plan.judges import NliJudge
from ragguard.records.judgement import Asked
from ragguard.records.metric import Metric

pytestmark = pytest.mark.slow

FAITHFULNESS = Metric("nli:Faithfulness")
ANSWERS = 120


@pytest.fixture
def judge(small_nli: Path, tmp_path: Path, one_thread: None) -> NliJudgeRunner:
    return NliJudgeRunner("local", NliJudge(type="nli", model=str(small_nli)), Context(tmp_path))


def spoiled(tarn: Tarn, draw: random.Random, fact: Fact) -> Fact:
    """The fact with a number that no version of it has, or under a version that says otherwise or nothing."""
    known = {each.value: each.version for each in tarn.facts if (each.thing, each.attribute) == (fact.thing, fact.attribute)}
    if fact.version and draw.random() < 0.5:
        return replace(fact, version=draw.choice([version for version in VERSIONS if version != fact.version]))
    while (value := tarn.value(draw, fact.attribute)) in known:
        pass
    return replace(fact, value=value)


def answers(root: Path, draw: random.Random) -> list[tuple[Asked, int]]:
    """Answers of two sentences about things held out of the training, given golden/cards' own cards, with how many sentences are true."""
    tarn = Tarn()
    cards: dict[str, list[str]] = {}
    for document in load(root / "golden/cards").documents():
        cards.setdefault(document.title, []).append(shown(document))
    facts = [fact for fact in tarn.facts if fact.thing in tarn.held_out]
    made = []
    for number in range(ANSWERS):
        first = draw.choice(facts)
        second = draw.choice([fact for fact in facts if fact.thing == first.thing and fact.attribute != first.attribute])
        contexts = [card for fact in (first, second) for card in cards[f"{fact.thing}: {fact.attribute}"]]
        true = number % 3
        told = [fact if place < true else spoiled(tarn, draw, fact) for place, fact in enumerate(draw.sample([first, second], 2))]
        said = [fact.statement(draw, versioned=True, asks=False) for fact in told]
        made.append((Asked(str(number), "", " [1] ".join(said), tuple(draw.sample(contexts, len(contexts)))), true))
    return made


def auroc(right: Sequence[bool], scores: Sequence[float]) -> float:
    """The area under the ROC curve, by ranks (ties count half)."""
    ranks, above = rankdata(scores), np.asarray(right)
    n, m = int(above.sum()), int((~above).sum())
    return float((ranks[above].sum() - n * (n + 1) / 2) / (n * m))


def test_faithful_answers_about_things_it_never_saw(root: Path, judge: NliJudgeRunner, record_property) -> None:
    made = answers(root, random.Random(11))
    found = judge.judge(FAITHFULNESS, [asked for asked, _ in made], 0)
    values = [verdict.value or 0.0 for verdict in found]
    whole = [true == 2 for _, true in made]
    shares = float(np.mean([abs(value - true / 2) < 1e-9 for value, (_, true) in zip(values, made, strict=True)]))
    accuracy = float(np.mean([(value == 1.0) == faithful for value, faithful in zip(values, whole, strict=True)]))
    means = [float(np.mean([value for value, (_, true) in zip(values, made, strict=True) if true == n])) for n in (0, 1, 2)]
    told = {"auroc": auroc(whole, values), "accuracy": accuracy, "shares": shares, **{f"mean of {n}": mean for n, mean in enumerate(means)}}
    print(told)
    assert told["auroc"] > 0.8


def test_a_fact_deep_in_a_long_document(root: Path, small_nli: Path, tmp_path: Path, one_thread: None) -> None:
    """Sixty cards in one text, of which the model reads two or three at a time: what only one of them tells is found there."""
    tarn, draw = Tarn(), random.Random(5)
    facts = draw.sample([fact for fact in tarn.facts if fact.thing in tarn.held_out], 60)
    document = "\n".join(fact.card(draw) for fact in facts)
    plan = NliJudge(type="nli", model=str(small_nli), max_length=64)
    told = facts[5::3]
    said = [fact.statement(draw, versioned=True, asks=False) for fact in (*told, *(spoiled(tarn, draw, fact) for fact in told))]
    found = NliJudgeRunner("local", plan, Context(tmp_path)).judge(FAITHFULNESS, [Asked("q", "", each, (document,)) for each in said], 0)
    values = [verdict.value or 0.0 for verdict in found]
    right, wrong = float(np.mean(values[: len(told)])), float(np.mean(values[len(told) :]))
    print({"told": right, "not told": wrong})
    assert right > 0.8
    assert wrong < 0.3
