"""Makes the predictions here: ``python make.py``, with mteb 2.26.24: a retrieval task and two tiny encoders."""

from pathlib import Path

import mteb
import numpy as np
from datasets import Dataset
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models import ModelMeta

DOCUMENTS = {
    "d1": "webhooks are retried for days",
    "d2": "a refund gives money back",
    "d3": "limits are a hundred requests",
    "d4": "we settle in euros",
}
QUERIES = {"q1": "how long are webhooks retried", "q2": "money back refund", "q3": "requests a second limits"}
QRELS = {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}}


class Tiny(AbsTaskRetrieval):
    metadata = TaskMetadata(
        name="TinyRetrieval",
        description="four documents",
        dataset={"path": "tiny/tiny", "revision": "1"},
        type="Retrieval",
        category="t2t",
        modalities=["text"],
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        main_score="ndcg_at_10",
        date=("2026-01-01", "2026-01-02"),
        domains=["Written"],
        task_subtypes=[],
        license="not specified",
        annotations_creators="derived",
        dialect=[],
        sample_creation="created",
        reference=None,
        bibtex_citation="",
    )

    def load_data(self, **kwargs):
        self.dataset = {
            "default": {
                "test": {
                    "corpus": Dataset.from_list([{"id": k, "title": "", "text": v} for k, v in DOCUMENTS.items()]),
                    "queries": Dataset.from_list([{"id": k, "text": v} for k, v in QUERIES.items()]),
                    "relevant_docs": QRELS,
                    "top_ranked": None,
                }
            }
        }
        self.data_loaded = True


class Words:
    """An encoder that hashes words; ``old`` sees their first letters alone."""

    def __init__(self, name):
        self.name = name
        self.mteb_model_meta = ModelMeta(
            name=f"tiny/{name}",
            revision="1",
            release_date=None,
            languages=None,
            loader=None,
            n_parameters=None,
            memory_usage_mb=None,
            max_tokens=None,
            embed_dim=64,
            license=None,
            open_weights=None,
            public_training_code=None,
            public_training_data=None,
            framework=[],
            similarity_fn_name="cosine",
            use_instructions=None,
            training_datasets=None,
        )

    def encode(self, inputs, **kwargs):
        rows = []
        for batch in inputs:
            for text in batch["text"]:
                row = np.zeros(64)
                for word in text.split():
                    row[sum(map(ord, word[:1] if self.name == "old" else word)) % 64] += 1
                rows.append(row / np.linalg.norm(row))
        return np.array(rows)

    def similarity(self, a, b):
        return mteb.similarity_functions.cos_sim(a, b)

    def similarity_pairwise(self, a, b):
        return mteb.similarity_functions.pairwise_cos_sim(a, b)


for name in ("old", "new"):
    mteb.evaluate(Words(name), [Tiny()], prediction_folder=Path(name), cache=None, overwrite_strategy="always")
