"""Made-up reports: a realistic one, judged by the real statistics, and small ones with any verdict that a test asks for."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from ragguard.records.evidence import Check, NotApplicable, PairedScores, Score, Tier, Unscored
from ragguard.records.metric import Metric, Scale
from ragguard.records.report import Arm, CaseRun, Mean, Report, Shown, ShownDocument, SuiteRun, Times
from ragguard.records.verdict import Answer, Decision, Estimate, Outcome, Verdict

SHARE, STALE, YES, TIME = Scale(), Scale(higher_is_better=False), Scale(binary=True), Scale(higher_is_better=False, high=None, unit="ms")
CHECKS: tuple[tuple[str, str, Tier, str, float, float | None, Scale], ...] = (
    ("golden", "nDCG@10", "blocking", "", 0.05, 0.5, SHARE),
    ("golden", "RR", "veto", "", 0.10, None, SHARE),
    ("golden", "R@5", "veto", "", 0.05, None, SHARE),
    ("golden", "nDCG@10", "veto", "runbooks", 0.05, None, SHARE),
    ("golden", "Success@5", "must", "canonical", 0.05, None, YES),
    ("golden", "Latency", "advisory", "", 0.05, 250.0, TIME),
    ("version-confusion", "VersionAcc@1", "blocking", "", 0.10, None, YES),
    ("version-confusion", "Stale@5", "veto", "current", 0.05, None, STALE),
    ("version-confusion", "nDCG@10", "veto", "", 0.10, None, SHARE),
    ("version-confusion", "RR", "advisory", "", 0.10, None, SHARE),
    ("version-confusion", "nDCG@10", "veto", "api", 0.05, None, SHARE),
    ("version-confusion", "P@5", "advisory", "", 0.05, None, SHARE),
)
TOPICS = ("webhook-retries", "risk-rules", "interchange-true-up", "account-tokens", "dunning", "bank-verification")
ASKED = (
    "how long is {} kept before it expires",
    "what changed in {} since 2.1",
    "who may switch {} off in production",
    "limits of {} in the sandbox",
)
VERSIONS = ("1.9", "2.1", "2.3")
ARMS = ("baseline", "tuned", "tuned-lora")
SHIFT = {"baseline": 0.0, "tuned": 0.02, "tuned-lora": -0.2}


def case(rng: random.Random, suite: str, number: int) -> CaseRun:
    topic = TOPICS[number % len(TOPICS)]
    text = rng.choice(ASKED).format(topic.replace("-", " "))
    slices = tuple(name for name, share in (("runbooks", 0.5), ("canonical", 0.1), ("current", 0.8), ("api", 0.3)) if rng.random() < share)
    ease = rng.betavariate(3, 1.5)
    wanted = f"{topic}-2.3"
    scores, rankings = {}, {}
    for arm in ARMS:
        level = min(1.0, max(0.0, ease + (rng.gauss(SHIFT[arm], 0.12) if rng.random() < 0.5 else 0.0)))
        scores[arm] = dict(_scores(rng, suite, arm, level))
        ids = [
            wanted,
            *(f"{topic}-{version}" for version in VERSIONS[:2]),
            *(f"{other}-2.3" for other in rng.sample(TOPICS, 4) if other != topic),
        ]
        ids.insert(int((1 - level) * 7), ids.pop(0))
        rankings[arm] = tuple(
            Shown(name, round(0.9 - 0.07 * i, 4), 2 if name == wanted else 0 if topic in name else None) for i, name in enumerate(ids)
        )
    return CaseRun(
        f"{suite[0]}-{topic}.{number}",
        suite,
        text,
        f"{topic}-{number * 4 // 5}",
        slices,
        ("", *slices),
        {wanted: 2, f"{topic}-2.1": 0},
        scores,
        rankings,
    )


def _scores(rng: random.Random, suite: str, arm: str, level: float) -> Iterator[tuple[str, Score]]:
    for kind, metric, _, _, _, _, scale in CHECKS:
        if kind == suite and scale is TIME:
            yield metric, round(rng.lognormvariate(5.2, 0.3), 2)
        elif kind == suite:
            value = min(1.0, max(0.0, level + rng.gauss(0, 0.02)))
            value = value if scale.higher_is_better else (1 - value) / 2
            yield metric, float(value > (0.12 if metric == "Success@5" else 0.3)) if scale.binary else round(value, 6)


@cache
def report() -> Report:
    """Two candidates (one good, one bad), two suites, twelve checks, 150 cases; judged by ragguard's own statistics."""
    rng = random.Random(11)
    cases = tuple(case(rng, suite, number) for suite, n in (("golden", 90), ("version-confusion", 60)) for number in range(n))
    cases = (
        replace(cases[0], scores={**cases[0].scores, "tuned-lora": _lost(cases[0])}, errors={"tuned-lora": "timeout after 30 s"}),
        *cases[1:],
    )
    decisions = tuple(_decided(name, cases) for name in ARMS[1:])
    answers = {each.answer for each in decisions}
    answer: Answer = next(each for each in ("promote", "error", "hold", "block") if each in answers)  # type: ignore[assignment]
    return Report(
        plan="payments-docs", run="1f0c55aa9b21", question="9d" * 32, ragguard="0.1.0", seed=7, alpha=0.05, looks=1,
        answer=answer, exit_code={"promote": 0, "block": 1, "hold": 2, "error": 4}[answer],
        arms=tuple(arm(name) for name in ARMS),
        suites=tuple(_suite(name, cases) for name in ("golden", "version-confusion")),
        decisions=decisions, cases=cases, documents=dict(documents()),
        warnings=("tuned-lora: 12.5% of the documents are longer than the encoder's 256 tokens; what lies beyond is not seen",),
        best=next((each.candidate for each in decisions if each.answer == "promote"), ""),
        times=Times("2025-11-20T20:00:00+00:00", {"baseline/golden": 12.5, "tuned/golden": 190.25}),
    )  # fmt: skip


