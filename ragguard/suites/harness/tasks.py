"""From the names of lm-eval tasks to tasks that can be run: loaded, their items as cases, and the metric of each that counts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from ragguard.errors import InputError, MissingExtra, Problem, suggest
from ragguard.plan.load import LoadedSuite
from ragguard.plan.tasks import LmEval
from ragguard.records.evidence import Case
from ragguard.store import fingerprint
from ragguard.suites.harness import items, shelf
from ragguard.suites.harness.contain import contained, seeds_kept

PACKAGE = "lm_eval"

RIGHT_OR_WRONG = ("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match")
"""Metrics that are 0 or 1 for every item."""

NO_NUMBERS = ("likelihood", "bypass")
"""Metrics that lm-eval averages, though what they give for an item is no number."""

ELSEWHERE = ("metadata", "dataset_path", "dataset_name", "dataset_kwargs")
"""What a task's file says that its fingerprint covers by content, or that names a place on this machine."""

SEED = 1234
"""Of what lm-eval draws: the examples in a prompt. Its own default."""


@dataclass(frozen=True)
class Task:
    """A task of lm-eval with its items. ``metric``, by its ``filter``, is what counts of it; ``binary``: each item is right or wrong.

    ``fingerprint`` covers every request that it makes, and how they are scored. Where its data could not be had, ``absent`` says why,
    and there is one case in the items' place.
    """

    name: str
    cases: tuple[Case, ...]
    fingerprint: str
    metric: str = ""
    filter: str = ""
    binary: bool = True
    shots: int = 0
    absent: str = ""
    running: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Tasks:
    """The tasks of a suite, sorted by name, and the groups that were named, with the names of their tasks."""

    tasks: tuple[Task, ...]
    groups: Mapping[str, frozenset[str]]

    @property
    def fingerprint(self) -> list[list[str]]:
        """What covers all that is asked."""
        return [[task.name, task.fingerprint] for task in self.tasks]


def version() -> str:
    """The installed version of lm-eval."""
    return metadata.version(PACKAGE)


def load(suite: LoadedSuite, *, allow_code: bool = False) -> Tasks | None:
    """Load the tasks that a suite names, with their data; None where it names none.

    Raises:
        InputError: with the problems of all tasks: lm-eval is not installed, does not know a name, cannot use a task's file; code that
            is not allowed; a metric that is no mean over items, from 0 to 1.
    """
    spec = suite.plan.lm_eval
    if spec is None:
        return None
    if find_spec(PACKAGE) is None:
        missing = MissingExtra("judge", "lm_eval")
        raise InputError([replace(problem, where=suite.source.where(("lm_eval",))) for problem in missing.problems]) from missing
    with seeds_kept():
        return _Loading(suite, spec, allow_code).tasks()


