"""What ``ragguard_case`` is: a golden case, and what each system did on it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ragguard.data.collection import Collection
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer, Case, Observation, Score
from ragguard.records.report import CaseRun
from ragguard.testing.trials import Trial


@dataclass(frozen=True, slots=True)
class Found:
    """A document in a ranking, from rank 1 on; a higher score is better. ``grade`` is None where it was not judged."""

    id: str
    rank: int
    score: float
    grade: int | None
    document: Document

    @property
    def text(self) -> str:
        """What the document says."""
        return self.document.text

    @property
    def title(self) -> str:
        """The document's title."""
        return self.document.title


@dataclass(frozen=True, slots=True)
class Seen:
    """What one system did on a case. ``answer`` is None where it says nothing; ``error`` is why it did neither ("": it did).

    ``scores`` are by metric, as the suite names them; those of a trial have none.
    """

    system: str
    ranking: tuple[Found, ...] = ()
    contexts: tuple[Document, ...] = ()
    answer: str | None = None
    citations: tuple[str, ...] = ()
    abstained: bool = False
    error: str = ""
    scores: Mapping[str, Score] = field(default_factory=dict)

    def rank(self, document: str) -> int | None:
        """Where a document stands, from 1; None where it is not among those that were kept."""
        return next((found.rank for found in self.ranking if found.id == document), None)


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """A case of a suite with what is expected of it, and what the baseline and the candidate did on it when the plan was gated.

    ``case`` is all that is known of it. Rankings are as deep as the plan's ``show`` (10).
    """

    suite: str
    case: Case
    baseline: Seen
    candidate: Seen
    ask: Callable[[int, bool], list[Seen]] = field(repr=False)

    @property
    def id(self) -> str:
        """The case's id, by which reports know it."""
        return self.case.id

    @property
    def question(self) -> str:
        """What the systems were asked."""
        return self.case.text

    @property
    def expected(self) -> str:
        """What ought to be said: the golden answer, or what an item of a task wants; empty where nothing is."""
        return self.case.expected or self.case.query.gold_answer

    @property
    def required(self) -> tuple[str, ...]:
        """What a complete answer holds."""
        return self.case.query.required

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The values of other versions, which an answer must not hold."""
        return self.case.query.forbidden

    @property
    def relevant(self) -> Mapping[str, int]:
        """The judged documents and their grades; 0: not relevant."""
        return self.case.relevant

    @property
    def tags(self) -> tuple[str, ...]:
        """The query's tags."""
        return self.case.query.tags

    def trial(self, n: int = 5, threshold: float = 0.8, *, baseline: bool = False) -> Trial[Seen]:
        """Ask the live candidate (or baseline) ``n`` times; ``assert_holds`` of what comes back says how many will do.

        Raises:
            ValueError: ``n`` is below 1, or ``threshold`` is not above 0 and at most 1.
        """
        return Trial(n, threshold, lambda: self.ask(n, baseline), self.question)


def recorded(run: CaseRun, arm: str, collection: Collection) -> Seen:
    """What a report keeps of an arm's doings on a case, with the documents of the corpus that it was asked of."""
    heads = [(shown.id, shown.score, shown.grade) for shown in run.rankings.get(arm, ())]
    seen = _seen(arm, heads, run.contexts.get(arm, ()), run.answers.get(arm), collection)
    return replace(seen, error=run.errors.get(arm, ""), scores=run.scores.get(arm, {}))


def observed(seen: Observation, answer: Answer | None, arm: str, case: Case, collection: Collection) -> Seen:
    """What a system did just now, with one of its answers."""
    heads = [(found.id, found.score, case.relevant.get(found.id)) for found in seen.ranking]
    return replace(_seen(arm, heads, seen.contexts, answer, collection), error=seen.error)


def _seen(
    arm: str, heads: Iterable[tuple[str, float, int | None]], contexts: Iterable[str], answer: Answer | None, collection: Collection
) -> Seen:
    ranking = tuple(Found(name, rank, score, grade, _document(collection, name)) for rank, (name, score, grade) in enumerate(heads, 1))
    given = tuple(_document(collection, name) for name in contexts)
    if answer is None:
        return Seen(arm, ranking, given)
    return Seen(arm, ranking, given, answer.text, answer.citations, answer.abstained)


def _document(collection: Collection, name: str) -> Document:
    """A document of the corpus; one that it lacks, which a system named all the same, has no text."""
    return collection.document(name) if name in collection else Document(name, "")
