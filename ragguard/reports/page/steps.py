"""What to do next, in sentences: the first one is the most pressing."""

from collections.abc import Iterator, Mapping

from ragguard.records.report import Report
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, words, worst
from ragguard.reports.page import stages
from ragguard.reports.page.stages import Stage

_COMPARED = "compare"  # what a plan is called that nobody wrote
_CHECKS = 3

ADVICE: Mapping[Stage, str] = {
    "error": "see why the system fails there",
    "not retrieved": "look at what the retriever was trained on, at its document_text, and at whether documents are cut",
    "ranked too low": "look at hard negatives, at the reranker, and at how many documents the generator is given",
    "wrong answer": "the document was there, so look at the generator: its prompt, its training rows, its judge's reasons",
    "wrong version": "show version and status to encoder (document_text) and generator, and train on other versions as negatives",
    "wrong citation": "look at how the prompt numbers documents, and at the citations of the training rows",
}


def steps(report: Report, decision: Decision) -> list[str]:
    """Return what to do about a candidate."""
    by_answer = {"promote": _promote, "block": _block, "hold": _hold, "error": _error}
    return list(by_answer[decision.answer](report, decision))


def _promote(report: Report, decision: Decision) -> Iterator[str]:
    if report.plan == _COMPARED:
        yield f"{decision.candidate} may go out."
    else:
        yield f"Let it go out; then `ragguard accept {decision.candidate}` makes it the baseline of the next candidates."
    degraded = [each.check.identity for each in decision.verdicts if each.degraded and words.counts(each)]
    if degraded:
        yield f"It is surely worse in {words.listed(degraded, _CHECKS)}, by less than the margin: see whether that is worth it."
    yield from _where(report, decision)


def _block(report: Report, decision: Decision) -> Iterator[str]:
    failed = [each for each in sorted(decision.verdicts, key=words.gravity) if each.outcome == "fail" and words.counts(each)]
    for verdict in failed[:_CHECKS]:
        yield _look(report, decision, verdict)
    if len(failed) > _CHECKS:
        yield f"{figures.count(len(failed) - _CHECKS, 'more check')} failed: see the picture below."
    yield from _where(report, decision)


def _look(report: Report, decision: Decision, verdict: Verdict) -> str:
    if verdict.misses:
        return f"{verdict.check.identity}: mend {words.listed((f'`{name}`' for name in verdict.misses), 5)}, which may never break."
    lost = worst.losses_of(report, decision, verdict)
    where = f"; start with {', '.join(f'`{loss.case.id}`' for loss in lost[:3])}" if lost else ""
    return f"{verdict.check.identity}: {figures.count(len(lost), 'case')} got worse{where}."


def _where(report: Report, decision: Decision) -> Iterator[str]:
    """The stage that newly loses most, and what to look at there."""
    if not stages.told(report):
        return
    made = [row for row in stages.rows(stages.both(report, decision)) if row.newly]
    newly = sum(row.newly for row in made)
    if made:
        most = max(made, key=lambda row: row.newly)
        count = f"{most.newly:,} of the {figures.count(newly, 'case')} that it newly loses"
        yield f"{count} {'is' if most.newly == 1 else 'are'} lost as “{most.stage}”: {ADVICE[most.stage]}."


def _hold(_report: Report, decision: Decision) -> Iterator[str]:
    open_ = [each for each in sorted(decision.verdicts, key=words.gravity) if each.outcome == "inconclusive" and words.counts(each)]
    for verdict in open_[:_CHECKS]:
        yield _more(verdict)
    if len(open_) > _CHECKS:
        yield f"{figures.count(len(open_) - _CHECKS, 'more check')} could not be settled."
    yield "Add cases and gate again; looks: in the plan says that you will, so that the error rates hold."


def _more(verdict: Verdict) -> str:
    estimate, kind = verdict.estimate, "labelled intent" if verdict.estimate.correction is not None else "intent"
    wanted = max(filter(None, (estimate.needed, estimate.guard)), default=0)
    name = verdict.check.identity
    if estimate.needed is None and estimate.evidence >= estimate.guard:
        return f"{name}: more cases like these will not settle it; see its reasons."
    lacking = wanted - estimate.evidence
    if lacking <= 0:
        return f"{name}: a fresh sample of {figures.count(wanted, kind)} may settle it."
    return (
        f"{name}: about {figures.count(lacking, f'more {kind}')} would settle it, if the candidate equals the baseline ({wanted:,} in all)."
    )


def _error(_report: Report, decision: Decision) -> Iterator[str]:
    yield from (f"Find out why the suite {name} did not run." for name in decision.not_run)
    failed = [each for each in decision.verdicts if each.outcome == "error" and words.counts(each)]
    for verdict in failed[:_CHECKS]:
        lacking = max(verdict.estimate.missing_baseline, verdict.estimate.missing_candidate)
        what = f"{figures.count(lacking, 'case')} could not be scored; the queries below say" if lacking else "it could not be judged"
        yield f"{verdict.check.identity}: find out why {what}."
    yield "Then run it again: what was done is kept, and only what failed is asked again."
