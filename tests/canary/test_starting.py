"""What a roll-out expects its candidate's server to say, from what the report says of the candidate."""

from typing import Any

import pytest

from ragguard.canary.starting import expected
from ragguard.records.report import Arm

GENERATOR = {"type": "causal-lm", "model": "models/base"}


@pytest.mark.parametrize(
    ("description", "provenance", "wanted"),
    [
        ({"retriever": {"type": "lexical"}}, {}, {}),
        ({"retriever": {"type": "dense", "model": "intfloat/e5-small"}}, {}, {"model": "intfloat/e5-small"}),
        (
            {"retriever": {"type": "dense", "model": "e5"}, "generator": GENERATOR | {"adapter": "out/v3"}},
            {},
            {"model": "models/base", "adapter": "out/v3"},
        ),
        ({"generator": {"type": "causal-lm", "train": {"recipe": "lora"}}}, {"generator": {"checkpoint": "4f2a"}}, {"adapter": "4f2a"}),
        ({"retriever": {"type": "dense", "train": {}}}, {"retriever": {"checkpoint": "4f2a"}}, {"model": "4f2a"}),
        ({"generator": GENERATOR | {"adapter": "${ADAPTER}"}}, {}, {"model": "models/base"}),
        ({"remote": {"url": "https://rag.example"}}, {}, {}),
    ],
)
def test_what_the_report_names_is_expected(description: dict[str, Any], provenance: dict[str, Any], wanted: dict[str, str]) -> None:
    assert expected(Arm("tuned", "candidate", "f", description, {}, provenance)) == wanted
