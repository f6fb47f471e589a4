"""Compares two things that were stored: runs, reports, run files, or another tool's results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ragguard import gate, workspace
from ragguard.data.foreign import formats, opened, rankings, totals
from ragguard.data.foreign.wanted import Wanted
from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.elsewhere import files
from ragguard.elsewhere.asked import Asked
from ragguard.errors import InputError, NotComparable, Problem, suggest
from ragguard.plan.load import from_values
from ragguard.records.report import Arm, CaseRun, Moved, Report, SuiteRun, TaskRun, Times
from ragguard.records.verdict import Decision, Estimate
from ragguard.reports import document, scored, tasked
from ragguard.reports.assemble import CODES
from ragguard.statistics.estimate import estimate
from ragguard.statistics.pairing import Place, paired
from ragguard.store import fingerprint
from ragguard.systems.protocols import Progress

DEFAULT_SUITE = "ranking.yaml"


@dataclass(frozen=True)
class Side:
    """One arm of a stored report."""

    report: Report
    arm: Arm
    shown: str


def compare(
    baseline: str,
    candidate: str,
    *,
    collection: Path | None,
    split: str,
    suite: Path | None,
    store: Path,
    progress: Progress | None = None,
    asked: Asked | None = None,
) -> Report:
    """Judge ``candidate`` against ``baseline``: both runs, report folders and ``FOLDER:ARM``; or both results made elsewhere.

    These are run files (TREC, JSONL, MTEB's predictions), which a ``collection`` or judgements alone go with, or another tool's scores.

    Raises:
        InputError: one of them is not there, or a run file comes without its collection.
        NotComparable: they were made of unlike things.
    """
    options = replace(asked or Asked(), suite=suite)
    before, after = (_elsewhere(name, options.format) for name in (baseline, candidate))
    if before is None and after is None:
        if options.anything:
            what = f"{options.anything} is for results made elsewhere, and reports say all of that themselves"
            raise InputError(Problem("compare", what, "leave it out"))
        return _reports(_side(baseline, store), _side(candidate, store))
    if before is None or after is None:
        stored, file = (baseline, candidate) if before is None else (candidate, baseline)
        _report_file(stored.partition(":")[0], store)
        what = f"{file} is a file of results and {stored} is not"
        raise NotComparable(Problem("compare", what, "compare two run files, or two reports, or two results of one tool"))
    if collection is not None:
        if options.anything:
            raise InputError(
                Problem("compare", f"{options.anything} says nothing beside --collection", "let a --suite say what is demanded")
            )
        return _run_files(before, after, collection, split, suite, store, progress)
    if options.qrels is None and any(opened.of(path, options.format).holds == "rankings" for path, _ in (before, after)):
        fix = "name them with --collection FOLDER, or judgements alone with --qrels FILE"
        raise InputError(Problem("compare", "run files say nothing of queries and judgements", fix))
    return files.compare(before, after, options)


def _elsewhere(name: str, kind: str) -> files.Place | None:
    """The file or folder that a name means, unless it is a report; one of which the kind is named is none."""
    place = opened.split(name)
    if place is None:
        return None
    path, _ = place
    if kind:
        return place
    if (path / "report.json").exists():
        return None
    if (path.is_dir() or path.suffix == ".json") and formats.recognise(path) is None:
        totals.refuse(path)
        return None
    return place


def _run_files(
    baseline: files.Place, candidate: files.Place, collection: Path, split: str, suite: Path | None, store: Path, progress: Progress | None
) -> Report:
    recorded = {}
    for name, place in (("baseline", baseline), ("candidate", candidate)):
        path, wanted = rankings.file_of(place[0], Wanted(place[1]))
        recorded[name] = {"retriever": {"type": "recorded", "run": str(path.resolve()), **({"part": wanted.arm} if wanted.arm else {})}}
    values = {
        "name": "compare",
        "collection": str(collection.resolve()),
        "split": split,
        "baseline": recorded["baseline"],
        "candidates": {"candidate": recorded["candidate"]},
        "suites": [str((suite or workspace.share("suites") / DEFAULT_SUITE).resolve())],
    }
    return gate.run(from_values(values, Path.cwd(), "compare"), store=store, progress=progress)


def _side(name: str, store: Path) -> Side:
    place, arm = (name, "") if Path(name).exists() or ":" not in name else name.rsplit(":", 1)
    report = document.from_json(_report_file(place, store))
    arms = {found.name: found for found in report.arms}
    candidates = [found.name for found in report.arms if found.role == "candidate"]
    if not arm and len(candidates) != 1:
        raise InputError(Problem(place, f"holds several candidates ({', '.join(candidates)})", f"name one: {place}:{candidates[0]}"))
    picked = arm or candidates[0]
    if picked not in arms:
        raise InputError(Problem(place, f"has no system {picked!r}", suggest(picked, arms)))
    return Side(report, arms[picked], f"{place}:{picked}")


def _report_file(place: str, store: Path) -> Path:
    path = Path(place)
    options = [path, path / "report.json", store / "runs" / place / "report.json"]
    for option in options:
        if option.is_file():
            return option
    fix = f"give a run id of {store / 'runs'}, a report folder, or a run file"
    raise InputError(Problem(place, "is no run, report or run file that is here", fix))


def _reports(baseline: Side, candidate: Side) -> Report:
    _alike(baseline, candidate)
    alpha = candidate.report.alpha / candidate.report.looks
    decision = decide("candidate", judge([("baseline", e) for e in _estimates(baseline, candidate, alpha)], alpha=alpha))
    arms = (replace(baseline.arm, name="baseline", role="baseline"), replace(candidate.arm, name="candidate", role="candidate"))
    return _merged(baseline, candidate, arms, decision)


def _alike(baseline: Side, candidate: Side) -> None:
    """Refuse to compare what was asked differently."""
    old = {suite.name: suite for suite in baseline.report.suites}
    left_out = old.keys() - {suite.name for suite in candidate.report.suites}
    problems = [Problem(candidate.shown, f"did not run the suite {name!r}", "run both under one plan") for name in sorted(left_out)]
    for suite in candidate.report.suites:
        if suite.name not in old:
            problems.append(Problem(baseline.shown, f"did not run the suite {suite.name!r}", "run both under one plan"))
        elif old[suite.name].collection_fingerprint != suite.collection_fingerprint:
            problems.append(Problem(suite.name, "the two ran on different golden sets", "run both again on one of them"))
        elif old[suite.name].fingerprint != suite.fingerprint:
            problems.append(Problem(suite.name, "the two were asked different cases, checks or margins", "run both under one plan"))
    problems += _other_judges(baseline, candidate)
    for side in (baseline, candidate):
        if side.report.sequential is not None and side.report.sequential.stopped:
            problems.append(Problem(side.shown, "stopped early, after cases of its own", "gate it again without --sequential"))
    if problems:
        raise NotComparable(problems)


def _other_judges(baseline: Side, candidate: Side) -> Iterator[Problem]:
    """The metrics that one side had judged by another judge: other model, prompt, version or sampling."""
    before, after = ({metric: judge for judge in side.report.judges for metric in judge.metrics} for side in (baseline, candidate))
    for metric in sorted(before.keys() & after.keys()):
        old, new = before[metric], after[metric]
        if old.fingerprint != new.fingerprint:
            told = f"{old.name} ({old.model}, {old.fingerprint[:12]}) and {new.name} ({new.model}, {new.fingerprint[:12]})"
            yield Problem(metric, f"the two were judged by different judges: {told}", "gate both with one judge")


def _estimates(baseline: Side, candidate: Side, alpha: float) -> Iterator[Estimate]:
    checks = scored.checks(candidate.report)
    before, after = _cases(baseline), _cases(candidate)
    corrections = {suite.name: suite.corrected for suite in candidate.report.suites}
    endpoints = sum(check.tier == "blocking" for check, _ in checks)
    for check, scale in checks:
        corrected = str(check.metric) in corrections[check.suite]
        cases = [case for case in after.values() if scored.about(check, case, corrected=corrected)]
        places = [Place(case.id, case.intent, case.task) for case in cases]
        told = [scored.told(before[case.suite, case.id], baseline.arm.name, str(check.metric)) for case in cases]
        tells = [scored.told(case, candidate.arm.name, str(check.metric)) for case in cases]
        yield estimate(paired(check, scale, places, told, tells, corrected=corrected), alpha=alpha, endpoints=endpoints)


def _cases(side: Side) -> Mapping[tuple[str, str], CaseRun]:
    return {(case.suite, case.id): case for case in side.report.cases}


def _merged(baseline: Side, candidate: Side, arms: tuple[Arm, Arm], decision: Decision) -> Report:
    before = _cases(baseline)
    cases = tuple(_case(before[case.suite, case.id], case, baseline, candidate) for case in candidate.report.cases)
    question = fingerprint("compare", candidate.report.question, baseline.report.question)
    return replace(
        candidate.report,
        plan="compare",
        run=fingerprint("run", question, [arm.fingerprint for arm in arms])[:12],
        question=question,
        answer=decision.answer,
        exit_code=CODES[decision.answer],
        arms=arms,
        suites=tuple(_suite(suite, baseline, candidate, _tasks(suite, cases, decision)) for suite in candidate.report.suites),
        decisions=(decision,),
        cases=cases,
        documents={**baseline.report.documents, **candidate.report.documents},
        warnings=tuple(dict.fromkeys([*baseline.report.warnings, *candidate.report.warnings])),
        best="",
        error_rates=(),
        sequential=None,
        times=Times(),
    )


def _case(before: CaseRun, after: CaseRun, baseline: Side, candidate: Side) -> CaseRun:
    sides = (("baseline", before, baseline.arm.name), ("candidate", after, candidate.arm.name))
    return replace(
        after,
        scores={name: case.scores[arm] for name, case, arm in sides if arm in case.scores},
        rankings={name: case.rankings[arm] for name, case, arm in sides if arm in case.rankings},
        errors={name: case.errors[arm] for name, case, arm in sides if arm in case.errors},
        answers={name: case.answers[arm] for name, case, arm in sides if arm in case.answers},
        contexts={name: case.contexts[arm] for name, case, arm in sides if arm in case.contexts},
        judged={name: case.judged[arm] for name, case, arm in sides if arm in case.judged},
        labels={name: case.labels[arm] for name, case, arm in sides if arm in case.labels},
    )


def _suite(suite: SuiteRun, baseline: Side, candidate: Side, tasks: tuple[TaskRun, ...]) -> SuiteRun:
    other = next(s for s in baseline.report.suites if s.name == suite.name)
    means = [replace(mean, arm="baseline") for mean in other.means if mean.arm == baseline.arm.name]
    means += [replace(mean, arm="candidate") for mean in suite.means if mean.arm == candidate.arm.name]
    means.sort(key=lambda mean: (mean.metric, mean.slice, mean.arm))
    return replace(suite, means=tuple(means), moved=_moved(suite, other, baseline, candidate), tasks=tasks)


def _tasks(suite: SuiteRun, cases: tuple[CaseRun, ...], decision: Decision) -> tuple[TaskRun, ...]:
    """What the tasks come to, paired anew."""
    about = dict.fromkeys(tasked.About(each.task, each.metric, each.note) for each in suite.tasks if each.task)
    return tuple(tasked.rows(list(about), cases, [decision], suite.name, "baseline"))


def _moved(suite: SuiteRun, other: SuiteRun, baseline: Side, candidate: Side) -> tuple[Moved, ...]:
    """The figures of each side alone, and those of the candidate against a baseline that is the one compared with."""
    prints = {arm.name: arm.fingerprint for arm in candidate.report.arms}
    before = [replace(figure, arm="baseline") for figure in other.moved if figure.arm == baseline.arm.name and not figure.against]
    after = [
        replace(figure, arm="candidate", against=figure.against and "baseline")
        for figure in suite.moved
        if figure.arm == candidate.arm.name and (not figure.against or prints.get(figure.against) == baseline.arm.fingerprint)
    ]
    return (*before, *after)
