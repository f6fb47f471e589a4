import pytest

from ragguard.metrics.catalog import CATALOG, names, resolve
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
    ],
)
def test_what_is_wrong_is_said_with_a_way_out(name, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        resolve(Metric.parse(name))
    assert message in str(caught.value)


def test_scales():
    assert names() == tuple(sorted(CATALOG))
    assert CATALOG["Success"].scale(Metric("Success", 5)) == Scale(binary=True)
    assert CATALOG["nDCG"].scale(Metric("nDCG", 10)) == Scale()
