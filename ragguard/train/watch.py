"""What is seen of a training while it runs: progress, the curves, which rows each step saw, and a loss that broke."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median
from typing import Any

from ragguard.errors import CannotJudge
from ragguard.systems.protocols import Progress
from ragguard.train.arguments import DEV_LOSS, DEV_METRIC

POINTS = 200
"""Points of the loss curve that are kept, at most, beside the last."""

WARM_UP, WINDOW, LEAP = 20, 100, 8.0
"""Steps before a loss is held against a trailing window, steps of that window at most, and the robust z-score that stops a training."""

PERSISTS = 3
"""Steps in a row that a loss must stay up: one batch of odd rows is no harm to a training, and one that blew up does not come back."""

EARLY_SCALE, LEAST_SCALE, LEAST_LOSS = 0.28, 0.35, 1e-4
"""A spread of log losses that stands in for one; those below which a spread, or a loss, says nothing, for any other would be a leap."""


TERMS = ("select", "generate", "faithful")
"""Terms of a loss that are kept beside it, where a training has them."""

DEV = {"nDCG@10": f"eval_{DEV_METRIC}", "loss": f"eval_{DEV_LOSS}"}
"""What an evaluation on the dev split is kept as, and what the trainers call it."""


class Broken(CannotJudge):
    """A training that was stopped. ``rows`` are the places in the dataset of what the last step saw, and the step before.

    ``story`` is what its provenance would have been, and the rows themselves.
    """

    def __init__(self, what: str, step: int, rows: Mapping[str, Sequence[int]]) -> None:
        super().__init__(f"training broke at step {step}: {what}; lower learning_rate, or look at the rows")
        self.what, self.step, self.rows = what, step, rows
        self.story: dict[str, Any] = {}


@dataclass
class Curves:
    """The loss at every step and the dev metric at every evaluation."""

    loss: list[dict[str, float]] = field(default_factory=list)
    dev: list[dict[str, float]] = field(default_factory=list)

    def thinned(self) -> list[dict[str, float]]:
        """Return the loss curve, every n-th step and the last."""
        every = -(-len(self.loss) // POINTS) or 1
        return [point for i, point in enumerate(self.loss) if i % every == 0 or i == len(self.loss) - 1]


class Trail:
    """Which rows of the dataset the running step sees, and which the steps before saw.

    Batches are drawn ahead of their use, but used in the order in which they were drawn.
    """

    def __init__(self) -> None:
        self._drawn: deque[list[int]] = deque()
        self._steps: deque[list[list[int]]] = deque(maxlen=PERSISTS + 1)

    def note(self, sampler: Any) -> Any:
        """Return a batch sampler that draws as the given one does, and is remembered."""
        return _Noted(sampler, self._drawn)

    def begin(self) -> None:
        """Begin a step: all batches until the next are of it."""
        self._steps.append([])

    def take(self) -> None:
        """Use the next batch that was drawn."""
        self.see(self._drawn.popleft())

    def see(self, rows: list[int]) -> None:
        """Use a batch of these rows."""
        self._steps[-1].append(rows)

    def rows(self, back: int = 0) -> dict[str, list[int]]:
        """Return the rows of a step, ``back`` steps ago (``batch``), and of the one before (``batch_before``), whose update it ran on."""
        steps = [list(chain.from_iterable(batches)) for batches in reversed(self._steps)]
        return dict(zip(("batch", "batch_before"), steps[back:], strict=False))


class _Noted:
    """A batch sampler whose batches are remembered; all else is the sampler's own."""

    def __init__(self, sampler: Any, drawn: deque[list[int]]) -> None:
        self._sampler, self._drawn = sampler, drawn

    def __iter__(self) -> Iterator[list[int]]:
        for batch in self._sampler:
            self._drawn.append(list(batch))
            yield batch

    def __len__(self) -> int:
        return len(self._sampler)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sampler, name)


def leap(losses: Sequence[float]) -> float:
    """Return by how much the last ``PERSISTS`` losses, the least of them, stand above all before: a robust z-score; 0 if they do not.

    It is of the logarithm, by median and median absolute deviation of a trailing window. In the first ``WARM_UP`` steps, when there is
    no spread to speak of, the largest loss so far (1, if that is more) stands in for the median and ``EARLY_SCALE`` for the spread,
    so that only losses of ten times as much are a leap. What was surpassed before is none: a batch of hard rows late in a
    training is worse than its neighbours, but not than the beginning.
    """
    before, least = losses[:-PERSISTS], min(losses[-PERSISTS:], default=0.0)
    if not before or least <= max(before):
        return 0.0
    if len(before) < WARM_UP:
        return (math.log(least) - math.log(max(1.0, *before))) / EARLY_SCALE
    logs = [math.log(max(each, LEAST_LOSS)) for each in before[-WINDOW:]]
    middle = median(logs)
    scale = 1.4826 * median(abs(each - middle) for each in logs)
    return (math.log(max(least, LEAST_LOSS)) - middle) / max(scale, LEAST_SCALE)


def watcher(curves: Curves, progress: Progress, trail: Trail) -> Any:
    """Return a trainer callback that fills the curves, reports progress, and stops a training that broke by raising Broken."""
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc]  # transformers is not followed by mypy
        """Passes what happens on."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002 - transformers' signature
            """Say how many steps there are."""
            progress.start("train", state.max_steps)

        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            """Begin to gather the step's rows."""
            trail.begin()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            """Say that one more is done."""
            progress.advance(1)

        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002
            """Keep the loss."""
            if logs is not None and "loss" in logs:
                if math.isfinite(logs["loss"]):
                    seen = {name: logs[name] for name in ("loss", "learning_rate", *TERMS) if name in logs}
                    curves.loss.append({"step": state.global_step, **seen})
                if what := _not_finite(logs, args.fp16):
                    raise Broken(what, state.global_step, trail.rows())
                if what := _leapt([point["loss"] for point in curves.loss]):
                    raise Broken(what, state.global_step - PERSISTS + 1, trail.rows(PERSISTS - 1))

        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Mapping[str, float], **_: Any) -> None:  # noqa: ARG002
            """Keep the dev metric."""
            seen = {name: metrics[key] for name, key in DEV.items() if key in metrics}
            curves.dev.append({"step": state.global_step, **seen})

    return Watcher()


def _not_finite(logs: Mapping[str, float], scaled: bool) -> str:
    # In float16 the trainer scales losses up until a gradient overflows, and leaves such a step out: that is its way, and no harm.
    names = ("loss",) if scaled else ("loss", "grad_norm")
    return next((f"the {name} is {logs[name]}" for name in names if not math.isfinite(logs.get(name, 0.0))), "")


def _leapt(losses: Sequence[float]) -> str:
    found = leap(losses)
    if found <= LEAP:
        return ""
    usual = median(losses[:-PERSISTS][-WINDOW:])
    return f"the loss leapt from about {usual:g} to {losses[-PERSISTS]:g}, and stayed up (robust z-score {found:.1f})"