def _lost(first: CaseRun) -> dict[str, Score]:
    return {name: Unscored("timeout after 30 s") for name in first.scores["baseline"]}


def _decided(name: str, cases: Sequence[CaseRun]) -> Decision:
    from ragguard.decision.decide import decide
    from ragguard.decision.judge import judge
    from ragguard.statistics.estimate import estimate

    pairs = [_pairs(row, name, cases) for row in CHECKS]
    return decide(name, judge([("baseline", estimate(pair, alpha=0.025, endpoints=2)) for pair in pairs], alpha=0.05))


def _pairs(row: tuple[str, str, Tier, str, float, float | None, Scale], name: str, cases: Sequence[CaseRun]) -> PairedScores:
    suite, metric, tier, slice_, margin, limit, scale = row
    mine = [each for each in cases if each.suite == suite and slice_ in each.slices]
    return PairedScores(
        Check(suite, Metric.parse(metric), tier, margin, slice_, limit),
        scale,
        tuple(each.id for each in mine),
        tuple(each.intent for each in mine),
        tuple(each.scores["baseline"][metric] for each in mine),
        tuple(each.scores[name][metric] for each in mine),
    )


def arm(name: str) -> Arm:
    trained: dict[str, Any] = {
        "recipe": "biencoder",
        "base": "all-MiniLM-L6-v2",
        "data": {"rows": 480, "sha256": "ab" * 32},
        "loss": [0.9, 0.4],
    }
    return Arm(
        name,
        "baseline" if name == "baseline" else "candidate",
        (name.encode().hex() * 8)[:64],
        {"retriever": {"type": "dense", "model": "all-MiniLM-L6-v2"}},
        {"documents_truncated": 0.125 if name == "tuned-lora" else 0.0, "max_seq_length": 256},
        {} if name == "baseline" else trained,
    )


def documents() -> Iterator[tuple[str, ShownDocument]]:
    for topic in TOPICS:
        for version in VERSIONS:
            status = "current" if version == VERSIONS[-1] else "superseded"
            yield f"{topic}-{version}", ShownDocument(topic.replace("-", " ").capitalize() + " guide", version, status, "payments")


def _suite(name: str, cases: Sequence[CaseRun]) -> SuiteRun:
    mine = [each for each in cases if each.suite == name]
    means = []
    for _, metric, *_, scale in (row for row in CHECKS if row[0] == name):
        for slice_ in ("", "current"):
            for system in ARMS:
                numbers = [each.scores[system][metric] for each in mine if slice_ in each.slices]
                values = [value for value in numbers if isinstance(value, float)]
                means.append(
                    Mean(metric, slice_, system, sum(values) / len(values), len(values), len(numbers) - len(values), 0, scale.unit)
                )
    intents = len({each.intent for each in mine})
    return SuiteRun(name, "golden", "5e" * 32, "payments", "test", "c0" * 32, len(mine), intents, means=tuple(means))


def verdict(outcome: Outcome, tier: Tier = "blocking", suite: str = "golden", metric: str = "nDCG@10", **more: Any) -> Verdict:
    """A verdict with numbers that look the part."""
    check = Check(suite, Metric.parse(metric), tier, **{key: more.pop(key) for key in ("slice", "limit", "margin") if key in more})
    estimate = Estimate(check, more.pop("scale", SHARE), 0.05, "hall", 100, 80, 59)
    if outcome != "error":
        change = {"pass": 0.01, "fail": -0.08, "inconclusive": -0.02}[outcome]
        estimate = replace(
            estimate, baseline_mean=0.6, candidate_mean=0.6 + change, difference=change, lower=change - 0.035, upper=change + 0.035,
            pass_lower=change - 0.035, mde=0.06, p_worse=0.0004,
        )  # fmt: skip
    return Verdict(check, outcome, more.pop("reasons", (f"{check.identity} is {outcome}",)), estimate, **more)


def small(answer: Answer, *verdicts: Verdict, reasons: tuple[str, ...] = (), not_run: tuple[str, ...] = (), **more: Any) -> Report:
    """A report of one candidate with the given verdicts and no cases."""
    code = {"promote": 0, "block": 1, "hold": 2, "error": 4}[answer]
    decision = Decision("tuned", answer, reasons, verdicts, not_run)
    names = dict.fromkeys(["golden", *(each.check.suite for each in verdicts)])
    suites = tuple(SuiteRun(name, "golden", "5e" * 32, "payments", "test", "c0" * 32, 100, 80) for name in names)
    base = Report("small", "r1", "q1", "0.1.0", 7, 0.05, 1, answer, code, (arm("baseline"), arm("tuned")), suites, (decision,), ())
    return replace(base, **more)


def with_cases(base: Report, texts: Sequence[str], ids: Sequence[str] = ()) -> Report:
    """The report with one case for each text, all of which got worse, each a little less than the one before."""
    made = []
    for i, text in enumerate(texts):
        name = ids[i] if ids else f"q{i:05}"
        scores: dict[str, dict[str, Score]] = {
            "baseline": {"nDCG@10": 1.0, "Stale@5": NotApplicable("asks for an old version")},
            "tuned": {"nDCG@10": 0.5 * i / len(texts)},
        }
        rankings = {"baseline": (Shown(text, 0.9, 2), Shown("d2", 0.5, 0)), "tuned": (Shown("d2", 0.7, 0), Shown("d3", 0.6))}
        made.append(CaseRun(name, "golden", text, text, (text,), ("",), {text: 2}, scores, rankings))
    return replace(base, cases=tuple(made), documents={text: ShownDocument(text, text, text, text) for text in texts})
