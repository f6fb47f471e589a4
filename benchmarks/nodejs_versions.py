"""Version confusion on real documentation: ``python benchmarks/nodejs_versions.py [FOLDER]``.

FOLDER holds pairs of Node.js sections that changed between two versions (default: ../shared/data/nodejs-docs). Each section is a
family of two documents; its heading with a version asks for that one, and its heading alone for the current one.
"""

import json
import sys
import tempfile
from pathlib import Path

from ragguard import gate
from ragguard.plan.load import from_values
from ragguard.records.report import Report
from ragguard.workspace import share

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "nodejs-docs"
SMALLEST = 40
METRICS = ("VersionAcc@1", "Stale@5", "Inverted", "nDCG@10")
SLICES = ("", "current", "named")

SEEN = "[{status} v{version}] {title}\n{text}"
SYSTEMS = {
    "MiniLM": {"type": "dense", "model": "sentence-transformers/all-MiniLM-L6-v2", "document_text": SEEN},
    "BM25": {"type": "lexical", "document_text": SEEN},
}


def make(pairs: Path, folder: Path) -> int:
    """Write a collection of the sections whose heading did not change; return how many there are."""
    rows = [json.loads(line) for line in pairs.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["heading_old"] == row["heading_new"]]
    documents, queries, judged = [], [], ["query-id\tcorpus-id\tscore"]
    for number, row in enumerate(rows):
        heading, family = row["heading_new"], f"section-{number:03d}"
        for side, status in (("old", "superseded"), ("new", "current")):
            name = f"{family}-{row[side]}"
            about = {"family": family, "version": row[side], "status": status}
            documents.append({"_id": name, "title": heading, "text": row[f"text_{side}"], **about})
            asks = {"family": family, "mode": "named", "versions": [row[side]]}
            queries.append({"_id": f"{name}-named", "text": f"{heading} in version {row[side]}", "asks": asks})
            judged.append(f"{name}-named\t{name}\t1")
        queries.append({"_id": f"{family}-current", "text": heading, "asks": {"family": family, "mode": "current"}})
        judged.append(f"{family}-current\t{family}-{row['new']}\t1")
    (folder / "qrels").mkdir(parents=True)
    for name, lines in (("corpus", documents), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("\n".join(judged) + "\n", encoding="utf-8")
    return len(rows)


def suite(folder: Path) -> Path:
    """Write the shipped suite without the slices that these queries have no case of."""
    text = (share("suites") / "version-confusion.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(("  dated:", "  change:"))]
    path = folder / "version-confusion.yaml"
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return path


def judge(baseline: str, candidate: str, collection: Path, store: Path) -> Report:
    """Gate one system against the other under the shipped suite."""
    values = {
        "name": "nodejs-versions",
        "collection": str(collection),
        "baseline": {"retriever": SYSTEMS[baseline]},
        "candidates": {"candidate": {"retriever": SYSTEMS[candidate]}},
        "suites": [str(suite(store))],
    }
    return gate.run(from_values(values, ROOT, "nodejs-versions"), store=store)


def show(report: Report, names: dict[str, str]) -> None:
    """Print the means of both systems by slice."""
    means = {(mean.arm, mean.metric, mean.slice): mean.mean for mean in report.suites[0].means}
    for arm, name in names.items():
        for slice_ in SLICES:
            found = [means[arm, metric, slice_] for metric in METRICS]
            print(f"  {name:<8} {slice_ or 'all':<9}" + "".join(f"{'-' if value is None else format(value, '.3f'):>14}" for value in found))


def main() -> int:
    """Print a table for each pair of versions with sections enough."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not data.is_dir():
        print(f"needs {data}, which is not here; name its place: python benchmarks/nodejs_versions.py FOLDER")
        return 3
    for pairs in sorted(data.glob("pairs.*.jsonl")):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            sections = make(pairs, folder / "nodejs")
            if sections < SMALLEST:
                continue
            print(f"{pairs.stem.removeprefix('pairs.').replace('__', ' -> ')}: {sections} sections, {3 * sections} queries")
            print(f"  {'system':<8} {'queries':<9}" + "".join(f"{metric:>14}" for metric in METRICS))
            for baseline, candidate in (("MiniLM", "BM25"), ("BM25", "MiniLM")):
                report = judge(baseline, candidate, folder / "nodejs", folder)
                if baseline == "MiniLM":
                    show(report, {"baseline": baseline, "candidate": candidate})
                print(f"  {baseline} -> {candidate}: {report.answer}; {report.decisions[0].reasons[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
