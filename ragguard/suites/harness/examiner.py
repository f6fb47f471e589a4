"""Runs lm-eval's tasks on one language model, and keeps what it said of every item."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from ragguard.errors import CannotJudge, InputError, Problem
from ragguard.plan.source import display
from ragguard.plan.tasks import LmEval
from ragguard.records.evidence import Answer, Case, Observation
from ragguard.store import Store, fingerprint
from ragguard.suites.harness import items
from ragguard.suites.harness.contain import contained, seeds_kept
from ragguard.suites.harness.model import wrap
from ragguard.suites.harness.tasks import SEED, Task, version
from ragguard.systems.language import LanguageModel
from ragguard.systems.protocols import Progress


@dataclass(frozen=True)
class Result:
    """What came of a task: an observation for each item, and how many prompts were too long and lost their beginning."""

    observations: tuple[Observation, ...]
    cut: int = 0


_RESULT = TypeAdapter(Result)


class Examiner:
    """Asks one language model the items of any task. What was asked before is taken from the store; what failed is asked again."""

    def __init__(self, language: LanguageModel, store: Store, progress: Progress) -> None:
        self.language, self.store, self.progress = language, store, progress
        self.notes: dict[str, int] = {}

    def observe(
        self, tasks: Sequence[Task], spec: LmEval, *, allow_code: bool = False
    ) -> Iterator[tuple[str, Sequence[Case], list[Observation]]]:
        """Yield, task by task, the SHA-256 of the result as it is kept, the cases, and what the model did.

        Raises:
            InputError: the model, or its chat template, is not fit.
            CannotJudge: the model or the memory failed.
        """
        for task in tasks:
            key = fingerprint("lm-eval", version(), self.language.fingerprint, task.fingerprint)
            kept = self.store.get("lm-eval", key)
            payload = kept or _RESULT.dump_json(self._run(task, spec, allow_code))
            result = _RESULT.validate_json(payload)
            if kept is None and not any(each.error for each in result.observations):
                self.store.put("lm-eval", key, payload)
            if result.cut:
                self.notes[f"lm-eval: prompts cut in {task.name}"] = result.cut
            yield sha256(payload).hexdigest(), task.cases, list(result.observations)

    @cached_property
    def _model(self) -> Any:
        with contained():
            return wrap(self.language)

    def _run(self, task: Task, spec: LmEval, allow_code: bool) -> Result:
        if task.absent:
            return _failed(task, task.absent)
        if spec.apply_chat_template and not self.language.tokenizer.chat_template:
            what = "apply_chat_template: true, but the tokenizer has no chat template"
            raise InputError(Problem(display(self.language.tokenizer_folder), what, "leave apply_chat_template: out"))
        model, requests = self._model, len(task.running.instances)
        self.progress.start(f"lm-eval: {task.name}", requests)
        try:
            with seeds_kept(), contained(self.progress.advance) as heard:
                samples = _evaluate(model, task, spec, allow_code)
        except MemoryError as error:
            raise CannotJudge(f"lm-eval ran out of memory on the task {task.name}; try a smaller batch_size") from error
        except Exception as error:  # noqa: BLE001 - whatever a task's own code, its metric or the model raises; the report says what
            return _failed(task, f"it failed ({type(error).__name__}: {' '.join(str(error).split())[:300]})")
        told = {sample["doc_id"]: sample for sample in samples if sample["filter"] == task.filter}
        observations = (_observation(task, case, told.get(number)) for number, case in enumerate(task.cases))
        return Result(tuple(observations), heard.cut)


def _evaluate(model: Any, task: Task, spec: LmEval, allow_code: bool) -> Sequence[Mapping[str, Any]]:
    """What ``lm_eval.simple_evaluate`` does, without its look at the machine and the hub; what it logged of every item."""
    import random

    import numpy as np
    import torch
    from lm_eval.evaluator import evaluate

    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)
    task.running.set_fewshot_seed(seed=SEED)
    found = evaluate(
        lm=model,
        task_dict={"tasks": {task.name: task.running}, "groups": {}, "group_map": {}},
        limit=spec.limit,
        bootstrap_iters=0,
        log_samples=True,
        system_instruction=spec.system_instruction,
        apply_chat_template=spec.apply_chat_template,
        fewshot_as_multiturn=True,
        confirm_run_unsafe_code=allow_code,
    )
    samples: Sequence[Mapping[str, Any]] = found["samples"][task.name]
    return samples


def _failed(task: Task, why: str) -> Result:
    return Result(tuple(Observation(case.id, error=f"lm-eval task {task.name}: {why}") for case in task.cases))


def _observation(task: Task, case: Case, sample: Mapping[str, Any] | None) -> Observation:
    if sample is None:
        return Observation(case.id, error=f"lm-eval logged nothing of this item under the filter {task.filter}")
    score = _score(task, sample)
    answer = Answer(_answer(task, sample))
    if isinstance(score, str):
        return Observation(case.id, error=score, answer=answer)
    return Observation(case.id, answer=answer, item_score=score)


def _score(task: Task, sample: Mapping[str, Any]) -> float | str:
    """The item's score; or, as text, why there is none."""
    given = list(sample["metrics"])
    # A metric that is a function may give its number another name, as pass_at_k does (pass@1).
    name = task.metric if task.metric in given or len(given) != 1 else given[0]
    try:
        value = float(sample[name])
    except (KeyError, TypeError, ValueError):
        return f"lm-eval gave no number for {task.metric}, but {sorted(given)}"
    if not math.isfinite(value) or not 0 <= value <= 1 or (task.binary and value not in (0, 1)):
        return f"{task.metric} of this item is {value:g}, " + ("neither 0 nor 1" if task.binary else "not between 0 and 1")
    return value


def _answer(task: Task, sample: Mapping[str, Any]) -> str:
    """What the model said: the likeliest choice, or its text."""
    kind, responses = task.running.OUTPUT_TYPE, sample["filtered_resps"]
    if kind == "generate_until":
        return _text(responses[0])
    if kind == "multiple_choice":
        options = items.choices(task.running, sample["doc"])
        return options[max(range(len(options)), key=lambda at: _likelihood(task, responses[at], options[at]))]
    likelihood, greedy = responses[0]
    return f"{'' if greedy else 'not '}what it would say; log-likelihood {likelihood:.2f}"


def _likelihood(task: Task, response: Any, option: str) -> float:
    """The log-likelihood of a choice, as the metric that counts looks at it."""
    lengths = {"acc_norm": len(option), "acc_bytes": len(option.encode())}
    return float(response[0]) / (lengths.get(task.metric, 1) or 1)


def _text(response: Any) -> str:
    return _text(response[0]) if isinstance(response, list | tuple) and response else str(response)
