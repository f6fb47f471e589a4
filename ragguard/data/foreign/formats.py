"""Which tool wrote a file: told by what it looks like, or by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ragguard.data.foreign import columns, deepeval, generic, inspect_files, inspect_log, ir_measures, lm_eval, promptfoo, rankings
from ragguard.data.foreign.looks import Look, look
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.source import display
from ragguard.records.foreign import Table


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of results: how to know it, and how to read it. Rankings have no reader here: they are scored against judgements."""

    name: str
    recognise: Callable[[Look], bool]
    read: Callable[[Path, Wanted], Table] | None
    holds: str


def _lm_eval(look: Look) -> bool:
    if look.path.is_dir():
        return bool(lm_eval.samples(look.path))
    return look.suffix == ".jsonl" and look.keys >= lm_eval.KEYS


def _inspect(look: Look) -> bool:
    if look.path.is_dir():
        return bool(inspect_files.logs(look.path))
    return look.line.startswith(b"PK\x03\x04") or (look.suffix == ".json" and {"status", "eval", "version"} <= look.keys)


def _promptfoo(look: Look) -> bool:
    if look.suffix == ".json":
        return "evalId" in look.keys and "results" in look.keys
    return look.suffix in (".jsonl", ".ndjson") and look.keys >= promptfoo.KEYS


def _deepeval(look: Look) -> bool:
    return look.suffix == ".json" and bool(look.keys & {"testCases", "conversationalTestCases", "testRunData"})


def _mteb(look: Look) -> bool:
    return bool(rankings.predictions(look.path)) if look.path.is_dir() else look.suffix == ".json" and rankings.META in look.keys


def _ir_measures(look: Look) -> bool:
    cells = look.line.split(b"\t")
    return look.keys == {"query_id", "measure", "value"} or (
        len(cells) == 3 and look.suffix != ".csv" and _number(cells[2]) and not _trec_eval(look)
    )


def _trec_eval(look: Look) -> bool:
    cells = look.line.split()
    return (
        len(cells) == 3
        and cells[0].decode(errors="replace").startswith((*ir_measures.TOTALS, *ir_measures.TREC_NAMES))
        and b"\t" in look.line
    )


def _ragas(look: Look) -> bool:
    return look.tabular and any(known <= look.keys for known in generic.RAGAS_COLUMNS)


def _table(look: Look) -> bool:
    if look.suffix in (".csv", ".tsv", ".parquet"):
        return True
    found = columns.roles(look.keys)
    named = "id" in found or "text" in found
    return named and look.tabular and not {"ranking", "docid", "corpus-id"} & look.keys


def _run(look: Look) -> bool:
    cells = look.line.split(None, 5)
    ranked = {"ranking", "docid", "corpus-id", "doc_id"} & look.keys and {"query-id", "qid", "query_id"} & look.keys
    return bool(ranked) or (len(cells) == 6 and not look.line.lstrip().startswith(b"{") and _number(cells[4]))


FORMATS: tuple[Format, ...] = (
    Format(lm_eval.NAME, _lm_eval, lm_eval.read, "scores"),
    Format(inspect_log.NAME, _inspect, inspect_log.read, "answers"),
    Format(promptfoo.NAME, _promptfoo, promptfoo.read, "answers"),
    Format(deepeval.NAME, _deepeval, deepeval.read, "answers"),
    Format(rankings.MTEB, _mteb, None, "rankings"),
    Format(rankings.TREC, _run, None, "rankings"),
    Format(ir_measures.TREC_EVAL, _trec_eval, ir_measures.read_trec_eval, "scores"),
    Format(ir_measures.NAME, _ir_measures, ir_measures.read, "scores"),
    Format(generic.RAGAS, _ragas, generic.read_ragas, "answers"),
    Format(generic.NAME, _table, generic.read, "answers"),
)
"""The first that knows a file reads it."""

NAMES: Mapping[str, Format] = {each.name: each for each in FORMATS}


def recognise(path: Path, name: str = "") -> Format | None:
    """Return the format of a file: the one named, else the first that knows it; None where none does.

    Raises:
        InputError: there is no format of that name, or the file cannot be read.
    """
    if name:
        if name not in NAMES:
            raise InputError(Problem(display(path), f"there is no format {name!r}", suggest(name, NAMES)))
        return NAMES[name]
    seen = look(path)
    return next((each for each in FORMATS if each.recognise(seen)), None)


def _number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
