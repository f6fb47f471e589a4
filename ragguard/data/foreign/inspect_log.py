"""Inspect AI logs, ``.eval`` and ``.json``; epochs are repeats."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ragguard.data.foreign import named, values
from ragguard.data.foreign.gather import Gather
from ragguard.data.foreign.inspect_files import Log, logs, opened
from ragguard.data.foreign.wanted import Wanted, one_arm
from ragguard.errors import InputError, Problem
from ragguard.plan.source import display
from ragguard.records.foreign import Item, Known, Reply, Table

NAME = "inspect"

GRADES: Mapping[str, float] = {**values.WORDS, "C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Inspect's own grades: correct, partially correct, incorrect, no answer."""


def read(path: Path, wanted: Wanted) -> Table:
    """Read a log, or a folder with one log for each of several tasks, of which all count alike.

    Raises:
        InputError: it is no log, or torn, or a sample comes twice.
        MissingExtra: it is in Zstandard, and nothing that unpacks it is installed.
    """
    paths = logs(path) if path.is_dir() else [path]
    if wanted.arm:
        paths = [path / one_arm(display(path), [each.name for each in paths], wanted)]
    found = [opened(each) for each in paths]
    tasks = [log.task for log in found]
    if again := [task for task in tasks if tasks.count(task) > 1]:
        raise InputError(
            Problem(display(path), f"holds several logs of the task {again[0]!r}", "name one log, or a folder with one a task")
        )
    gather = Gather(NAME, *paths)
    warnings: list[str] = []
    left_out: dict[str, str] = {}
    main: dict[str, str] = {}
    for log in found:
        _take(gather, log, several=len(found) > 1, left_out=left_out)
        warnings += _warnings(log)
        first = _headline(log, gather)
        if first:
            main[log.task] = first
    known = _known(gather, found)
    one = tuple(dict.fromkeys(main.values()))
    several = {"task_metric": main} if len(found) > 1 else {"main": one}
    facts = {key: value for log in found for key, value in _facts(log).items()}
    about = {"model": ", ".join(dict.fromkeys(str(log.spec.get("model")) for log in found))}
    return gather.table(known=known, facts=facts, about=about, left_out=left_out, warnings=tuple(warnings), **several)


def _take(gather: Gather, log: Log, *, several: bool, left_out: dict[str, str]) -> None:
    scorers, failed = set[str](), list[tuple[str, str, str, str]]()
    for where, sample in sorted(log.samples, key=lambda pair: (str(pair[1].get("id")), str(pair[1].get("epoch")))):
        if "id" not in sample:
            gather.problems.add(where, "the sample has no id", "is it a log of Inspect AI?")
            continue
        case = f"{log.task}/{sample['id']}" if several else str(sample["id"])
        gather.item(_item(sample, case, log.task), where)
        gather.said.setdefault(case, Reply(named.text(named.mapping(sample.get("output")).get("completion"))))
        epoch = str(sample.get("epoch") or 1)
        mine = dict(_scores(gather, sample, left_out))
        for name, (value, why) in mine.items():
            if why and values.absent(value):
                gather.fail(case, name, why, where, epoch)
            else:
                gather.score(case, name, value, where, epoch, GRADES)
        scorers |= mine.keys()
        error = named.mapping(sample.get("error")).get("message")
        failed.append((case, epoch, where, str(error) if error else ""))
        if error:
            gather.failed(case, f"epoch {epoch}: {error}")
    _unscored(gather, log, scorers, failed, several=several)


def _unscored(gather: Gather, log: Log, scorers: set[str], ran: list[tuple[str, str, str, str]], *, several: bool) -> None:
    """Every scorer looks at every sample: where one says nothing, that is a missing score. So is a sample that was never run."""
    for case, epoch, where, error in ran:
        for name in scorers:
            if not gather.has(case, name, epoch):
                gather.fail(case, name, error or "Inspect gave no score", where, epoch)
    met = {case for case, *_ in ran}
    ids = named.mapping(log.spec.get("dataset")).get("sample_ids") or []
    limited = named.mapping(log.spec.get("config")).get("limit") or named.mapping(log.spec.get("config")).get("sample_id")
    for each in [] if limited or log.header.get("status") == "success" else ids:
        case = f"{log.task}/{each}" if several else str(each)
        if case not in met:
            gather.item(Item(case, task=log.task), display(log.path))
            gather.failed(case, f"the eval ended ({log.header.get('status')}) before this sample")
            for name in scorers:
                gather.fail(case, name, gather.errors[case], display(log.path))


