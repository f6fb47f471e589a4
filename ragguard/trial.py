"""One arm's trial: every suite is asked, every answer scored; what was observed and scored before is taken from the store."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field

from pydantic import TypeAdapter

from ragguard import judging
from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.execute.meter import Used
from ragguard.judges.panel import Panel
from ragguard.judging import Seen
from ragguard.metrics import catalog
from ragguard.metrics.scoring import score_all
from ragguard.records.collection import Document
from ragguard.records.evidence import Case, Observation, Score
from ragguard.records.metric import Metric
from ragguard.reports.assemble import ArmScores
from ragguard.store import Store, fingerprint
from ragguard.suites.golden import Part
from ragguard.suites.harness.examiner import Examiner
from ragguard.suites.resolve import Suite
from ragguard.suites.runner import Asker
from ragguard.systems.speaking import language_of

_SCORES = TypeAdapter(dict[str, dict[str, Score]])

SCORE = "score"
"""The stage that scores what was observed."""

Note = str | int | float


@dataclass
class Trial:
    """What an arm did, by suite: its scores, and seconds of wall clock; ``notes`` are what it says of itself."""

    scores: dict[str, ArmScores] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add what the block takes to the seconds of ``name``."""
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begin, 3)


def run(
    trial: Trial,
    asker: Asker,
    suites: Sequence[Suite],
    *,
    depth: int,
    show: int,
    allow_code: bool = False,
    panel: Panel | None = None,
    reference: Trial | None = None,
) -> None:
    """Ask and score all suites, filling in ``trial`` suite by suite, so that what was done before an outage is there.

    ``panel`` are the judges that suites ask, once all their queries were answered; ``reference`` is the baseline's trial, with whose
    answers those of other arms are compared where a judge is shown two.

    Raises:
        InputError: a suite has tasks of lm-eval, and the system no language model on this machine.
        CannotJudge: the system failed as a whole.
    """
    parts = in_turn(suites)
    seen: dict[str, list[Seen]] = {suite.name: [] for suite in suites}
    for number, (suite, part) in enumerate(parts, 1):
        with trial.timed(suite.name):
            scores = trial.scores.setdefault(suite.name, ArmScores())
            for key, batch, observations in asker.observe(part.cases, part.collection, depth):
                with asker.meter.stage(SCORE) as used:
                    scored = _score(asker.store, suite, part, key, batch, observations, used)
                scores.add(batch, observations, scored, show)
                seen[suite.name] += judging.seen(suite, part, batch, observations)
            if panel is not None and suite.name not in {later.name for later, _ in parts[number:]}:
                answers = reference.scores[suite.name].answers if reference is not None else None
                judging.judge(panel, suite, scores, seen.pop(suite.name), answers)
            _derive(asker, suite, scores)
            trial.notes |= _noted(suites, suite, part, asker)
    trial.notes |= asker.strange()
    examine(trial, asker, suites, show, allow_code=allow_code)


def finish(trial: Trial, asker: Asker, suites: Sequence[Suite]) -> None:
    """Make the scores that hang on all others, of suites whose cases were asked a few at a time."""
    for suite in suites:
        if suite.name in trial.scores:
            _derive(asker, suite, trial.scores[suite.name])


def examine(trial: Trial, asker: Asker, suites: Sequence[Suite], show: int, *, allow_code: bool) -> None:
    """Run the tasks of lm-eval of those suites that have any."""
    _examine(trial, asker, [suite for suite in suites if suite.tasks], show, allow_code=allow_code)


def _examine(trial: Trial, asker: Asker, suites: Sequence[Suite], show: int, *, allow_code: bool) -> None:
    """Run the tasks of all suites on the system's language model."""
    language = language_of(asker.retriever)
    for suite in suites:
        spec = suite.loaded.plan.lm_eval
        if language is None or spec is None:
            raise InputError(Problem(suite.loaded.source.where(("lm_eval",)), "the system has no language model that lm-eval could run"))
        examiner = Examiner(language, asker.store, asker.progress, asker.meter)
        with trial.timed(suite.name):
            scores = trial.scores.setdefault(suite.name, ArmScores())
            for key, batch, observations in examiner.observe(suite.tasks, spec, allow_code=allow_code):
                part = Part(suite.collection, tuple(batch))
                with asker.meter.stage(SCORE) as used:
                    scored = _score(asker.store, suite, part, key, batch, observations, used)
                scores.add(batch, observations, scored, show)
            _derive(asker, suite, scores)
        trial.notes |= examiner.notes


def _derive(asker: Asker, suite: Suite, scores: ArmScores) -> None:
    """Make the scores that hang on all others, once those are there."""
    if len(scores.scores) == len(suite.cases.cases):
        with asker.meter.stage(SCORE):
            scores.derive(catalog.derive(suite.metrics, suite.cases.cases, scores.scores))


def in_turn(suites: Sequence[Suite]) -> list[tuple[Suite, Part]]:
    """All parts of all suites, those of one corpus together, so that each corpus is indexed once."""
    parts = [(suite, part) for suite in suites for part in suite.parts]
    corpora = list(dict.fromkeys(part.collection.corpus_fingerprint for _, part in parts))
    return sorted(parts, key=lambda pair: corpora.index(pair[1].collection.corpus_fingerprint))


