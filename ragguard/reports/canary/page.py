"""A roll-out as one page of HTML that asks nothing of any server."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragguard.records.canary import Canary, GuardrailState, Look
from ragguard.reports import figures
from ragguard.reports.canary import picture, timeline, words
from ragguard.reports.web import pages

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_ENTRIES = 20
"""Entries of the log in the page's first table; further ones are folded away."""

MOST_EARLIER = 400
"""Entries that are folded away, at most."""


@dataclass(frozen=True)
class Drawn:
    """A picture, what it is called, and what stands below it."""

    title: str
    drawn: "Markup"
    caption: str


def render(canary: Canary, looks: Sequence[Look], place: str = "") -> str:
    """Return the page of a roll-out and its looks, oldest first. All text is escaped, whoever wrote it."""
    entries, shown = timeline.log(looks), timeline.thinned(looks)
    last = next(reversed(timeline.telling(looks)), None)
    rules = canary.rules
    earlier = entries[MOST_ENTRIES:]
    return pages.render(
        "canary/canary.html.j2",
        style="canary/canary.css",
        canary=canary,
        about=words.about(canary, looks, place),
        headline=words.headline(canary, looks),
        because=list(words.because(canary, looks)),
        stays=timeline.stays(canary, looks),
        stay_rows=[_stay(stay) for stay in timeline.stays(canary, looks)],
        evidence=_evidence(canary, shown),
        alpha=float(rules["alpha"]),
        enough=f"{1 / float(rules['alpha']):g}",
        needed=f"{last.guardrails[0].needed:.3g}" if last is not None and last.guardrails else "",
        unit=rules.get("unit", "unit"),
        traffic=picture.traffic(canary, shown),
        shares=picture.shares(canary, shown),
        ratio=words.ratio(canary, last),
        guardrails=[_guardrail(state, 1 / float(rules["alpha"])) for state in (last.guardrails if last is not None else ())],
        counted=words.counted(last),
        entries=[timeline.row(entry, rules["stages"]) for entry in entries[:MOST_ENTRIES]],
        earlier=[timeline.row(entry, rules["stages"]) for entry in earlier[:MOST_EARLIER]],
        unseen=max(len(earlier) - MOST_EARLIER, 0),
        expected=[[key, value] for key, value in sorted(canary.expected.items())],
        count=figures.count,
    )


def _evidence(canary: Canary, looks: Sequence[Look]) -> list[Drawn]:
    """The pictures of the guardrails that the last look had; those that fell first, then by tier, nearest to a rollback first."""
    told = timeline.telling(looks)
    numbered = sorted(enumerate(told[-1].guardrails if told else ()), key=lambda each: _gravity(each[1]))
    return [Drawn(state.name, picture.guardrail(canary, looks, state.name, number), _caption(state)) for number, state in numbered]


def _gravity(state: GuardrailState) -> tuple[bool, int, float]:
    tiers = ("blocking", "veto", "advisory")
    return not _fell(state), tiers.index(state.tier) if state.tier in tiers else len(tiers), -state.loss / state.needed


def _fell(state: GuardrailState) -> bool:
    return state.tier != "advisory" and state.loss >= state.needed


def _caption(state: GuardrailState) -> str:
    told = f"{state.tier}; {figures.signed(state.mean)} over {figures.count(state.pairs, 'pair')}"
    return f"{told}; it fell" if _fell(state) else told


def _stay(stay: timeline.Stay) -> list[str]:
    took = words.duration((stay.left - stay.entered) / 3600) if stay.entered is not None and stay.left is not None else ""
    entered = words.when(stay.entered) if stay.entered is not None else ""
    return [f"{stay.percent:g} %", stay.end, entered, took, "" if stay.pairs is None else f"{stay.pairs:,}", stay.asks]


def _guardrail(state: GuardrailState, enough: float) -> list[object]:
    means = f"{figures.mean(state.baseline_mean)} -> {figures.mean(state.candidate_mean)}" if state.baseline_mean is not None else ""
    lost = f"{words.number(state.loss)} of {state.needed:.3g}" if state.tier != "advisory" else words.number(state.loss)
    kept = f"{words.number(state.within)} of {enough:g}" if state.tier == "blocking" else "-"
    return [(state.name, state.tier), f"{state.pairs:,}", (figures.signed(state.mean), means), lost, f"{state.margin:.3g}", kept]
