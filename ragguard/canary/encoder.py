"""The encoder of a plan's baseline, for comparing questions by meaning."""

from ragguard.plan.parts import retrievers
from ragguard.plan.retrievers import DenseRetriever
from ragguard.systems.hybrid import embedding_part
from ragguard.systems.protocols import Embeds
from ragguard.train.arms import prepare, system_of
from ragguard.train.workshop import Workshop


def encoder_of(workshop: Workshop) -> tuple[Embeds | None, str]:
    """Return the baseline's encoder, or None and why there is none.

    Raises:
        RagguardError: it cannot be loaded.
    """
    system = system_of(workshop.loaded, "baseline")
    if not any(isinstance(part, DenseRetriever) for _, part in retrievers(system)):
        return None, "the baseline has no encoder"
    embeds = embedding_part(prepare(workshop, "baseline").retriever)
    return embeds, "" if embeds is not None else "the baseline has several encoders"
