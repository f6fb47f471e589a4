"""Time and memory of loading a large corpus: python benchmarks/corpus_memory.py [documents]."""

import resource
import sys
import tempfile
import time
from pathlib import Path

from ragguard.data.collection import load


def write(folder: Path, documents: int) -> None:
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as stream:
        for i in range(documents):
            text = f"Document {i} says that limit {i % 977} of service {i % 131} is {i % 59} requests a minute, as of release {i % 7}."
            stream.write(f'{{"_id": "doc-{i:08d}", "title": "Limits of service {i % 131}", "text": "{text}"}}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "what is the limit of service 7?"}\n', encoding="utf-8")
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tdoc-00000007\t1\n", encoding="utf-8")


def peak() -> float:
    """Peak resident memory of this process, in MiB (Linux counts in KiB, macOS in bytes)."""
    raw = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return raw / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, documents)
        before, start = peak(), time.perf_counter()
        collection = load(folder)
        print(
            f"load {collection.size:,} documents   {time.perf_counter() - start:7.1f} s   peak {peak():7.0f} MiB (before: {before:.0f} MiB)"
        )
        start = time.perf_counter()
        for i in range(0, documents, max(1, documents // 1000)):
            collection.document(f"doc-{i:08d}")
        print(f"1,000 documents by id       {time.perf_counter() - start:7.2f} s")
        start = time.perf_counter()
        count = sum(1 for _ in collection.documents())
        print(f"stream {count:,} documents {time.perf_counter() - start:7.1f} s   peak {peak():7.0f} MiB")


if __name__ == "__main__":
    main()
