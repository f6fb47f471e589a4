"""Whom a night is to be told to, and in which words: a sentence, Markdown, and the JSON of a webhook."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ragguard.records.alert import Alert
from ragguard.records.history import Drift, History, When
from ragguard.records.night import Night
from ragguard.reports import escape
from ragguard.reports.history import words
from ragguard.reports.words import HEADLINE, clip

TYPE = "ragguard.nightly"
BAD = ("block", "error")
MOST_REASONS = 5


def alert(history: History, when: Sequence[When], exit_code: int, report: str = "") -> Alert | None:
    """Return what is to be told of the last night; None where none of its kinds is among those wanted (``when``)."""
    tonight = history.nights[-1]
    drifts = [each for each in history.drifts if each.reported == tonight.name]
    lasting = [each for each in history.drifts if not each.ended and each.reported != tonight.name]
    recovered = [each for each in history.drifts if each.recovered and each.ended == tonight.name]
    kinds = list(_kinds(history, tonight, drifts, recovered))
    told = tuple(kind for kind in kinds if kind in when) or (("always",) if "always" in when else ())
    if not told:
        return None
    return Alert(
        plan=history.plan,
        night=tonight.name,
        kinds=told,
        answer=tonight.answer,
        exit_code=exit_code,
        text=_text(history.plan, tonight, drifts, recovered),
        run=tonight.run,
        message=tonight.message,
        decisions=tonight.decisions,
        drifts=tuple(drifts),
        lasting=tuple(lasting),
        recovered=tuple(recovered),
        report=report,
    )


def _kinds(history: History, tonight: Night, drifts: Sequence[Drift], recovered: Sequence[Drift]) -> Iterator[When]:
    if tonight.answer != "promote":
        yield tonight.answer
    if drifts:
        yield "drift"
    before = history.nights[-2].answer if len(history.nights) > 1 else "promote"
    if recovered or (before in BAD and tonight.answer == "promote"):
        yield "recovered"


def _text(plan: str, tonight: Night, drifts: Sequence[Drift], recovered: Sequence[Drift]) -> str:
    first = next((f": {clip(d.reasons[0], 200)}" for d in tonight.decisions if d.answer == tonight.answer != "promote" and d.reasons), "")
    told = [f"{plan}, night of {tonight.name}: {words.night(tonight)}{first}"]
    told += [words.drift(each) for each in (*drifts[:3], *recovered[:3])]
    more = max(0, len(drifts) - 3) + max(0, len(recovered) - 3)
    return ". ".join(told) + (f". And {more} more drifts." if more else ".")


def payload(told: Alert, timestamp: int) -> bytes:
    """Return the body of the webhook: ``type``, ``timestamp`` and ``data`` as Standard Webhooks recommends, and ``text`` for chats."""
    at = datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")
    body: dict[str, Any] = {"type": TYPE, "timestamp": at, "text": told.text, "data": asdict(told)}
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def markdown(told: Alert) -> str:
    """Return the alert as Markdown, all names escaped."""
    lines = [f"## {escape.prose(told.plan)}: {HEADLINE[told.answer]} (night of {escape.prose(told.night)})", ""]
    lines += [f"Told because of: {', '.join(told.kinds)}. Exit code {told.exit_code}.", ""]
    lines += [f"- {escape.prose(line)}" for line in told.message.splitlines()]
    for decision in told.decisions:
        lines.append(f"- **{escape.prose(decision.candidate)}**: {HEADLINE[decision.answer]}")
        reasons = decision.reasons[:MOST_REASONS] if decision.answer != "promote" else ()
        lines += [f"  - {escape.prose(reason)}" for reason in reasons]
        if len(decision.reasons) > MOST_REASONS and reasons:
            lines.append(f"  - and {len(decision.reasons) - MOST_REASONS} more")
    for heading, drifts in (("Drift", told.drifts), ("Drift from before", told.lasting), ("Back again", told.recovered)):
        if drifts:
            lines += ["", f"### {heading}", "", *(f"- {escape.prose(words.drift(each))}" for each in drifts)]
    if told.report:
        lines += ["", f"Report: {escape.code(told.report)}"]
    return "\n".join(lines) + "\n"
