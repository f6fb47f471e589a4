"""The retrieval objective of a generator on a batch of training rows: what goes through the model, and the terms of its loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragguard.plan.lora import Objective
from ragguard.train import objective
from ragguard.train.examples import Contrast, Example
from ragguard.train.likelihood import last_logits, of_tokens, padded

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ObjectiveLoss:
    """select x L_select + generate x L_generate + faithful x L_faithful; a term without weight is not computed.

    Rows of rehearsal, which have no documents, count in L_generate alone.
    """

    plan: Objective

    def __call__(self, model: Any, batch: Sequence[Example]) -> "tuple[Tensor, Mapping[str, float]]":
        """Return the loss of a batch, and the values of its terms by name."""
        found: dict[str, Tensor] = {}
        contrasts = [example.contrast for example in batch if example.contrast is not None]
        if self.plan.select and contrasts:
            found["select"] = self._select(model, contrasts)
        if self.plan.generate or self.plan.faithful:
            sums, counts = of_tokens(model, [each.prompt for each in batch], [each.answer for each in batch])
            if self.plan.generate:
                found["generate"] = objective.generate(sums, counts)
            if self.plan.faithful and contrasts:
                rows = [i for i, example in enumerate(batch) if example.contrast is not None]
                others = of_tokens(model, [each.against for each in contrasts], [batch[i].answer for i in rows])
                found["faithful"] = objective.faithful((sums / counts)[rows], others[0] / others[1], self.plan.margin)
        loss = sum(getattr(self.plan, name) * term for name, term in found.items())
        return loss, {name: float(term.detach()) for name, term in found.items()}

    def _select(self, model: Any, contrasts: Sequence[Contrast]) -> "Tensor":
        import torch

        documents = {document: None for each in contrasts for document in each.documents}
        places = {document: place for place, document in enumerate(documents)}
        right = [places[each.documents[0]] for each in contrasts]
        allowed = [
            [place == own or not each.right & {document.id, document.text} for document, place in places.items()]
            for each, own in zip(contrasts, right, strict=True)
        ]
        queries = self._vectors(model, [each.query for each in contrasts])
        found = self._vectors(model, [document.tokens for document in documents])
        device = queries.device
        return objective.select(
            queries, found, torch.tensor(right, device=device), torch.tensor(allowed, device=device), self.plan.temperature
        )

    def _vectors(self, model: Any, rows: Sequence[Sequence[int]]) -> "Tensor":
        ids, mask = padded(rows, model.get_input_embeddings().weight.device)
        out = model(input_ids=ids, attention_mask=mask, use_cache=False, output_hidden_states=True, **last_logits(model, 1))
        return objective.pool(out.hidden_states[-1], mask, self.plan.pooling)
