"""A cross-encoder for entailment: which of its outputs is the one, how much it reads, and how probable it finds a statement."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ragguard.errors import CannotJudge, InputError, Problem, suggest
from ragguard.plan.judges import NliJudge as NliPlan
from ragguard.plan.source import display
from ragguard.systems.crossencoder import load
from ragguard.systems.encoder import quiet

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

UNLIMITED = 512
"""Tokens that a model is given whose files do not say how many it reads."""

_ROUND = 6
"""Decimals of a probability; beyond them batches of another size differ."""


class Entailment:
    """A model folder and how it is used; the model is loaded when it is first needed."""

    def __init__(self, plan: NliPlan, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        self.labels = labels(folder)
        self.label = choose(self.labels, plan.entailment, folder)

    @cached_property
    def model(self) -> "CrossEncoder":
        """The loaded model. Raises MissingExtra, or CannotJudge where it cannot be loaded or is not what its config says."""
        plan = self._plan
        model = load(
            self._folder,
            dtype=plan.dtype,
            max_seq_length=plan.max_length,
            device=plan.device,
            trust_remote_code=plan.trust_remote_code,
            allow_pickle=plan.allow_pickle,
        )
        if model.num_labels != len(self.labels):
            raise CannotJudge(f"{self._folder}: the model has {model.num_labels} outputs, and its config.json names {len(self.labels)}")
        return model

    @cached_property
    def room(self) -> int:
        """Tokens of a premise and a hypothesis together."""
        own = self.model.max_seq_length
        limit = own if own is not None and own < 10**6 else UNLIMITED
        return int(limit) - int(self.model.tokenizer.num_special_tokens_to_add(pair=True))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special ones."""
        if not texts:
            return []
        with quiet():
            ids = self.model.tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        return [len(row) for row in ids]

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return how probable it is that each premise entails its hypothesis, 0 to 1, rounded to six decimals.

        The library sorts the pairs by length, so that little is spent on padding.

        Raises:
            CannotJudge: the model or the memory failed, or what it returns is no probability.
        """
        return [round(float(value), _ROUND) for value in self._ask(list(pairs))] if pairs else []

    def _ask(self, pairs: list[tuple[str, str]]) -> NDArray[np.float64]:
        # Several outputs are logits, whatever activation the model was saved with; a single one goes through the model's own.
        more: dict[str, Any] = {"activation_fn": _same} if len(self.labels) > 1 else {}
        try:
            with quiet():
                rows = self.model.predict(pairs, batch_size=self._plan.batch_size, show_progress_bar=False, convert_to_numpy=True, **more)
        except (RuntimeError, IndexError, MemoryError) as error:
            hint = "try a smaller batch_size, or max_length"
            raise CannotJudge(f"{self._folder}: judging failed ({type(error).__name__}: {error}); {hint}") from error
        table = np.asarray(rows, dtype=np.float64).reshape(len(pairs), -1)
        found: NDArray[np.float64] = _softmax(table)[:, self.label] if len(self.labels) > 1 else table[:, 0]
        strange = found[~((found >= 0) & (found <= 1))]
        if len(strange):
            hint = "it must end in a sigmoid" if np.isfinite(strange[0]) else "the model is broken, or its dtype too narrow"
            raise CannotJudge(f"{self._folder}: {strange[0]:.4g} is no probability: {hint}")
        return found


def _same(logits: Any) -> Any:
    return logits


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result


def labels(folder: Path) -> tuple[str, ...]:
    """Return the names of a model's outputs, in their order, from its config.json.

    Raises:
        InputError: there is no readable config.json, or the model has no classification head.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        kinds = [str(kind) for kind in config.get("architectures") or ()]
        names = {int(number): str(name) for number, name in (config.get("id2label") or {}).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            Problem(display(path), f"it cannot be read ({type(error).__name__}: {error})", "name the folder of a model")
        ) from error
    if any(kind.endswith("ForCausalLM") for kind in kinds):
        return ("yes",)
    if "auto_map" not in config and not any(kind.endswith("ForSequenceClassification") for kind in kinds):
        what = f"{display(folder)} ({', '.join(kinds) or 'of no known architecture'}) has no classification head, which would be random"
        raise InputError(Problem("", what, "name a cross-encoder that was trained for entailment"))
    return tuple(names[number] for number in sorted(names)) or ("LABEL_0", "LABEL_1")


def choose(known: Sequence[str], wanted: str | None, folder: Path) -> int:
    """Return the place of the output that stands for entailment: the only one, the ``wanted`` one, or the one that is called so.

    Raises:
        InputError: there is none, or there are several; with the labels that there are.
    """
    if wanted is not None:
        found = [place for place, name in enumerate(known) if name.lower() == wanted.lower()]
        fix = suggest(wanted, known)
        what = f"entailment: {wanted} is none of the labels of {display(folder)}"
    elif len(known) == 1:
        return 0
    else:
        found = [place for place, name in enumerate(known) if name.lower().startswith("entail")]
        fix = f"say which it is, with entailment: (labels: {', '.join(known)})"
        what = f"{'several' if found else 'none'} of the labels of {display(folder)} begin{'' if found else 's'} with entail"
    if len(found) != 1:
        raise InputError(Problem("", what, fix))
    return found[0]