@dataclass
class _Loading:
    suite: LoadedSuite
    spec: LmEval
    allow_code: bool
    problems: list[Problem] = field(default_factory=list)

    def tasks(self) -> Tasks:
        """Load what is named, each name on its own: data that is not here is another name's loss."""
        manager, own = shelf.manager(self.suite, self.spec, allow_code=self.allow_code)
        found, groups, wanted = dict[str, Task](), dict[str, frozenset[str]](), self.spec.metrics
        for name in dict.fromkeys(self.spec.tasks):
            loaded = self._loaded(manager, name, name in own)
            if isinstance(loaded, str):
                found.setdefault(name, _absent(name, loaded))
                continue
            for task in loaded["tasks"].values():
                if task.task_name not in found and (made := self._task(task, wanted.get(task.task_name) or wanted.get(name))) is not None:
                    found[task.task_name] = made
            if list(loaded["tasks"]) != [name]:
                groups[name] = frozenset(loaded["tasks"])
            groups |= {key: frozenset(task.task_name for task in group.get_all_tasks()) for key, group in loaded["groups"].items()}
        self._refuse_unused(found, groups)
        if self.problems:
            raise InputError(dict.fromkeys(self.problems))
        return Tasks(tuple(found[name] for name in sorted(found)), groups)

    def _where(self, *location: str | int) -> str:
        return self.suite.source.where(("lm_eval", *location))

    def _loaded(self, manager: Any, name: str, own: bool) -> Any:
        """What lm-eval made of a name; or, as text, why its data could not be had."""
        try:
            with contained():
                return manager.load([name])
        except Exception as error:  # noqa: BLE001 - whatever a hub, a disk or a task's own code raises; the report, or the error, says what
            told = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            if not own or _unreachable(error):
                return f"its data could not be had ({told})"
            self.problems.append(Problem(self._where(), f"lm-eval cannot load the task {name!r} ({told})", "mend its file"))
            return {"tasks": {}, "groups": {}}

    def _task(self, task: Any, named: str | None) -> Task | None:
        name = task.task_name
        if getattr(task, "MULTIMODAL", False):
            self.problems.append(
                Problem(self._where(), f"the task {name!r} shows pictures or sound", "leave it out: text is all that is read")
            )
            return None
        chosen = self._metric(task, named)
        if chosen is None:
            return None
        metric, filter_ = chosen
        shots = _shots(task, self.spec.num_fewshot)
        with contained():
            task.set_config(key="num_fewshot", value=shots)
            task.set_fewshot_seed(seed=SEED)
            task.build_all_requests(limit=self.spec.limit, system_instruction=self.spec.system_instruction)
            cases = items.cases(task, self.spec.limit)
        asked = _fingerprint(task, self.spec, metric, filter_)
        return Task(name, cases, asked, metric, filter_, metric in RIGHT_OR_WRONG, shots, running=task)

    def _metric(self, task: Any, named: str | None) -> tuple[str, str] | None:
        """The metric that counts, and the filter before it; None, and a problem, where it cannot be one."""
        metrics, filters = list(task.aggregation()), [each.name for each in getattr(task, "_filters", [])] or ["none"]
        metric, _, filter_ = (named or metrics[0]).partition(",")
        fit = [each for each in metrics if _is_mean(task, each)]
        where = self._where("metrics", task.task_name) if named else self._where()
        if metric not in metrics or (filter_ and filter_ not in filters):
            known = [*metrics, *(f"{each},{name}" for each in metrics for name in filters if len(filters) > 1)]
            self.problems.append(Problem(where, f"the task {task.task_name!r} has no metric {named!r}", suggest(str(named), known)))
        elif metric not in fit:
            what = f"{metric} of the task {task.task_name!r} is no mean over items that lies between 0 and 1, higher being better"
            other = f"name another under metrics: {', '.join(fit)}" if fit else "none of its metrics is: leave the task out"
            self.problems.append(Problem(where, what, other))
        else:
            return metric, filter_ or filters[0]
        return None

    def _refuse_unused(self, found: Mapping[str, Task], groups: Mapping[str, Any]) -> None:
        known = {*found, *groups}
        for name in self.spec.metrics:
            if name not in known and not self.problems:
                self.problems.append(Problem(self._where("metrics", name), f"no task here is called {name!r}", suggest(name, known)))


def _unreachable(error: Exception) -> bool:
    """Whether it is the network, or the hub, that has not got it."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"ConnectionError", "TimeoutError", "DatasetNotFoundError", "HfHubHTTPError", "OfflineModeIsEnabled"})


def _is_mean(task: Any, metric: str) -> bool:
    from lm_eval.api.metrics import mean, nanmean

    averaged = task.aggregation()[metric] in (mean, nanmean) and metric not in NO_NUMBERS
    return averaged and task.higher_is_better().get(metric, True) is True


def _shots(task: Any, asked: int | None) -> int:
    """As lm-eval has it: a task that says 0 is never given examples."""
    own = task.get_config("num_fewshot")
    return int(own or 0) if asked is None or own == 0 else asked


def _fingerprint(task: Any, spec: LmEval, metric: str, filter_: str) -> str:
    config = {key: value for key, value in task.dump_config().items() if key not in ELSEWHERE}
    requests = [[_plain(each.args), _plain(each.doc), each.doc_id, each.idx] for each in task.instances]
    said = [metric, filter_, spec.limit, spec.apply_chat_template, spec.system_instruction]
    return fingerprint("lm-eval task", version(), _plain(config), requests, said)


def _plain(value: Any) -> Any:
    """The same in JSON's own kinds."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _absent(name: str, why: str) -> Task:
    return Task(name, (items.placeholder(name),), fingerprint("lm-eval task", version(), name, "absent"), absent=why)


def lacking(tasks: Tasks) -> Iterator[str]:
    """A sentence for each task without data."""
    for task in tasks.tasks:
        if task.absent:
            yield f"the lm-eval task {task.name} has no score, and no check that looks at it a verdict: {task.absent}"
