"""A drill: the baseline is spoiled in one way after another, and the plan's gate is asked what it thinks of each."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from ragguard import gate
from ragguard.drill import catalog, lacking, own, site
from ragguard.drill.mutant import Mutant
from ragguard.drill.planting import Planter
from ragguard.drill.rescoring import rescore
from ragguard.drill.site import Site
from ragguard.errors import CannotJudge, InputError, Problem, suggest
from ragguard.records.drill import Drill, Drilled, Moved, Result, Shot
from ragguard.records.evidence import Observation
from ragguard.records.verdict import Decision, Verdict
from ragguard.store import fingerprint
from ragguard.systems.fingerprints import file_digest
from ragguard.systems.protocols import Progress

PLANTING = "plant"
"""The stage that plants mutants; each strength is a step."""

NEAREST = 3
_SHOT = TypeAdapter(Shot)


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of a drill: only the mutants of these names (none: all), and the strengths from which on they must be caught,
    by name; ``everywhere`` is that of all mutants whose strength is a share.
    """

    names: tuple[str, ...] = ()
    stated: tuple[tuple[str, float], ...] = ()
    everywhere: float | None = None


def wanted(names: Sequence[str], strengths: Sequence[str]) -> Wanted:
    """Read the options ``--mutant`` and ``--strength``.

    Raises:
        InputError: a strength is no number above 0, or NAME=NUMBER.
    """
    stated, everywhere, problems = [], None, []
    for text in strengths:
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = 0.0
        if not 0 < value < float("inf"):
            fix = "write a number above 0 for all shares, or MUTANT=NUMBER, for instance first-lost=0.1"
            problems.append(Problem(f"--strength {text}", f"{number!r} is no strength", fix))
        elif name:
            stated.append((name, value))
        else:
            everywhere = value
    if problems:
        raise InputError(problems)
    return Wanted(tuple(names), tuple(stated), everywhere)


def run(
    plan: Path,
    *,
    asked: Wanted = Wanted(),
    allow_code: bool = False,
    progress: Progress | None = None,
    store: Path | None = None,
) -> Drill:
    """Plant mutants into a plan's baseline, and gate each as a candidate of the plan.

    What came of a mutant at a strength is kept, so a second drill asks nothing again.

    Raises:
        InputError: the plan, the data, a name or a strength is wrong, or code of the user's own fails.
        CannotJudge: the baseline, a mutant or a judge could not be run.
    """
    bench = gate.bench(plan, allow_code=allow_code, progress=progress, store=store)
    theirs = [own.load(name, bench.resolved.loaded.folder, allow_code=allow_code) for name in asked.names if ":" in name and _is_code(name)]
    _refuse_unknown(asked, catalog.names(bench.workshop.corpus) | {mutant.name for mutant in theirs})
    spoiled = site.run(bench)
    chosen = list(_chosen([*catalog.of(spoiled), *theirs], asked))
    _refuse_nothing(chosen, spoiled)
    steps = [(mutant, strength) for mutant in chosen if not mutant.fits(spoiled) for strength in mutant.strengths]
    bench.workshop.progress.start(PLANTING, len(steps))
    planter = Planter(spoiled)
    drilled = tuple(_drilled(planter, mutant) for mutant in chosen)
    return Drill(
        plan=bench.resolved.loaded.plan.name,
        question=bench.resolved.question,
        baseline=spoiled.system.fingerprint,
        ragguard=version("ragguard"),
        alpha=bench.resolved.alpha_pass,
        suites=tuple(suite.name for suite in spoiled.suites),
        mutants=drilled,
        exit_code=int(any(each.result in ("survived", "stopped") for each in drilled)),
    )


def _is_code(name: str) -> bool:
    return not name.startswith(f"{catalog.PRODUCT}:")


def _refuse_unknown(asked: Wanted, names: Set[str]) -> None:
    """Raise InputError where somebody asks for a mutant that there is not."""
    options = [("--mutant", name) for name in asked.names] + [("--strength", name) for name, _ in asked.stated]
    if wrong := [Problem(option, f"there is no mutant {name!r}", suggest(name, names)) for option, name in options if name not in names]:
        raise InputError(wrong)


def _chosen(known: Sequence[Mutant], asked: Wanted) -> Iterator[Mutant]:
    for mutant in known:
        if not asked.names or _is_of(mutant, asked.names):
            yield _stated(mutant, asked)


def _refuse_nothing(chosen: Sequence[Mutant], spoiled: Site) -> None:
    """Raise InputError where none of the mutants fits the baseline: a drill that plants nothing has found nothing."""
    reasons = {mutant.name: mutant.fits(spoiled) for mutant in chosen}
    if all(reasons.values()):
        problems = [Problem(f"--mutant {name}", f"it cannot be planted: {reason}", "ask for another") for name, reason in reasons.items()]
        raise InputError(problems)


