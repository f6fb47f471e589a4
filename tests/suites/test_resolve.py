"""From a plan to what can run: collections, cases, checks, metrics, and the hash of what is asked."""

import pytest

from ragguard.errors import InputError
from ragguard.metrics import catalog
from ragguard.suites.resolve import Resolved, resolve

SUITE = """\
suite: s
max_unscored: 0.2
checks:
  - {metric: nDCG@10}
  - {metric: RR, tier: veto, margin: 0.1, limit: 0.5}
report: [R@5, RR]
"""


def resolved(plan, *suites: str) -> Resolved:
    return resolve(plan(*suites), catalog.scale, catalog.version)


def test_checks_become_records_and_every_metric_stands_once(plan) -> None:
    (suite,) = resolved(plan, SUITE).suites
    assert [(check.identity, check.tier, check.margin, check.limit, check.max_unscored) for check in suite.checks] == [
        ("s/nDCG@10", "blocking", 0.05, None, 0.2),
        ("s/RR", "veto", 0.1, 0.5, 0.2),
    ]
    assert [str(metric) for metric in suite.metrics] == ["nDCG@10", "RR", "R@5"]


def test_suites_over_one_collection_share_it(plan) -> None:
    made = resolved(plan, SUITE, SUITE.replace("suite: s", "suite: t").replace("{metric: nDCG@10}", "{metric: nDCG@10, tier: veto}"))
    assert made.suites[0].collection is made.suites[1].collection
    assert made.endpoints == 1


def test_problems_of_metrics_and_collections_come_together(plan) -> None:
    with pytest.raises(InputError) as caught:
        resolved(plan, SUITE.replace("nDCG@10", "nDGC@10").replace("R@5", "R"), SUITE.replace("suite: s", "suite: t\ncollection: nowhere"))
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 3, told
    assert told[0].startswith("suite0.yaml:4: there is no metric 'nDGC'")
    assert told[1].startswith("suite0.yaml:6: R needs a cutoff")
    assert told[2].startswith("suite1.yaml:2: collection: there is no folder nowhere")


def test_question_changes_with_what_is_asked_and_with_nothing_else(plan) -> None:
    asked = resolved(plan, SUITE).question
    assert resolved(plan, "description: words\n" + SUITE).question == asked
    others = [SUITE.replace("margin: 0.1", "margin: 0.2"), SUITE.replace("R@5", "R@6"), "cases: {tags: [x]}\n" + SUITE]
    assert len({asked, *(resolved(plan, other).question for other in others)}) == 4


def test_alpha_is_shared_over_candidates_and_looks(plan, folder) -> None:
    loaded = plan(SUITE)
    text = (folder / "gate.yaml").read_text().replace("  new:", "  old:\n    retriever: {type: lexical, k1: 2}\n  new:") + "looks: 2\n"
    (folder / "gate.yaml").write_text(text)
    from ragguard.plan.load import load

    made = resolve(load(loaded.source.path), catalog.scale, catalog.version)
    assert (made.alpha_fail, made.alpha_pass) == (0.025, 0.0125)
