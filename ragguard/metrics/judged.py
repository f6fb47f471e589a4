"""The metrics that judges give: what each looks at, where it means something, and how verdicts become a score.

A judge is asked elsewhere, and of nothing that is settled without it: what an answer that abstains is worth, and an answer without any
document, stands in ``TABLE``. Every value is from 0 to 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum

from ragguard.metrics.answers.abstention import is_answerable
from ragguard.metrics.answers.overlap import has_gold
from ragguard.metrics.answers.replies import always
from ragguard.metrics.definition import Batch, Definition
from ragguard.metrics.parameters import one_of, positive, whole
from ragguard.records.evidence import Answer, Case, NotApplicable, Score, Unscored
from ragguard.records.judgement import Judgement
from ragguard.records.metric import Metric, Scale
from ragguard.records.ragas_table import RAGAS, Kind

ASKED = frozenset({"question", "answer", "contexts", "reference", "required"})
"""What a judge may look at."""

_GOLD = "queries with a gold_answer"
_RELEVANT = "queries that a document answers"
NOT_JUDGED = Unscored("no judge was asked")


@dataclass(frozen=True)
class Judged:
    """What a judged metric looks at, of an ``Asked``, and what is known without a judge.

    ``abstains`` is what an answer is worth that says the documents do not tell, ``bare`` what one is worth that was given no document;
    None: the judge is asked.
    """

    sees: frozenset[str]
    applicable: Callable[[Metric, Case], NotApplicable | None] = always
    needs: str = ""
    abstains: float | None = None
    bare: float | None = None
    higher_is_better: bool = True
    parameters: Mapping[str, Callable[[str], object]] = field(default_factory=dict)


def _sees(*names: str) -> frozenset[str]:
    return frozenset(names)


_GROUNDED = Judged(_sees("question", "answer", "contexts"), abstains=1.0, bare=0.0)
"""An answer that abstains claims nothing, so nothing in it is unfounded; one that claims something from no document at all is."""
_NEAR_GOLD = Judged(_sees("question", "answer", "reference"), has_gold, _GOLD, abstains=0.0)
_FOUND = Judged(_sees("question", "contexts", "reference"), has_gold, _GOLD, bare=0.0)
_USED = Judged(_sees("question", "contexts"), is_answerable, _RELEVANT, bare=0.0)
_TEXT = replace(_NEAR_GOLD, abstains=None)
"""What compares texts, for which an abstention is one."""

_OF_RAGAS: Mapping[str, Judged] = {
    "AnswerAccuracy": _NEAR_GOLD,
    "AnswerCorrectness": _NEAR_GOLD,
    "AnswerRelevancy": Judged(ASKED, is_answerable, _RELEVANT, abstains=0.0),
    "CHRFScore": _TEXT,
    "ContextEntityRecall": _FOUND,
    "ContextPrecision": _FOUND,
    "ContextPrecisionWithReference": _FOUND,
    "ContextPrecisionWithoutReference": _USED,
    "ContextRecall": _FOUND,
    "ContextRelevance": _USED,
    "ContextUtilization": _USED,
    "ExactMatch": _TEXT,
    "FactualCorrectness": _NEAR_GOLD,
    "Faithfulness": _GROUNDED,
    "NoiseSensitivity": replace(_NEAR_GOLD, bare=0.0),
    "QuotedSpansAlignment": _GROUNDED,
    "ResponseGroundedness": _GROUNDED,
    "RougeScore": _TEXT,
    "RubricsScoreWithReference": _TEXT,
    "RubricsScoreWithoutReference": Judged(ASKED),
    "SemanticSimilarity": _NEAR_GOLD,
    "StringPresence": _TEXT,
    "SummaryScore": replace(_GROUNDED, abstains=0.0),
}


def _reader(kind: Kind) -> Callable[[str], object]:
    return one_of(*kind) if isinstance(kind, tuple) else whole if kind is int else positive


def _ragas(name: str) -> Judged:
    facts = RAGAS[name]
    readers = {key: _reader(kind) for key, kind in facts.parameters.items()}
    return replace(_OF_RAGAS[name], sees=frozenset(facts.needs), higher_is_better=facts.higher_is_better, parameters=readers)


TABLE: Mapping[str, Judged] = {**{f"ragas:{name}": _ragas(name) for name in RAGAS}, "nli:Faithfulness": _GROUNDED}
"""By name; those of ragas are its collections' (0.4)."""

RUBRIC = Judged(ASKED)
"""A rubric is the user's own: its prompt says what an abstention is worth, and its judge is always asked."""

NAMES = tuple(sorted((*TABLE, "rubric:NAME")))


def judged(metric: Metric) -> Judged:
    """Return what is known of a judged metric.

    Raises:
        KeyError: no judge gives it.
    """
    return RUBRIC if metric.judge == "rubric" and metric.base != "rubric:" else TABLE[metric.base]


def about_the_answer(metric: Metric) -> bool:
    """Tell whether a judged metric looks at the answer; the others look at what was found, and may have a cutoff."""
    return "answer" in judged(metric).sees


def definition(metric: Metric) -> Definition | None:
    """Return the catalog's entry of a judged metric; None where no judge gives it.

    With a cutoff, a metric of what was found looks at the first k documents of the ranking; without, at those that the generator was
    given, and then it needs one.
    """
    try:
        known = judged(metric)
    except KeyError:
        return None
    return Definition(
        unjudged,
        known.applicable,
        lambda _: Scale(higher_is_better=known.higher_is_better),
        "forbidden" if "answer" in known.sees else "allowed",
        {**({} if metric.judge == "rubric" else {"judge": str}), **known.parameters},
        needs_answers="answer" in known.sees or metric.cutoff is None,
        needs=known.needs,
        judged=True,
    )


def settled(metric: Metric, answer: Answer | None, contexts: Sequence[str]) -> tuple[float, str] | None:
    """Return what a metric is without asking a judge, and why; None: he is to be asked. ``contexts`` are what it looks at."""
    known = judged(metric)
    if known.abstains is not None and answer is not None and answer.abstained:
        return known.abstains, "it says that the documents do not tell"
    if known.bare is not None and not contexts:
        return known.bare, "there is no document"
    return None


def unjudged(metric: Metric, batch: Batch) -> list[Score]:
    """What there is to say of cases that no judge was asked about."""
    del metric
    return [NOT_JUDGED] * len(batch.cases)


def score_of(judgements: Sequence[Judgement]) -> Score:
    """Return the score of one case: the mean over the answers that were drawn to it, mostly one, each the mean of its verdicts.

    Verdicts that came to nothing are left out as long as there is another.
    """
    means = [fsum(each.values) / len(each.values) for each in judgements if each.values]
    if means:
        return fsum(means) / len(means)
    errors = [verdict.error for each in judgements for verdict in each.verdicts]
    more = f" (and {len(errors) - 1} more verdicts came to nothing)" if len(errors) > 1 else ""
    return Unscored(f"{judgements[0].judge}: {errors[-1]}{more}" if errors else f"{judgements[0].judge} said nothing")
