"""What a gate can detect: every file validated and every check's power stated, without running a model."""

import math
from collections.abc import Iterator
from pathlib import Path

from ragguard import gate, preflight
from ragguard.data import manifest
from ragguard.errors import InputError
from ragguard.metrics import catalog
from ragguard.records.assessment import Assessment, Prospect, SuiteProspect
from ragguard.records.evidence import Check
from ragguard.statistics.power import guard, mde, needed
from ragguard.suites.resolve import Resolved, Suite

ASSUMED_SD = {"nDCG": 0.25, "RR": 0.32}
"""Standard deviation of paired differences where no run has shown it (STATISTICS, section 4)."""

ASSUMED_SD_ELSEWHERE = 0.25
ASSUMED_CHANGE = 0.05
"""Share of binary cases that a candidate wins, and loses, by assumption: sd = sqrt(2w)."""


def check(plan: Path, *, allow_code: bool = False) -> Assessment:
    """Validate a plan, its suites, collections and manifests, and state what each check can detect.

    ``allow_code`` lets perturbations of the user's own make their cases.

    Raises:
        InputError: with every problem found, files that differ from their MANIFEST included.
    """
    resolved = preflight.load(plan, allow_code=allow_code)
    collections = {collection.folder: collection for collection in resolved.collections}
    problems = [problem for folder in collections if (folder / manifest.NAME).is_file() for problem in manifest.verify(folder)]
    if problems:
        raise InputError(problems)
    resolved = gate.look_ahead(resolved)
    prospects = tuple(_prospect(resolved, suite, check) for suite in resolved.suites for check in suite.checks)
    found = [*resolved.warnings, *(warning for collection in collections.values() for warning in collection.warnings)]
    found += [warning for suite in resolved.suites for warning in suite.cases.warnings]
    return Assessment(
        plan=resolved.loaded.plan.name,
        candidates=tuple(resolved.loaded.plan.candidates),
        alpha=resolved.alpha_pass,
        endpoints=resolved.endpoints,
        suites=tuple(_suite(suite) for suite in resolved.suites),
        prospects=prospects,
        warnings=tuple(dict.fromkeys([*found, *_underpowered(prospects)])),
    )


def _suite(suite: Suite) -> SuiteProspect:
    cases = suite.whole
    intents = len({case.query.intent for case in cases})
    documents = sum(collection.size for collection in suite.collections)
    return SuiteProspect(suite.name, suite.where, suite.collection.split, documents, len(cases), intents, suite.cases.note)


def _prospect(resolved: Resolved, suite: Suite, check: Check) -> Prospect:
    members = suite.members(check)
    if suite.labels is not None and check.metric in suite.corrected:
        members &= suite.labels.queries(check.metric)
    cases = [case for case in suite.cases.cases if case.id in members and catalog.applicable(check.metric, case) is None]
    intents, alpha = len({case.query.intent for case in cases}), resolved.alpha_pass
    sd = math.sqrt(2 * ASSUMED_CHANGE) if resolved.scale(suite, check).binary else ASSUMED_SD.get(check.metric.base, ASSUMED_SD_ELSEWHERE)
    least = 1 if check.tier == "must" else guard(alpha, check.margin)
    endpoints = resolved.endpoints if check.tier == "blocking" else 1
    return Prospect(
        check=check,
        cases=len(cases),
        intents=intents,
        guard=least,
        sd=sd,
        mde=mde(sd, max(intents, 1), alpha),
        needed=None if check.tier == "must" else needed(sd, alpha, check.margin, endpoints),
        can_pass=intents >= least,
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
                f"promoted most of the time (assumed standard deviation {prospect.sd:.2f})"
            )
