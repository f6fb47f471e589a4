"""Nights made by hand: whatever means, systems, suites and judges a test wants."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from ragguard.records.night import Accepted, ArmNight, Checked, Decided, JudgeNight, Measured, Night, SuiteNight
from ragguard.records.verdict import Answer

FIRST = date(2026, 1, 1)


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def suite(name: str = "golden", asks: str = "s1", collection: str = "c1") -> SuiteNight:
    return SuiteNight(name, asks, "payments", collection, 200, 180)


def judge(fingerprint: str = "j1") -> JudgeNight:
    return JudgeNight("helpful", "judge-7b", fingerprint, ("rubric:helpful",))


def accepted(number: int, candidate: str = "tuned", fingerprint: str = "print of tuned") -> Accepted:
    return Accepted(candidate, fingerprint, f"run{number}", "promote", f"{day(number)}T09:00:00+00:00")


def measured(arm: str, mean: float | None, suite: str = "golden", metric: str = "nDCG@10", slice_: str = "", unscored: int = 0) -> Measured:
    bounds = (None, None) if mean is None else (mean - 0.03, mean + 0.03)
    return Measured(suite, metric, slice_, arm, mean, *bounds, 200 - unscored, unscored, 0)


def checked(
    means: Mapping[str, float],
    suite: str = "golden",
    metric: str = "nDCG@10",
    tier: str = "blocking",
    higher: bool = True,
    margin: float = 0.05,
    candidate: str = "tuned",
    outcome: str = "pass",
    width: float | None = 1.0,
) -> Checked:
    before, after = means.get("baseline"), means.get(candidate)
    change = None if before is None or after is None else (after - before) * (1 if higher else -1)
    bounds = (None, None) if change is None else (change - 0.02, change + 0.02)
    return Checked(
        candidate, "baseline", suite, metric, "", tier, margin, outcome, False, higher, width, before, after, change, *bounds, 0.05,  # type: ignore[arg-type]
        200, 180, 0,
    )  # fmt: skip


def night(number: int, means: Mapping[str, float], *, answer: Answer = "promote", run: str = "", **more: object) -> Night:
    """A night of one suite and one check, unless ``more`` says otherwise; ``means`` are those of the systems."""
    code = {"promote": 0, "block": 1, "hold": 2, "error": 4}[answer]
    made = Night(
        plan="made",
        day=day(number),
        run=run or f"run{number}",
        started=f"{day(number)}T02:00:00+00:00",
        answer=answer,
        exit_code=code,
        question="q1",
        ragguard="0.1.0",
        definitions=1,
        name=day(number),
        arms=tuple(ArmNight(arm, "baseline" if arm == "baseline" else "candidate", f"print of {arm}") for arm in means),
        suites=(suite(),),
        measures=tuple(measured(arm, mean) for arm, mean in means.items()),
        checks=(checked(means),),
        decisions=(Decided("tuned", answer, () if answer == "promote" else ("golden/nDCG@10 fell by 0.091 (0.7 -> 0.6): fail",)),),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def nights(values: Sequence[float], **more: object) -> list[Night]:
    """One night a value, which is the candidate's mean; the baseline's stays."""
    return [night(number, {"baseline": 0.7, "tuned": value}, **more) for number, value in enumerate(values)]
