"""Any table: a row a case with a column a metric (wide), or a row a score with columns id, metric, value (long). ragas writes wide ones."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragguard.data.foreign import columns, named, values
from ragguard.data.foreign.gather import Gather
from ragguard.data.foreign.reading import Row, rows
from ragguard.data.foreign.wanted import Wanted
from ragguard.data.problems import Problems
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan.source import display
from ragguard.records.foreign import Item, Reply, Table

NAME, RAGAS = "table", "ragas"

RAGAS_COLUMNS = (
    frozenset({"user_input", "response"}),
    frozenset({"user_input", "retrieved_contexts"}),
    frozenset({"question", "answer", "contexts"}),
)
"""One of these sets of columns makes a table one of ragas."""

_OTHER_ROLES = ("answer", "contexts", "context_ids", "expected", "text")


def read(path: Path, wanted: Wanted) -> Table:
    """Read a table of anybody's.

    Raises:
        InputError: with every row that is torn, contradicts another or holds no score where there should be one.
        MissingExtra: it is Parquet, and nothing that reads it is installed.
    """
    return _read(NAME, path, wanted)


def read_ragas(path: Path, wanted: Wanted) -> Table:
    """Read what ``EvaluationResult.to_pandas()`` of ragas wrote. Raises as ``read``."""
    return _read(RAGAS, path, wanted)


def _read(tool: str, path: Path, wanted: Wanted) -> Table:
    problems = Problems()
    found = [(where, _flat(row)) for where, row in rows(path, problems)]
    problems.raise_if_any()
    names = list(dict.fromkeys(name for _, row in found for name in row))
    if wanted.id and wanted.id not in names:
        raise InputError(Problem(display(path), f"has no column {wanted.id!r}", suggest(wanted.id, names)))
    roles = columns.roles(names, wanted.id)
    if "id" not in roles and "text" not in roles:
        what = "has no cases" if not found else f"has neither an id nor a question for its cases (columns: {', '.join(names)})"
        raise InputError(Problem(display(path), what, "name the column of ids with --id"))
    gather = Gather(tool, path, repeats="id" not in roles, problems=problems)
    left_out: dict[str, str] = {}
    take = _long if "metric" in roles else _wide
    take(gather, found, roles, names, left_out)
    return gather.table(main=_main(gather), left_out=left_out)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the scores of an inner object beside its other columns."""
    inner = [name for name in columns.NESTED if isinstance(row.get(name), dict)]
    return row if not inner else {k: v for k, v in row.items() if k not in inner} | {k: v for name in inner for k, v in row[name].items()}


def _main(gather: Gather) -> tuple[str, ...]:
    only = tuple(gather.metrics)
    return only if len(only) == 1 else ()


def _case(gather: Gather, row: Mapping[str, Any], where: str, roles: Mapping[str, str]) -> tuple[str, str] | None:
    """Take the case of a row; return its name and which repeat it is. None, and a problem, where it has no name."""

    def got(role: str) -> Any:
        return row.get(roles[role]) if role in roles else None

    asked, wanted = named.text(got("text")), named.text(got("expected"))
    name = _name(got("id")) if "id" in roles else named.digest(asked, wanted) if asked else ""
    if not name:
        column = roles.get("id") or roles["text"]
        gather.problems.add(where, f"{column} is empty or no name ({named.text(row.get(column))[:40]!r})", f"give each row its {column}")
        return None
    content = named.digest(asked, wanted) if asked else ""
    gather.item(Item(name, asked, named.text(got("intent")), named.text(got("task")), _tags(got("tags")), wanted, content), where)
    if "answer" in roles:
        gather.said.setdefault(name, Reply(named.text(got("answer")), texts(got("contexts")), texts(got("context_ids"))))
    error = got("error")
    if isinstance(error, str) and not values.absent(error) and not values.scorelike(error):
        gather.failed(name, error)
    return name, named.text(got("repeat"))


def _tags(value: Any) -> tuple[str, ...]:
    return tuple(map(named.text, value)) if isinstance(value, list) else tuple(named.text(value).replace(",", " ").split())


def _name(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if values.absent(value) or isinstance(value, bool | list | dict):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts, also where a CSV holds it as Python prints it."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return (str(value),)
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(map(named.text, value)) if isinstance(value, list | tuple) else ()


def _long(gather: Gather, found: list[Row], roles: Mapping[str, str], names: list[str], left_out: dict[str, str]) -> None:  # noqa: ARG001
    for where, row in found:
        taken = _case(gather, row, where, roles)
        name = named.text(row.get(roles["metric"])).strip()
        if not name:
            gather.problems.add(where, f"{roles['metric']} is empty", "name the metric of each row")
        elif taken is not None:
            _score(gather, taken, name, row.get(roles["value"]), where)


def _wide(gather: Gather, found: list[Row], roles: Mapping[str, str], names: list[str], left_out: dict[str, str]) -> None:
    others = [
        name for name in names if name not in roles.values() and not any(name in getattr(columns, role.upper()) for role in _OTHER_ROLES)
    ]
    metrics = [name for name in others if _holds_scores(name, found, left_out)]
    for where, row in found:
        taken = _case(gather, row, where, roles)
        if taken is not None:
            for name in metrics:
                _score(gather, taken, name, row.get(name), where)


def _score(gather: Gather, taken: tuple[str, str], name: str, value: Any, where: str) -> None:
    case, repeat = taken
    ours = gather.metric(name)
    if case in gather.errors and not values.scorelike(value):
        gather.fail(case, ours, gather.errors[case], where, repeat)
    else:
        gather.score(case, ours, value, where, repeat)


def _holds_scores(name: str, found: list[Row], left_out: dict[str, str]) -> bool:
    """Tell whether a column holds scores, by the first value that is there."""
    for where, row in found:
        value = row.get(name)
        if values.absent(value):
            continue
        if values.scorelike(value):
            return True
        left_out[name] = f"holds no scores ({where}: {named.text(value)[:40]!r})"
        return False
    left_out[name] = "is empty"
    return False
