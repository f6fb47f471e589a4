"""The same results in five tools' formats, and as a gate's own statistics have them: one decision, to the last digit."""

from dataclasses import replace
from itertools import permutations

import pytest
from foreign_tools import WRITERS, Scored, gsm8k

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.elsewhere import files
from ragguard.elsewhere.asked import Asked
from ragguard.records.evidence import Check, PairedScores
from ragguard.records.metric import Metric, Scale
from ragguard.statistics.estimate import estimate

PAIRS = list(permutations(("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"), 2))


@pytest.fixture(scope="module")
def systems(shared_data):
    return gsm8k(shared_data)


def plainly(baseline: list[Scored], candidate: list[Scored]):
    """The decision on these rows by the house's own statistics, without any file."""
    check = Check("plain", Metric("accuracy"), "blocking", 0.05)
    names = tuple(str(row.id) for row in baseline)
    arms = [tuple(float(row.right) for row in rows) for rows in (baseline, candidate)]
    found = estimate(PairedScores(check, Scale(binary=True), names, names, *arms), alpha=0.05, endpoints=1)
    return decide("candidate", judge([("baseline", found)], alpha=0.05))


def numbers(decision):
    """What a decision rests on, without the names that a tool gives."""
    verdict = next(each for each in decision.verdicts if each.check.tier == "blocking")
    return replace(verdict.estimate, check=Check("", Metric("m"), "blocking", 0.05), worth=None)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_all_formats_of_one_result_give_one_decision(systems, tmp_path, before, after):
    expected = plainly(systems[before], systems[after])
    for tool, write in WRITERS.items():
        old, new = (write(tmp_path / tool, systems[name], name) for name in (before, after))
        report = files.compare((old, ""), (new, ""), Asked())
        (decision,) = report.decisions
        assert report.suites[0].kind == tool, "the format is recognised"
        assert (decision.answer, numbers(decision)) == (expected.answer, numbers(expected)), tool
        assert decision.verdicts[0].outcome == expected.verdicts[0].outcome


def test_the_pairs_give_every_kind_of_answer(systems):
    answers = {(a, b): plainly(systems[a], systems[b]).answer for a, b in PAIRS}
    assert set(answers.values()) == {"promote", "block", "hold"}
    assert answers["6b_finetuning", "175b_verification"] == "promote"
    assert answers["175b_verification", "6b_finetuning"] == "block"
