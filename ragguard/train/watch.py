"""What is seen of a training while it runs: progress, the curves, and a loss that is no number any more."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ragguard.errors import CannotJudge
from ragguard.systems.protocols import Progress
from ragguard.train.arguments import DEV_METRIC

POINTS = 200
"""Points of the loss curve that are kept, at most, beside the last."""


@dataclass
class Curves:
    """The loss at every step and the dev metric at every evaluation."""

    loss: list[dict[str, float]] = field(default_factory=list)
    dev: list[dict[str, float]] = field(default_factory=list)

    def thinned(self) -> list[dict[str, float]]:
        """Return the loss curve, every n-th step and the last."""
        every = -(-len(self.loss) // POINTS) or 1
        return [point for i, point in enumerate(self.loss) if i % every == 0 or i == len(self.loss) - 1]


def watcher(curves: Curves, progress: Progress) -> Any:
    """Return a trainer callback that fills the curves, reports progress, and stops a training whose loss is not finite."""
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc]  # transformers is not followed by mypy
        """Passes what happens on."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 - transformers' signature
            """Say how many steps there are."""
            progress.start("train", state.max_steps)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            """Say that one more is done."""
            progress.advance(1)

        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002
            """Keep the loss."""
            if logs is not None and "loss" in logs:
                _check(logs, state.global_step)
                curves.loss.append({"step": state.global_step, "loss": logs["loss"], "learning_rate": logs["learning_rate"]})

        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Mapping[str, float], **_: Any) -> None:  # noqa: ARG002
            """Keep the dev metric."""
            curves.dev.append({"step": state.global_step, "nDCG@10": metrics[f"eval_{DEV_METRIC}"]})

    return Watcher()


def _check(logs: Mapping[str, float], step: int) -> None:
    for name in ("loss", "grad_norm"):
        if not math.isfinite(logs.get(name, 0.0)):
            raise CannotJudge(f"training broke at step {step}: the {name} is {logs[name]}; lower learning_rate, or look at the rows")
