"""What signals say of one arm's response to one request."""

from collections.abc import Mapping, Sequence
from math import fsum

from ragguard.canary.corpus import Corpus
from ragguard.canary.known import Signal
from ragguard.metrics import catalog
from ragguard.metrics.efficiency import FIRST_TOKEN, TOTAL
from ragguard.metrics.scoring import score_all
from ragguard.records.event import Response
from ragguard.records.evidence import Answer, Case, Observation, Ranked
from ragguard.records.metric import Metric
from ragguard.systems.citations import abstains, cited


class Measuring:
    """Computes a plan's signals."""

    def __init__(self, signals: Sequence[Signal], corpus: Corpus) -> None:
        self.signals, self.corpus = tuple(signals), corpus
        self._scored = {each.metric: each for each in self.signals if each.how == "scored"}
        definitions = {metric: catalog.resolve(metric) for metric in self._scored}
        self._without_texts = [metric for metric, known in definitions.items() if not known.needs_texts]

    def of(self, case: Case, response: Response) -> dict[str, float]:
        """Return what each signal says of a response, from 0 to 1, higher is better; one that says nothing is not in it.

        Raises:
            ValueError: a score that production sent lies outside of its scale.
        """
        told = {each.name: response.scores[each.name] for each in self.signals if each.name in response.scores and each.how != "own"}
        direct = {each.name: _directly(each, case, response, self.corpus) for each in self.signals if each.name not in told}
        scored = self._score(case, response, told)
        shares = {each.name: each.share(value) for each in self.signals if (value := (told | scored).get(each.name)) is not None}
        every = shares | {name: value for name, value in direct.items() if value is not None}
        return {each.name: every[each.name] for each in self.signals if each.name in every}

    def _score(self, case: Case, response: Response, told: Mapping[str, float]) -> dict[str, float]:
        """What the gate's metrics say, in their own units."""
        if response.error or silent(response):
            return {}
        given = given_to(response)
        readable = all(name in self.corpus.collection for name in given)
        metrics = [metric for metric in (self._scored if readable else self._without_texts) if self._scored[metric].name not in told]
        if not metrics:
            return {}
        observation = _observation(case, response, given)
        seen = {*(one.id for one in observation.ranking), *given, *(observation.answer.citations if observation.answer else ())}
        read = {*given, *(observation.answer.citations if observation.answer else ())}
        made = score_all(metrics, [case], {case.id: observation}, self.corpus.marks(seen), self.corpus.texts(read))
        values = {self._scored[metric].name: scores[case.id] for metric, scores in made.items()}
        return {name: value for name, value in values.items() if isinstance(value, float)}


def silent(response: Response) -> bool:
    """Tell whether a response holds nothing that an arm did, but what came later: feedback, or scores."""
    return not (response.ranking or response.contexts or response.error or response.seconds) and response.answer is None


def given_to(response: Response) -> tuple[str, ...]:
    """Return the documents that the generator was given, each once, in order."""
    return tuple(dict.fromkeys(response.contexts or (one.id for one in response.ranking)))


def refused(response: Response) -> bool | None:
    """Tell whether the answer says that the documents do not tell; None: there is no answer."""
    if response.answer is None or response.error:
        return None
    return abstains(response.answer) if response.abstained is None else response.abstained


def _observation(case: Case, response: Response, given: tuple[str, ...]) -> Observation:
    # The order is what the server says: its scores may be of an earlier stage.
    ranked = tuple(dict.fromkeys(one.id for one in response.ranking)) or given
    ranking = tuple(Ranked(name, -float(place)) for place, name in enumerate(ranked))
    answer = None
    if response.answer is not None:
        citations = response.citations or cited(response.answer, given)
        answer = Answer(response.answer, tuple(dict.fromkeys(citations)), bool(refused(response)))
    return Observation(case.id, ranking, contexts=given, answer=answer)


def _directly(signal: Signal, case: Case, response: Response, corpus: Corpus) -> float | None:
    """A signal that needs no metric's function."""
    if signal.how == "measured":
        exceeded = _exceeds(signal.metric, response)
        return None if exceeded is None else 1.0 - exceeded
    if signal.how != "own":
        return None
    if signal.name == "Feedback":
        return response.feedback
    if signal.name == "Failed":
        return None if silent(response) else float(not response.error)
    if signal.name == "Refused":
        said = refused(response)
        return None if said is None or not case.query.answerable else float(not said)
    return _up_to_date(case, response, corpus)


def _up_to_date(case: Case, response: Response, corpus: Corpus) -> float | None:
    """1 where the answer rests on the version that is asked for, 0 where not; None where no version can be told, or nothing is answered.

    It rests on the first document that it cites; where it cites none, and of a system without answers, on the first that was given.
    Asked for is the current version, unless a golden query names others.
    """
    first = _rests_on(response)
    asks = case.query.asks
    if response.error or first is None or (asks is not None and asks.mode not in ("current", "named")):
        return None
    if asks is not None and asks.mode == "named":
        version = corpus.version(first)
        return float(version in asks.versions) if version and asks.versions else None
    said = next((one.version for one in response.ranking if one.id == first), "")
    outdated = corpus.outdated(first, said)
    return None if outdated is None else float(not outdated)


def _rests_on(response: Response) -> str | None:
    given = given_to(response)
    if response.answer is not None:
        citations = response.citations or cited(response.answer, given)
        if citations or refused(response):
            return citations[0] if citations else None
    return given[0] if given else None


def _exceeds(metric: Metric, response: Response) -> bool | None:
    """Whether a number of the response is above the target; None where it was not taken."""
    inner = Metric("AnswerTokens") if metric.base == "LongAnswer" else catalog.inner(metric)
    taken = {"AnswerTokens": response.tokens, "PromptTokens": response.prompt_tokens, "Latency": _milliseconds(inner, response)}[inner.base]
    return None if taken is None else taken > float(metric.parameter("over", "0"))


def _milliseconds(metric: Metric, response: Response) -> float | None:
    stage, seconds = metric.parameter("stage", TOTAL), response.seconds
    if stage in seconds:
        return 1000 * seconds[stage]
    timed = [value for name, value in seconds.items() if name != FIRST_TOKEN]
    return 1000 * fsum(timed) if stage == TOTAL and timed else None
