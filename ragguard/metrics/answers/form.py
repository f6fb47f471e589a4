"""Whether an answer has the form that a suite wants."""

import json
import re
from functools import lru_cache
from typing import Any

from ragguard.metrics.answers.replies import Reply
from ragguard.records.evidence import Case, NotApplicable
from ragguard.records.metric import Metric


def has_format(metric: Metric, case: Case) -> NotApplicable | None:
    """Only where the suite says what the form is."""
    name = metric.parameter("as", "")
    return None if name in case.formats else NotApplicable(f"the suite has no format {name!r}")


def format_valid(metric: Metric, reply: Reply) -> float:
    """1 if the whole answer, white space at its ends aside, matches the regular expression, or is JSON that fits the schema; else 0.

    ``as`` names the format among the suite's.
    """
    wanted, text = reply.case.formats[metric.parameter("as", "")], reply.answer.text.strip()
    if not wanted.schema:
        return float(re.fullmatch(wanted.regex, text, re.DOTALL) is not None)
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return 0.0
    return float(_validator(wanted.schema).is_valid(said))


@lru_cache(maxsize=16)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema))
