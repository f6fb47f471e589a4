"""A roll-out in Markdown: short, for a pull request or a chat."""

from collections.abc import Iterator, Sequence

from ragguard.records.canary import Canary, Look
from ragguard.reports import figures
from ragguard.reports.canary import timeline, words
from ragguard.reports.escape import prose
from ragguard.reports.words import clip

_SIGN = {"running": "⏳", "done": "✅", "rolled back": "❌", "aborted": "⏹️"}
_MOST, _LENGTH = 12, 400


def render(canary: Canary, looks: Sequence[Look], place: str = "") -> str:
    """Return the headline with its reasons, the guardrails and the changes of stage. All text is escaped, whoever wrote it."""
    return "\n".join(_lines(canary, looks, place)) + "\n"


def _lines(canary: Canary, looks: Sequence[Look], place: str) -> Iterator[str]:
    yield f"# {_SIGN[canary.state]} {prose(clip(words.headline(canary, looks), _LENGTH))}"
    yield ""
    yield f"{prose(clip(words.about(canary, looks, place), _LENGTH))}."
    yield ""
    reasons = list(words.because(canary, looks))
    yield from (f"- {prose(clip(line, _LENGTH))}" for line in reasons[:_MOST])
    if len(reasons) > _MOST:
        yield f"- and {len(reasons) - _MOST:,} more"
    if told := timeline.telling(looks):
        yield from _guardrails(told[-1], 1 / float(canary.rules["alpha"]))
    if moved := [entry for entry in timeline.log(looks) if entry.last.moved]:
        yield from ("", "| when (UTC) | decision | why |", "| --- | --- | --- |")
        for entry in moved[:_MOST]:
            why = clip("; ".join(entry.last.reasons), _LENGTH)
            yield f"| {words.when(entry.last.at)} | {prose(entry.last.action)} | {prose(why)} |"


def _guardrails(look: Look, enough: float) -> Iterator[str]:
    yield from ("", "| guardrail | tier | pairs | difference | evidence of a loss | evidence of less than the margin |")
    yield "| --- | --- | --: | --: | --: | --: |"
    for each in look.guardrails:
        lost = f"{words.number(each.loss)} of {each.needed:.3g}" if each.tier != "advisory" else words.number(each.loss)
        kept = f"{words.number(each.within)} of {enough:g} ({each.margin:.3g})" if each.tier == "blocking" else "-"
        cells = (prose(clip(each.name, 80)), each.tier, f"{each.pairs:,}", figures.signed(each.mean), lost, kept)
        yield f"| {' | '.join(cells)} |"
