"""Rankings made elsewhere: TREC runs, JSON lines, and the predictions of MTEB's retrieval tasks."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragguard.data.foreign.reading import content, document
from ragguard.data.foreign.wanted import Wanted, one_arm
from ragguard.data.formats.runs import read_run
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.evidence import Ranked

TREC, MTEB = "trec", "mteb"

META = "mteb_model_meta"
"""The key of MTEB's predictions that is no subset."""

SUFFIX = "_predictions.json"


def predictions(folder: Path) -> list[Path]:
    """The files of predictions in one of MTEB's prediction folders."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def read(path: Path, wanted: Wanted = Wanted()) -> dict[str, list[Ranked]]:  # noqa: B008 - frozen
    """Read rankings, query id -> documents, best first (ties by id, descending).

    Of MTEB, ``wanted.arm`` names the subset and split (``default/test``) where there are several, or before them the task, in a folder.

    Raises:
        InputError: it is none of these, or holds predictions that rank nothing.
    """
    if path.is_dir() or path.name.endswith(SUFFIX) or _is_mteb(path):
        return _mteb(*file_of(path, wanted))
    return read_run(path)


def model(path: Path) -> str:
    """The model that MTEB's predictions are of; empty where it is not told."""
    if path.is_dir() or not _is_mteb(path):
        return ""
    meta = document(content(path), display(path)).get(META)
    return f"{meta.get('model_name')} {meta.get('revision') or ''}".strip() if isinstance(meta, dict) else ""


def _is_mteb(path: Path) -> bool:
    return path.is_file() and path.suffix == ".json" and META.encode() in content(path)[:200]


def file_of(path: Path, wanted: Wanted) -> tuple[Path, Wanted]:
    """Return the file of one task of MTEB's folder (any file is itself), and what is wanted of it.

    Raises:
        InputError: the folder has none, or several tasks of which none is named.
    """
    if not path.is_dir():
        return path, wanted
    tasks = [each.name.removesuffix(SUFFIX) for each in predictions(path)]
    if not tasks:
        raise InputError(Problem(display(path), f"holds no *{SUFFIX}", "give a folder that mteb wrote as prediction_folder"))
    task, _, rest = wanted.arm.partition("/")
    chosen = one_arm(display(path), tasks, Wanted(task if task in tasks or len(tasks) > 1 else ""))
    return path / f"{chosen}{SUFFIX}", Wanted(rest if task == chosen else wanted.arm)


def _mteb(path: Path, wanted: Wanted) -> dict[str, list[Ranked]]:
    shown = display(path)
    whole = document(content(path), shown)
    if not isinstance(whole, dict):
        raise InputError(Problem(shown, "is not MTEB's", "give a file TASK_predictions.json"))
    parts = {f"{s}/{split}": found for s, by in whole.items() if s != META and isinstance(by, dict) for split, found in by.items()}
    found = parts[one_arm(shown, list(parts), wanted)]
    if not isinstance(found, dict) or not all(isinstance(ranking, dict) for ranking in found.values()):
        what = "holds predictions that rank no documents, and MTEB keeps beside them nothing that says which are right"
        raise InputError(Problem(shown, what, "only retrieval and reranking tasks can be compared by their predictions"))
    problems = Problems()
    made = {query: _ordered(query, ranking, shown, problems) for query, ranking in found.items()}
    problems.raise_if_any()
    return made


def _ordered(query: str, ranking: Mapping[str, Any], shown: str, problems: Problems) -> list[Ranked]:
    pairs = []
    for name, score in ranking.items():
        if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
            problems.add(shown, f"query {query!r}: the score of {name!r} is {score!r}, not a finite number", "mend what wrote it")
        else:
            pairs.append((float(score), name))
    return [Ranked(name, score) for score, name in sorted(pairs, reverse=True)]
