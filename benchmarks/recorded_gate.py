"""Time and peak memory of a gate over recorded runs of 5,000 queries x 100 documents, 6 metrics: ``python benchmarks/recorded_gate.py``.

The bound is 1 GB (10^9 bytes) of resident memory. Give a folder to keep what is made.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUERIES, DEPTH, DOCUMENTS, BOUND = 5_000, 100, 20_000, 1e9
SUITE = """suite: golden
checks:
  - {metric: nDCG@10, tier: blocking, margin: 0.05}
  - {metric: RR, tier: veto, margin: 0.05}
  - {metric: R@100, tier: veto, margin: 0.05}
report: [AP, P@10, Success@10]
"""
PLAN = """name: large
collection: collection
baseline: {retriever: {type: recorded, run: baseline.trec}}
candidates: {candidate: {retriever: {type: recorded, run: candidate.trec}}}
suites: [golden.yaml]
"""


def make(folder: Path, queries: int = QUERIES, depth: int = DEPTH, documents: int = DOCUMENTS) -> None:
    """Write a collection and two runs of it; the candidate swaps the relevant document down or up by a place."""
    chosen = random.Random(5)
    (folder / "collection/qrels").mkdir(parents=True)
    with (folder / "collection/corpus.jsonl").open("w") as corpus:
        for i in range(documents):
            corpus.write(json.dumps({"_id": f"document-{i:06d}", "title": f"Title {i}", "text": f"The text of document {i}."}) + "\n")
    with (folder / "collection/queries.jsonl").open("w") as asked, (folder / "collection/qrels/test.tsv").open("w") as judged:
        judged.write("query-id\tcorpus-id\tscore\n")
        for q in range(queries):
            asked.write(json.dumps({"_id": f"query-{q:05d}", "text": f"What is said of matter {q}, and where?"}) + "\n")
            judged.writelines(f"query-{q:05d}\tdocument-{(q * 7 + i * 31) % documents:06d}\t{1 + i % 2}\n" for i in range(3))
    with (folder / "baseline.trec").open("w") as before, (folder / "candidate.trec").open("w") as after:
        for q in range(queries):
            ranking = [f"document-{(q * 7 + i * 31) % documents:06d}" for i in range(depth)]
            for run in (before, after):
                at, to = chosen.randrange(3), chosen.randrange(12)
                ranking[at], ranking[to] = ranking[to], ranking[at]
                run.writelines(f"query-{q:05d} Q0 {name} {rank} {50 - rank * 0.37:.4f} run\n" for rank, name in enumerate(ranking, 1))
    (folder / "golden.yaml").write_text(SUITE)
    (folder / "gate.yaml").write_text(PLAN)


def measure(folder: Path) -> tuple[int, float, float]:
    """Gate in a process of its own; return the exit code, wall-clock seconds, and peak resident memory in bytes."""
    began = time.perf_counter()
    call = [sys.executable, str(Path(__file__).resolve()), "--gate", str(folder)]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    code, most = done.stdout.strip().splitlines()[-1].split()
    return int(code), time.perf_counter() - began, float(most)


def gate(folder: Path) -> None:
    """Gate as the command line does, and print the exit code and the peak resident memory in bytes of this process."""
    from ragguard.cli import invoke

    code = invoke(["gate", str(folder / "gate.yaml"), "--out", str(folder / "reports")])
    # The gate resets the system's peak at each of its stages, and remembers the highest; what came after that is the rest.
    told = json.loads((folder / "reports" / "report.json").read_bytes())["times"]["memory"]
    print(f"\n{code} {max(peak(), told or 0)}")


def peak() -> int:
    """Return the peak resident memory of this process in bytes."""
    status = Path("/proc/self/status")
    if status.is_file():
        # getrusage's figure goes back to before the exec: a large parent would be counted with us.
        return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> int:
    """Print the table; 0 if the bound holds."""
    if sys.argv[1:2] == ["--gate"]:
        gate(Path(sys.argv[2]))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        make(folder)
        print(f"{'run':<8} {'exit code':>9} {'seconds':>8} {'peak memory':>12}")
        peaks = []
        for name in ("first", "again"):
            code, seconds, most = measure(folder)
            peaks.append(most)
            print(f"{name:<8} {code:>9} {seconds:>8.1f} {most / 1e6:>9.0f} MB")
    return 0 if max(peaks) < BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
