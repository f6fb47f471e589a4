"""How large report.html is, how long it takes to make, how soon a browser shows it, and what memory that takes.

A report of 5,000 queries over four suites, 3 candidates and 30 checks each is made up (scores, rankings of ten documents, answers of 60
words), judged by ragguard's own statistics, and rendered. `python benchmarks/page.py [QUERIES [CANDIDATES [FILE]]]` keeps the page in FILE.
"""

import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ragguard.decision.decide import decide
from ragguard.decision.judge import judge
from ragguard.records.evidence import Answer, Check, PairedScores, Score, Tier
from ragguard.records.metric import Metric, Scale
from ragguard.records.report import Arm, CaseRun, Mean, Report, Shown, ShownDocument, SuiteRun
from ragguard.records.verdict import Decision
from ragguard.reports import document
from ragguard.reports.assemble import CODES, overall
from ragguard.reports.page import page
from ragguard.statistics.estimate import estimate

SUITES = ("golden", "adversarial", "version-confusion", "forgetting")
METRICS = ("nDCG@10", "RR", "R@5", "AP", "Completeness")
SLICES = ("explicit", "implicit", "multi_hop")
PROSE = (
    "the settlement window of a payout closes at noon and any retry after that counts towards the limit which merchants may raise in their "
    "dashboard unless a dispute is open or the account was frozen by risk rules that changed between versions of this guide as of march"
)
WORDS = PROSE.split()
FAMILIES, VERSIONS = 1500, ("1.4", "1.9", "2.3", "2.7")
SHIFTS = (0.03, -0.01, -0.12)


def checks() -> list[Check]:
    """Thirty: a blocking one for each suite, and vetoes."""
    made = []
    for suite in SUITES:
        for number, metric in enumerate(METRICS):
            made.append(Check(suite, Metric.parse(metric), "blocking" if number == 0 else "veto"))
        made += [Check(suite, Metric.parse("nDCG@10"), "veto", slice=name) for name in SLICES]
    tiers: dict[str, Tier] = {"RR": "advisory"}
    return [replace(check, tier=tiers.get(str(check.metric), check.tier)) for check in made][:30]


def _answer(rng: random.Random, family: int, version: str) -> str:
    text = " ".join(rng.choice(WORDS) for _ in range(60))
    return f"{text.capitalize()}. In version {version} the value of family {family} is {rng.randint(1, 400)} hours [1]."


def _changed(rng: random.Random, text: str) -> str:
    words = text.split()
    for _ in range(rng.randint(1, 12)):
        words[rng.randrange(len(words))] = rng.choice(WORDS)
    return " ".join(words)


def _ranking(rng: random.Random, wanted: str, level: float, others: list[str]) -> tuple[Shown, ...]:
    ids = [*others[:9]]
    ids.insert(min(9, int((1 - level) * 10)), wanted)
    if rng.random() < 0.5:
        one, other = rng.sample(range(10), 2)
        ids[one], ids[other] = ids[other], ids[one]
    return tuple(Shown(name, round(9 - rank * 0.7, 4), 2 if name == wanted else None) for rank, name in enumerate(ids))


def _case(rng: random.Random, number: int, arms: dict[str, float]) -> CaseRun:
    family, version = rng.randrange(FAMILIES), rng.choice(VERSIONS)
    wanted = f"payments-family-{family}-v{version}"
    others = [f"payments-family-{rng.randrange(FAMILIES)}-v{rng.choice(VERSIONS)}" for _ in range(9)]
    ease, answer = rng.betavariate(2, 1), _answer(rng, family, version)
    scores: dict[str, dict[str, Score]] = {}
    rankings, answers = {}, {}
    for arm, shift in arms.items():
        level = min(1.0, max(0.0, ease + (rng.gauss(shift, 0.15) if rng.random() < 0.6 else 0.0)))
        scores[arm] = {name: round(min(1.0, max(0.0, level + rng.gauss(0, 0.03))), 6) for name in METRICS[:-1]}
        scores[arm]["Completeness"] = float(level > 0.35)
        rankings[arm] = _ranking(rng, wanted, level, others)
        answers[arm] = Answer(answer if rng.random() < 0.4 else _changed(rng, answer), (rankings[arm][0].id,), tokens=80)
    text = f"How long is the {' '.join(rng.choice(WORDS) for _ in range(9))} in {version} of family {family}?"
    suite, slice_ = SUITES[number % len(SUITES)], rng.choice(SLICES)
    contexts = {arm: tuple(shown.id for shown in ranking[:3]) for arm, ranking in rankings.items()}
    return CaseRun(
        f"q-{family}-{number}", suite, text, f"family-{family}-{version}", (slice_, "versioned"), ("", slice_), {wanted: 2},
        scores, rankings, answers=answers, contexts=contexts, expected=answer,
    )  # fmt: skip


