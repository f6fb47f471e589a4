"""Makes the tables here: ``python make.py``, with ragas 0.4.3. The metrics are those of ragas that ask no model."""

import os

os.environ["RAGAS_DO_NOT_TRACK"] = "true"
from ragas import EvaluationDataset, evaluate
from ragas.metrics import ExactMatch, StringPresence

CASES = [
    ("How long are webhooks retried?", "For 72 hours.", ["Webhooks are retried for 72 hours."]),
    ("What is a refund?", "Money back.", ["A refund gives money back."]),
    ("Is there a limit?", "100 a second.", ["The limit is 100 requests a second."]),
    ("Which currencies?", "EUR and USD.", ["We settle in EUR and USD."]),
]
SAID = {
    "old": ["For 72 hours.", "Money back.", "100 a second.", "EUR."],
    "new": ["For 72 hours.", "Money.", "100 a second.", "EUR and USD."],
}
for name, said in SAID.items():
    rows = [
        {"user_input": q, "retrieved_contexts": given, "response": text, "reference": gold}
        for (q, gold, given), text in zip(CASES, said, strict=True)
    ]
    made = evaluate(EvaluationDataset.from_list(rows), metrics=[ExactMatch(), StringPresence()], show_progress=False)
    table = made.to_pandas()
    table.to_csv(f"{name}.csv", index=False)
    table.to_json(f"{name}.jsonl", orient="records", lines=True)
    table.to_parquet(f"{name}.parquet")
