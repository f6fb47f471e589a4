"""What people say of answers: labels from 0 (worst) to 1 (best), in CSV, TSV or JSON lines."""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from ragguard.data.formats.delimited import Wanted, rows
from ragguard.data.formats.fields import Fields
from ragguard.data.hashing import SetDigest
from ragguard.data.problems import Problems
from ragguard.plan.source import display
from ragguard.records.metric import Metric

FIELDS = ("query", "intent", "question", "answer", "answer_sha256", "against", "contexts", "label", "metric", "rater", "judge")
WANTED = Wanted(
    f"human labels: CSV, TSV or JSON lines with {', '.join(FIELDS)}; query, answer and label suffice", ("query", "label"), "label"
)

_WORDS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_SHA256 = re.compile(r"[0-9a-f]{64}")

Key = tuple[str, str]
"""The id of a query, and the SHA-256 of an answer to it."""


def answer_sha256(answer: str) -> str:
    """Return the SHA-256 (hex) of an answer's text, runs of white space counted as one blank: what a label is tied to."""
    return hashlib.sha256(" ".join(answer.split()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Label:
    """What one ``rater`` ("": nameless) says of one answer to one query: ``value``, 0 is worst and 1 best.

    ``metric`` is the judged metric that it is the truth of (None: of every judged metric), and ``judge`` what the judge itself said,
    where the file tells. ``line`` is its line in the file. ``value`` is None where the answer is still to be labelled. ``intent`` is what
    the query belongs to ("": not told). ``against`` is the text of another answer ("": none), which this one is preferred to: by a
    ``value`` of 1 it is, by 0 the other one is; the ``judge`` was then shown this one first.
    """

    query: str
    answer_sha256: str
    value: float | None
    metric: Metric | None = None
    rater: str = ""
    question: str = ""
    answer: str = ""
    contexts: tuple[str, ...] = ()
    judge: float | None = None
    line: int = 0
    intent: str = ""
    against: str = ""


@dataclass(frozen=True)
class Labels:
    """The labels of a file, in its order; ``open`` are its rows that nobody has labelled yet."""

    name: str
    labels: tuple[Label, ...]
    open: tuple[Label, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what the labels say, whatever their order."""
        return SetDigest([one.query, one.answer_sha256, one.value, str(one.metric or ""), one.rater] for one in self.labels).hexdigest()

    def of(self, metric: Metric) -> Mapping[Key, float]:
        """Return the truth of a metric by query and answer: the mean over raters.

        Labels of this very metric come first, and where an answer has none, those that name no metric. Which judge a metric names does
        not matter: people know of none. Labels that compare two answers are left out.
        """
        own, common = dict[Key, list[float]](), dict[Key, list[float]]()
        for label in self.labels:
            if label.value is not None and not label.against and (label.metric is None or anyones(label.metric) == anyones(metric)):
                kept = common if label.metric is None else own
                kept.setdefault((label.query, label.answer_sha256), []).append(label.value)
        return {key: math.fsum(values) / len(values) for key, values in {**common, **own}.items()}

    def queries(self, metric: Metric) -> frozenset[str]:
        """The queries to which an answer is labelled, for a metric."""
        return frozenset(query for query, _ in self.of(metric))


def read_labels(path: Path) -> Labels:
    """Read a file of labels.

    Raises:
        InputError: with every problem of the file: no query or answer, a label that is none of 0 to 1, true or false, an answer that
            one rater labelled twice, a metric that is none, or a field with a misspelt name.
    """
    problems = Problems()
    found = [_label(fields) for fields in rows(path, WANTED, problems)]
    labels = tuple(label for label in found if label.value is not None)
    _once(labels, display(path), problems)
    if not found and not len(problems):
        problems.add(display(path), "there is no label", f"expected {WANTED.expected}")
    problems.raise_if_any()
    return Labels(path.name, labels, tuple(label for label in found if label.value is None))


def merged(files: Sequence[Labels]) -> Labels:
    """Return the labels of several files as one's: a rater who labels an answer in two of them is two raters."""
    every = [label for file in files for label in file.labels], [label for file in files for label in file.open]
    return Labels(", ".join(file.name for file in files), *map(tuple, every))


def _label(fields: Fields) -> Label:
    """Read a label; one of which a problem was noted must not be used."""
    _check_names(fields)
    read = Label(
        query=fields.identifier("query") or "",
        answer_sha256="",
        value=_share(fields, "label"),
        metric=_metric(fields),
        rater=fields.text("rater"),
        question=fields.text("question"),
        answer=fields.text("answer"),
        contexts=_contexts(fields),
        judge=_share(fields, "judge"),
        line=fields.line,
        intent=fields.text("intent"),
        against=fields.text("against"),
    )
    return replace(read, answer_sha256=_sha256(fields, read.answer))


def _check_names(fields: Fields) -> None:
    for key in fields.row.keys() - set(FIELDS):
        near = get_close_matches(str(key), FIELDS, n=1, cutoff=0.8)
        if near:
            fields.wrong(f"has a field {key!r}", f"did you mean {near[0]!r}?")


def _share(fields: Fields, key: str) -> float | None:
    """A number from 0 to 1, true or false; None where nothing is given."""
    given: Any = fields.row.get(key)
    if given is None or given == "":
        return None
    text = str(given).strip().lower()
    try:
        value = _WORDS[text] if text in _WORDS else float(text)
    except ValueError:
        value = math.nan
    if 0 <= value <= 1:
        return value
    fields.wrong(f"{key} is {given!r}", "write a number from 0 (worst) to 1 (best), or true or false")
    return None


def _metric(fields: Fields) -> Metric | None:
    name = fields.text("metric")
    try:
        return Metric.parse(name) if name.strip() else None
    except ValueError as error:
        fields.wrong(f"metric: {error}", "name the judged metric as the suite does, or leave it out")
        return None


def _contexts(fields: Fields) -> tuple[str, ...]:
    """A list of texts; in a table, the JSON text of one."""
    given = fields.row.get("contexts")
    if not isinstance(given, str):
        return fields.texts("contexts")
    try:
        return Fields({"contexts": orjson.loads(given)}, fields.file, fields.line, fields.problems).texts("contexts") if given else ()
    except orjson.JSONDecodeError:
        fields.wrong("contexts is no JSON list of texts", 'write it as ["...", "..."], or leave it out')
        return ()


def _sha256(fields: Fields, answer: str) -> str:
    named = fields.text("answer_sha256").strip().lower()
    if named and not _SHA256.fullmatch(named):
        fields.wrong(f"answer_sha256 is {named!r}", "write the 64 hexadecimal digits, or the answer itself")
    if "answer" not in fields.row or (named and not answer):
        if not named:
            fields.wrong("has neither answer nor answer_sha256", "write the answer that the label is about: it counts for no other one")
        return named
    if named and named != answer_sha256(answer):
        fields.wrong("answer_sha256 is not that of answer", "leave one of them out")
    return answer_sha256(answer)


def _once(labels: tuple[Label, ...], shown: str, problems: Problems) -> None:
    first: dict[tuple[str, str, str, Metric | None, str], int] = {}
    for label in labels:
        key = (label.query, label.answer_sha256, answer_sha256(label.against), label.metric, label.rater)
        if key in first:
            who = f"by {label.rater!r}" if label.rater else "by nobody in particular"
            what = f"this answer to {label.query!r} is labelled twice {who}, first in line {first[key]}"
            problems.add(f"{shown}:{label.line}", what, "keep one of them, or name each rater")
        first.setdefault(key, label.line)


def anyones(metric: Metric) -> Metric:
    """Return the metric, whichever judge it names."""
    return replace(metric, parameters=tuple(pair for pair in metric.parameters if pair[0] != "judge"))


def to_lines(labels: Iterable[Label]) -> bytes:
    """Write labels as JSON lines, as ``read_labels`` reads them; where nobody has labelled yet, ``label`` is null."""
    return b"".join(orjson.dumps(_row(label)) + b"\n" for label in labels)


def _row(label: Label) -> dict[str, Any]:
    row: dict[str, Any] = {"query": label.query, **({"intent": label.intent} if label.intent else {})}
    row |= {"question": label.question, "contexts": list(label.contexts)}
    row |= {"answer": label.answer} if answer_sha256(label.answer) == label.answer_sha256 else {"answer_sha256": label.answer_sha256}
    row |= {"against": label.against} if label.against else {}
    row |= {"label": label.value, "metric": str(label.metric) if label.metric else "", "rater": label.rater}
    return row if label.judge is None else row | {"judge": label.judge}
