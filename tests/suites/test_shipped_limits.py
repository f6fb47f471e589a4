"""The absolute limits that the shipped suites hold in comments can be taken as they stand."""

import re
from pathlib import Path

import pytest

from ragguard import preflight
from ragguard.plan.load import from_values
from ragguard.suites.resolve import Suite

COMMENTED = re.compile(r"^( +)# (- \{metric: .*\}|limit: \S+)$", re.MULTILINE)
LIMITS = {
    "golden": {"golden/R@5": 0.80, "golden/nDCG@10/single": 0.85, "golden/RR/lookup": 0.90, "golden/R@20/multi_hop": 0.95},
    "version-confusion": {"version-confusion/VersionAcc@1": 0.80},
}


def load(root: Path, folder: Path, text: str) -> Suite:
    """The suite as a gate takes it, over the shipped collection."""
    (folder / "suite.yaml").write_text(text)
    values = {
        "name": "limits",
        "collection": str(root / "golden/payments"),
        "baseline": {"retriever": {"type": "lexical"}},
        "candidates": {"new": {"retriever": {"type": "lexical", "k1": 1}}},
        "suites": ["suite.yaml"],
    }
    return preflight.load(from_values(values, folder, "limits")).suites[0]


def limits(suite: Suite) -> dict[str, float]:
    return {check.identity: check.limit for check in suite.checks if check.limit is not None}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_off_as_shipped_and_each_is_valid_once_uncommented(root: Path, tmp_path: Path, name: str) -> None:
    text = (root / f"suites/{name}.yaml").read_text()
    assert limits(load(root, tmp_path, text)) == {}
    found = list(COMMENTED.finditer(text))
    assert len(found) == len(LIMITS[name])
    for each in found:
        alone = text[: each.start()] + "".join(each.groups()) + text[each.end() :]
        assert len(limits(load(root, tmp_path, alone))) == 1, each.group()
    assert limits(load(root, tmp_path, COMMENTED.sub(r"\1\2", text))) == LIMITS[name]


def test_single_answers_and_look_ups_are_cut_by_what_the_judgements_say(root: Path, tmp_path: Path) -> None:
    suite = load(root, tmp_path, (root / "suites/golden.yaml").read_text())
    answers = {case.id: sum(grade == 2 for grade in case.relevant.values()) for case in suite.cases.cases}
    assert {name for name in suite.cases.slices["single"] if answers[name]} == {name for name, count in answers.items() if count == 1}
    assert suite.cases.slices["lookup"] == suite.cases.slices["single"] & suite.cases.slices["explicit"]
    assert {name for name, count in answers.items() if count > 1} == suite.cases.slices["multi_hop"]
