"""Inspect AI logs: ``.eval`` (a zip of JSON, stored, deflated or in Zstandard) and ``.json``; epochs are repeats."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ragguard.data.foreign import named, values
from ragguard.data.foreign.gather import Gather
from ragguard.data.foreign.reading import content, document
from ragguard.data.foreign.wanted import Wanted, one_arm
from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.source import display
from ragguard.records.foreign import Item, Known, Reply, Table

NAME = "inspect"

GRADES: Mapping[str, float] = {**values.WORDS, "C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Inspect's own grades: correct, partially correct, incorrect, no answer."""

_ZSTANDARD, _LOCAL_HEADER = 93, 30
_HEADER, _START, _SAMPLES = "header.json", "_journal/start.json", "samples/"


@dataclass(frozen=True)
class _Log:
    """A log: its header without samples, and the samples with their places."""

    path: Path
    header: Mapping[str, Any]
    samples: list[tuple[str, Mapping[str, Any]]]

    @property
    def spec(self) -> Mapping[str, Any]:
        """What was evaluated, and how."""
        return _mapping(self.header.get("eval"))

    @property
    def task(self) -> str:
        """The task's name."""
        return str(self.spec.get("task") or "")


def logs(folder: Path) -> list[Path]:
    """The logs in a folder."""
    return sorted([*folder.glob("*.eval"), *(path for path in folder.glob("*.json") if b'"eval"' in path.open("rb").read(4096))])


def read(path: Path, wanted: Wanted) -> Table:
    """Read a log, or a folder with one log for each of several tasks, of which all count alike.

    Raises:
        InputError: it is no log, or torn, or a sample comes twice.
        MissingExtra: it is in Zstandard, and nothing that unpacks it is installed.
    """
    paths = logs(path) if path.is_dir() else [path]
    if wanted.arm:
        paths = [path / one_arm(display(path), [each.name for each in paths], wanted)]
    found = [_log(each) for each in paths]
    tasks = [log.task for log in found]
    if again := [task for task in tasks if tasks.count(task) > 1]:
        raise InputError(Problem(display(path), f"holds several logs of the task {again[0]!r}", "name one log, or a folder with one a task"))
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


def _log(path: Path) -> _Log:
    if zipfile.is_zipfile(path):
        return _packed(path)
    whole = document(content(path), display(path))
    if not isinstance(whole, dict) or "eval" not in whole:
        raise InputError(Problem(display(path), "is no log of Inspect AI", "give a .eval or .json log, or name the tool with --format"))
    samples = [(f"{display(path)} samples[{n}]", _mapping(each)) for n, each in enumerate(whole.get("samples") or [])]
    return _Log(path, {key: value for key, value in whole.items() if key != "samples"}, samples)


def _packed(path: Path) -> _Log:
    shown = display(path)
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            members = {member.filename: member for member in archive.infolist()}
            head = members.get(_HEADER) or members.get(_START)
            if head is None:
                raise InputError(Problem(shown, f"is a zip without {_HEADER}, and so no log of Inspect AI", "give a .eval log"))
            header = _mapping(document(_unpacked(raw, head, shown), f"{shown} {head.filename}"))
            samples = [
                (f"{shown} {name}", _mapping(document(_unpacked(raw, member, shown), f"{shown} {name}")))
                for name, member in members.items()
                if name.startswith(_SAMPLES) and name.endswith(".json")
            ]
    except (zipfile.BadZipFile, zlib.error) as error:
        raise InputError(Problem(shown, f"is not a whole log ({error})", "was it cut off? let Inspect write it again")) from error
    # A log whose run was killed has no header: only what it began with.
    return _Log(path, header if _HEADER in members else {**header, "status": "started"}, samples)


