"""Cranfield, real runs, both directions: ``python benchmarks/cranfield.py``. Needs ../shared/data/cranfield."""

import sys
import tempfile
from pathlib import Path

from ragguard import gate
from ragguard.plan.load import from_values
from ragguard.records.report import Report
from ragguard.workspace import share

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "cranfield"

SYSTEMS = {
    "bm25 (recorded)": {"type": "recorded", "run": str(DATA / "run.bm25.trec")},
    "potion (recorded)": {"type": "recorded", "run": str(DATA / "run.potion4m.trec")},
    "MiniLM": {"type": "dense", "model": "sentence-transformers/all-MiniLM-L6-v2"},
    "BM25 (bm25s)": {"type": "lexical"},
}
PAIRS = [
    ("bm25 (recorded)", "potion (recorded)"),
    ("potion (recorded)", "bm25 (recorded)"),
    ("bm25 (recorded)", "MiniLM"),
    ("MiniLM", "bm25 (recorded)"),
    ("BM25 (bm25s)", "MiniLM"),
]


def judged(baseline: str, candidate: str, store: Path) -> Report:
    """Gate one pair under the shipped ranking suite."""
    values = {
        "name": "cranfield",
        "collection": str(DATA),
        "baseline": {"retriever": SYSTEMS[baseline]},
        "candidates": {"candidate": {"retriever": SYSTEMS[candidate]}},
        "suites": [str(share("suites") / "ranking.yaml")],
    }
    return gate.run(from_values(values, ROOT, "cranfield"), store=store)


def main() -> int:
    """Print the table."""
    if not DATA.is_dir():
        print("needs ../shared/data/cranfield, which is not here")
        return 3
    print(f"{'baseline':<18} {'candidate':<18} {'nDCG@10':>15} {'difference':>11} {'bounds':>18}  decision")
    with tempfile.TemporaryDirectory() as store:
        for baseline, candidate in PAIRS:
            report = judged(baseline, candidate, Path(store))
            estimate = next(v.estimate for v in report.decisions[0].verdicts if str(v.check.metric) == "nDCG@10")
            means = f"{estimate.baseline_mean:.4f} {estimate.candidate_mean:.4f}"
            bounds = f"{estimate.lower:+.4f} .. {estimate.upper:+.4f}"
            print(f"{baseline:<18} {candidate:<18} {means:>15} {estimate.difference:>+11.4f} {bounds:>18}  {report.answer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
