"""The items of lm-eval's tasks as cases of a suite, each task and group a slice."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.load import LoadedSuite
from ragguard.records.collection import Query
from ragguard.records.evidence import Case
from ragguard.suites.golden import Cases

if TYPE_CHECKING:
    from ragguard.suites.harness.tasks import Tasks

BETWEEN = " | "
"""What stands between the choices of an item, or the answers that are right."""


def cases(task: Any, limit: int | None) -> tuple[Case, ...]:
    """Make a case of every item; one that the task has twice is of one intent."""
    documents = list(task.doc_iterator(limit=limit))
    width = len(str(len(documents) - 1))
    intents: dict[str, str] = {}
    made = []
    for number, document in documents:
        id_ = f"{task.task_name}/{number:0{width}d}"
        intent = intents.setdefault(repr(document), id_)
        text = prompt(task, document)
        made.append(Case(id_, text, Query(id_, text, intent), {}, task=task.task_name, expected=expected(task, document)))
    return tuple(made)


def placeholder(name: str) -> Case:
    """The case that stands in the place of items that could not be had."""
    id_ = f"{name}/0"
    return Case(id_, "(its data could not be had)", Query(id_, "", id_), {}, task=name)


def prompt(task: Any, document: Any) -> str:
    """What is asked, without examples before it and a template around it; choices where there is nothing else."""
    text = task.doc_to_text(document)
    return text if isinstance(text, str) and text else BETWEEN.join(choices(task, document))


def expected(task: Any, document: Any) -> str:
    """What would be right: the choice, or the text."""
    options, wanted = choices(task, document), task.doc_to_target(document)
    text = task.doc_to_text(document)
    if isinstance(text, int) and not isinstance(text, bool):
        wanted = text
    found = wanted if isinstance(wanted, list | tuple) else [wanted]
    return BETWEEN.join(options[each] if isinstance(each, int) and 0 <= each < len(options) else str(each) for each in found)


def choices(task: Any, document: Any) -> list[str]:
    """What there is to choose from; nothing where text is generated."""
    if getattr(task, "OUTPUT_TYPE", "") != "multiple_choice":
        return []
    return [str(each) for each in task.doc_to_choice(document)]


def join(suite: LoadedSuite, queries: Cases, tasks: "Tasks | None") -> Cases:
    """Put the items beside the queries, with a slice for each task and each group.

    Raises:
        InputError: a task is called as a slice is, or has an id of a query; a check names a slice that is not there.
    """
    if tasks is None:
        return queries
    _refuse(suite, queries, tasks)
    slices = {task.name: frozenset(case.id for case in task.cases) for task in tasks.tasks}
    slices |= {name: frozenset[str]().union(*(slices[task] for task in members)) for name, members in tasks.groups.items()}
    items = tuple(case for task in tasks.tasks for case in task.cases)
    made: Mapping[str, frozenset[str]] = {**queries.slices, "": queries.slices[""] | {case.id for case in items}, **slices}
    limit = suite.plan.lm_eval.limit if suite.plan.lm_eval else None
    note = "; ".join(filter(None, [queries.note, f"the first {limit:,} items of each task" if limit else ""]))
    return replace(queries, cases=tuple(sorted((*queries.cases, *items), key=lambda case: case.id)), slices=made, note=note)


def _refuse(suite: LoadedSuite, queries: Cases, tasks: "Tasks") -> None:
    names, ids = {*(task.name for task in tasks.tasks), *tasks.groups}, {case.id for case in queries.cases}
    known = names | set(queries.slices)
    problems = [
        Problem(suite.source.where(("lm_eval",)), f"a slice called {name!r} is there already, and every task is one", "rename the slice")
        for name in sorted(names & set(queries.slices))
    ]
    problems += [
        Problem(suite.source.where(("lm_eval",)), f"an item and a query would both be called {case.id!r}", "rename the query")
        for task in tasks.tasks
        for case in task.cases
        if case.id in ids
    ]
    problems += [
        Problem(suite.source.where(("checks", number, "slice")), f"there is no slice {check.slice!r}", suggest(check.slice, known - {""}))
        for number, check in enumerate(suite.plan.checks)
        if check.slice not in known
    ]
    if problems:
        raise InputError(problems)
