"""Transformers' trainer as generators are trained with it: which rows a step sees, the terms of the loss, and the batches."""

from collections.abc import Mapping, Sequence
from typing import Any

from ragguard.train.examples import Example
from ragguard.train.losses import ObjectiveLoss
from ragguard.train.watch import Trail

UNSEEN = -100
"""The label of what the loss leaves out: prompts and padding."""


def collate(batch: Sequence[tuple[int, Example]], *, tensors: bool) -> dict[str, Any]:
    """Make a batch of examples with their places: ``rows``, and ids, mask and labels of shape (rows, places), or the examples as such.

    Labels are the answers' tokens; prompts and padding, on the right, have the label that the loss leaves out.
    """
    import torch

    from ragguard.train.likelihood import padded

    rows = torch.tensor([place for place, _ in batch])
    examples = [example for _, example in batch]
    if not tensors:
        return {"rows": rows, "examples": examples}
    ids, mask = padded([[*each.prompt, *each.answer] for each in examples], "cpu")
    labels = torch.full_like(ids, UNSEEN)
    for label, each in zip(labels, examples, strict=True):
        label[len(each.prompt) : len(each.prompt) + len(each.answer)] = torch.tensor(each.answer)
    return {"rows": rows, "input_ids": ids, "attention_mask": mask, "labels": labels}


def build(trail: Trail, loss: ObjectiveLoss | None, train: Sequence[Example], dev: Sequence[Example], **options: Any) -> Any:
    """Return a trainer of such examples; without ``loss`` by the model's own, that of the next token."""
    return _kind(trail, loss)(
        train_dataset=list(enumerate(train)),
        eval_dataset=list(enumerate(dev)) or None,
        data_collator=lambda batch: collate(batch, tensors=loss is None),
        **options,
    )


def _kind(trail: Trail, loss: ObjectiveLoss | None) -> Any:
    import torch
    import transformers

    class Trainer(transformers.Trainer):  # type: ignore[misc]  # the library is not followed by mypy
        """It leaves a trail, and computes our objective where there is one."""

        loss_is_scaled_for_ga = None if loss is None else False
        terms: list[Mapping[str, float]]

        def training_step(self, model: Any, inputs: dict[str, Any], *args: Any, **more: Any) -> Any:
            """Say which rows are trained on."""
            trail.see(inputs["rows"].tolist())
            return super().training_step(model, inputs, *args, **more)

        def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **more: Any) -> Any:
            """Compute the loss, and remember its terms until they are logged."""
            if loss is None:
                return super().compute_loss(model, {key: value for key, value in inputs.items() if key != "rows"}, *args, **more)
            found, terms = loss(model, inputs["examples"])
            if model.training:
                self.terms = [*getattr(self, "terms", []), terms]
            return found

        def prediction_step(self, model: Any, inputs: dict[str, Any], *args: Any, **more: Any) -> Any:
            """Compute the loss of a dev batch."""
            if loss is None:
                return super().prediction_step(model, inputs, *args, **more)
            with torch.no_grad():
                return self.compute_loss(model, inputs).detach(), None, None

        def log(self, logs: dict[str, float], *args: Any, **more: Any) -> None:
            """Log the terms beside the loss: means over the batches of the step that had them."""
            if "loss" in logs and (seen := getattr(self, "terms", [])):
                names = {name for terms in seen for name in terms}
                logs |= {name: _mean([terms[name] for terms in seen if name in terms]) for name in sorted(names)}
                self.terms = []
            super().log(logs, *args, **more)

    return Trainer


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