def _item(sample: Mapping[str, Any], case: str, task: str) -> Item:
    metadata = named.mapping(sample.get("metadata"))
    asked = sample.get("input")
    # Messages have ids of their own in each run.
    messages = [[each.get("role"), each.get("content")] for each in asked if isinstance(each, dict)] if isinstance(asked, list) else asked
    return Item(
        id=case,
        text=_question(asked),
        intent=named.text(metadata.get("intent")),
        task=task,
        tags=named.tags(metadata),
        expected=named.text(sample.get("target")),
        content=named.digest(messages, sample.get("target"), sample.get("choices"), metadata),
    )


def _question(asked: Any) -> str:
    """What was asked: of messages, what the user said last."""
    said = (
        [each.get("content") for each in asked if isinstance(each, dict) and each.get("role") == "user"] if isinstance(asked, list) else []
    )
    if not said:
        return named.text(asked)
    last = said[-1]
    return "\n".join(named.text(named.mapping(part).get("text")) for part in last) if isinstance(last, list) else named.text(last)


def _scores(gather: Gather, sample: Mapping[str, Any], left_out: dict[str, str]) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Yield each score with its name, the value, and why there is none; a scorer of several values is ``SCORER:KEY``."""
    for scorer, score in named.mapping(sample.get("scores")).items():
        value, why = (
            named.mapping(score).get("value"),
            named.text(named.mapping(score).get("reason") or named.mapping(score).get("explanation")),
        )
        if isinstance(value, dict):
            for key, each in value.items():
                yield gather.metric(f"{scorer}:{key}"), (each, why)
        elif isinstance(value, list):
            left_out[scorer] = "is a list of values, and so no score of a sample"
        else:
            yield gather.metric(scorer), (value, why)


def _headline(log: Log, gather: Gather) -> str:
    """The score that the log puts first: its headline, else that of its first scorer."""
    results = named.mapping(log.header.get("results"))
    told = named.mapping(results.get("headline"))
    listed = [named.mapping(each) for each in (results.get("scores") or log.spec.get("scorers") or [])]
    pairs = [(each.get("scorer") or each.get("name"), each.get("score") or each.get("name")) for each in [told, *listed] if each]
    for scorer, name in pairs:
        for option in (str(name), f"{scorer}:{name}", str(scorer)):
            if named.metric(option) in gather.metrics:
                return named.metric(option)
    return ""


def _known(gather: Gather, found: list[Log]) -> dict[str, Known]:
    """Grades say what is better; so does a scorer whose values Inspect reduces to an accuracy."""
    known = {name: Known(True, 0.0, 1.0) for name in gather.metrics if gather.worded(name)}
    for log in found:
        for scorer in log.spec.get("scorers") or []:
            metrics = scorer.get("metrics")
            if isinstance(metrics, list) and any(str(named.mapping(each).get("name")).rpartition("/")[2] == "accuracy" for each in metrics):
                known.setdefault(named.metric(str(scorer.get("name"))), Known(True, 0.0, 1.0))
    return known


def _facts(log: Log) -> dict[str, str]:
    spec, about = log.spec, named.mapping(log.spec.get("dataset"))
    graders = {str(each.get("name")): named.text(each.get("options") or {}) for each in spec.get("scorers") or []}
    roles = {name: named.text(value) for name, value in named.mapping(spec.get("model_roles")).items() if name == "grader"}
    told = {"task": log.task, "task version": str(spec.get("task_version", "")), "dataset": named.text(about.get("name"))}
    return {f"{log.task}: {key}": value for key, value in told.items() if value} | {
        f"{log.task}: scorer {name}": options for name, options in {**graders, **roles}.items()
    }


def _warnings(log: Log) -> Iterator[str]:
    status = log.header.get("status")
    if status != "success":
        yield f"{display(log.path)}: the eval did not end well (status {status})"
    reducer = named.mapping(log.spec.get("config")).get("epochs_reducer")
    if reducer and reducer != ["mean"]:
        yield f"{display(log.path)}: the log reduces epochs by {named.text(reducer)}; here the epochs of a sample are averaged"
    if log.header.get("invalidated"):
        yield f"{display(log.path)}: the log was marked as invalidated"
