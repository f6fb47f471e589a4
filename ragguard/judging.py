"""What judges say of one arm's answers: who is asked of which, what is settled without asking, and what nobody can be asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ragguard.data.collection import Collection
from ragguard.judges.build import Seat
from ragguard.judges.panel import Panel
from ragguard.metrics import catalog
from ragguard.metrics.arrays import trec_order
from ragguard.metrics.judged import NOT_JUDGED, judged, score_of, settled
from ragguard.plan.judges import RubricJudge
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer, Case, Observation
from ragguard.records.judgement import Asked, Judgement, Verdict
from ragguard.records.metric import Metric
from ragguard.reports.assemble import ArmScores
from ragguard.suites import labelled
from ragguard.suites.golden import Part
from ragguard.suites.resolve import Suite


@dataclass(frozen=True, slots=True)
class Seen:
    """A case, what the arm did on it, and the collection that it was asked of; of its ranking the first ids alone."""

    case: Case
    observation: Observation
    ranked: tuple[str, ...]
    collection: Collection


def seen(suite: Suite, part: Part, batch: Sequence[Case], observations: Sequence[Observation]) -> list[Seen]:
    """Return what judges will be asked about, as far down the rankings as one of them looks; nothing of a suite that asks none."""
    metrics = [metric for metric in catalog.direct(suite.metrics) if metric.judge]
    most = max((metric.cutoff or 0 for metric in metrics), default=0)
    rows = zip(batch, observations, strict=True) if metrics else ()
    return [Seen(case, replace(each, ranking=()), _first(each, most), part.collection) for case, each in rows]


def _first(observation: Observation, most: int) -> tuple[str, ...]:
    try:
        return trec_order(observation.ranking)[:most]
    except ValueError:
        return ()  # the scores of such a ranking say what is wrong with it


def judge(panel: Panel, suite: Suite, scores: ArmScores, seen: Sequence[Seen], reference: Mapping[str, Answer] | None) -> None:
    """Have a suite's answers judged by whoever its metrics ask, and put what was said, and the scores, among the arm's; what people said
    of them too.

    ``reference`` are the baseline's answers, by case, with which a judge of pairs compares these; None: these are the baseline's own.

    Raises:
        CannotJudge: what is kept cannot be read or written.
    """
    for metric in catalog.direct(suite.metrics):
        if metric in panel.asks:
            open_ = [each for each in seen if scores.scores[each.case.id][metric] == NOT_JUDGED]
            found = said(panel, metric, open_, reference, f"{suite.name}/{metric}")
            scores.judge(metric, found, {case: score_of(said) for case, said in found.items()})
    _label(suite, scores)


def _label(suite: Suite, scores: ArmScores) -> None:
    """Put what people said of a suite's answers beside what judges said of them."""
    if suite.labels is not None:
        settled = {metric: dict(_settled(scores, metric)) for metric in suite.corrected}
        scales = {metric: catalog.scale(metric) for metric in suite.corrected}
        scores.labels = labelled.truths(suite.labels, scales, scores.answers, settled)


def _settled(scores: ArmScores, metric: Metric) -> Iterator[tuple[str, float]]:
    """The cases whose score is known without asking anybody."""
    for case, by_metric in scores.judgements.items():
        score = scores.scores[case][metric]
        if metric in by_metric and not any(each.judge for each in by_metric[metric]) and isinstance(score, float):
            yield case, score


def said(
    panel: Panel, metric: Metric, seen: Sequence[Seen], reference: Mapping[str, Answer] | None, place: str
) -> dict[str, tuple[Judgement, ...]]:
    """Have answers judged under one metric, and return what was said of each, by case. ``reference`` is as for ``judge``, and ``place``
    what a reader knows the answers by.

    Raises:
        CannotJudge: what is kept cannot be read or written.
    """
    seat = panel.seats[panel.asks[metric]]
    found = [(each.case.id, known) for each in seen for known in _known(seat, metric, each, reference)]
    words = iter(panel.ask(seat.name, metric, [known for _, known in found if isinstance(known, Asked)], place))
    made: dict[str, tuple[Judgement, ...]] = {}
    for case, known in found:
        made[case] = (*made.get(case, ()), next(words) if isinstance(known, Asked) else known)
    return made


def _known(seat: Seat, metric: Metric, seen: Seen, reference: Mapping[str, Answer] | None) -> Iterator[Asked | Judgement]:
    """What is to be asked of each answer that was drawn, or what is known of it without."""
    answer, case = seen.observation.answer, seen.case.id
    contexts = _contexts(metric, seen)
    pairs = isinstance(seat.plan, RubricJudge) and seat.plan.pairwise
    others = _drawn(reference[case]) if reference is not None and case in reference else ()
    # Of what was found there is one thing to say, however many answers were drawn from it.
    for number, drawn in enumerate(_drawn(answer) if answer is not None and "answer" in judged(metric).sees else (answer,)):
        if (known := settled(metric, drawn, contexts)) is not None:
            yield _without(case, Verdict(known[0], known[1]))
        elif pairs and reference is None:
            yield _without(case, Verdict(0.5, "it is the baseline's, with which the others are compared"))
        elif pairs and not others:
            yield Judgement(case, seat.name, (Verdict(error="nothing to compare with: the baseline gave no answer"),))
        else:
            yield _asked(seat, metric, seen.case, drawn, contexts, others[number % len(others)].text if pairs else None)


def _without(case: str, verdict: Verdict) -> Judgement:
    """What is settled: nobody was asked."""
    return Judgement(case, "", (verdict,))


def _asked(seat: Seat, metric: Metric, case: Case, answer: Answer | None, contexts: Sequence[str], against: str | None) -> Asked:
    """What a judge is shown; the rest is left out, so that one verdict serves wherever the same is shown."""
    sees = judged(metric).sees if seat.sees is None else seat.sees
    query = case.query
    return Asked(
        case.id,
        case.text if "question" in sees else "",
        answer.text if answer is not None and "answer" in sees else "",
        tuple(contexts) if "contexts" in sees else (),
        query.gold_answer if "reference" in sees and query.answerable else "",
        tuple(query.required) if "required" in sees and query.answerable else (),
        against,
    )


def _drawn(answer: Answer) -> tuple[Answer, ...]:
    return answer.samples or (answer,)


def _contexts(metric: Metric, seen: Seen) -> tuple[str, ...]:
    """What the documents say that a metric looks at: the first of the ranking where it has a cutoff, else those that were given."""
    names = seen.observation.contexts if metric.cutoff is None else seen.ranked[: metric.cutoff]
    return tuple(shown(seen.collection.document(name)) for name in names if name in seen.collection.corpus)


def shown(document: Document) -> str:
    """A document as judges see it: its title with version and status, where it has them, then its text."""
    version = f"version {document.version.removeprefix('v')}" if document.version else ""
    about = ", ".join(filter(None, [version, document.status]))
    head = " ".join(filter(None, [document.title, f"({about})" if about else ""]))
    return "\n".join(filter(None, [head, document.text]))
