"""What training needs, whatever is trained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ragguard.data.collection import Collection
from ragguard.errors import InputError, Problem
from ragguard.execute.meter import Meter
from ragguard.plan.load import LoadedPlan
from ragguard.plan.lock import Lock
from ragguard.plan.recipes import Recipe
from ragguard.store import Store
from ragguard.systems.protocols import Progress
from ragguard.train import checkpoint
from ragguard.train.checkpoint import Checkpoint

CHECKPOINTS = "checkpoints"
"""The folder of the store that trained models lie in, each in a folder of its own."""

_R = TypeVar("_R", bound=Recipe)


@dataclass(frozen=True)
class Staged:
    """Progress whose stages are called ``place: stage``."""

    progress: Progress
    place: str

    def start(self, label: str, total: int) -> None:
        """Begin a stage of ``total`` steps."""
        self.progress.start(f"{self.place}: {label}", total)

    def advance(self, n: int) -> None:
        """Say that ``n`` more steps of the stage are done."""
        self.progress.advance(n)


@dataclass(frozen=True)
class Workshop:
    """What training needs: the plan, the corpus that is searched, the golden queries no training may see, whether code that the
    plan names may run, and what measures the stages.
    """

    loaded: LoadedPlan
    corpus: Collection
    golden: Mapping[str, str]
    store: Store
    progress: Progress
    allow_code: bool = False
    meter: Meter = field(default_factory=Meter)

    @property
    def checkpoints(self) -> Path:
        """Where trained models lie."""
        return self.store.folder / CHECKPOINTS

    def pinned(self, lock: Lock | None, place: str) -> Checkpoint | None:
        """Return the checkpoint that a lock names, if it is there and whole."""
        name = lock.checkpoints.get(place) if lock is not None else None
        return checkpoint.load(self.checkpoints / name) if name else None

    def make(self, place: str, kept: Checkpoint | None, training: Callable[[Progress], Checkpoint]) -> Checkpoint:
        """Return the checkpoint that was kept, or that a training leaves, measured as a stage of its own."""
        with self.meter.stage(f"train the {place.split('.', maxsplit=1)[0]}") as used:
            made = kept or training(self.shown(place))
            used.done += made.fresh
            used.kept += not made.fresh
        return made

    def shown(self, place: str) -> Staged:
        """Return the progress of what is trained at a place: every stage of it bears the place's name."""
        return Staged(self.progress, place)

    def settle(self, recipe: _R) -> _R:
        """Return a recipe with its seed, which is the plan's where it has none.

        Raises:
            InputError: it would run code that is not allowed.
        """
        if recipe.trust_remote_code and not self.allow_code:
            what = f"training {recipe.base} with trust_remote_code runs code of its own"
            raise InputError(Problem("", what, "if you trust it, say so with --allow-code"))
        return recipe if recipe.seed is not None else recipe.model_copy(update={"seed": self.loaded.plan.seed})
