"""A language model that is loaded already, as lm-eval wants one."""

from copy import deepcopy
from typing import Any

from ragguard.systems.language import LanguageModel


def wrap(language: LanguageModel) -> Any:
    """Return lm-eval's model around the very weights that the pipeline answers with.

    Raises:
        InputError, CannotJudge: as ``LanguageModel.model``, where it is not loaded yet.
    """
    from lm_eval.models.huggingface import HFLM

    class Loaded(HFLM):  # type: ignore[misc]
        ready = False

        @property
        def model(self) -> Any:
            # lm-eval ties the weights of what it is given again, which would undo an adapter that untied them.
            return self._model if self.ready else None

        def _model_generate(self, context: Any, max_length: int, stop: list[str], **options: Any) -> Any:
            # The model's own settings hold the plan's max_new_tokens, which would win over the task's.
            room = max_length - context.shape[1]
            return super()._model_generate(context, max_length, stop, max_new_tokens=room, **options)

    # lm-eval gives a tokenizer without a padding token one; the pipeline's must stay as it is.
    tokenizer = deepcopy(language.tokenizer)
    size = 1 if language.learned_prompt else language.plan.batch_size
    made = Loaded(pretrained=language.model, tokenizer=tokenizer, backend="causal", batch_size=size)
    made.ready = True
    return made
