"""promptfoo's results: ``-o out.json`` (EvaluateSummary, version 3) and ``-o out.jsonl``; a file may hold several providers and prompts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ragguard.data.foreign import named
from ragguard.data.foreign.gather import Gather
from ragguard.data.foreign.reading import Row, content, document, json_lines, plain_suffix
from ragguard.data.foreign.wanted import Wanted, one_arm
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.foreign import Item, Known, Reply, Table

NAME = "promptfoo"

KEYS = frozenset({"promptIdx", "testIdx", "vars", "success", "score"})
"""What every result has."""

PASS, SCORE = "pass", "score"
"""What is shown as passed and failed, by which promptfoo counts, and the score from 0 to 1 behind it."""

ERROR = 2
"""The ``failureReason`` of a result that could not be had, rather than being wrong."""

_SHARE = Known(True, 0.0, 1.0)
CONTEXTS = ("context", "contexts", "retrieved_contexts", "documents")
QUESTIONS = ("question", "query", "input", "prompt")


def read(path: Path, wanted: Wanted) -> Table:
    """Read the results of one provider and prompt. Tests are known by their variables; one that was repeated is averaged.

    Raises:
        InputError: it is not promptfoo's, or torn, or holds several systems of which none is named.
    """
    problems = Problems()
    whole = list(_rows(path, problems))
    good = [(where, row) for where, row in whole if row.keys() >= KEYS]
    for where, row in whole:
        if lacking := sorted(KEYS - row.keys()):
            problems.add(where, f"is no result of promptfoo: it has no {lacking[0]}", "name the tool that wrote it with --format")
    problems.raise_if_any()
    names = _arms(good)
    arm = one_arm(display(path), list(dict.fromkeys(names)), wanted)
    mine = [row for row, name in zip(good, names, strict=True) if name == arm]
    gather = Gather(NAME, path, repeats=True, problems=problems)
    facts: dict[str, str] = {}
    for (where, row), case in zip(mine, _cases([row for _, row in mine]), strict=True):
        _result(gather, row, where, case)
        _graders(row, facts)
    known = dict.fromkeys(gather.metrics, _SHARE)
    return gather.table(known=known, main=(PASS,), facts=facts, about={"provider": arm})


def _rows(path: Path, problems: Problems) -> Iterator[Row]:
    if plain_suffix(path) != ".json":
        yield from json_lines(path, problems)
        return
    shown = display(path)
    whole = document(content(path), shown)
    summary = whole.get("results") if isinstance(whole, dict) else None
    listed = summary.get("results") if isinstance(summary, dict) else None
    if not isinstance(listed, list):
        raise InputError(Problem(shown, "has no results.results, and so is not promptfoo's", "write it with: promptfoo eval -o out.json"))
    yield from ((f"{shown} results.results[{n}]", each if isinstance(each, dict) else {}) for n, each in enumerate(listed))


def _arms(rows: list[Row]) -> list[str]:
    """The system of each result: its provider, and the number of its prompt where a provider has several."""
    providers = [_provider(row) for _, row in rows]
    prompts: dict[str, set[Any]] = {}
    for name, (_, row) in zip(providers, rows, strict=True):
        prompts.setdefault(name, set()).add(row["promptIdx"])
    return [
        f"{name}#{sorted(prompts[name]).index(row['promptIdx']) + 1}" if len(prompts[name]) > 1 else name
        for name, (_, row) in zip(providers, rows, strict=True)
    ]


def _provider(row: Mapping[str, Any]) -> str:
    given = row.get("provider")
    if isinstance(given, dict):
        return str(given.get("label") or given.get("id") or "")
    return str(given or "")


def _cases(rows: list[dict[str, Any]]) -> list[str]:
    """A name for each result: the hash of its variables; tests that share them and demand other things are numbered."""
    seen: dict[str, list[str]] = {}
    made = []
    for row in rows:
        asked, demanded = named.digest(row["vars"]), named.digest(_asserts(row))
        known = seen.setdefault(asked, [])
        if demanded not in known:
            known.append(demanded)
        number = known.index(demanded)
        made.append(f"{asked}.{number + 1}" if number else asked)
    return made


def _asserts(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the test demands, those of a set of assertions among them."""
    listed = named.mapping(row.get("testCase")).get("assert") or []
    flat = (inner for each in listed if isinstance(each, dict) for inner in (each.get("assert") or [each]))
    return [each for each in flat if isinstance(each, dict)]


def _result(gather: Gather, row: Mapping[str, Any], where: str, case: str) -> None:
    test, metadata = named.mapping(row.get("testCase")), named.mapping(named.mapping(row.get("testCase")).get("metadata"))
    answer = named.mapping(row.get("response")).get("output")
    gather.item(
        Item(
            id=case,
            text=_question(row["vars"]),
            intent=named.text(metadata.get("intent")) or named.digest(row["vars"]),
            tags=named.tags(metadata),
            expected=named.text(test.get("description")),
            content=named.digest(row["vars"], _asserts(row), test.get("threshold")),
        ),
        where,
    )
    gather.said.setdefault(case, Reply(named.text(answer), _contexts(row["vars"])))
    metrics = {named.text(each["metric"]) for each in _asserts(row) if each.get("metric")}
    scores = named.mapping(row.get("namedScores"))
    if row.get("failureReason") == ERROR or (row.get("error") and row.get("gradingResult") is None):
        why = named.text(row.get("error")) or "promptfoo could not run the test"
        gather.failed(case, why)
        for name in (PASS, SCORE, *sorted(metrics | scores.keys())):
            gather.fail(case, gather.metric(name), why, where)
        return
    gather.score(case, gather.metric(PASS), row["success"], where)
    gather.score(case, gather.metric(SCORE), row["score"], where)
    for name in sorted(metrics | scores.keys()):
        gather.score(case, gather.metric(name), scores.get(name), where)


def _question(variables: Any) -> str:
    """What was asked: the variable that is called so, or the only one, or all of them."""
    given = named.mapping(variables)
    return named.text(
        next((given[name] for name in QUESTIONS if name in given), next(iter(given.values())) if len(given) == 1 else variables)
    )


def _contexts(variables: Any) -> tuple[str, ...]:
    given = next((named.mapping(variables)[name] for name in CONTEXTS if name in named.mapping(variables)), ())
    return tuple(map(named.text, given)) if isinstance(given, list) else (named.text(given),) if given else ()


def _graders(row: Mapping[str, Any], facts: dict[str, str]) -> None:
    """Note which model graded: that of the assertion, else that of the test."""
    options = named.mapping(named.mapping(row.get("testCase")).get("options"))
    for each in named.mapping(row.get("gradingResult")).get("componentResults") or []:
        demanded = named.mapping(named.mapping(each).get("assertion"))
        grader = demanded.get("provider") or (options.get("provider") if "provider" in demanded or _judged(demanded) else None)
        if grader:
            facts[f"grader of {demanded.get('metric') or demanded.get('type')}"] = named.text(
                named.mapping(grader).get("id") if isinstance(grader, dict) and grader.get("id") else grader
            )


def _judged(demanded: Mapping[str, Any]) -> bool:
    """Tell whether a model grades an assertion of this type."""
    kind = str(demanded.get("type") or "").removeprefix("not-")
    return kind in ("llm-rubric", "model-graded-closedqa", "factuality", "g-eval", "answer-relevance") or kind.startswith("context-")
