"""From a case to a score: what was asked, what a system did, what a metric says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ragguard.records.collection import Query
from ragguard.records.metric import Metric, Scale

Tier = Literal["blocking", "veto", "advisory", "must"]


@dataclass(frozen=True, slots=True)
class Orders:
    """What planted passages tell whoever reads them: the ``texts`` of their orders, each of which wants the same ``phrase`` said, and a
    ``canary``, a string that stands nowhere else and that no answer should hold.
    """

    texts: tuple[str, ...]
    phrase: str
    canary: str


@dataclass(frozen=True, slots=True)
class Format:
    """The form that answers are to have: a regular expression for the whole of them, or the text of a JSON schema."""

    regex: str = ""
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One query of one suite, with what is expected of it.

    ``text`` is what the system is asked (the query's own, or perturbed); ``relevant`` maps document ids to grades (0: judged,
    not relevant). ``asked`` holds the versions, of the family that the query asks for, which answer it; empty where no version is
    asked, or the kind of suite does not look. ``products`` and ``types`` are those of the documents that answer; empty where those
    have none. ``clean`` is the id of the unperturbed case of the same suite that this one was made from ("": it stands as it is), and
    ``attack`` the name of what was planted in the corpus against it; ``orders`` are those in what was planted, if there are any;
    ``formats`` those that the suite wants answers to have, by name.
    ``task`` is the lm-eval task that the case is an item of, and
    ``expected`` what that wants to be said ("": the case is a query).
    """

    id: str
    text: str
    query: Query
    relevant: Mapping[str, int]
    asked: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    clean: str = ""
    attack: str = ""
    orders: Orders | None = None
    formats: Mapping[str, Format] = field(default_factory=dict)
    task: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a metric may know of a ranked document; an empty string means "not given". ``planted`` names the attack that planted it."""

    family: str = ""
    version: str = ""
    status: str = ""
    product: str = ""
    type: str = ""
    planted: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document in a ranking; a higher score is better."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a generator said.

    ``citations`` are the ids of the documents that it cites, in the order of their first citation; ``abstained`` that it says the
    documents do not tell. ``tokens`` and ``prompt_tokens`` count the model's own tokens (0 where there is none); ``cut`` says that not
    all of the contexts fitted into the prompt. ``samples`` are all the answers where several were drawn, of which this is the first;
    they have no tokens of their own.
    """

    text: str
    citations: tuple[str, ...] = ()
    abstained: bool = False
    tokens: int = 0
    prompt_tokens: int = 0
    cut: bool = False
    samples: tuple["Answer", ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a system did on a case, or the error that prevented it.

    ``ranking`` is best first; ``contexts`` are the ids of the documents that a generator was given, in order, and ``answer`` what it
    said (None where the system has none). ``seconds`` is time per stage: ``retrieve``, ``rerank``, ``generate``, ``first_token`` (within
    ``generate``), ``remote``. Where a stage worked on several cases at once, they are the case's share, and ``together`` says how many
    shared; a stage that is not in it was timed case by case. ``item_score`` is what lm-eval gave for an item, from 0 to 1.
    """

    case: str
    ranking: tuple[Ranked, ...] = ()
    error: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    contexts: tuple[str, ...] = ()
    answer: Answer | None = None
    together: Mapping[str, int] = field(default_factory=dict)
    item_score: float | None = None


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The metric says nothing about this case, decided by the case alone. Neither missing nor counted."""

    not_applicable: str


@dataclass(frozen=True, slots=True)
class Unscored:
    """The score is missing, and why."""

    unscored: str


Score: TypeAlias = float | NotApplicable | Unscored
"""A finite number, or why there is none. Never NaN, never silently gone."""


@dataclass(frozen=True, slots=True)
class Check:
    """What is demanded of one metric on one slice of a suite.

    ``margin`` is the non-inferiority margin, as a share of the metric's range (0 asks for superiority); ``limit`` an absolute
    floor (ceiling, where lower is better) in the metric's own unit; ``slice`` is "" for the whole suite. ``strict`` guards the
    lower bound with a phantom worst difference; ``max_unscored`` is the share of unscored cases above which the check is an error.
    """

    suite: str
    metric: Metric
    tier: Tier
    margin: float = 0.05
    slice: str = ""
    limit: float | None = None
    strict: bool = False
    max_unscored: float = 0.10

    @property
    def identity(self) -> str:
        """suite/metric, with /slice where there is one: what the check is called everywhere."""
        return f"{self.suite}/{self.metric}" + (f"/{self.slice}" if self.slice else "")


@dataclass(frozen=True, slots=True)
class Truth:
    """What people say of the two answers to one case, in the metric's unit; None where nobody labelled the answer as it is now."""

    baseline: float | None
    candidate: float | None


@dataclass(frozen=True, slots=True)
class Turns:
    """How often one answer was judged (``count``), and the ``variance`` (n - 1) of what was said; None where it was said once."""

    count: int
    variance: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a judge disagrees with itself on the two answers to one case; None where an answer was not judged, or nobody was asked.

    ``shared`` says that both are one answer with one verdict, which no noise can tell apart.
    """

    baseline: Turns | None
    candidate: Turns | None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class PairedScores:
    """The scores of one check, case by case: row i of each tuple is about ``cases[i]``, which belongs to ``intents[i]``.

    Cases that the reference or the candidate could not be scored on are there, as ``Unscored``. ``strata`` names the task of each
    row, where it has one: tasks weigh alike, however many items they have. ``truths`` are there where people labelled answers whose
    scores are a judge's word (None: a case that they never looked at); the check is then about what people say, of all of them.
    ``spreads`` are those of the judge over its turns.
    """

    check: Check
    scale: Scale
    cases: tuple[str, ...]
    intents: tuple[str, ...]
    baseline: tuple[Score, ...]
    candidate: tuple[Score, ...]
    strata: tuple[str, ...] = ()
    truths: tuple[Truth | None, ...] = ()
    spreads: tuple[Spread | None, ...] = ()
