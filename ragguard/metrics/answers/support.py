"""Whether the values that an answer states stand in the documents that it was given, and what of it is copied from them."""

from functools import lru_cache

from ragguard.metrics.answers.content import conflates
from ragguard.metrics.answers.matching import unsupported, values
from ragguard.metrics.answers.replies import Reply
from ragguard.metrics.answers.tokens import KEPT, tokens
from ragguard.records.metric import Metric

RUN = "8"
"""Words in a row that count as copied."""


def unsupported_value(metric: Metric, reply: Reply) -> float:
    """Share of the answer's values that neither the question nor a given document states; 0 where it states none; lower is better.

    Values are numbers in digits with their units, dates, times of day, versions and identifiers. What somebody planted supports
    nothing. A number that was computed from others is unsupported: this metric does not reckon.
    """
    del metric
    found = set(values(reply.text))
    return len(_unsupported(reply)) / len(found) if found else 0.0


def hallucination(metric: Metric, reply: Reply) -> float:
    """1 if the answer states an unsupported value, or one of another version, else 0; the mean is the rate; lower is better."""
    del metric
    return float(bool(_unsupported(reply)) or conflates(reply))


def _unsupported(reply: Reply) -> tuple[object, ...]:
    return unsupported(reply.text, [reply.case.text, *reply.genuine])


def verbatim_share(metric: Metric, reply: Reply) -> float:
    """Share of the answer's words that stand in runs of ``n`` (default 8) or more words copied from a given document; lower is better."""
    size = int(metric.parameter("n", RUN))
    words = [token.key for token in tokens(reply.text)]
    sources = [_line(text) for text in reply.said(reply.contexts)]
    copied: set[int] = set()
    for at in range(len(words) - size + 1):
        run = f" {' '.join(words[at : at + size])} "
        if any(run in source for source in sources):
            copied.update(range(at, at + size))
    return len(copied) / len(words) if words else 0.0


@lru_cache(maxsize=KEPT)
def _line(text: str) -> str:
    """A document's tokens in one line, with a space before and after each."""
    return f" {' '.join(token.key for token in tokens.__wrapped__(text))} "
