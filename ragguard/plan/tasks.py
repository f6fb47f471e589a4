"""What a suite may say of tasks of the lm-evaluation-harness."""

from typing import Any

from pydantic import Field

from ragguard.plan.base import Model


class LmEval(Model):
    """Tasks that lm-eval runs on every arm's language model, item by item."""

    tasks: list[str] = Field(min_length=1, description="Tasks, groups and tags that lm-eval knows, or that stand in `folders`, by name")
    folders: list[str] = Field(default_factory=list, description="Folders with tasks of your own, as lm-eval's --include_path takes them")
    limit: int | None = Field(None, ge=1, description="Items of each task, the first ones; default all")
    num_fewshot: int | None = Field(None, ge=0, description="Examples in a prompt; default: the task's own; 0 in a task stays 0")
    metrics: dict[str, str] = Field(
        default_factory=dict,
        description="Which metric of a task or group counts (`acc_norm`, or with its filter `exact_match,strict-match`); default its first",
    )
    apply_chat_template: bool = Field(False, description="Put the tokenizer's chat template around the prompts")
    system_instruction: str | None = Field(None, description="What stands before every prompt")


def named(value: Any) -> Any:
    """A list of names is short for ``{tasks: [...]}``."""
    return {"tasks": value} if isinstance(value, list) else value
