"""The prompt of a rubric: a Jinja template over one answer, or two, and what there is to judge them by."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragguard.errors import InputError, Problem
from ragguard.plan.judges import RubricJudge
from ragguard.records.judgement import Asked
from ragguard.systems.prompts import attempt, compiled, names_in, read_template

if TYPE_CHECKING:
    from jinja2 import Template

ABOUT = ("question", "contexts", "reference", "required")
ALONE, PAIR = ("answer", *ABOUT), ("answer_a", "answer_b", *ABOUT)
"""What a prompt sees, of one answer and of two."""


class Questions:
    """What a judge is asked of an answer."""

    def __init__(self, plan: RubricJudge, base: Path) -> None:
        """Read the template and fill it once.

        Raises:
            InputError: there is no such file, the template is none, or it does not show what is to be judged.
        """
        self.where, self.text = read_template(plan.prompt, base, "question")
        self._system, self._names = plan.system or "", PAIR if plan.pairwise else ALONE
        self._check()

    @cached_property
    def sees(self) -> frozenset[str]:
        """What of an ``Asked`` stands in it: the rest changes no verdict."""
        shown = names_in(self.text) & set(self._names)
        return frozenset((shown & set(ABOUT)) | {"answer"} | ({"against"} if self._names is PAIR else set()))

    def messages(self, asked: Asked, **answers: str) -> list[dict[str, str]]:
        """Return it as a chat.

        Raises:
            InputError: the template fails on this answer.
        """
        about = {name: getattr(asked, name) for name in ABOUT}
        return self._filled({key: list(value) if isinstance(value, tuple) else value for key, value in about.items()} | answers)

    def _filled(self, values: Mapping[str, Any]) -> list[dict[str, str]]:
        text = str(attempt(self.where, lambda: self._template.render(**values), self._names)).strip()
        system = [{"role": "system", "content": self._system}] if self._system else []
        return [*system, {"role": "user", "content": text}]

    @cached_property
    def _template(self) -> "Template":
        template: Template = attempt(self.where, lambda: compiled(self.text, self._names), self._names)
        return template

    def _check(self) -> None:
        wanted = [name for name in self._names if name.startswith("answer")]
        probe = Asked("probe", "q", "", ("c",), "r", ("v",))
        whole = self.messages(probe, **{name: f"probe-{name}" for name in wanted})[-1]["content"]
        for name in wanted:
            if f"probe-{name}" not in whole:
                what = f"the prompt never shows {name}, so the judge would not see what it judges"
                raise InputError(Problem(self.where, what, f"put {{{{ {name} }}}} where it belongs; it has {', '.join(self._names)}"))
