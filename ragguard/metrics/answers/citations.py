"""What an answer cites and quotes, against what is relevant, what it was given, and what stands there."""

import re

from ragguard.metrics.answers.abstention import NO_ANSWER
from ragguard.metrics.answers.replies import CITED, Reply, answerable
from ragguard.metrics.versions import STALE
from ragguard.records.evidence import Case, Mark, NotApplicable
from ragguard.records.metric import Metric

LEAST_QUOTED = 3
"""Words from which on something in quotation marks is taken for a quotation."""

_MARKED = re.compile(r"##begin_quote##(.*?)##end_quote##", re.DOTALL)
_IN_MARKS = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_LEFT_OUT = re.compile(r"\[?(?:\.\.\.|…)\]?")


def _level(metric: Metric) -> int:
    return int(metric.parameter("rel", "1"))


def _relevant(metric: Metric, case: Case) -> set[str]:
    return {name for name, grade in case.relevant.items() if grade >= _level(metric)}


def has_relevant(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where a document answers is there one to cite."""
    return None if answerable(case) and _relevant(metric, case) else NO_ANSWER


def asks_the_current_one(metric: Metric, case: Case) -> NotApplicable | None:
    """Where an old version or a change is asked for, an old document may be right."""
    del metric
    asks = case.query.asks
    return None if asks is not None and asks.mode == "current" else NotApplicable("what is asked for is not the current version")


def citation_precision(metric: Metric, reply: Reply) -> float:
    """Share of the cited documents that are relevant (``rel``: the least grade that counts); 0 where none is cited."""
    cited = reply.answer.citations
    return len(_relevant(metric, reply.case) & set(cited)) / len(set(cited)) if cited else 0.0


def citation_recall(metric: Metric, reply: Reply) -> float:
    """Share of the relevant documents that are cited.

    With ``among=given`` of those relevant ones that the answer was given, which leaves the retriever out of it; 1 where it was given none.
    """
    wanted = _relevant(metric, reply.case)
    if metric.parameter("among", "all") == "given":
        wanted &= set(reply.contexts)
    return len(wanted & set(reply.answer.citations)) / len(wanted) if wanted else 1.0


def cites_superseded(metric: Metric, reply: Reply) -> float:
    """1 if the answer cites a superseded or deprecated document that is not judged relevant, else 0; lower is better."""
    relevant = _relevant(metric, reply.case)
    return float(any(reply.marks.get(name, Mark()).status in STALE for name in reply.answer.citations if name not in relevant))


def invented_citation(metric: Metric, reply: Reply) -> float:
    """1 if the answer cites a number that counts no given document, or a document that was not given, else 0; lower is better."""
    del metric
    numbers = [int(number) for found in CITED.findall(reply.answer.text) for number in re.findall(r"\d+", found)]
    counted = all(1 <= number <= len(reply.contexts) for number in numbers)
    return float(not counted or not set(reply.answer.citations) <= set(reply.contexts))


def unsupported_quote(metric: Metric, reply: Reply) -> float:
    """Share of the answer's quotations that stand in no document that it cites (or was given, if it cites none); 0 without any.

    A quotation is what stands between RAFT's marks, or three words or more in quotation marks; it is compared up to capitals, white
    space, and punctuation at its ends, and around ``...`` part by part.
    """
    del metric
    quotes = _quotes(CITED.sub("", reply.answer.text))
    texts = [_squeezed(text) for text in reply.said(reply.answer.citations or reply.contexts)]
    return sum(not any(_stands(quote, text) for text in texts) for quote in quotes) / len(quotes) if quotes else 0.0


def _quotes(text: str) -> list[str]:
    marked = _MARKED.findall(text)
    others = _IN_MARKS.findall(_MARKED.sub(" ", text))
    return [quote for quote in (*marked, *(other for other in others if len(other.split()) >= LEAST_QUOTED)) if quote.strip()]


def _stands(quote: str, text: str) -> bool:
    parts = (_squeezed(part).strip(" .,;:!?\"'()") for part in _LEFT_OUT.split(quote))
    return all(part in text for part in parts)


def _squeezed(text: str) -> str:
    return " ".join(text.casefold().split())
