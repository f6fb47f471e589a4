"""How long answers and prompts are, and how long cases took, case by case and over all of them.

Lengths are in tokens of each model's own tokenizer: between models of different tokenizers they do not compare. Times differ from run to
run; those of a case are kept with its answer, so that what is kept scores the same for ever.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ragguard.metrics.definition import Batch
from ragguard.records.efficiency import Answering, Latency
from ragguard.records.evidence import Answer, Case, NotApplicable, Observation, Score, Unscored
from ragguard.records.metric import Metric, Scale

TOTAL, GENERATE, FIRST_TOKEN = "total", "generate", "first_token"
_ORDER = ("retrieve", "rerank", GENERATE, "remote", FIRST_TOKEN)
STAGES = (TOTAL, *_ORDER)
"""What ``Latency(stage=...)`` can be of; the default is the total."""


def always(metric: Metric, case: Case) -> NotApplicable | None:
    """Every case has an answer to be measured, if the system answers."""
    del metric, case
    return None


def in_tokens(metric: Metric) -> Scale:
    """The scale of a length: from 0 without an end; fewer are cheaper."""
    del metric
    return Scale(higher_is_better=False, high=None, unit="tokens")


def in_milliseconds(metric: Metric) -> Scale:
    """The scale of a time: from 0 without an end; less is better."""
    del metric
    return Scale(higher_is_better=False, high=None, unit="ms")


def latency(metric: Metric, batch: Batch) -> Sequence[Score]:
    """Milliseconds that the case took, in one ``stage`` or in all; unscored where it was not timed alone."""
    stage = metric.parameter("stage", TOTAL)
    return [_took(observation, stage) for observation in batch.observations]


def _took(observation: Observation, stage: str) -> Score:
    timed = [each for each in observation.seconds if each != FIRST_TOKEN] if stage == TOTAL else [stage]
    if not timed or not set(timed) <= observation.seconds.keys():
        return Unscored("nobody timed the case" if stage == TOTAL else f"the case has no time of stage {stage}")
    together = max(observation.together.get(each, 1) for each in timed)
    if together > 1:
        return Unscored(f"the case has no time of its own: up to {together} were worked on together")
    return 1000 * math.fsum(observation.seconds[each] for each in timed)


def answer_tokens(metric: Metric, batch: Batch) -> Sequence[Score]:
    """Tokens of the answer; where several were drawn, of one on average."""
    del metric
    return _of_answers(batch, lambda answer: answer.tokens / max(len(answer.samples), 1))


def prompt_tokens(metric: Metric, batch: Batch) -> Sequence[Score]:
    """Tokens of the prompt that the answer was made from."""
    del metric
    return _of_answers(batch, lambda answer: answer.prompt_tokens)


def long_answer(metric: Metric, batch: Batch) -> Sequence[Score]:
    """1 if the answer has more than ``over`` tokens, else 0; lower is better. Of several drawn, their average length counts."""
    over = int(metric.parameter("over", "0"))
    return _of_answers(batch, lambda answer: answer.tokens / max(len(answer.samples), 1) > over)


def _of_answers(batch: Batch, measure: Callable[[Answer], float]) -> list[Score]:
    return [_measured(observation.answer, measure) for observation in batch.observations]


def _measured(answer: Answer | None, measure: Callable[[Answer], float]) -> Score:
    if answer is None:
        return Unscored("the system gives no answers")
    return float(measure(answer)) if _counted(answer) else Unscored("nobody counted the answer's tokens")


def _counted(answer: Answer) -> bool:
    """Whether the model's tokens were counted: a prompt has some always, an answer may have none."""
    return answer.prompt_tokens > 0


def quantiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, the 95th and the 99th percentile, linear between the nearest values (type 7 of Hyndman and Fan 1996).

    Raises:
        ValueError: there is no value.
    """
    if not len(seconds):
        raise ValueError("there are no times to take quantiles of")
    p50, p95, p99 = np.quantile(np.asarray(seconds, dtype=np.float64), (0.5, 0.95, 0.99)).tolist()
    return p50, p95, p99


def latencies(arm: str, observations: Sequence[Observation]) -> Iterator[Latency]:
    """The quantiles of every stage that some observation was timed in, and of the total where there are several."""
    timed = [each for each in observations if each.seconds]
    stages = sorted({stage for each in timed for stage in each.seconds}, key=lambda stage: (_place(stage), stage))
    for stage in stages:
        found = [each for each in timed if stage in each.seconds]
        together = max(each.together.get(stage, 1) for each in found)
        yield Latency(arm, stage, len(found), *quantiles([each.seconds[stage] for each in found]), together)
    if len([stage for stage in stages if stage != FIRST_TOKEN]) > 1:
        together = max((most for each in timed for most in each.together.values()), default=1)
        yield Latency(arm, TOTAL, len(timed), *quantiles([_total(each) for each in timed]), together)


def _place(stage: str) -> int:
    return _ORDER.index(stage) if stage in _ORDER else len(_ORDER)


def _total(observation: Observation) -> float:
    return math.fsum(seconds for stage, seconds in observation.seconds.items() if stage != FIRST_TOKEN)


def answering(arm: str, observations: Sequence[Observation]) -> Iterator[Answering]:
    """Lengths and speed of an arm's answers; nothing of one that does not answer."""
    pairs = [(each.answer, each.seconds.get(GENERATE, 0.0)) for each in observations if each.answer is not None]
    if not pairs:
        return
    counted = [(answer, seconds) for answer, seconds in pairs if _counted(answer)]
    if not counted:
        yield Answering(arm, len(pairs), 0)
        return
    spent = math.fsum(seconds for _, seconds in counted)
    tokens, asked = sum(answer.tokens for answer, _ in counted), sum(answer.prompt_tokens for answer, _ in counted)
    drawn = sum(max(len(answer.samples), 1) for answer, _ in counted)
    cut = sum(answer.cut for answer, _ in counted) / len(counted)
    yield Answering(arm, len(pairs), len(counted), tokens / drawn, asked / len(counted), tokens / spent if spent else None, cut)
