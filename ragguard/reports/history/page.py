"""A history as one page of HTML that asks nothing of any server."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragguard.records.history import History, Series
from ragguard.records.night import Night
from ragguard.reports import figures
from ragguard.reports.history import picture, words
from ragguard.reports.web import pages
from ragguard.reports.words import HEADLINE

if TYPE_CHECKING:
    from markupsafe import Markup

CHECKS = ("blocking", "veto", "must")
MOST_NIGHTS = 14
"""Nights in the page's first table; further ones are folded away."""

COSTS = (
    ("seconds that its stages took", "seconds", "", 1.0),
    ("ms of a case, 95th percentile", "p95", "total", 1000.0),
    ("tokens of an answer", "tokens", "generate", 1.0),
)
"""What is drawn of costs: title, figure, stage ("": all), factor."""

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Drawn:
    """A picture, what it is called, and what stands below it."""

    title: str
    drawn: "Markup"
    caption: str


def render(history: History, place: str = "") -> str:
    """Return the page. All text is escaped, whoever wrote it."""
    pens = picture.pens(history)
    lasting = [each for each in history.drifts if not each.ended]
    return pages.render(
        "history/history.html.j2",
        style="history/history.css",
        history=history,
        about=_about(history, place),
        calm=words.calm(history),
        age=words.age(history.baseline),
        lasting=[words.drift(each) for each in lasting],
        over=[words.drift(each) for each in history.drifts if each.ended],
        detector=words.detector(history.detector),
        pens=pens,
        strip=[(each.answer, f"{each.name}: {words.night(each)}", each.name) for each in history.nights],
        drifting=list(_lines(history, pens, "drift")),
        checks=list(_by_suite(history, pens)),
        others=list(_lines(history, pens, "other")),
        differences=list(_differences(history)),
        costs=list(_costs(history, pens)),
        rows=[_row(each) for each in words.main_series(history)],
        marks=[[mark.night, mark.kind, mark.what] for mark in reversed(history.marks)],
        nights=[_night(each) for each in reversed(history.nights[-MOST_NIGHTS:])],
        earlier=[_night(each) for each in reversed(history.nights[:-MOST_NIGHTS])],
        count=figures.count,
    )


def _about(history: History, place: str) -> str:
    first, last = history.nights[0], history.nights[-1]
    return f"{figures.count(len(history.nights), 'night')}, {first.day} to {last.day}" + (f"; kept in {place}" if place else "")


def _grouped(history: History) -> dict[Key, list[Series]]:
    found: dict[Key, list[Series]] = {}
    for each in history.series:
        found.setdefault((each.suite, each.metric, each.slice), []).append(each)
    return found


def _kind(group: list[Series]) -> str:
    if any(each.state == "drift" for each in group):
        return "drift"
    return "check" if any(each.tier in CHECKS for each in group) else "other"


def _lines(history: History, pens: list[picture.Pen], kind: str) -> Iterator[Drawn]:
    for number, (key, group) in enumerate(_grouped(history).items()):
        if _kind(group) == kind:
            yield Drawn(words.title(*key), picture.line(history, group, pens, f"line-{number}"), _last(group))


def _by_suite(history: History, pens: list[picture.Pen]) -> Iterator[tuple[str, list[Drawn]]]:
    found: dict[str, list[Drawn]] = {}
    for number, (key, group) in enumerate(_grouped(history).items()):
        if _kind(group) == "check":
            drawn = picture.line(history, group, pens, f"line-{number}")
            found.setdefault(key[0], []).append(Drawn(key[1] + (f" {key[2]}" if key[2] else ""), drawn, _last(group)))
    yield from found.items()


def _last(group: list[Series]) -> str:
    told = (f"{each.arm} {figures.mean(each.points[-1].mean, each.unit)}{_said(each)}" for each in group)
    return "; ".join(told)


def _said(each: Series) -> str:
    return f" ({words.state(each)})" if each.state in ("drift", "learning") else ""


def _differences(history: History) -> Iterator[Drawn]:
    """Of every blocking check of the last judged night, the paired difference over the nights."""
    last = next((night for night in reversed(history.nights) if night.checks), None)
    for number, check in enumerate(last.checks if last is not None else ()):
        if check.tier == "blocking" and check.against == "baseline":
            key = (check.suite, check.metric, check.slice)
            drawn = picture.difference(history, key, check.candidate, f"difference-{number}")
            if drawn is not None:
                caption = f"last {figures.signed(check.difference)}, {check.outcome}"
                yield Drawn(f"{check.candidate}: {words.title(*key)}", drawn, caption)


def _costs(history: History, pens: list[picture.Pen]) -> Iterator[Drawn]:
    for title, figure, stage, factor in COSTS:
        drawn = picture.costs(history, pens, figure, stage, f"cost-{figure}", factor)
        if drawn is not None:
            yield Drawn(title, drawn, "")


def _row(each: Series) -> list[str]:
    first, last = next(point for point in each.points if point.stretch == each.points[-1].stretch), each.points[-1]
    held = f"{figures.mean(each.level, each.unit)} ± {figures.mean(each.sd)}" if each.level is not None else ""
    title = words.title(each.suite, each.metric, each.slice)
    bounds = f"[{figures.mean(last.lower)}, {figures.mean(last.upper)}]" if last.lower is not None else ""
    return [title, each.arm, figures.mean(first.mean, each.unit), figures.mean(last.mean, each.unit), bounds, held, words.state(each)]


def _night(each: Night) -> list[str]:
    took = sum(cost.value for cost in each.costs if cost.figure == "seconds")
    attempts = f"{each.attempts} attempts" if each.attempts > 1 else ""
    said = "; ".join(f"{d.candidate}: {HEADLINE[d.answer]}" for d in each.decisions) or HEADLINE[each.answer]
    notes = "; ".join(filter(None, (each.message.splitlines()[0] if each.message else "", each.note, attempts)))
    return [each.name, said, figures.seconds(took) if took else "", notes]
