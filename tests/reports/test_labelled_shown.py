"""What reports say of labels and of repeated turns."""

from dataclasses import replace

from ragguard.records.evidence import Check
from ragguard.records.metric import Metric, Scale
from ragguard.records.verdict import Correction, Estimate, Noise, Verdict
from ragguard.reports.labelled import notes

CHECK = Check("golden", Metric("rubric:helpful"), "blocking")
ESTIMATE = Estimate(
    check=CHECK, scale=Scale(), alpha=0.05, method="", cases=500, intents=100, guard=59, difference=-0.031,
    correction=Correction(unlabelled=1400, weight=0.62, judged=0.12, labelled=-0.04, stale=2),
)  # fmt: skip


def told(estimate: Estimate, against: str = "baseline") -> list[str]:
    return list(notes([Verdict(CHECK, "pass", (), estimate, against)]))


def test_labels_alone_the_judge_alone_and_both() -> None:
    assert told(ESTIMATE) == [
        "golden/rubric:helpful: 100 labelled intents, 1,400 that the judge alone scored: labels alone -0.040, the judge alone +0.120, "
        "together -0.031 (its word counts for 0.62 of people's); labels of 2 cases are of other answers"
    ]


def test_a_judge_that_counts_for_nothing_and_a_check_without_labels() -> None:
    useless = replace(ESTIMATE, correction=Correction(3, 0.0, 0.1, -0.04), difference=-0.04)
    assert "(it tells nothing beyond the labels)" in told(useless, "anchor")[0]
    assert told(useless, "anchor")[0].startswith("golden/rubric:helpful against the anchor: 100 labelled intents, 3 that")
    bare = replace(ESTIMATE, intents=0, difference=None, correction=Correction(120, 0.0, judged=0.1))
    assert told(bare) == ["golden/rubric:helpful: 0 labelled intents, 120 that the judge alone scored: the judge alone +0.100"]


def test_noise() -> None:
    noisy = replace(ESTIMATE, correction=None, noise=Noise(sd=0.1234, turns=2.5, share=0.34, wanted=12))
    assert told(noisy) == [
        "golden/rubric:helpful: 2.5 turns an answer, which differ by 0.123 (standard deviation); that is 34% of the spread of the "
        "differences"
    ]
    assert told(replace(ESTIMATE, correction=None)) == []
