"""The spoiled answers of planted_answers.py under a judge of type nli: ``python benchmarks/planted_nli.py MODEL`` (hub id or folder)."""

import sys
import time
from pathlib import Path

import numpy as np
from planted_answers import EDITS, ROOT, rows
from scipy.stats import rankdata

from ragguard.data.collection import load
from ragguard.judges.claims import claims
from ragguard.judges.nli import THRESHOLD, NliJudgeRunner
from ragguard.judges.protocols import Context
from ragguard.judging import shown
from ragguard.plan.judges import NliJudge
from ragguard.records.judgement import Asked

UNFAITHFUL = ("value swapped", "invented parameter", "other version")
"""Edits after which something is said that the documents do not say; the others leave out or cite otherwise."""


def auroc(right: np.ndarray, other: np.ndarray) -> float:
    """The chance that a right answer scores above another one, ties counting half."""
    ranks, n = rankdata(np.concatenate([right, other])), len(right)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(other)))


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    collection = load(ROOT / "golden" / "payments")
    made = rows(collection)
    judge = NliJudgeRunner("nli", NliJudge(type="nli", model=sys.argv[1]), Context(Path.cwd()))
    asked = []
    for _, case, seen in made:
        text = seen.answer.text if seen.answer is not None else ""
        asked.append(Asked(case.id, case.text, text, tuple(shown(collection.document(name)) for name in seen.contexts)))
    told = [(each, sentence) for each in asked for sentence in claims(each.answer)]
    began = time.perf_counter()
    found = judge.weigh(told)
    seconds = time.perf_counter() - began
    of: dict[str, list[float]] = {each.case: [] for each in asked}
    for (each, _), support in zip(told, found, strict=True):
        of[each.case].append(support.probability)
    hard = {case: np.mean(np.array(values) >= THRESHOLD) for case, values in of.items() if values}
    soft = {case: np.mean(values) for case, values in of.items() if values}
    print(f"{len(made)} answers, {len(told)} sentences, {judge.notes()['pairs']} pairs, {seconds:.0f} s; AUROC against untouched answers\n")
    print(f"{'':<20}{'judged':>8}{'mean':>8}{'AUROC':>8}{'AUROC of mean probabilities':>30}")
    scores = {kind: [(hard[case.id], soft[case.id]) for each, case, _ in made if each == kind and case.id in hard] for kind in EDITS}
    right = np.array(scores["untouched"])
    for kind in EDITS:
        table = np.array(scores[kind])
        if not len(table):
            print(f"{kind:<20}{0:>8}{'claims nothing':>16}")
            continue
        both = [f"{auroc(right[:, i], table[:, i]):.3f}" if kind in UNFAITHFUL else "" for i in (0, 1)]
        print(f"{kind:<20}{len(table):>8}{table[:, 0].mean():>8.3f}{both[0]:>8}{both[1]:>30}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
