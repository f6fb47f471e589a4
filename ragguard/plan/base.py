"""What everything that a plan may say stands on."""

from pydantic import BaseModel, ConfigDict

DOCUMENT_TEXT = "{title}\n{text}"
"""What an encoder or index sees of a document, unless the plan says otherwise."""


class Model(BaseModel):
    """Base of everything that people write: unknown keys are errors, values are not changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