def _decided(name: str, cases: list[CaseRun]) -> Decision:
    estimates = []
    for check in checks():
        mine = [case for case in cases if case.suite == check.suite and check.slice in case.slices]
        metric = str(check.metric)
        pairs = PairedScores(
            check,
            Scale(binary=metric == "Completeness"),
            tuple(case.id for case in mine),
            tuple(case.intent for case in mine),
            tuple(case.scores["baseline"][metric] for case in mine),
            tuple(case.scores[name][metric] for case in mine),
        )
        estimates.append(("baseline", estimate(pairs, alpha=0.05 / 3, endpoints=4)))
    return decide(name, judge(estimates, alpha=0.05))


def _means(suite: str, arms: dict[str, float], cases: list[CaseRun]) -> Iterator[Mean]:
    for metric in METRICS:
        for slice_ in ("", *SLICES):
            for arm in arms:
                found = [case.scores[arm][metric] for case in cases if case.suite == suite and slice_ in case.slices]
                values = [value for value in found if isinstance(value, float)]
                yield Mean(metric, slice_, arm, sum(values) / len(values), len(values), 0, 0)


def report(queries: int = 5000, candidates: int = 3) -> Report:
    """The report."""
    rng = random.Random(5)
    arms = {"baseline": 0.0, **{f"candidate-{i + 1}": SHIFTS[i % len(SHIFTS)] for i in range(candidates)}}
    cases = [_case(rng, number, arms) for number in range(queries)]
    decisions = tuple(_decided(name, cases) for name in arms if name != "baseline")
    loss = [{"step": 5 * step, "loss": 2 / (1 + step / 10)} for step in range(200)]
    provenance = {"retriever": {"key": "ab" * 32, "base": {"model": "all-MiniLM-L6-v2"}, "loss": loss}}
    documents = {
        f"payments-family-{family}-v{version}": ShownDocument(
            f"Guide to family {family} of payments", version, "current" if version == VERSIONS[-1] else "superseded", "payments"
        )
        for family in range(FAMILIES)
        for version in VERSIONS
    }
    answer = overall(decisions)
    return Report(
        plan="payments", run="0" * 12, question="9d" * 32, ragguard="0.1.0", seed=7, alpha=0.05, looks=1, answer=answer,
        exit_code=CODES[answer],
        arms=(Arm("baseline", "baseline", "b"), *(Arm(each.candidate, "candidate", "c", provenance=provenance) for each in decisions)),
        suites=tuple(
            SuiteRun(name, "golden", "5e" * 32, "payments", "test", "c0" * 32, queries // 4, queries // 4, means=means)
            for name in SUITES
            for means in [tuple(_means(name, arms, cases))]
        ),
        decisions=decisions, cases=tuple(cases), documents=documents,
    )  # fmt: skip


OPEN = """async () => {
    const fold = document.querySelector("tr.rest details"), begin = performance.now();
    fold.open = true;
    while (!fold.querySelector(".body h4")) await new Promise(requestAnimationFrame);
    return performance.now() - begin;
}"""


def _browsed(path: Path) -> dict[str, float]:
    """What chromium says of the page: milliseconds until something is painted, until the tables answer, and memory."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        found: list[dict[str, float]] = []
        for _ in range(5):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.goto(path.as_uri())
            tab.wait_for_selector("html[data-ready]")
            paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            ready, heap = tab.evaluate("[performance.now(), performance.memory.usedJSHeapSize]")
            begin = time.perf_counter()
            tab.locator("input[type=search]").first.fill("dispute")
            searched = 1000 * (time.perf_counter() - begin)
            opened = tab.evaluate(OPEN)
            found.append({"paint": paint, "ready": ready, "heap": heap, "search": searched, "open": opened})
            tab.close()
        browser.close()
    return {key: sorted(each[key] for each in found)[2] for key in found[0]}


def main() -> None:
    """Make it, measure it, print it."""
    queries, candidates = (int(sys.argv[1]) if len(sys.argv) > 1 else 5000), (int(sys.argv[2]) if len(sys.argv) > 2 else 3)
    made = report(queries, candidates)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin = time.process_time()
        text = page.render(made)
        took = time.process_time() - begin
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        path.write_text(text, encoding="utf-8")
        if len(sys.argv) > 3:
            Path(sys.argv[3]).write_text(text, encoding="utf-8")
        json = len(document.to_json(made))
        seen = _browsed(path)
    told = re.findall("To keep this page small, ([^:<]*)", text)
    print(f"{queries:,} queries, {candidates} candidates, {len(checks())} checks each; report.json {json / 1e6:.1f} MB")
    print(
        f"report.html {len(text.encode()) / 1e6:.2f} MB, made in {took:.1f} s of the processor; "
        f"memory {before / 1e3:.0f} -> {after / 1e3:.0f} MB at most"
    )
    print(f"first contentful paint {seen['paint']:.0f} ms, tables answer after {seen['ready']:.0f} ms, heap {seen['heap'] / 1e6:.0f} MB")
    print(f"a search takes {seen['search']:.0f} ms, opening the first query {seen['open']:.0f} ms (medians of 5)")
    print(told[0] if told else "nothing is left out")


if __name__ == "__main__":
    main()