def _unpacked(raw: IO[bytes], member: zipfile.ZipInfo, shown: str) -> bytes:
    """The bytes of a member; Python's own zipfile does not know Zstandard before 3.14."""
    raw.seek(member.header_offset)
    local = raw.read(_LOCAL_HEADER)
    raw.seek(int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little"), 1)
    packed = raw.read(member.compress_size)
    made = _expanded(packed, member, shown)
    if zlib.crc32(made) != member.CRC:
        raise InputError(Problem(f"{shown} {member.filename}", "is damaged: its checksum differs", "let Inspect write the log again"))
    return made


def _expanded(packed: bytes, member: zipfile.ZipInfo, shown: str) -> bytes:
    if member.compress_type == zipfile.ZIP_STORED:
        return packed
    if member.compress_type == zipfile.ZIP_DEFLATED:
        return zlib.decompress(packed, -zlib.MAX_WBITS)
    if member.compress_type != _ZSTANDARD:
        raise InputError(Problem(shown, f"is packed in a way that is not known here ({member.compress_type})", "write it as .json"))
    try:
        import cramjam
    except ModuleNotFoundError:
        raise MissingExtra("models", f"reading {shown}, which is packed in Zstandard,") from None
    try:
        return bytes(cramjam.zstd.decompress(packed))
    except cramjam.DecompressionError as error:
        raise InputError(Problem(f"{shown} {member.filename}", f"is damaged: {error}", "let Inspect write the log again")) from error


def _take(gather: Gather, log: _Log, *, several: bool, left_out: dict[str, str]) -> None:
    scorers, failed = set[str](), list[tuple[str, str, str, str]]()
    for where, sample in sorted(log.samples, key=lambda pair: (str(pair[1].get("id")), str(pair[1].get("epoch")))):
        if "id" not in sample:
            gather.problems.add(where, "the sample has no id", "is it a log of Inspect AI?")
            continue
        case = f"{log.task}/{sample['id']}" if several else str(sample["id"])
        gather.item(_item(sample, case, log.task), where)
        gather.said.setdefault(case, Reply(named.text(_mapping(sample.get("output")).get("completion"))))
        epoch = str(sample.get("epoch") or 1)
        mine = {name: score for name, score in _scores(gather, sample, left_out)}
        for name, (value, why) in mine.items():
            if why and _missing(value):
                gather.fail(case, name, why, where, epoch)
            else:
                gather.score(case, name, value, where, epoch, GRADES)
        scorers |= mine.keys()
        error = _mapping(sample.get("error")).get("message")
        failed.append((case, epoch, where, str(error) if error else ""))
        if error:
            gather.failed(case, f"epoch {epoch}: {error}")
    _unscored(gather, log, scorers, failed, several=several)


def _missing(value: Any) -> bool:
    """Tell whether a score's value says that there is none."""
    return value is None or value != value  # noqa: PLR0124 - NaN, with which Inspect says "unscored"


def _unscored(gather: Gather, log: _Log, scorers: set[str], ran: list[tuple[str, str, str, str]], *, several: bool) -> None:
    """Every scorer looks at every sample: where one says nothing, that is a missing score. So is a sample that was never run."""
    for case, epoch, where, error in ran:
        for name in scorers:
            if not gather.has(case, name, epoch):
                gather.fail(case, name, error or "Inspect gave no score", where, epoch)
    met = {case for case, *_ in ran}
    ids = _mapping(log.spec.get("dataset")).get("sample_ids") or []
    limited = _mapping(log.spec.get("config")).get("limit") or _mapping(log.spec.get("config")).get("sample_id")
    for each in [] if limited or log.header.get("status") == "success" else ids:
        case = f"{log.task}/{each}" if several else str(each)
        if case not in met:
            gather.item(Item(case, task=log.task), display(log.path))
            gather.failed(case, f"the eval ended ({log.header.get('status')}) before this sample")
            for name in scorers:
                gather.fail(case, name, gather.errors[case], display(log.path))


def _item(sample: Mapping[str, Any], case: str, task: str) -> Item:
    metadata = _mapping(sample.get("metadata"))
    asked = sample.get("input")
    # Messages have ids of their own in each run.
    messages = [[each.get("role"), each.get("content")] for each in asked if isinstance(each, dict)] if isinstance(asked, list) else asked
    return Item(
        id=case,
        text=named.text(asked),
        intent=named.text(metadata.get("intent")),
        task=task,
        tags=named.tags(metadata),
        expected=named.text(sample.get("target")),
        content=named.digest(messages, sample.get("target"), sample.get("choices"), metadata),
    )


def _scores(gather: Gather, sample: Mapping[str, Any], left_out: dict[str, str]) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Yield each score with its name, the value, and why there is none; a scorer of several values is ``SCORER:KEY``."""
    for scorer, score in _mapping(sample.get("scores")).items():
        value, why = _mapping(score).get("value"), named.text(_mapping(score).get("reason") or _mapping(score).get("explanation"))
        if isinstance(value, dict):
            for key, each in value.items():
                yield gather.metric(f"{scorer}:{key}"), (each, why)
        elif isinstance(value, list):
            left_out[scorer] = "is a list of values, and so no score of a sample"
        else:
            yield gather.metric(scorer), (value, why)


def _headline(log: _Log, gather: Gather) -> str:
    """The score that the log puts first: its headline, else that of its first scorer."""
    results = _mapping(log.header.get("results"))
    told = _mapping(results.get("headline"))
    listed = [_mapping(each) for each in (results.get("scores") or log.spec.get("scorers") or [])]
    pairs = [(each.get("scorer") or each.get("name"), each.get("score") or each.get("name")) for each in [told, *listed] if each]
    for scorer, name in pairs:
        for option in (str(name), f"{scorer}:{name}", str(scorer)):
            if named.metric(option) in gather.metrics:
                return named.metric(option)
    return ""


def _known(gather: Gather, found: list[_Log]) -> dict[str, Known]:
    """Grades say what is better; so does a scorer whose values Inspect reduces to an accuracy."""
    known = {name: Known(True, 0.0, 1.0) for name in gather.metrics if gather.kind(name) == "word"}
    for log in found:
        for scorer in log.spec.get("scorers") or []:
            metrics = scorer.get("metrics")
            if isinstance(metrics, list) and any(str(_mapping(each).get("name")).rpartition("/")[2] == "accuracy" for each in metrics):
                known.setdefault(named.metric(str(scorer.get("name"))), Known(True, 0.0, 1.0))
    return known


def _facts(log: _Log) -> dict[str, str]:
    spec, about = log.spec, _mapping(log.spec.get("dataset"))
    graders = {str(each.get("name")): named.text(each.get("options") or {}) for each in spec.get("scorers") or []}
    roles = {name: named.text(value) for name, value in _mapping(spec.get("model_roles")).items() if name == "grader"}
    told = {"task": log.task, "task version": str(spec.get("task_version", "")), "dataset": named.text(about.get("name"))}
    return {f"{log.task}: {key}": value for key, value in told.items() if value} | {
        f"{log.task}: scorer {name}": options for name, options in {**graders, **roles}.items()
    }


def _warnings(log: _Log) -> Iterator[str]:
    status = log.header.get("status")
    if status != "success":
        yield f"{display(log.path)}: the eval did not end well (status {status})"
    reducer = _mapping(log.spec.get("config")).get("epochs_reducer")
    if reducer and reducer != ["mean"]:
        yield f"{display(log.path)}: the log reduces epochs by {named.text(reducer)}; here the epochs of a sample are averaged"
    if log.header.get("invalidated"):
        yield f"{display(log.path)}: the log was marked as invalidated"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
