"""Makes the test runs here: ``python make.py``, with deepeval 4.3.1. The metrics ask no model; all else is the tool's own."""

import os

os.environ["DEEPEVAL_TELEMETRY_OPT_OUT"] = "1"
from deepeval import evaluate
from deepeval.evaluate import AsyncConfig, DisplayConfig, ErrorConfig
from deepeval.metrics import BaseMetric, ExactMatchMetric
from deepeval.test_case import LLMTestCase

CASES = [
    ("How long are webhooks retried?", "For 72 hours.", ["Webhooks are retried for 72 hours."]),
    ("What is a refund?", "Money back.", ["A refund gives money back."]),
    ("Is there a limit?", "100 a second.", ["The limit is 100 requests a second."]),
    ("Which currencies?", "EUR and USD.", ["We settle in EUR and USD."]),
]
SAID = {"old": ["For 72 hours.", "Money back.", "100 a second.", "EUR."], "new": ["For 72 hours.", "Money.", "", "EUR and USD."]}


class Grounded(BaseMetric):
    def __init__(self):
        self.threshold, self.async_mode, self.evaluation_model, self.include_reason = 0.5, False, "words/1", True

    def measure(self, test_case, *args, **kwargs):
        words = test_case.actual_output.lower().strip(".").split()
        if not words:
            raise ValueError("the answer is empty")
        given = " ".join(test_case.retrieval_context).lower()
        self.score = sum(word in given for word in words) / len(words)
        self.success, self.reason = self.score >= self.threshold, "words of the answer in the context"
        return self.score

    async def a_measure(self, test_case, *args, **kwargs):
        return self.measure(test_case)

    def is_successful(self):
        return self.success

    @property
    def __name__(self):
        return "Words Grounded"


for name, said in SAID.items():
    cases = [
        LLMTestCase(input=q, actual_output=text, expected_output=gold, retrieval_context=given, tags=["billing"] if "refund" in q else None)
        for (q, gold, given), text in zip(CASES, said, strict=True)
    ]
    evaluate(
        cases,
        [ExactMatchMetric(), Grounded()],
        hyperparameters={"model": name},
        async_config=AsyncConfig(run_async=False),
        display_config=DisplayConfig(results_folder=name, print_results=False, show_indicator=False),
        error_config=ErrorConfig(ignore_errors=True),
    )
