"""Version metrics: does a ranking lead with the version that was asked for, or with another one of the same family?

All look at the documents of the family that the case asks for, in trec_eval's order, however deep they stand; ranking metrics beside
them say whether that is deep. Documents of the family without a version are passed over: what they are is not known.
"""

from collections.abc import Iterator, Sequence

from ragguard.metrics.definition import Batch
from ragguard.records.evidence import Case, Mark, NotApplicable
from ragguard.records.metric import Metric, Scale

STALE = frozenset({"superseded", "deprecated"})


def asks_a_version(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where a version is asked can there be a wrong one."""
    del metric
    return None if case.asked and case.query.asks is not None else NotApplicable("no version is asked for")


def asks_one_version(metric: Metric, case: Case) -> NotApplicable | None:
    """Where versions are compared, any of them may come first."""
    if case.query.asks is not None and case.query.asks.mode == "change":
        return NotApplicable("several versions are asked for")
    return asks_a_version(metric, case)


def asks_the_current_one(metric: Metric, case: Case) -> NotApplicable | None:
    """Where an old version or a change is asked for, an old document may be right."""
    if case.query.asks is not None and case.query.asks.mode != "current":
        return NotApplicable("what is asked for is not the current version")
    return asks_a_version(metric, case)


def smaller_share(metric: Metric) -> Scale:
    """The scale of a share, 0 to 1, of which less is better."""
    del metric
    return Scale(higher_is_better=False)


def better_not(metric: Metric) -> Scale:
    """The scale of a metric that is 1 where something bad happened, else 0."""
    del metric
    return Scale(higher_is_better=False, binary=True)


def version_accuracy(metric: Metric, batch: Batch) -> Sequence[float]:
    """1 if an asked version stands among the first k documents *of the asked family*, else 0; @1: the family's first document has it.

    0 where no document of the family was ranked.
    """
    return [float(any(_right(case, mark) for mark in family[: metric.cutoff])) for case, family in _families(batch)]


def inverted(metric: Metric, batch: Batch) -> Sequence[float]:
    """1 if a document of another version of the asked family outranks every one of an asked version, else 0; lower is better.

    1 also where another version was ranked and the asked one not at all; 0 where nothing of the family was ranked.
    """
    del metric
    return [float(bool(family) and not _right(case, family[0])) for case, family in _families(batch)]


def stale(metric: Metric, batch: Batch) -> Sequence[float]:
    """Superseded and deprecated documents, of any family, in the first k, divided by k, however short the ranking; lower is better."""
    cutoff = metric.cutoff or 1
    statuses = ([batch.marks.get(name, Mark()).status for name in ranking[:cutoff]] for ranking in batch.rankings)
    return [sum(status in STALE for status in found) / cutoff for found in statuses]


def _families(batch: Batch) -> Iterator[tuple[Case, list[Mark]]]:
    """Each case with the marks of the ranked documents that belong to its family and have a version, best first."""
    for case, ranking in zip(batch.cases, batch.rankings, strict=True):
        family = case.query.asks.family if case.query.asks is not None else ""
        marks = (batch.marks.get(name, Mark()) for name in ranking)
        yield case, [mark for mark in marks if mark.family == family and mark.version]


def _right(case: Case, mark: Mark) -> bool:
    return mark.version in case.asked
