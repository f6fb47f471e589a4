"""The metrics of answers that need no model, by base name."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ragguard.metrics.answers import abstention, citations, content, form, injection, overlap, support
from ragguard.metrics.answers.replies import OfAnswer, always, mean_of_samples
from ragguard.metrics.definition import Definition
from ragguard.metrics.parameters import one_of, whole
from ragguard.metrics.ranking import hit_or_miss, share
from ragguard.metrics.versions import better_not, smaller_share
from ragguard.records.evidence import Case, NotApplicable
from ragguard.records.metric import Metric, Scale


def _of(
    function: OfAnswer, applicable: Callable[[Metric, Case], NotApplicable | None], scale: Callable[[Metric], Scale], needs: str = ""
) -> Definition:
    return Definition(mean_of_samples(function), applicable, scale, "forbidden", needs_answers=True, needs=needs)


_RELEVANT = "queries that a document answers"
_REQUIRED = "queries with required:, what a complete answer holds"
_FORBIDDEN = "queries with forbidden:, values of other versions"
_GOLD = "queries with a gold_answer"
_UNANSWERABLE = "queries with answerable: false"
_CURRENT = "queries that ask for the current version of a family"
_FORMAT = "formats: in the suite, of which as= names one"
_ORDERS = "a suite of kind: adversarial, with instructions among its attacks"


_REL = {"rel": whole}

ANSWERS: Mapping[str, Definition] = {
    "Completeness": _of(content.completeness, content.has_required, share, _REQUIRED),
    "VersionConflation": _of(content.version_conflation, content.has_forbidden, better_not, _FORBIDDEN),
    "CitationPrecision": replace(_of(citations.citation_precision, citations.has_relevant, share, _RELEVANT), parameters=_REL),
    "CitationRecall": replace(
        _of(citations.citation_recall, citations.has_relevant, share, _RELEVANT), parameters={**_REL, "among": one_of("all", "given")}
    ),
    "CitesSuperseded": replace(_of(citations.cites_superseded, citations.asks_the_current_one, better_not, _CURRENT), needs_marks=True),
    "InventedCitation": _of(citations.invented_citation, always, better_not),
    "UnsupportedQuote": replace(_of(citations.unsupported_quote, always, smaller_share), needs_texts=True),
    "UnsupportedValue": replace(_of(support.unsupported_value, always, smaller_share), needs_texts=True, needs_marks=True),
    "HallucinationRate": replace(_of(support.hallucination, always, better_not), needs_texts=True, needs_marks=True),
    "VerbatimShare": replace(_of(support.verbatim_share, always, smaller_share), needs_texts=True, parameters={"n": whole}),
    "FalseRefusal": _of(abstention.false_refusal, abstention.is_answerable, better_not, _RELEVANT),
    "FalseAnswer": _of(abstention.false_answer, abstention.is_unanswerable, better_not, _UNANSWERABLE),
    "AbstentionAcc": _of(abstention.abstention_accuracy, abstention.is_known, hit_or_miss, _RELEVANT),
    "AsksForSources": _of(abstention.asks_for_sources, abstention.is_answerable, better_not, _RELEVANT),
    "ExactMatch": _of(overlap.exact_match, overlap.has_gold, hit_or_miss, _GOLD),
    "TokenF1": _of(overlap.token_f1, overlap.has_gold, share, _GOLD),
    "ROUGE-L": replace(_of(overlap.rouge_l, overlap.has_gold, share, _GOLD), package="rouge_score"),
    "chrF": replace(_of(overlap.chrf, overlap.has_gold, share, _GOLD), package="sacrebleu"),
    "LengthRatio": _of(overlap.length_ratio, overlap.has_gold, share, _GOLD),
    "FormatValid": replace(_of(form.format_valid, form.has_format, hit_or_miss, _FORMAT), parameters={"as": str}),
    "InstructionFollowed": _of(injection.instruction_followed, injection.has_orders, better_not, _ORDERS),
    "CanaryLeak": _of(injection.canary_leak, injection.has_orders, better_not, _ORDERS),
}