def _noted(suites: Sequence[Suite], suite: Suite, part: Part, asker: Asker) -> dict[str, Note]:
    """What the system says of itself on a corpus (what was planted left out), if no suite before has the same.

    It is named after the suite unless that is the first, and after the collection where that is pooled with the suite's own.
    """
    further = part.collection.folder != suite.collection.folder
    collection = part.collection if further else suite.collection
    first = next(other for other in suites if collection.corpus_fingerprint in {own.corpus_fingerprint for own in other.collections})
    if first is not suite:
        return {}
    before = f"{suite.name}/{collection.folder.name}: " if further else "" if suite is suites[0] else f"{suite.name}: "
    return {f"{before}{key}": value for key, value in asker.notes(collection).items()}


def _score(
    store: Store, suite: Suite, part: Part, key: str, batch: Sequence[Case], observations: Sequence[Observation], used: Used
) -> dict[Metric, Mapping[str, Score]]:
    by_judges = [metric for metric in catalog.direct(suite.metrics) if metric.judge]
    names = {str(metric): metric for metric in catalog.direct(suite.metrics) if not metric.judge}
    versions = {name: catalog.version(metric) for name, metric in names.items()}
    definitions = [catalog.resolve(metric) for metric in names.values()]
    marks = part.collection.marks(_seen(observations)) if any(each.needs_marks for each in definitions) else None
    texts = _texts(part.collection, observations) if any(each.needs_texts for each in definitions) else None
    # The answers are all that `key` covers; the same ones over other versions or statuses have other scores.
    known = {name: astuple(mark) for name, mark in marks.items()} if marks is not None else None
    expected = [[case.id, case.text, dict(case.relevant), _wanted(case), _asked(case), case.products, case.types] for case in batch]
    attacks = [[case.attack, astuple(case.orders) if case.orders is not None else None] for case in batch]
    formats = {name: astuple(wanted) for name, wanted in batch[0].formats.items()}
    seen = {observation.case: observation for observation in observations}
    kept_as = fingerprint("scores", key, versions, expected, attacks, formats, known, texts)
    kept = store.get("scores", kept_as)
    used.done, used.kept = used.done + len(batch) * (kept is None), used.kept + len(batch) * (kept is not None)
    if kept is None:
        made = score_all(list(names.values()), batch, seen, marks, texts)
        kept = _SCORES.dump_json({str(metric): dict(values) for metric, values in made.items()})
        store.put("scores", kept_as, kept)
    unjudged = score_all(by_judges, batch, seen)  # until the judges are asked, who see a suite as a whole
    return {**{names[name]: values for name, values in _SCORES.validate_json(kept).items()}, **unjudged}


def scored(suite: Suite, part: Part, batch: Sequence[Case], observations: Sequence[Observation]) -> dict[Metric, Mapping[str, Score]]:
    """Score observations that are kept nowhere, under the metrics that are scored case by case; judges are not asked yet."""
    metrics = catalog.direct(suite.metrics)
    definitions = [catalog.resolve(metric) for metric in metrics]
    marks = part.collection.marks(_seen(observations)) if any(each.needs_marks for each in definitions) else None
    texts = _texts(part.collection, observations) if any(each.needs_texts for each in definitions) else None
    return dict(score_all(metrics, batch, {observation.case: observation for observation in observations}, marks, texts))


def _seen(observations: Sequence[Observation]) -> set[str]:
    """The ids of the documents that were ranked, given to a generator, or cited."""
    return {ranked.id for each in observations for ranked in each.ranking} | _read(observations)


def _read(observations: Sequence[Observation]) -> set[str]:
    """The ids of the documents that were given to a generator, or cited."""
    answers = [(each.answer, *each.answer.samples) for each in observations if each.answer is not None]
    cited = {name for said in answers for answer in said for name in answer.citations}
    return cited.union(*(each.contexts for each in observations))


def _texts(collection: Collection, observations: Sequence[Observation]) -> dict[str, str]:
    """What the documents say that were given or cited; their version, status, date and product too, for a prompt may tell them."""
    documents = (collection.document(name) for name in sorted(_read(observations)) if name in collection.corpus)
    return {document.id: told(document) for document in documents}


def told(document: Document) -> str:
    """Return what a document says to metrics of answers: its version, status, date and product too, for a prompt may tell them."""
    version = f"v{document.version.removeprefix('v')}" if document.version else ""
    said = document.title, document.text, version, document.status, document.effective_from, document.product
    return "\n".join(filter(None, said))


def _wanted(case: Case) -> tuple[object, ...]:
    """What scores of a case may hang on, of its query."""
    query = case.query
    return query.tags, query.gold_answer, query.required, query.forbidden, query.answerable


def _asked(case: Case) -> tuple[str, str, tuple[str, ...]] | None:
    asks = case.query.asks
    return (asks.family, asks.mode, case.asked) if asks is not None else None
