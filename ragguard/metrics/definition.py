"""What the catalog knows of a metric, and the batch of cases that its function sees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol, TypeAlias

from ragguard.metrics.arrays import RanxLists, ranx_lists
from ragguard.records.evidence import Case, Mark, NotApplicable, Observation, Score
from ragguard.records.metric import Metric, Scale

Cutoff = Literal["required", "allowed", "forbidden"]


@dataclass(frozen=True)
class Batch:
    """Cases that can be scored, row by row: the case, its observation, and the ids it ranked, best first, ties resolved.

    ``marks`` are those of the ranked, given and cited documents; a document that the corpus does not have has none. ``texts`` are those
    of the documents that were given or cited.
    """

    cases: tuple[Case, ...]
    observations: tuple[Observation, ...]
    rankings: tuple[tuple[str, ...], ...]
    marks: Mapping[str, Mark] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def ranx(self) -> RanxLists:
        """Judgements and rankings in ranx's own form; built once, shared by all metrics of the batch."""
        return ranx_lists([case.relevant for case in self.cases], self.rankings)


MetricFunction: TypeAlias = Callable[[Metric, Batch], Sequence[Score]]
"""One score for each case of the batch, in its order."""

ScoresOf: TypeAlias = dict[str, Score]
"""One score for each case, by its id."""


class Derive(Protocol):
    """Computes a metric of a suite's cases from another metric's scores on them, whichever direction that one has."""

    def __call__(self, metric: Metric, cases: Sequence[Case], scores: Mapping[str, Score], *, higher_is_better: bool) -> ScoresOf:
        """Return one score for every case."""
        ...


@dataclass(frozen=True, slots=True)
class Derived:
    """How a metric of another metric is computed. ``scale`` makes its scale of the other's (ValueError: of such a one it cannot be made);
    ``advisory`` says that no verdict may hang on it. ``own`` maps the parameters that are its own, all of which it needs, to their
    readers; all others are the other metric's.
    """

    function: Derive
    scale: Callable[[Scale], Scale]
    applicable: Callable[[Metric, Case], NotApplicable | None]
    needs: str = ""
    advisory: bool = False
    own: Mapping[str, Callable[[str], object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    """How a base name is computed and what may stand beside it.

    ``applicable`` says, of a case alone, why the metric means nothing there (None: it does); ``function`` sees only cases where it
    means something. ``parameters`` maps each allowed key to a reader that raises ValueError, saying what is wanted. ``needs_marks``
    says that the function reads the batch's marks, ``needs_texts`` that it reads its texts, and ``needs_answers`` that it is about answers,
    so that a case without one is unscored; ``needs`` says, in words, what a suite must give it to apply to any case at all. ``package``
    is the library, of the extra ``judge``, that computes it; ``required`` are the parameters without which it says nothing; ``judged`` says
    that it is what a judge says, so that the function knows nothing of it.
    """

    function: MetricFunction
    applicable: Callable[[Metric, Case], NotApplicable | None]
    scale: Callable[[Metric], Scale]
    cutoff: Cutoff
    parameters: Mapping[str, Callable[[str], object]] = field(default_factory=dict)
    needs_marks: bool = False
    needs_texts: bool = False
    needs_answers: bool = False
    needs: str = ""
    package: str = ""
    required: tuple[str, ...] = ()
    judged: bool = False
