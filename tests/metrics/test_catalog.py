import pytest

from ragguard.metrics import judged
from ragguard.metrics.catalog import CATALOG, DERIVED, advisory, direct, names, resolve, scale
from ragguard.records.metric import Metric, Scale


@pytest.mark.parametrize(
    "name", ["nDCG", "nDCG@10", "nDCG(gains=exponential)@5", "RR", "RR(rel=2)@10", "R@5", "Rprec(rel=3)", "RBP(p=0.95, rel=2)"]
)
def test_known_metrics_resolve(name):
    metric = Metric.parse(name)
    assert resolve(metric) is CATALOG[metric.base]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nDGC@10", "there is no metric 'nDGC'; did you mean 'nDCG'?"),
        ("ndcg@10", "did you mean 'nDCG'?"),
        ("MRR", "did you mean 'RR'?"),
        ("MAP", "did you mean 'AP'?"),
        ("recall@5", "did you mean 'R'?"),
        ("Hit@5", "did you mean 'Success'?"),
        ("R", "R needs a cutoff; for instance R@10"),
        ("Rprec@5", "Rprec@5 takes no cutoff; write Rprec"),
        ("R(real=2)@5", "R has no parameter 'real'; did you mean 'rel'?"),
        ("nDCG(rel=2)@5", "nDCG has no parameter 'rel'; known: gains"),
        ("R(rel=0)@5", "rel must be a whole number of at least 1"),
        ("R(rel=x)@5", "rel must be a whole number of at least 1"),
        ("RBP(p=1)", "p must be a number between 0 and 1, exclusive"),
        ("RBP(p=nan)", "p must be a number between 0 and 1, exclusive"),
        ("nDCG(gains=cubic)", "gains must be one of: linear, exponential"),
        ("Drop@10", "Drop is made from another metric; for instance Drop(of=nDCG)@10"),
        ("Worst(of=Drop)@10", "Worst is made from another metric"),
        ("Drop(of=nDGC)@10", "did you mean 'nDCG'?"),
        ("Drop(of=R)", "R needs a cutoff; for instance R@10"),
        ("Worst(of=nDCG, rel=2)@10", "nDCG has no parameter 'rel'"),
        ("Drp(of=nDCG)@10", "did you mean 'Drop'?"),
        ("ragas:Faithfullness", "there is no metric 'ragas:Faithfullness'; did you mean 'ragas:Faithfulness'?"),
        ("AnswerRelevancy", "did you mean 'ragas:AnswerRelevancy'?"),
        ("nli:ContextRecall", "there is no metric 'nli:ContextRecall'; did you mean 'ragas:ContextRecall'?"),
        ("rubric:", "did you mean 'rubric:NAME'?"),
        ("ragas:Faithfulness@5", "ragas:Faithfulness@5 takes no cutoff; write ragas:Faithfulness"),
        ("ragas:Faithfulness(judges=a)", "has no parameter 'judges'; did you mean 'judge'?"),
        ("rubric:helpful(judge=a)", "has no parameter 'judge'"),
        ("ragas:FactualCorrectness(mode=best)", "mode must be one of: precision, recall, f1"),
    ],
)
def test_what_is_wrong_is_said_with_a_way_out(name, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        resolve(Metric.parse(name))
    assert message in str(caught.value)


def test_scales():
    assert names() == tuple(sorted([*CATALOG, *DERIVED, *judged.NAMES]))
    assert CATALOG["Success"].scale(Metric("Success", 5)) == Scale(binary=True)
    assert CATALOG["nDCG"].scale(Metric("nDCG", 10)) == Scale()


def test_derived_metrics_have_the_scale_of_what_they_are_made_from():
    assert scale(Metric.parse("Worst(of=Success)@5")) == Scale(binary=True)
    assert scale(Metric.parse("Worst(of=Stale)@5")) == Scale(higher_is_better=False)
    assert scale(Metric.parse("Drop(of=nDCG)@10")) == scale(Metric.parse("Drop(of=Stale)@5")) == Scale(False, -1.0, 1.0)
    assert [advisory(Metric.parse(name)) for name in ("Drop(of=RR)", "Worst(of=RR)", "RR")] == [True, False, False]


def test_derived_metrics_need_what_they_are_made_from():
    asked = [Metric.parse(name) for name in ("RR", "Drop(of=nDCG)@10", "nDCG@10", "Worst(of=R, rel=2)@5")]
    assert list(map(str, direct(asked))) == ["RR", "nDCG@10", "R(rel=2)@5"]
