"""Processor seconds per 1,000 answers, of the metrics that need no model: ``python benchmarks/answer_metrics_speed.py``."""

import time

from planted_answers import ROOT, rows, told

from ragguard.data.collection import load
from ragguard.metrics.answers import support
from ragguard.metrics.answers.matching import evidence
from ragguard.metrics.answers.table import ANSWERS
from ragguard.metrics.answers.tokens import tokens
from ragguard.metrics.scoring import score_all
from ragguard.records.evidence import Case, Observation
from ragguard.records.metric import Metric

ANSWERED = 1000
LIBRARIES = ("ROUGE-L", "chrF")


def repeated(made: list[tuple[Case, Observation]]) -> tuple[list[Case], dict[str, Observation]]:
    """So many answers, no two of them the same text."""
    cases, seen = [], {}
    for number in range(ANSWERED):
        case, observation = made[number % len(made)]
        name = f"{number}"
        cases.append(Case(name, case.text, case.query, case.relevant))
        text = f"{observation.answer.text} Case {number}."
        answer = type(observation.answer)(text, observation.answer.citations, observation.answer.abstained)
        seen[name] = Observation(name, contexts=observation.contexts, answer=answer)
    return cases, seen


def main() -> None:
    collection = load(ROOT / "golden" / "payments")
    made = [(case, seen) for _, case, seen in rows(collection)]
    texts, marks = told(collection, [seen for _, seen in made])
    cases, seen = repeated(made)
    score_all([Metric(name) for name in LIBRARIES], cases[:5], seen, marks, texts)  # imports
    groups = {name: [name] for name in ANSWERS}
    groups["all but ROUGE-L and chrF"] = [name for name in ANSWERS if name not in LIBRARIES]
    groups["all"] = list(ANSWERS)
    for label, names in groups.items():
        for kept in (tokens, evidence, support._line):
            kept.cache_clear()
        start = time.process_time()
        score_all([Metric(name) for name in names], cases, seen, marks, texts)
        print(f"{label:<26}{time.process_time() - start:7.2f} s")


if __name__ == "__main__":
    main()
