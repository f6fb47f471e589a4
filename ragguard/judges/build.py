"""Judges from what a plan says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from ragguard.judges.protocols import Context, Judge
from ragguard.judges.rubric import RubricJudgeRunner
from ragguard.plan.judges import JudgePlan, NliJudge

RUNNERS: Mapping[str, str] = {
    "nli": "ragguard.judges.nli:NliJudgeRunner",
    "ragas": "ragguard.judges.ragas:RagasJudgeRunner",
    "rubric": "ragguard.judges.rubric:RubricJudgeRunner",
}
"""By type: a class that is made of (name, plan, context). Each is imported when a plan has a judge of its type, for some take seconds."""


@dataclass(frozen=True)
class Seat:
    """A judge of a plan. ``sees`` is what of an answer can change its verdicts, None where that hangs on the metric; ``binary`` that
    its verdicts are 0 or 1.
    """

    name: str
    plan: JudgePlan
    judge: Judge
    sees: frozenset[str] | None = None
    binary: bool = False

    @property
    def repeats(self) -> int | str:
        """How often each answer is judged, or ``auto``; what is no language model says the same every time."""
        return 1 if isinstance(self.plan, NliJudge) else self.plan.repeats

    @property
    def at_a_time(self) -> int:
        """How many answers it judges at a time."""
        return self.plan.batch_size if isinstance(self.plan, NliJudge) else self.plan.concurrency


def build(name: str, plan: JudgePlan, context: Context) -> Judge:
    """Make a judge ready to be asked; its model, prompt and key are looked up, and no server is asked.

    Raises:
        InputError: what the plan says of it is wrong.
        MissingExtra: a library is not installed.
    """
    module, _, runner = RUNNERS[plan.type].partition(":")
    made: Judge = getattr(import_module(module), runner)(name, plan, context)
    return made


def seat(name: str, plan: JudgePlan, context: Context) -> Seat:
    """Make a judge, and say what is known of it beforehand. Raises as ``build``."""
    judge = build(name, plan, context)
    if isinstance(judge, RubricJudgeRunner):
        return Seat(name, plan, judge, judge.sees, judge.binary)
    return Seat(name, plan, judge)
