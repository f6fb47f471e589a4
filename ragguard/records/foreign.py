"""Results made elsewhere: what another tool said of each case, in one form."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ragguard.records.evidence import Score
from ragguard.records.report import Shown


@dataclass(frozen=True, slots=True)
class Item:
    """A case as another tool has it.

    ``id`` is the tool's own, or a hash of the input where it has none. ``intent`` is shared by cases of one need; a reader that is told
    none leaves it empty, and in a ``Table`` every case has one (its own id, where it shares its need with no other). ``task`` is the
    stratum that it belongs to, of which all count alike. ``content`` is a hash of what is asked and wanted, by which two results are
    known to be about the same ("": the tool does not say), ``prompt`` one of the text that the model saw.
    """

    id: str
    text: str = ""
    intent: str = ""
    task: str = ""
    tags: tuple[str, ...] = ()
    expected: str = ""
    content: str = ""
    prompt: str = ""
    relevant: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the system under test said of a case, and the texts of the documents that it was given, or their ids."""

    text: str
    contexts: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a metric's numbers before they are seen; None: it is not. ``unbounded``: it has no range, and that is known."""

    higher_is_better: bool | None = None
    low: float | None = None
    high: float | None = None
    unbounded: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The results of one system, case by case.

    ``shown`` is the file, as people know it; ``fingerprint`` hashes its content. ``scores`` are by metric, then case; repeats of a case
    are averaged, and what the tool could not score is ``Unscored`` in its own words. A case that a metric says nothing about is not
    there. ``names`` maps the tool's names of metrics to ours, where they differ; ``known`` says what their numbers mean, as far as the
    tool tells. ``main`` are the metrics that the tool itself decides by (none: it has several alike), ``task_metric`` the main one of
    each task, where tasks have their own. ``facts`` must agree between two results, ``about`` may differ. ``left_out`` says of each
    column or metric that is no score of a case why it is none.
    """

    tool: str
    shown: str
    fingerprint: str
    items: Mapping[str, Item]
    scores: Mapping[str, Mapping[str, Score]]
    errors: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Reply] = field(default_factory=dict)
    ranked: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Known] = field(default_factory=dict)
    main: tuple[str, ...] = ()
    task_metric: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    repeats: int = 1
