"""Which language model of this machine a system answers with."""

from ragguard.systems.causal import CausalGenerator
from ragguard.systems.language import LanguageModel
from ragguard.systems.pipeline import Pipeline
from ragguard.systems.protocols import Retriever


def language_of(system: Retriever) -> LanguageModel | None:
    """Return the language model of a system's generator; None where it has none, or one that is asked elsewhere."""
    generator = system.generator if isinstance(system, Pipeline) else None
    return generator.language if isinstance(generator, CausalGenerator) else None
