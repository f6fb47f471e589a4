"""Two tables side by side: all cases of both, and for each the score in each arm, or why there is none."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ragguard.data.foreign import named
from ragguard.records.evidence import NotApplicable, Score, Unscored
from ragguard.records.foreign import Item, Table
from ragguard.records.metric import TASK_SCORE

ABSENT = Unscored("the results do not have this case")
SILENT = NotApplicable("neither has such a score of this case")


@dataclass(frozen=True)
class Pairing:
    """The results of a baseline and of a candidate, by one tool."""

    baseline: Table
    candidate: Table

    @property
    def tables(self) -> tuple[Table, Table]:
        """Both, the baseline first."""
        return self.baseline, self.candidate

    @property
    def tool(self) -> str:
        """The tool that made them."""
        return self.baseline.tool

    @property
    def shown(self) -> str:
        """The two files, for messages."""
        return f"{self.baseline.shown}, {self.candidate.shown}"

    @cached_property
    def items(self) -> dict[str, Item]:
        """The cases of both, by id, sorted."""
        both = {**self.candidate.items, **self.baseline.items}
        return {name: both[name] for name in sorted(both)}

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Every metric of either, as the tool orders them."""
        own = dict.fromkeys(name for table in self.tables for name in table.scores)
        return ((TASK_SCORE,) if self._task_metric else ()) + tuple(own)

    @cached_property
    def _task_metric(self) -> dict[str, str]:
        return {**self.candidate.task_metric, **self.baseline.task_metric}

    @property
    def tasks(self) -> dict[str, str]:
        """The tasks, each with the metric by which it counts; those of one unnamed task alone are none."""
        return {task: metric for task, metric in self._task_metric.items() if task}

    def is_task_score(self, metric: str) -> bool:
        """Tell whether a metric is its task's main one wherever it occurs, so that ``TaskScore`` and the tasks' slices say all of it."""
        cases = (case for table in self.tables for case in table.scores.get(metric, ()))
        return all(self._task_metric.get(self.items[case].task) == metric for case in cases)

    def ours(self, name: str) -> str | None:
        """Our name of a metric, however a person named it; None where there is none."""
        for option in (*(table.names.get(name) for table in self.tables), name, named.metric(name)):
            if option in self.metrics:
                return option
        return None

    def their_name(self, metric: str) -> str:
        """The tool's name of a metric; lm-eval's ``acc,none`` is plainly ``acc``."""
        names = (theirs for table in self.tables for theirs, ours in table.names.items() if ours == metric)
        return next((theirs for theirs in names if not theirs.startswith(f"{metric},")), metric)

    def score(self, table: Table, metric: str, case: str) -> Score:
        """The score of a case in one arm. It is not applicable only where neither arm says anything of it."""
        item = self.items[case]
        real = self._task_metric.get(item.task, "") if metric == TASK_SCORE else metric
        found = table.scores.get(real, {}).get(case)
        if found is not None:
            return found
        other = self.candidate if table is self.baseline else self.baseline
        if case not in other.scores.get(real, {}):
            return SILENT
        if case in table.errors:
            return Unscored(table.errors[case])
        return ABSENT if case not in table.items else Unscored(f"{self.tool} gave no {self.their_name(real)} of this case")

    def numbers(self, metric: str) -> Iterator[float]:
        """Every score of a metric in either arm."""
        for table in self.tables:
            for case in table.items:
                value = self.score(table, metric, case)
                if isinstance(value, float):
                    yield value

    def intents(self) -> dict[str, str]:
        """The intent of each case: the baseline's, for those that both have."""
        return {name: item.intent for name, item in self.items.items()}
