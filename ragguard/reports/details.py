"""The tables and lists of report.md."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ragguard.records.report import Arm, CaseRun, Report, ShownDocument, SuiteRun
from ragguard.records.verdict import Decision, Verdict
from ragguard.reports import figures, robustness, verdicts, words, worst
from ragguard.reports import means as tables
from ragguard.reports.escape import cell, code, prose, tag

_RANKS, _WANTED, _ID, _TITLE, _TEXT = 5, 5, 80, 80, 300


def checks(report: Report, verdicts: Sequence[Verdict]) -> str:
    """A suite's checks as a table, in the given order."""
    level = " or ".join(sorted({figures.level(each.estimate.alpha) for each in verdicts}))
    head = ["Verdict", "Check", "Tier", "Baseline", "Candidate", "Difference", f"{level} bounds", "Margin", "Limit", "Intents"]
    if any(words.against(each, report) for each in verdicts):
        head[3] = "Reference"
    return table(head, [_row(report, each) for each in verdicts], "lllrrrrrrr")


def _row(report: Report, verdict: Verdict) -> list[str]:
    estimate, check = verdict.estimate, verdict.check
    name, *rest = (words.clip(part, _ID) for part in words.title(verdict, report))
    word = words.outcome(verdict)
    return [
        f"**{word}**" if words.counts(verdict) and verdict.outcome != "pass" else word,
        " ".join([cell(name), *map(prose, rest)]),
        check.tier,
        prose(figures.mean(estimate.baseline_mean, estimate.scale.unit)),
        prose(figures.mean(estimate.candidate_mean, estimate.scale.unit)),
        *words.change(verdict),
        figures.margin(estimate),
        prose(figures.limit(check, estimate.scale)),
        f"{estimate.intents:,}",
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """A table of cells that are Markdown already; ``align`` has an l or an r for each column."""
    rule = ["--:" if side == "r" else "---" for side in align]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def means(report: Report, decision: Decision, suite: SuiteRun) -> list[str]:
    """The means without a verdict, as folded tables of 50 rows at most."""
    arms = tables.arms(report, decision)
    head = ["Metric", "Slice", *(cell(words.clip(arm, _ID)) for arm in arms), "Scored"]
    rows = [
        [cell(row.metric), cell(row.slice) if row.slice else "all", *map(prose, row.means), row.scored]
        for row in tables.rows(report, decision, suite)
    ]
    chunks = [rows[start : start + 50] for start in range(0, len(rows), 50)]
    return [folded("Means without a verdict", table(head, chunk, "ll" + "r" * (len(arms) + 1))) for chunk in chunks]


def costs(found: robustness.Costs) -> str:
    """What each perturbation cost each arm, as a table."""
    head = ["What was done", "Cases", *(part for arm in found.arms for part in (f"{cell(words.clip(arm, _ID))}: clean -> so", "Lost"))]
    rows = [
        [cell(row.name), f"{row.cases:,}", *(prose(part) for pair in zip(row.changes, row.losses, strict=True) for part in pair)]
        for row in found.rows
    ]
    told = f"**What hurt**: {code(found.metric)} of the same queries as they stand, and perturbed or attacked so"
    return f"{told}\n\n{table(head, rows, 'l' + 'r' * (1 + 2 * len(found.arms)))}"


def query(report: Report, decision: Decision, loss: worst.Loss) -> str:
    """One query that got worse: what it wanted, and what was ranked before and after."""
    case, unit, before, after = loss.case, loss.scale.unit, words.baseline(report), decision.candidate
    change = f"{figures.mean(loss.before, unit)} -> {figures.mean(loss.after, unit)}"
    summary = f"{tag(words.clip(case.id, _ID))} {tag(words.clip(case.text, _TEXT))}"
    lines = [f"{code(str(loss.metric))} {prose(change)}, {prose(words.clip(f'intent {case.intent}', _ID))}"]
    wanted = worst.wanted(case)
    for id_, grade in wanted[:_WANTED]:
        where = f"rank {worst.place(case, before, id_)} -> {worst.place(case, after, id_)}"
        lines.append(f"- wanted {_document(report, id_, code)}grade {grade}: {where}")
    if len(wanted) > _WANTED:
        lines.append(f"- and {len(wanted) - _WANTED} more wanted")
    told = [*worst.said(case, (before, after)), *verdicts.reasons(case, (before, after))]
    lines += [f"- {prose(name)}: {prose(words.clip(said, _TEXT))}" for name, said in told]
    text = lines[0] + "\n\n" + "\n".join(lines[1:])
    text += f"\n\n{_rankings(report, case, (before, after))}" if worst.ranks([case]) else ""
    return folded(f"{summary} {html.escape(change)}", text)


def _rankings(report: Report, case: CaseRun, arms: Sequence[str]) -> str:
    kept = [case.rankings.get(arm, ())[:_RANKS] for arm in arms]
    rows = [[str(rank + 1), *(_ranked(report, case, arm, rank) for arm in arms)] for rank in range(max(map(len, kept)))]
    return table(["Rank", *(cell(words.clip(arm, _ID)) for arm in arms)], rows, "rll") if rows else "Neither system ranked anything."


def _ranked(report: Report, case: CaseRun, arm: str, rank: int) -> str:
    ranking = case.rankings.get(arm, ())
    if rank >= len(ranking):
        return prose(words.clip(case.errors.get(arm, ""), _TEXT)) if rank == 0 else ""
    return f"{_document(report, ranking[rank].id, cell)}{worst.grade(ranking[rank])}"


def _document(report: Report, id_: str, quote: Callable[[str], str]) -> str:
    title = report.documents.get(id_, ShownDocument()).title
    named = quote(words.clip(id_, _ID)) + (f" {quote(words.clip(title, _TITLE))}" if title else "")
    marks = prose(words.clip(worst.marks(report, id_), _ID))
    return f"{named} {marks}, " if marks else f"{named} "


def systems(report: Report) -> list[str]:
    """What was run: each arm with what it says of itself and what it was trained on, then the fingerprints; one folded part each."""
    parts = []
    for arm in report.arms:
        facts = {**flat(arm.notes), **{f"trained: {key}": value for key, value in flat(arm.provenance).items()}}
        if facts:
            rows = [[cell(words.clip(key, _ID)), cell(words.clip(value, _ID))] for key, value in list(facts.items())[:30]]
            parts.append(folded(f"System {tag(words.clip(arm.name, _ID))}", table(["What", "Value"], rows, "ll")))
    return [*parts, folded("Fingerprints", _fingerprints(report))]


def _fingerprints(report: Report) -> str:
    prints = [("question", report.question), *((_arm(arm), arm.fingerprint) for arm in report.arms)]
    for suite in report.suites:
        prints += [(f"suite {suite.name}", suite.fingerprint), (f"collection {suite.collection}", suite.collection_fingerprint)]
    rows = [[cell(words.clip(name, _ID)), cell(words.clip(value, _ID))] for name, value in dict(prints).items()]
    told = f"ragguard {prose(report.ragguard)}, run {code(report.run)}, seed {report.seed}, alpha {report.alpha:g}, looks {report.looks}"
    return f"{told}\n\n{table(['Of', 'SHA-256'], rows[:100], 'll')}"


def _arm(arm: Arm) -> str:
    return arm.role if arm.role == arm.name else f"{arm.role} {arm.name}"


def flat(facts: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Nested facts as ``key.key: value`` in one level, sorted; lists by their length."""
    found: dict[str, str] = {}
    for key, value in sorted(facts.items()):
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{key}.")
        elif isinstance(value, list | tuple):
            found[before + key] = figures.count(len(value), "entry", "entries")
        else:
            found[before + key] = f"{value:g}" if isinstance(value, float) else str(value)
    return found


def folded(summary: str, text: str) -> str:
    """A part that is opened by a click on its summary; both are Markdown or HTML already."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"
