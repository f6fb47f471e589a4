"""The metrics of ragas' collections API that are about one question, its answer and its contexts: what each needs, and its range.

Names are ragas' own classes (0.4.3). Left out are those of agents and tools, of SQL and tables, of pictures, of rubrics that hang on the
case; ``NonLLMStringSimilarity``, which needs a package more; and ``BleuScore``, which hands sacrebleu its sentences in the wrong order
and scores the first alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Need = Literal["question", "answer", "contexts", "reference"]

Kind: TypeAlias = tuple[str, ...] | type[int] | type[float]
"""What a parameter may be: one of a few words, a whole number of at least 1, or a number above 0."""


@dataclass(frozen=True)
class RagasMetric:
    """What ragas' metric of one name needs, what its numbers mean, and what may stand in its parentheses.

    ``low`` and ``high`` bound what ragas gives; a verdict is that, put between 0 and 1. What has a ``cosine`` in it may fall below ``low``,
    and is then ``low``; anything else outside is an error. ``model`` says that a language model is asked, ``embeddings`` that texts are
    encoded.
    """

    needs: tuple[Need, ...]
    model: bool = True
    embeddings: bool = False
    cosine: bool = False
    higher_is_better: bool = True
    binary: bool = False
    low: float = 0.0
    high: float = 1.0
    parameters: Mapping[str, Kind] = field(default_factory=dict)


_LEVEL = ("low", "high")
_WITH_REFERENCE = RagasMetric(("question", "contexts", "reference"))
_WITHOUT_REFERENCE = RagasMetric(("question", "answer", "contexts"))

RAGAS: Mapping[str, RagasMetric] = {
    "AnswerAccuracy": RagasMetric(("question", "answer", "reference")),
    "AnswerCorrectness": RagasMetric(("question", "answer", "reference"), embeddings=True, cosine=True, parameters={"beta": float}),
    "AnswerRelevancy": RagasMetric(("question", "answer"), embeddings=True, cosine=True, parameters={"strictness": int}),
    "CHRFScore": RagasMetric(("answer", "reference"), model=False),
    "ContextEntityRecall": RagasMetric(("contexts", "reference")),
    "ContextPrecision": _WITH_REFERENCE,
    "ContextPrecisionWithReference": _WITH_REFERENCE,
    "ContextPrecisionWithoutReference": _WITHOUT_REFERENCE,
    "ContextRecall": _WITH_REFERENCE,
    "ContextRelevance": RagasMetric(("question", "contexts")),
    "ContextUtilization": _WITHOUT_REFERENCE,
    "ExactMatch": RagasMetric(("answer", "reference"), model=False, binary=True),
    "FactualCorrectness": RagasMetric(
        ("answer", "reference"),
        parameters={"mode": ("precision", "recall", "f1"), "beta": float, "atomicity": _LEVEL, "coverage": _LEVEL},
    ),
    "Faithfulness": _WITHOUT_REFERENCE,
    "NoiseSensitivity": RagasMetric(
        ("question", "answer", "contexts", "reference"), higher_is_better=False, parameters={"mode": ("relevant", "irrelevant")}
    ),
    "QuotedSpansAlignment": RagasMetric(("answer", "contexts"), model=False),
    "ResponseGroundedness": RagasMetric(("answer", "contexts")),
    "RougeScore": RagasMetric(
        ("answer", "reference"),
        model=False,
        parameters={"rouge_type": ("rouge1", "rougeL"), "mode": ("fmeasure", "precision", "recall")},
    ),
    "RubricsScoreWithReference": RagasMetric(("question", "answer", "contexts", "reference"), low=1.0, high=5.0),
    "RubricsScoreWithoutReference": RagasMetric(("question", "answer", "contexts"), low=1.0, high=5.0),
    "SemanticSimilarity": RagasMetric(("answer", "reference"), model=False, embeddings=True, cosine=True),
    "StringPresence": RagasMetric(("answer", "reference"), model=False, binary=True),
    "SummaryScore": RagasMetric(("answer", "contexts")),
}
