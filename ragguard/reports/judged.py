"""Who judged answers, and what became of it: counted for the report, and in words for the terminal, report.md and JUnit."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ragguard.judges.panel import Panel
from ragguard.records.judgement import Judgement
from ragguard.records.metric import Metric
from ragguard.records.report import JudgeRun, Report
from ragguard.reports import details, tables, words
from ragguard.reports.assemble import ArmScores
from ragguard.reports.escape import cell, prose
from ragguard.reports.pen import Pen

HEADING = "Judges"
HEAD = ("judge", "model", "fingerprint", "answers", "verdicts", "failed", "tokens", "kept", "spent")
NOW = 2
"""Columns at the end that tell of this run alone."""

LEGEND = (
    "Over all systems; what is known without a judge is not counted. Failed are verdicts that came to nothing: the next run asks again. "
    "Scores of judges with different fingerprints are never compared."
)
LEGEND_NOW = "Kept are the verdicts that came from the store, spent the tokens of this run."
_STAGE = "judge: "
_CLIP, _KINDS = 60, 8

Scores = Mapping[str, Mapping[str, ArmScores]]
"""What every arm scored, by suite, then arm."""


def runs(panel: Panel, scores: Scores) -> tuple[JudgeRun, ...]:
    """Return every judge with what it came to, in the plan's order."""
    return tuple(_run(panel, name, list(_said(scores, name))) for name in panel.seats)


def _said(scores: Scores, judge: str) -> Iterator[tuple[str, Metric, Judgement]]:
    for suite, arms in scores.items():
        for arm in arms.values():
            for by_metric in arm.judgements.values():
                yield from ((suite, metric, each) for metric, said in by_metric.items() for each in said if each.judge == judge)


def _run(panel: Panel, name: str, said: Sequence[tuple[str, Metric, Judgement]]) -> JudgeRun:
    seat = panel.seats[name]
    verdicts = [verdict for *_, each in said for verdict in each.verdicts]
    swayed = Counter(each.swayed for each in verdicts if each.value is not None)
    pairs = sum(swayed.values()) if getattr(seat.plan, "pairwise", False) else 0
    return JudgeRun(
        name=name,
        type=seat.plan.type,
        model=seat.plan.model,
        fingerprint=seat.judge.fingerprint,
        metrics=tuple(sorted(str(metric) for metric, asked in panel.asks.items() if asked == name)),
        answers=len(said),
        verdicts=len(verdicts),
        failed=dict(sorted(Counter(each.kind for each in verdicts if each.error).items())),
        turns=dict(sorted({f"{suite}/{metric}": len(each.verdicts) for suite, metric, each in said}.items())),
        tokens=sum(each.tokens for each in verdicts),
        first_won_twice=swayed["first"] / pairs if pairs else None,
        second_won_twice=swayed["second"] / pairs if pairs else None,
    )


def spent(panel: Panel) -> dict[str, int]:
    """Return the tokens that each judge spent in this run, those that tell."""
    told = {name: seat.judge.notes().get("tokens_spent") for name, seat in panel.seats.items()}
    return {name: tokens for name, tokens in told.items() if isinstance(tokens, int)}


def rows(report: Report) -> list[tuple[str, ...]]:
    """A row a judge, under ``HEAD``."""
    return [tuple(map(words.clean, _row(report, each))) for each in report.judges]


def _row(report: Report, judge: JudgeRun) -> tuple[str, ...]:
    stages = [each for each in report.times.stages if each.name == f"{_STAGE}{judge.name}"]
    now = report.times.tokens.get(judge.name)
    return (
        judge.name,
        words.clip(judge.model, _CLIP),
        judge.fingerprint[:8],
        f"{judge.answers:,}",
        f"{judge.verdicts:,}",
        f"{sum(judge.failed.values()):,}",
        f"{judge.tokens:,}",
        f"{sum(each.kept for each in stages):,}" if stages else "",
        f"{now:,}" if now is not None else "",
    )


def notes(report: Report) -> list[str]:
    """What the table does not say: why verdicts came to nothing, how often each answer was judged, and whether places swayed."""
    return [note for judge in report.judges for note in _notes(judge)]


def _notes(judge: JudgeRun) -> Iterator[str]:
    if judge.failed:
        most = sorted(judge.failed.items(), key=lambda pair: (-pair[1], pair[0]))
        told = words.listed((f"{kind} {count:,}" for kind, count in most), _KINDS)
        yield f"{judge.name}: {sum(judge.failed.values()):,} of {judge.verdicts:,} verdicts came to nothing: {told}"
    several = {place: count for place, count in judge.turns.items() if count > 1}
    if several:
        yield f"{judge.name} judged each answer several times: {', '.join(f'{place} {count}' for place, count in several.items())}"
    if judge.first_won_twice is not None and judge.second_won_twice is not None:
        shares = f"first in {judge.first_won_twice:.1%}, the one shown second in {judge.second_won_twice:.1%} of the pairs"
        yield f"{judge.name} preferred, in both orders, the answer shown {shares}"


def show(report: Report, pen: Pen) -> None:
    """Print the judges, if there are any."""
    if not report.judges:
        return
    pen.heading(HEADING)
    drawn = tables.plain(HEAD, pen)
    for row in rows(report):
        drawn.add_row(*map(pen.text, row))
    pen.print(drawn)
    pen.say(f"{LEGEND} {LEGEND_NOW}", "dim")
    for note in notes(report):
        pen.item(note)


def markdown(report: Report) -> list[str]:
    """The same for report.md; nothing without judges. Its last part alone tells of this run."""
    if not report.judges:
        return []
    lines = [[*map(cell, row[:3]), *map(prose, row[3:-NOW])] for row in rows(report)]
    told = "\n".join(f"- {prose(note)}" for note in notes(report))
    return ["\n\n".join(filter(None, [f"## {HEADING}", details.table(HEAD[:-NOW], lines, "lllrrrr"), told, f"<sub>{prose(LEGEND)}</sub>"]))]


def properties(report: Report) -> dict[str, str]:
    """What JUnit tells of the judges, by name."""
    found: dict[str, str] = {}
    for judge in report.judges:
        about = {"type": judge.type, "model": judge.model, "fingerprint": judge.fingerprint, "answers": str(judge.answers)}
        about |= {"verdicts": str(judge.verdicts), "tokens": str(judge.tokens), "came to nothing": str(sum(judge.failed.values()))}
        found |= {f"judge.{judge.name}.{key}": value for key, value in about.items()}
        found |= {f"judge.{judge.name}.came to nothing.{kind}": str(count) for kind, count in judge.failed.items()}
    return found
