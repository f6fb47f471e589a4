"""What a run cost, in words for the terminal and for report.md: time and memory of the stages, time of a case, length of answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ragguard.records.efficiency import Answering, Latency, Stage
from ragguard.records.report import Report
from ragguard.reports import details, figures, spent, tables, words
from ragguard.reports.escape import cell, prose
from ragguard.reports.pen import Pen

HEADING = "Time, memory and speed"
_CLIP = 40
_ORDER = (
    *("prepare", "train the retriever", "train the reranker", "train the generator", "index"),
    *("retrieve", "rerank", "generate", "remote", "score", "look at what moved", "compare"),
)

STAGES = (
    "Seconds of each stage, and the highest memory of the process meanwhile (not of processes that it started). Indexing loads the "
    "models too. Preparing finds and hashes them."
)
LIFETIME = "This system does not let a peak be reset: every peak is the highest of the process up to the end of that stage."
SPEED = (
    "Milliseconds of a case: median / 95th / 99th percentile, over the cases of all suites that gave no error. The systems were asked "
    "one after the other, the first batch of each with a cold start, and answers from the store were timed in the run that asked: small "
    "differences are the machine's."
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what it is about, and one text for each arm."""

    name: str
    cells: tuple[str, ...]


def _arms(report: Report) -> list[str]:
    return [arm.name for arm in report.arms]


def stages(report: Report) -> list[Row]:
    """A row a stage, in the order of a run from scratch; those that this page does not know come last, in their own order."""
    names = dict.fromkeys(each.name for each in report.times.stages if each.arm)
    names = dict.fromkeys([*(name for name in _ORDER if name in names), *names])
    found = {(each.name, each.arm): each for each in report.times.stages}
    return [Row(name, tuple(_used(found.get((name, arm))) for arm in _arms(report))) for name in names]


def _used(stage: Stage | None) -> str:
    if stage is None:
        return ""
    if stage.kept and not stage.done:
        return f"{figures.seconds(stage.seconds)}, from the store"
    peak = [figures.size(stage.memory)] if stage.memory is not None else []
    device = [f"{figures.size(stage.device_memory)} on the device"] if stage.device_memory is not None else []
    kept = [f"{stage.kept:,} of {stage.done + stage.kept:,} from the store"] if stage.kept else []
    return ", ".join([figures.seconds(stage.seconds), *peak, *device, *kept])


def shared(report: Report) -> list[str]:
    """What belongs to no arm, and the highest memory of all."""
    told = [f"{each.name}: {_used(each)}" for each in report.times.stages if not each.arm]
    most = report.times.memory
    return [*told, f"highest memory of the process: {figures.size(most)}"] if most is not None and report.times.stages else told


def speed(report: Report) -> list[Row]:
    """A row a stage with its quantiles, then the lengths of the answers."""
    names = dict.fromkeys(each.stage for each in report.times.latencies)
    timed = {(each.stage, each.arm): each for each in report.times.latencies}
    rows = [Row(f"{name.replace('_', ' ')}, ms", tuple(_latency(timed.get((name, arm))) for arm in _arms(report))) for name in names]
    told = {each.arm: each for each in report.times.answering if each.counted}
    if told:
        rows += [Row(name, tuple(write(told[arm]) if arm in told else "" for arm in _arms(report))) for name, write in _LENGTHS]
    return rows


def _latency(found: Latency | None) -> str:
    return " / ".join(map(figures.milliseconds, (found.p50, found.p95, found.p99))) if found is not None else ""


_LENGTHS: Sequence[tuple[str, Callable[[Answering], str]]] = (
    ("tokens a second", lambda each: figures.mean(each.tokens_per_second)),
    ("answer tokens, mean", lambda each: figures.mean(each.tokens)),
    ("prompt tokens, mean", lambda each: figures.mean(each.prompt_tokens)),
    ("prompts cut", lambda each: f"{each.cut:.1%}"),
)


def batches(report: Report) -> list[str]:
    """Which times of a case are its share of a batch."""
    shared_by: dict[tuple[str, int], list[str]] = {}
    for each in report.times.latencies:
        if each.together > 1 and each.stage != "total":
            shared_by.setdefault((each.stage, each.together), []).append(words.clip(each.arm, _CLIP))
    return [
        f"{stage} of {words.listed(arms, 5)}: in batches of {together:,} at most, whose time its cases share"
        for (stage, together), arms in shared_by.items()
    ]


def notes(report: Report) -> list[str]:
    """What the tables do not say: what is nobody's, which times are shares, and how far the peaks reach."""
    return [*shared(report), *batches(report), *([LIFETIME] if report.times.reach == "process" else [])]


def _tables(report: Report) -> list[tuple[str, str, list[Row]]]:
    found = [("Stages", STAGES, stages(report)), ("A case", SPEED, speed(report))]
    return [each for each in found if each[2]]


def show(report: Report, pen: Pen) -> None:
    """Print where the time went, and the tables, as far as there is anything to show."""
    if not (report.times.seconds or _tables(report)):
        return
    pen.heading(HEADING)
    pen.say(", ".join(spent.shares(report)))
    for name, legend, rows in _tables(report):
        pen.say(f"\n{name}", "bold")
        drawn = tables.plain(["", *_arms(report)], pen)
        for row in rows:
            drawn.add_row(*map(pen.text, (row.name, *row.cells)))
        pen.print(drawn)
        pen.say(legend, "dim")
    for note in notes(report):
        pen.item(note)


def markdown(report: Report) -> list[str]:
    """The same for report.md, as one folded part; nothing of a run without times."""
    made = _tables(report)
    if not made:
        return []
    head = ["What", *(cell(words.clip(arm, _CLIP)) for arm in _arms(report))]
    parts = [prose(", ".join(spent.shares(report)))]
    for name, legend, rows in made:
        lines = [[prose(row.name), *map(prose, row.cells)] for row in rows]
        parts += [f"**{name}**", details.table(head, lines, "l" + "r" * len(_arms(report))), f"<sub>{prose(legend)}</sub>"]
    parts.append("\n".join(f"- {prose(note)}" for note in notes(report)))
    return [details.folded(HEADING, "\n\n".join(filter(None, parts)))]