def _is_of(mutant: Mutant, names: Sequence[str]) -> bool:
    return mutant.name in names or (mutant.kind != "own" and mutant.name.partition(":")[0] in names)


def _stated(mutant: Mutant, asked: Wanted) -> Mutant:
    """The mutant with the strength from which on it is to be caught, which is tried in any case."""
    own_value = next((value for name, value in reversed(asked.stated) if _is_of(mutant, (name,))), None)
    share = mutant.unit.startswith("share of") and not mutant.harmless
    value = own_value if own_value is not None else asked.everywhere if share else None
    if value is None:
        return mutant
    if mutant.unit.startswith("share of") and value > 1:
        raise InputError(Problem("--strength", f"{mutant.name} spoils a {mutant.unit}, and {value:g} is none", "name one up to 1"))
    return replace(mutant, stated=value, strengths=tuple(sorted({*mutant.strengths, value})))


def _drilled(planter: Planter, mutant: Mutant) -> Drilled:
    reason = mutant.fits(planter.site)
    about = Drilled(mutant.name, mutant.kind, mutant.about, mutant.unit, mutant.stated, mutant.harmless, "not applicable", reason=reason)
    if reason:
        return about
    shots = tuple(_shot(planter, mutant, strength) for strength in mutant.strengths)
    if mutant.harmless:
        stopped = any(shot.answer in ("block", "error") for shot in shots)
        return replace(about, result="stopped" if stopped else "let through", shots=shots)
    missed = [shot for shot in shots if shot.strength >= mutant.stated and shot.answer != "block"]
    result: Result = "survived" if missed else "caught"
    missing = lacking.why(planter.site, mutant, missed[-1]) if missed else ()
    return replace(about, result=result, starts=_starts(shots), shots=shots, missing=missing)


def _starts(shots: Sequence[Shot]) -> float | None:
    """The strength from which on every shot was blocked."""
    start = None
    for shot in reversed(shots):
        if shot.answer != "block":
            break
        start = shot.strength
    return start


def _shot(planter: Planter, mutant: Mutant, strength: float) -> Shot:
    """What the gate says of a mutant, as it is kept or as it is found out now."""
    store, place = planter.site.bench.workshop.store, _place(planter.site, mutant, strength)
    kept = store.get("drill", place)
    if kept is None:
        try:
            kept = _SHOT.dump_json(_gated(planter.site, strength, planter.plant(mutant, strength)))
        except CannotJudge as error:
            raise CannotJudge(f"the mutant {mutant.name} at strength {strength:g} could not be run: {error}") from error
        store.put("drill", place, kept)
    planter.site.bench.workshop.progress.advance(1)
    return _SHOT.validate_json(kept)


def _place(spoiled: Site, mutant: Mutant, strength: float) -> str:
    """The fingerprint of all that a shot hangs on: the baseline, what is asked and how it is judged, and the mutant with its code."""
    resolved = spoiled.bench.resolved
    asked = [resolved.question, resolved.alpha_pass, [suite.name for suite in spoiled.suites]]
    return fingerprint("drill", _written(), spoiled.system.fingerprint, asked, mutant.name, mutant.version, strength)


@cache
def _written() -> list[str]:
    """The hashes of the code that plants: what it made is not used again when it has changed."""
    return [file_digest(path) for path in sorted(Path(__file__).parent.glob("*.py"))]


def _gated(spoiled: Site, strength: float, after: dict[site.Key, Observation]) -> Shot:
    decision = gate.against_baseline(spoiled.bench, spoiled.trial, rescore(spoiled, after))
    return Shot(
        strength=strength,
        answer=decision.answer,
        touched=len(after),
        cases=len(spoiled.kept),
        caught_by=tuple(_moved(verdict) for verdict in decision.verdicts if verdict.outcome == "fail" and verdict.check.tier != "advisory"),
        nearest=_nearest(decision),
    )


def _nearest(decision: Decision) -> tuple[Moved, ...]:
    """The checks that did not fail, or do not bind, and lost most, measured by their margins."""
    open_ = (verdict for verdict in decision.verdicts if verdict.outcome != "fail" or verdict.check.tier == "advisory")
    lost = sorted((each for each in open_ if _lost(each) > 0), key=lambda each: (-_lost(each), each.check.identity))
    return tuple(_moved(verdict) for verdict in lost[:NEAREST])


def _lost(verdict: Verdict) -> float:
    return -(verdict.estimate.difference or 0.0) / max(verdict.check.margin, 0.01)


def _moved(verdict: Verdict) -> Moved:
    check, estimate = verdict.check, verdict.estimate
    return Moved(check.identity, check.tier, verdict.outcome, estimate.difference, check.margin, estimate.intents, verdict.p_adjusted)
