"""What judges said of the answers to one case, in words."""

from collections.abc import Sequence

from ragguard.records.judgement import Judgement
from ragguard.records.report import CaseRun
from ragguard.reports import figures


def reasons(case: CaseRun, arms: Sequence[str], most: int = 1) -> list[tuple[str, str]]:
    """What judges said of each arm's answer to a case, in words, ``most`` verdicts of each answer; under who said it of what."""
    return [
        (f"{arm}, {metric}" + (f" ({each.judge})" if each.judge else ""), told)
        for arm in arms
        for metric, said in sorted(case.judged.get(arm, {}).items())
        for each in said
        for told in [_told(each, most)]
    ]


def _told(judgement: Judgement, most: int) -> str:
    """Values first, then the words of the first verdicts."""
    values = ", ".join(figures.mean(value, "") for value in judgement.values) or "nothing"
    said = [verdict.error or verdict.reason for verdict in judgement.verdicts[:most]]
    return ": ".join(filter(None, [values, " | ".join(filter(None, said))]))
