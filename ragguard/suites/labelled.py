"""What people said of a suite's answers: read, and put to the answers that they are about, and to no others."""

from collections.abc import Collection, Iterator, Mapping
from typing import NoReturn

from ragguard.data.labels import Labels, answer_sha256, merged, read_labels
from ragguard.errors import InputError, Problem
from ragguard.plan.load import LoadedSuite
from ragguard.records.evidence import Answer
from ragguard.records.metric import Metric, Scale
from ragguard.suites.golden import Cases


def read(suite: LoadedSuite) -> Labels | None:
    """Read the files that ``labels:`` names, as one; None where it names none.

    Raises:
        InputError: with everything that is wrong with any of them, or that one is not there.
    """
    found, problems = list[Labels](), list[Problem]()
    for name in suite.plan.labels:
        path = (suite.folder / name).resolve()
        try:
            found.append(read_labels(path) if path.is_file() else _missing(suite, name))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return merged(found) if found else None


def _missing(suite: LoadedSuite, name: str) -> NoReturn:
    fix = "paths start from the file that names them; ragguard judge sample writes one to fill in"
    raise InputError(Problem(suite.source.where(("labels",)), f"labels: there is no file {name}", fix))


def strangers(suite: LoadedSuite, labels: Labels | None, cases: Cases) -> Iterator[str]:
    """Say how many labels are of queries that the suite does not ask."""
    known = {case.id for case in cases.cases}
    lost = sorted({label.query for label in labels.labels} - known) if labels is not None else []
    if lost and labels is not None:
        shown = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
        yield f"{suite.plan.suite}: {labels.name} labels answers to {len(lost)} queries that the suite does not ask ({shown})"


def truths(
    labels: Labels, metrics: Mapping[Metric, Scale], answers: Mapping[str, Answer], settled: Mapping[Metric, Mapping[str, float]]
) -> dict[str, dict[Metric, float | None]]:
    """Return what people said of an arm's answers, by case and metric, in the metric's unit.

    A case of which no answer at all is labelled is left out; one of which this answer is not has None. Where several answers were drawn,
    each has to be labelled. What is ``settled`` without a judge needs no label: that is what the answer is worth by definition.
    """
    found: dict[str, dict[Metric, float | None]] = {}
    for metric, scale in metrics.items():
        truth = labels.of(metric)
        for case in dict.fromkeys(query for query, _ in truth):
            given = settled.get(metric, {}).get(case)
            said = _said(case, answers.get(case), truth) if given is None else given
            turned = said is not None and given is None and not scale.higher_is_better
            found.setdefault(case, {})[metric] = 1 - said if turned and said is not None else said
    return found


def _said(case: str, answer: Answer | None, truth: Mapping[tuple[str, str], float]) -> float | None:
    drawn = (answer.samples or (answer,)) if answer is not None else ()
    values = [truth.get((case, answer_sha256(each.text))) for each in drawn]
    given: Collection[float] = [value for value in values if value is not None]
    return sum(given) / len(given) if values and len(given) == len(values) else None
