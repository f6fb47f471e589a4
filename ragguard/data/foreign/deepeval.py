"""DeepEval's test runs: ``test_run_DATE.json`` of its results folder, and ``.deepeval/.latest_test_run.json``."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragguard.data.foreign import named
from ragguard.data.foreign.gather import Gather
from ragguard.data.foreign.reading import content, document
from ragguard.data.foreign.wanted import Wanted
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.foreign import Item, Known, Reply, Table

NAME = "deepeval"

SUCCESS = "success"
"""Whether every metric of a test case reached its threshold: what DeepEval itself counts."""

_NUMBERED = re.compile(r"(conversational_)?test_case_\d+")
_SHARE = Known(True, 0.0, 1.0)


def read(path: Path, wanted: Wanted) -> Table:  # noqa: ARG001 - a test run is of one system
    """Read a test run. Cases are known by their names, or by what they ask and want where DeepEval only numbers them.

    Raises:
        InputError: it is no test run, or torn, or a case cannot be told from another.
    """
    run = _run(path)
    gather = Gather(NAME, path, repeats=True)
    facts: dict[str, str] = {}
    ways: dict[str, set[bool]] = {}
    for key in ("testCases", "conversationalTestCases"):
        for number, case in enumerate(run.get(key) or []):
            _case(gather, named.mapping(case), f"{display(path)} {key}[{number}]", facts, ways)
    known = {name: Known(_way(ways.get(name, set())), 0.0, 1.0) for name in gather.metrics if name != SUCCESS}
    dataset = {"dataset": str(run["datasetAlias"])} if run.get("datasetAlias") else {}
    about = {f"hyperparameter {key}": named.text(value) for key, value in named.mapping(run.get("hyperparameters")).items()}
    return gather.table(known={**known, SUCCESS: _SHARE}, main=(SUCCESS,), facts=facts | dataset, about=about)


def _run(path: Path) -> Mapping[str, Any]:
    whole = named.mapping(document(content(path), display(path)))
    run = named.mapping(whole.get("testRunData")) or whole
    if "testCases" not in run and "conversationalTestCases" not in run:
        raise InputError(Problem(display(path), "has no testCases, and so is no test run of DeepEval", "name the tool with --format"))
    return run


def _case(gather: Gather, case: Mapping[str, Any], where: str, facts: dict[str, str], ways: dict[str, set[bool]]) -> None:
    asked = case.get("input") or case.get("scenario")
    wanted = case.get("expectedOutput") or case.get("expectedOutcome")
    own = named.text(case.get("name"))
    if not asked and (not own or _NUMBERED.fullmatch(own)):
        gather.problems.add(
            where, "has neither input, scenario nor a name of its own", "name the test cases: nothing else tells them apart"
        )
        return
    name = own if own and not _NUMBERED.fullmatch(own) else named.digest(asked, wanted, case.get("userDescription"))
    metadata = named.mapping(case.get("metadata"))
    tags = (*(each for each in case.get("tags") or [] if isinstance(each, str)), *named.tags(metadata))
    intent = named.text(metadata.get("intent"))
    gather.item(Item(name, named.text(asked), intent, "", tags, named.text(wanted), named.digest(asked, wanted)), where)
    given = case.get("retrievalContext") or ()
    gather.said.setdefault(name, Reply(_answer(case), tuple(map(named.text, given)) if isinstance(given, list) else ()))
    errors = []
    for each in case.get("metricsData") or []:
        error = _metric(gather, name, named.mapping(each), where, facts, ways)
        errors += [error] if error else []
    if errors:
        gather.failed(name, errors[0])
        gather.fail(name, gather.metric(SUCCESS), errors[0], where)
    else:
        gather.score(name, gather.metric(SUCCESS), case.get("success"), where)


def _answer(case: Mapping[str, Any]) -> str:
    turns = case.get("turns")
    if isinstance(turns, list):
        return "\n".join(f"{named.mapping(turn).get('role')}: {named.text(named.mapping(turn).get('content'))}" for turn in turns)
    return named.text(case.get("actualOutput"))


def _metric(gather: Gather, case: str, each: Mapping[str, Any], where: str, facts: dict[str, str], ways: dict[str, set[bool]]) -> str:
    """Take one metric of a case; return its error, if it had one."""
    theirs = named.text(each.get("name")) or "metric"
    ours = gather.metric(theirs)
    if each.get("evaluationModel"):
        facts[f"evaluation model of {theirs}"] = str(each["evaluationModel"])
    if each.get("threshold") is not None:
        facts[f"threshold of {theirs}"] = str(each["threshold"])
    if each.get("error"):
        gather.fail(case, ours, str(each["error"]), where)
        return f"{theirs}: {each['error']}"
    score, threshold, success = each.get("score"), each.get("threshold"), each.get("success")
    if isinstance(score, int | float) and isinstance(threshold, int | float) and isinstance(success, bool) and score != threshold:
        ways.setdefault(ours, set()).add((score > threshold) == success)
    gather.score(case, ours, score, where)
    return ""


def _way(found: set[bool]) -> bool | None:
    """Whether more is better, by which side of its threshold a metric passes on: DeepEval 4 turned some of its metrics around."""
    return found.pop() if len(found) == 1 else None
