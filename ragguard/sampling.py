"""Answers of a stored run, drawn at random for people to label, without saying which system gave them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ragguard import judging, preflight
from ragguard.data.collection import Collection
from ragguard.data.labels import Label, answer_sha256, to_lines
from ragguard.errors import InputError, NotComparable, Problem, suggest
from ragguard.plan.source import display
from ragguard.plan.source import read as read_yaml
from ragguard.records.metric import Metric
from ragguard.records.report import CaseRun, Report, SuiteRun
from ragguard.reports import store as reports
from ragguard.store import write_atomically
from ragguard.suites.resolve import Resolved


@dataclass(frozen=True, slots=True)
class Sample:
    """What was written where: ``rows`` to label, of ``queries`` queries, one an intent, ``unlike`` of which have unlike answers.

    ``intents`` is how many there were to draw from, and ``pooled`` how many answers the systems gave to what was drawn.
    """

    file: str
    rows: int
    queries: int
    unlike: int
    intents: int
    pooled: int
    suites: tuple[str, ...]
    arms: tuple[str, ...]

    @property
    def told(self) -> str:
        """The same in words."""
        drawn = f"{self.rows:,} answers to {self.queries:,} queries, one of each of {self.queries:,} intents ({self.intents:,} in all)"
        share = f"{self.unlike / self.queries:.0%} of the queries have unlike answers; equal ones are one row"
        arms = f"systems: {', '.join(self.arms)}, not told in the file; suites: {', '.join(self.suites)}"
        then = f"Fill in label (0 to 1, or true and false) and rater; then: ragguard judge calibrate {self.file}"
        return "\n".join([f"{self.file}: {drawn}", share, arms, then])

    def to_dict(self) -> dict[str, Any]:
        """The same as data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A case and the systems' answers to it, each text once, with the ids of the documents that were given with it."""

    case: CaseRun
    answers: tuple[tuple[str, tuple[str, ...]], ...]
    pooled: int


def sample(
    source: Path,
    out: Path,
    *,
    n: int,
    suite: str | None = None,
    candidate: str | None = None,
    metric: str | None = None,
    seed: int = 7,
    plan: Path = Path("gate.yaml"),
    allow_code: bool = False,
) -> Sample:
    """Draw ``n`` intents of a report, of each one query, and write every system's answer to it as a row to label.

    Which are drawn hangs on a hash of ``seed`` and the intent alone: a larger ``n`` draws the same and more, so that rows labelled before
    stay of use. Nothing that exists is overwritten.

    Raises:
        InputError: there is no such plan, report, suite or candidate, it has no answers, or the file exists.
        NotComparable: the plan has changed since the report.
    """
    report, plan = _found(source, plan)
    if out.exists():
        raise InputError(Problem(display(out), "exists, and may hold labels", "name another with --out"))
    wanted = Metric.parse(metric) if metric else None
    suites, arms = _suites(report, suite), _arms(report, candidate)
    resolved = preflight.load(plan, allow_code=allow_code)
    _unchanged(report, resolved, suites, plan)
    cases = _cases(report, suites, arms)
    if not cases:
        raise InputError(
            Problem(report.plan, f"no system answers in {', '.join(suites)}", "answers are what people label: give it a generator")
        )
    intents = sorted({case.intent for case in cases}, key=lambda intent: _hash(seed, intent))
    drawn = [_drawn([case for case in cases if case.intent == intent], arms, seed) for intent in intents[:n]]
    collections = {found.name: [part.collection for part in found.parts] for found in resolved.suites}
    rows = [row for each in drawn for row in _rows(each, collections[each.case.suite], wanted)]
    rows.sort(key=lambda row: _hash(seed, row.query, row.answer_sha256))
    write_atomically(out, to_lines(rows))
    unlike = sum(len(each.answers) > 1 for each in drawn)
    return Sample(str(out), len(rows), len(drawn), unlike, len(intents), sum(each.pooled for each in drawn), tuple(suites), tuple(arms))


def _hash(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def _found(source: Path, plan: Path) -> tuple[Report, Path]:
    """The report, and the plan that it is of."""
    if source.suffix not in (".yaml", ".yml"):
        return reports.read(source), plan
    name = read_yaml(source.resolve(), "plan").values.get("name")
    if not isinstance(name, str):
        raise InputError(Problem(display(source), "has no name:", "add one, or name the report's folder"))
    return reports.read(source.resolve().parent / "reports" / name), source


def _suites(report: Report, name: str | None) -> list[str]:
    """The suites to draw from: the one that is named, else those that judges judged, else all."""
    known = [suite.name for suite in report.suites]
    if name is not None and name not in known:
        raise InputError(Problem(report.plan, f"the report has no suite {name!r}", suggest(name, known)))
    judged = [suite for suite in known if any(case.judged for case in report.cases if case.suite == suite)]
    return [name] if name is not None else judged or known


def _arms(report: Report, candidate: str | None) -> list[str]:
    names = [arm.name for arm in report.arms]
    if candidate is not None and candidate not in names:
        raise InputError(Problem(report.plan, f"the report has no system {candidate!r}", suggest(candidate, names)))
    return names if candidate is None else [arm.name for arm in report.arms if arm.role == "baseline" or arm.name == candidate]


def _unchanged(report: Report, resolved: Resolved, suites: Sequence[str], plan: Path) -> None:
    """Refuse a plan that asks other cases than the report's: its documents would be others."""
    now = {suite.name: suite for suite in resolved.suites}
    ran: Mapping[str, SuiteRun] = {suite.name: suite for suite in report.suites}
    for name in suites:
        if name not in now or now[name].collection.fingerprint != ran[name].collection_fingerprint:
            what = f"the collection of suite {name!r} is not the one that the report was made on"
            raise NotComparable(Problem(display(plan), what, "gate the plan again, or name the report's own plan with --plan"))


def _cases(report: Report, suites: Sequence[str], arms: Sequence[str]) -> list[CaseRun]:
    """The queries that every one of the systems answered, each once."""
    found = (case for case in report.cases if case.suite in suites and not case.task and (case.unlabelled or not case.aside))
    answered = [case for case in found if arms and all(arm in case.answers for arm in arms)]
    return list({case.id: case for case in reversed(answered)}.values())


def _drawn(cases: Sequence[CaseRun], arms: Sequence[str], seed: int) -> _Drawn:
    """One query of an intent, and what was answered."""
    case = min(cases, key=lambda case: _hash(seed, case.id))
    said = [(answer.text, case.contexts.get(arm, ())) for arm in arms for answer in (case.answers[arm].samples or (case.answers[arm],))]
    once = {answer_sha256(text): (text, contexts) for text, contexts in reversed(said)}
    return _Drawn(case, tuple(once[key] for key in sorted(once)), len(said))


def _rows(drawn: _Drawn, collections: Sequence[Collection], metric: Metric | None) -> Iterator[Label]:
    case = drawn.case
    for text, contexts in drawn.answers:
        shown = tuple(judging.shown(document) for name in contexts for document in _documents(name, collections))
        yield Label(case.id, answer_sha256(text), None, metric, "", case.text, text, shown, intent=case.intent)


def _documents(name: str, collections: Sequence[Collection]) -> Iterator[Any]:
    """The document of a name, in the first corpus that has it."""
    holder = next((each for each in collections if name in each.corpus), None)
    if holder is not None:
        yield holder.document(name)
