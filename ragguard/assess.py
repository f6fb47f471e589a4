"""What a gate can detect: every file validated and every check's power stated, without running a model."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ragguard import gate, preflight
from ragguard.data import manifest
from ragguard.errors import InputError
from ragguard.metrics import catalog
from ragguard.records.assessment import Assessment, Curve, Power, Prospect, SuiteProspect
from ragguard.records.evidence import Check
from ragguard.records.metric import Scale
from ragguard.reports import rates, runs
from ragguard.statistics.power import chance, guard, mde, needed, sd_limit
from ragguard.statistics.tail import least
from ragguard.store import Store
from ragguard.suites.resolve import Resolved, Suite

ASSUMED_SD = {"nDCG": 0.25, "RR": 0.32}
"""Standard deviation of paired differences where no run has shown it (STATISTICS, section 4)."""

_STEPS = 10
"""Points of a curve to a margin."""

ASSUMED_SD_ELSEWHERE = 0.25
ASSUMED_SD_OF_QUANTILES = 1.0
"""Of the log ratio of a quantile, for one intent: about that of the 95th percentile of times whose logarithms have sd 0.5."""

ASSUMED_CHANGE = 0.05
"""Share of binary cases that a candidate wins, and loses, by assumption: sd = sqrt(2w)."""


def check(plan: Path, *, allow_code: bool = False) -> Assessment:
    """Validate a plan, its suites, collections and manifests, and state what each check can detect.

    ``allow_code`` lets perturbations of the user's own make their cases.

    Raises:
        InputError: with every problem found, files that differ from their MANIFEST included.
    """
    resolved = _resolved(plan, allow_code=allow_code)
    prospects = tuple(_prospects(resolved, {}))
    return Assessment(
        plan=resolved.loaded.plan.name,
        candidates=tuple(resolved.loaded.plan.candidates),
        alpha=resolved.alpha_pass,
        endpoints=resolved.endpoints,
        suites=tuple(_suite(suite) for suite in resolved.suites),
        prospects=prospects,
        warnings=_warnings(resolved, prospects),
    )


def power(plan: Path, *, allow_code: bool = False) -> Power:
    """State what each check can detect and how often an equal candidate would be promoted, by the spread that the plan's newest stored
    run shows, or by assumption.

    Raises:
        InputError: as ``check``.
    """
    resolved = _resolved(plan, allow_code=allow_code)
    store = Store(gate.store_folder(resolved.loaded.folder))
    prospects = tuple(_prospects(resolved, spreads(resolved, store)))
    blocking = [each for each in prospects if each.check.tier == "blocking"]
    weakest = min(blocking, key=lambda each: each.chance or 0.0)
    return Power(
        plan=resolved.loaded.plan.name,
        alpha=resolved.alpha_pass,
        endpoints=resolved.endpoints,
        promoted=_promoted(blocking, resolved.alpha_pass, {}),
        bottleneck=weakest.check.identity,
        suite=weakest.check.suite,
        lacking_intents=weakest.lacking,
        lacking_cases=weakest.lacking_cases,
        prospects=prospects,
        curves=tuple(_curves(blocking, resolved.alpha_pass)),
        measured=tuple(f"{each.candidate}: {each.summary}" for each in rates.known(store, rates.key_of_plan(resolved))),
        warnings=_warnings(resolved, prospects),
    )


def _resolved(plan: Path, *, allow_code: bool) -> Resolved:
    resolved = preflight.load(plan, allow_code=allow_code)
    folders = {collection.folder for collection in resolved.collections}
    problems = [problem for folder in sorted(folders) if (folder / manifest.NAME).is_file() for problem in manifest.verify(folder)]
    if problems:
        raise InputError(problems)
    return gate.look_ahead(resolved)


def _warnings(resolved: Resolved, prospects: tuple[Prospect, ...]) -> tuple[str, ...]:
    found = [*resolved.warnings, *(warning for collection in resolved.collections for warning in collection.warnings)]
    found += [warning for suite in resolved.suites for warning in suite.cases.warnings]
    return tuple(dict.fromkeys([*found, *_underpowered(prospects)]))


def spreads(resolved: Resolved, store: Store) -> dict[str, tuple[float, str]]:
    """Return, by check, the upper limit of the standard deviation that the plan's newest stored run shows, and where it is from.

    Of several candidates the largest counts. A run over other collections, and one that shows no spread, tells nothing.
    """
    report = next(runs.newest_first(store, resolved.loaded.plan.name), None)
    if report is None:
        return {}
    where = {suite.name: suite.where for suite in resolved.suites}
    same = {suite.name for suite in report.suites if where.get(suite.name) == suite.collection}
    found: dict[str, tuple[float, str]] = {}
    for decision in report.decisions:
        for verdict in decision.verdicts:
            estimate, name = verdict.estimate, verdict.check.identity
            if estimate.sd and estimate.evidence > 1 and verdict.against == "baseline" and verdict.check.suite in same:
                limit = sd_limit(estimate.sd, estimate.evidence)
                told = f"run {report.run}, {decision.candidate}: {estimate.sd:.3f} over {estimate.evidence} intents"
                found[name] = max(found.get(name, (0.0, "")), (limit, told))
    return found


def _prospects(resolved: Resolved, seen: Mapping[str, tuple[float, str]]) -> Iterator[Prospect]:
    for suite in resolved.suites:
        for check in suite.checks:
            yield _prospect(resolved, suite, check, *seen.get(check.identity, (_assumed(resolved.scale(suite, check), check), "")))


def _assumed(scale: Scale, check: Check) -> float:
    if scale.quantile is not None:
        return ASSUMED_SD_OF_QUANTILES
    return math.sqrt(2 * ASSUMED_CHANGE) if scale.binary else ASSUMED_SD.get(check.metric.base, ASSUMED_SD_ELSEWHERE)


def _promoted(blocking: Sequence[Prospect], alpha: float, differences: Mapping[str, float]) -> float:
    """The chance that all blocking checks pass, as if each were independent of the others; those that hang together pass more often."""
    moved = ((each, differences.get(each.check.identity, 0.0)) for each in blocking)
    return math.prod(chance(each.sd, each.intents, alpha, each.check.margin, by) * each.can_pass for each, by in moved)


def _curves(blocking: Sequence[Prospect], alpha: float) -> Iterator[Curve]:
    widest = max(each.check.margin for each in blocking) or ASSUMED_CHANGE
    differences = tuple(round(widest * step / _STEPS, 6) for step in range(-2 * _STEPS, _STEPS + 1))
    names = [each.check.identity for each in blocking]
    for name in ("", *(names if len(names) > 1 else ())):
        moved = [dict.fromkeys([name] if name else names, difference) for difference in differences]
        yield Curve(name, differences, tuple(_promoted(blocking, alpha, each) for each in moved))


def _suite(suite: Suite) -> SuiteProspect:
    cases = suite.whole
    intents = len({case.query.intent for case in cases})
    documents = sum(collection.size for collection in suite.collections)
    return SuiteProspect(suite.name, suite.where, suite.collection.split, documents, len(cases), intents, suite.cases.note)


def _prospect(resolved: Resolved, suite: Suite, check: Check, sd: float, sd_from: str) -> Prospect:
    members = suite.members(check)
    if suite.labels is not None and check.metric in suite.corrected:
        members &= suite.labels.queries(check.metric)
    cases = [case for case in suite.cases.cases if case.id in members and catalog.applicable(check.metric, case) is None]
    intents, alpha = len({case.query.intent for case in cases}), resolved.alpha_pass
    scale = resolved.scale(suite, check)
    lowest = guard(alpha, check.margin) if scale.quantile is None else least(scale.quantile)
    lowest = 1 if check.tier == "must" else lowest
    endpoints = resolved.endpoints if check.tier == "blocking" else 1
    enough = needed(sd, alpha, check.margin, endpoints)
    return Prospect(
        check=check,
        cases=len(cases),
        intents=intents,
        guard=lowest,
        sd=sd,
        mde=mde(sd, max(intents, 1), alpha),
        needed=None if check.tier == "must" or enough is None else max(enough, lowest),
        can_pass=intents >= lowest,
        sd_from=sd_from,
        chance=None if check.tier == "must" else chance(sd, intents, alpha, check.margin) * (intents >= lowest),
    )


def _underpowered(prospects: tuple[Prospect, ...]) -> Iterator[str]:
    for prospect in prospects:
        if prospect.check.tier != "blocking":
            continue
        name = prospect.check.identity
        if not prospect.can_pass:
            margin = f"at margin {prospect.check.margin:g}"
            yield f"{name} can never pass: {prospect.intents} intents, at least {prospect.guard} are needed {margin}"
        elif prospect.needed is not None and prospect.intents < prospect.needed:
            yield (
                f"{name} is underpowered: {prospect.intents} intents; about {prospect.needed} are needed for an equal candidate to be "
                f"promoted most of the time ({'assumed ' if not prospect.sd_from else ''}standard deviation {prospect.sd:.2f})"
            )
