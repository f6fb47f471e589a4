"""Begins a roll-out: of what a gate promoted, or of what a person forces, which is written down."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ragguard.canary import known, opening
from ragguard.errors import InputError, Problem, suggest
from ragguard.plan import load as plans
from ragguard.plan.load import LoadedPlan
from ragguard.plan.source import display
from ragguard.records.canary import Canary
from ragguard.records.report import Arm, Report
from ragguard.reports import document

STAGES = ("generator", "remote", "retriever")
"""The parts of a system whose server says what it serves; the first that there is counts."""


def start(
    plan: Path,
    candidate: str,
    report: Path,
    *,
    now: float,
    history: str = "",
    force: bool = False,
    reason: str = "",
    expect: Mapping[str, str] | None = None,
) -> Canary:
    """Begin the roll-out of a candidate that a report promoted; ``force`` begins another's, for a ``reason`` that is kept with it.

    ``report`` is a report's folder, or its ``report.json``. ``expect`` is what the candidate's server should say that it serves, beside
    what the report says of the candidate.

    Raises:
        InputError: the plan or the report does not know the candidate, it was not promoted (or not by this plan) and is not forced, it is
            forced without a reason, a guardrail's signal is none, or another roll-out of the plan is running.
    """
    loaded = plans.load(plan)
    opening.known(loaded, candidate)
    known.check(loaded)
    if force and not reason.strip():
        raise InputError(Problem("--force", "is given without a reason", "say it, which is written down: --reason TEXT"))
    found = document.from_json(report / "report.json" if report.is_dir() else report)
    decisions = {decision.candidate: decision.answer for decision in found.decisions}
    arms = {arm.name: arm for arm in found.arms}
    if candidate not in decisions or candidate not in arms:
        raise InputError(Problem(display(report), f"has no candidate {candidate!r}", suggest(candidate, decisions)))
    why_not = _why_not(loaded, found, candidate, decisions[candidate])
    if why_not and not force:
        fix = "gate it again, or begin all the same with --force --reason TEXT, which is written down"
        raise InputError(Problem(display(report), why_not, fix))
    baseline = next(arm for arm in found.arms if arm.role == "baseline")
    return opening.open_(loaded, history, create=True).canaries.begin(
        Canary(
            plan=loaded.plan.name,
            candidate=candidate,
            run=found.run,
            decision=decisions[candidate],
            fingerprint=arms[candidate].fingerprint,
            baseline=baseline.fingerprint,
            started=now,
            since=now,
            rules=loaded.plan.canary.model_dump(mode="json"),
            forced=bool(why_not),
            reason=reason.strip(),
            expected={**expected(arms[candidate]), **(expect or {})},
        )
    )


def _why_not(loaded: LoadedPlan, report: Report, candidate: str, answer: str) -> str:
    if report.plan != loaded.plan.name:
        return f"is of the plan {report.plan!r}, not of {loaded.plan.name!r}"
    return f"{candidate!r} was not promoted but decided {answer!r} in run {report.run}" if answer != "promote" else ""


def expected(arm: Arm) -> dict[str, str]:
    """What the server of an arm should say it serves: ``model`` and ``adapter``, where the report names them."""
    place = next((name for name in STAGES if name in arm.description), "")
    part: Any = arm.description.get(place) or {}
    found = {key: part[key] for key in ("model", "adapter") if isinstance(part, Mapping) and isinstance(part.get(key), str)}
    trained = arm.provenance.get(place)
    if isinstance(trained, Mapping) and isinstance(trained.get("checkpoint"), str):
        found["adapter" if place == "generator" else "model"] = trained["checkpoint"]
    return {key: value for key, value in found.items() if "${" not in value}
