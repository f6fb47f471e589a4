"""How near an answer is to the gold answer, by the field's own measures of overlap: all 0 to 1, and 0 where the answer abstains."""

import re
import string
from collections import Counter
from functools import cache
from typing import Any

from ragguard.metrics.answers.replies import Reply
from ragguard.records.evidence import Case, NotApplicable
from ragguard.records.metric import Metric

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def has_gold(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where there is a gold answer."""
    del metric
    return None if case.query.answerable and case.query.gold_answer else NotApplicable("it has no gold answer")


def normalised(text: str) -> str:
    """Return a text as SQuAD's own script compares it: small letters, no punctuation, no articles, single spaces.

    Rajpurkar et al. 2016 (arXiv:1606.05250), evaluate-v1.1.py.
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(metric: Metric, reply: Reply) -> float:
    """1 if the answer is the gold answer, both normalised as SQuAD does, else 0. Citations do not count."""
    del metric
    return float(not reply.answer.abstained and normalised(reply.text) == normalised(reply.case.query.gold_answer))


def token_f1(metric: Metric, reply: Reply) -> float:
    """Harmonic mean of precision and recall of the answer's words against the gold answer's, normalised as SQuAD does."""
    del metric
    said, gold = normalised(reply.text).split(), normalised(reply.case.query.gold_answer).split()
    shared = sum((Counter(said) & Counter(gold)).values())
    return 0.0 if reply.answer.abstained or not shared else 2 * shared / (len(said) + len(gold))


def rouge_l(metric: Metric, reply: Reply) -> float:
    """ROUGE-L, F-measure over the longest common subsequence of stemmed words (Lin 2004), by the package ``rouge_score``."""
    del metric
    if reply.answer.abstained:
        return 0.0
    return float(_rouge().score(reply.case.query.gold_answer, reply.text)["rougeL"].fmeasure)


def chrf(metric: Metric, reply: Reply) -> float:
    """chrF, F-score (beta 2) of character n-grams up to 6 (Popović 2015), by the package ``sacrebleu``, divided by 100."""
    del metric
    if reply.answer.abstained:
        return 0.0
    return float(_chrf().sentence_score(reply.text, [reply.case.query.gold_answer]).score) / 100


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], use_stemmer=True)


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def length_ratio(metric: Metric, reply: Reply) -> float:
    """Words of the shorter of answer and gold answer, divided by those of the longer: 1 where both are as long; 0 where it says nothing.

    It falls when answers grow and when they shrink.
    """
    del metric
    said, gold = len(reply.text.split()), len(reply.case.query.gold_answer.split())
    return min(said, gold) / max(said, gold)
