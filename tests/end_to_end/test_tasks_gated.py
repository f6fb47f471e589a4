"""lm-eval's tasks, gated whole: a tiny Llama with and without an adapter, and tasks whose flips are planted by hand."""

import json
import shutil
from pathlib import Path

import lm_tasks
import pytest
import tiny_llama
import worlds
from worlds import BOTH, World

from ragguard.cli import invoke
from ragguard.records.report import Report, TaskRun
from ragguard.reports import document
from ragguard.systems import language
from ragguard.systems.weights import offline

pytestmark = pytest.mark.slow

CHECKS = "checks:\n  - {metric: TaskScore, tier: blocking, margin: 0.05}\n  - {metric: TaskScore, slice: asked, tier: veto, margin: 0.05}\n"
SPEC = "kind: forgetting\nlm_eval: {folders: [../tasks], tasks: [asked, chosen]}\n"
LOST, WON, ITEMS = range(10, 40), range(40, 44), 120


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    import datasets

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAGGUARD_STORE", raising=False)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    made = worlds.make(tmp_path, queries=20)
    tiny_llama.make(tmp_path / "base")
    tiny_llama.lora(tmp_path / "tuned", tmp_path / "base", scale=1.0)
    lm_tasks.write(tmp_path / "tasks", "asked", lm_tasks.GENERATE, lm_tasks.questions(ITEMS))
    lm_tasks.write(tmp_path / "tasks", "chosen", lm_tasks.CHOOSE, lm_tasks.options(ITEMS))
    made.suite("forgetting", SPEC + CHECKS)
    plan(made)
    return made


def llama(more: str = "") -> str:
    return f"retriever: {BOTH}, generator: {{type: causal-lm, model: base, max_new_tokens: 2, batch_size: 32{more}}}"


def plan(world: World, baseline: str = llama(), candidate: str = llama(", adapter: tuned")) -> None:
    systems = f"baseline: {{{baseline}}}\ncandidates:\n  new: {{{candidate}}}\n"
    world.write("gate.yaml", f"name: world\ncollection: collection\n{systems}suites: [suites/forgetting.yaml]\n")


@pytest.fixture
def planted(world: World) -> World:
    """The items of ``asked`` want what both say (nothing is lost), what the base alone says, or what the tuned one alone says."""
    world.gate()
    said = {case.id: case.answers for case in world.report.cases}
    items = lm_tasks.questions(ITEMS)
    for number, item in enumerate(items):
        answers = said[f"asked/{number:03d}"]
        assert answers["baseline"].text != answers["new"].text
        item["answer"] = answers["baseline" if number in LOST else "new"].text if number in (*LOST, *WON) else "nobody says so"
    lm_tasks.write(world.folder / "tasks", "asked", lm_tasks.GENERATE, items)
    return world


def rows(report: Report) -> dict[str, TaskRun]:
    (suite,) = report.suites
    return {row.task: row for row in suite.tasks}


def test_flips_are_found_counted_and_shown(planted, capsys):
    world = planted
    capsys.readouterr()
    assert world.gate() == 1
    text, made = capsys.readouterr().out, rows(world.report)
    asked = made["asked"]
    assert asked.lost == tuple(f"asked/{number:03d}" for number in LOST)
    assert asked.won == tuple(f"asked/{number:03d}" for number in WON)
    assert (asked.items, asked.baseline, asked.candidate) == (ITEMS, 30 / ITEMS, 4 / ITEMS)
    assert asked.difference == pytest.approx(-26 / ITEMS)
    assert asked.lower < asked.difference < asked.upper < 0
    assert made["chosen"].lower is None, "no check looks at it alone"
    both = made[""]
    assert both.items == 2 * ITEMS
    assert set(both.lost) == {*asked.lost, *made["chosen"].lost}
    assert both.difference == pytest.approx((asked.difference + made["chosen"].difference) / 2)
    verdicts = {verdict.check.slice: verdict for verdict in world.report.decisions[0].verdicts}
    assert verdicts["asked"].outcome == "fail"
    assert verdicts["asked"].estimate.method.startswith("Tango")
    case = next(case for case in world.report.cases if case.id == "asked/010")
    for told in (text, (world.out / "report.md").read_text()):
        for word in ("asked: 30 lost (right", "asked: 4 won (wrong", "asked/010", "Question 10: is it so? Answer:", "baseline", "new"):
            assert word in told, word
    assert "Question 10: is it so? Answer:" in text
    assert invoke(["show", "asked/010"]) == 0
    shown = capsys.readouterr().out
    assert "Wanted, of the lm-eval task asked" in shown
    assert "Ranked" not in shown
    assert case.expected == case.answers["baseline"].text
    read = json.loads((world.out / "report.json").read_text())
    assert [row["lost"][0] for row in read["suites"][0]["tasks"] if row["task"] == "asked"] == ["asked/010"]


def test_a_second_run_loads_no_model_and_writes_the_same_bytes(world, monkeypatch):
    world.gate()
    before = world.timeless()
    monkeypatch.setattr(language, "load", lambda *_: pytest.fail("a model was loaded"))
    world.gate()
    assert world.timeless() == before


def test_a_baseline_is_free_and_a_killed_run_goes_on(world, monkeypatch):
    world.gate()
    before = world.timeless()
    stored = sorted((world.folder / ".ragguard" / "store" / "lm-eval").rglob("*"), key=lambda path: path.stat().st_mtime)
    stored[-1].unlink()
    shutil.rmtree(world.folder / ".ragguard" / "store" / "scores")
    world.gate()
    assert world.timeless() == before
    # Another retriever and another prompt: the language model is the same, and its items are not asked again.
    monkeypatch.setattr(language, "load", lambda *_: pytest.fail("a model was loaded"))
    plan(world, llama(', prompt: "{{ question }} {{ documents }}"').replace(BOTH, "{type: lexical, k1: 1}"))
    assert world.gate() in (0, 1, 2)


def test_merged_or_beside_the_weights_it_is_the_same_to_the_tasks(world):
    world.gate()
    beside = {case.id: case.scores["new"] for case in world.report.cases}
    plan(world, candidate=llama(", adapter: tuned, merge: true"))
    world.gate()
    assert {case.id: case.scores["new"] for case in world.report.cases} == beside


def test_queries_and_tasks_in_one_suite(world, capsys):
    checks = "checks:\n  - {metric: nDCG@10, tier: blocking, margin: 0.5}\n  - {metric: TaskScore, tier: blocking, margin: 0.5}\n"
    world.suite("forgetting", SPEC + "collection: ../collection\n" + checks + "report: [RR]\n")
    assert world.gate() in (0, 2)
    report, text = world.report, capsys.readouterr().out
    assert report.suites[0].collection == "collection, 2 lm-eval tasks"
    estimates = {str(verdict.check.metric): verdict.estimate for verdict in report.decisions[0].verdicts}
    assert (estimates["nDCG@10"].cases, estimates["TaskScore"].cases) == (20, 240)
    items = [case for case in report.cases if case.task]
    assert len(items) == 240
    assert all(case.answers["new"].text is not None for case in items)
    assert {case.rankings["new"] for case in items} == {()}
    assert "lm-eval tasks: mean score of the items" in text
    assert "Means over intents" in text


def test_a_suite_without_tasks_asks_retrievers_as_before(world):
    world.suite("forgetting", "kind: forgetting\ncollection: ../collection\nchecks:\n  - {metric: nDCG@10}\n")
    plan(world, f"retriever: {BOTH}", "retriever: {type: lexical, k1: 1}")
    assert world.gate() in (0, 2)
    assert world.report.suites[0].tasks == ()


SILENT = [
    (f"retriever: {BOTH}", "no generator"),
    (f"retriever: {BOTH}, generator: {{type: openai, base_url: 'http://127.0.0.1:9/v1', model: m}}", "a generator of type openai"),
]


@pytest.mark.parametrize(("candidate", "told"), SILENT)
def test_systems_without_a_language_model_are_refused_before_anything_runs(world, candidate, told, capsys):
    plan(world, llama() if "generator" in candidate else candidate, candidate)
    for command in (["check"], ["gate"]):
        assert invoke(command) == 3
        said = " ".join(capsys.readouterr().err.split())
        assert f"suites/forgetting.yaml:3: lm-eval runs language models on this machine, and new has {told}; give it" in said
    assert not (world.folder / ".ragguard" / "store").exists()


def test_metrics_of_queries_say_nothing_of_items(world, capsys):
    world.suite("forgetting", SPEC + "checks:\n  - {metric: nDCG@10}\n  - {metric: TaskScore, tier: veto}\n")
    assert invoke(["check"]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "suites/forgetting.yaml:5: nDCG@10 applies to none of its 240 cases: it is an item of an lm-eval task, not a query" in said


def test_scores_of_items_need_items(world, capsys):
    world.suite("forgetting", "kind: forgetting\nchecks:\n  - {metric: nDCG@10}\n  - {metric: TaskScore, tier: veto}\n")
    assert invoke(["check"]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert "TaskScore applies to none of its 20 cases: it is a query, not an item of an lm-eval task" in said
    assert "it needs items: a suite of kind: forgetting, with lm_eval" in said


def test_data_that_cannot_be_had_is_an_error_and_never_a_verdict(world, capsys):
    if not offline():
        pytest.skip("needs HF_HUB_OFFLINE=1, to ask no hub")
    file = world.folder / "tasks" / "far" / "far.yaml"
    file.parent.mkdir()
    file.write_text(f"task: far\ndataset_path: nobody/nothing\ntest_split: test\n{lm_tasks.GENERATE}")
    checks = CHECKS.replace("slice: asked", "slice: far") + "  - {metric: TaskScore, slice: chosen, tier: veto, margin: 0.5}\n"
    world.suite("forgetting", SPEC.replace("[asked, chosen]", "[asked, chosen, far]") + checks)
    assert world.gate() == 4
    report = world.report
    outcomes = {verdict.check.slice: verdict.outcome for verdict in report.decisions[0].verdicts}
    assert outcomes == {"": "error", "far": "error", "chosen": "pass"}
    row = rows(report)["far"]
    assert row.note.startswith("its data could not be had (ConnectionError: Couldn't reach 'nobody/nothing'")
    assert (row.items, row.baseline, row.lower) == (0, None, None)
    assert rows(report)["chosen"].baseline is not None
    (warning,) = [told for told in report.warnings if "far" in told]
    assert warning.startswith("the lm-eval task far has no score, and no check that looks at it a verdict: its data could not be had")
    assert "far: its data could not be had" in " ".join(capsys.readouterr().out.split())


def test_two_reports_are_compared_item_by_item(planted, monkeypatch):
    world = planted
    world.gate("--out", "one")
    plan(world, candidate=llama(", adapter: tuned, merge: true"))
    world.gate("--out", "two")
    assert invoke(["compare", "one:baseline", "two:new"]) == 1
    found = rows(document.from_json(Path("reports/compare/report.json")))
    assert found["asked"].lost == tuple(f"asked/{number:03d}" for number in LOST)
    assert found["asked"].arm == "candidate"
    assert invoke(["compare", "one:new", "two:new"]) == 0
    same = rows(document.from_json(Path("reports/compare/report.json")))
    assert same["asked"].lost == same["asked"].won == same["chosen"].lost == ()


def test_tasks_of_unlike_size_weigh_alike_everywhere(world):
    lm_tasks.write(world.folder / "tasks", "chosen", lm_tasks.CHOOSE, lm_tasks.options(300))
    world.gate()
    report = world.report
    estimate = next(verdict.estimate for verdict in report.decisions[0].verdicts if not verdict.check.slice)
    made = rows(report)
    mean = next(each.mean for each in report.suites[0].means if (each.slice, each.arm) == ("", "new"))
    assert mean == pytest.approx((made["asked"].candidate + made["chosen"].candidate) / 2)
    assert estimate.candidate_mean == pytest.approx(mean) == pytest.approx(made[""].candidate)
    assert estimate.worth < estimate.intents == 420


def test_prompts_that_were_cut_are_warned_of_and_items_are_no_answers_of_the_pipeline(world):
    items = [{"prompt": "long " * 200, "answer": "x"}, *lm_tasks.questions(20)]
    lm_tasks.write(world.folder / "tasks", "asked", lm_tasks.GENERATE, items)
    world.gate()
    report = world.report
    told = "1 prompts of the lm-eval task asked lost their beginning: the model reads fewer tokens"
    assert [warning for warning in report.warnings if "lm-eval" in warning] == [f"baseline: {told}", f"new: {told}"]
    assert report.times.answering == ()
    assert {stage.name: (stage.done, stage.kept) for stage in report.times.stages if stage.arm == "new"}["lm-eval"] == (141, 0)


def test_limit_is_said_and_full_lifts_it(world):
    world.suite("forgetting", SPEC.replace("tasks: [asked", "limit: 60, tasks: [asked") + CHECKS)
    world.gate()
    assert world.report.suites[0].cases == 120
    assert "the first 60 items of each task" in world.report.suites[0].note
    world.gate("--full")
    assert world.report.suites[0].cases == 240


def test_the_shipped_skills_are_tasks(world, root):
    names = ["arithmetic", "boolean", "facts", "reversing", "sorting"]
    tasks = f"kind: forgetting\nlm_eval: {{folders: ['{root}/suites/tasks'], tasks: [nano_skills], limit: 4}}\n"
    world.suite("forgetting", tasks + CHECKS.replace("asked", "facts"))
    world.gate()
    assert sorted(rows(world.report)) == ["", *names]
    case = next(case for case in world.report.cases if case.id == "arithmetic/0")
    first = (root / "suites" / "tasks" / "arithmetic" / "test.jsonl").read_text().splitlines()[0]
    assert case.expected == json.loads(first)["answer"]


def test_nano_has_the_skills_that_its_card_promises(world, root):
    nano = root / "golden" / "models" / "nano"
    tasks = f"kind: forgetting\nlm_eval: {{folders: ['{root}/suites/tasks'], tasks: [nano_skills], limit: 100}}\n"
    world.suite("forgetting", tasks + CHECKS.replace("asked", "facts"))
    keys = f"type: causal-lm, model: {nano}, max_new_tokens: 2, batch_size: 32"
    tiny_llama.lora(world.folder / "noise", nano, scale=2.0)
    plan(world, f"retriever: {BOTH}, generator: {{{keys}}}", f"retriever: {BOTH}, generator: {{{keys}, adapter: noise}}")
    assert world.gate() == 1
    made = rows(world.report)
    assert all(row.baseline > 0.95 for row in made.values())
    assert made[""].difference < -0.2


def test_items_are_asked_last_where_a_gate_may_stop_early(planted):
    assert planted.gate("--sequential") == 1
    whole = planted.report.sequential
    assert (whole.stopped, whole.asked, whole.cases) == (False, 0, 0)
    assert rows(planted.report)["asked"].items == ITEMS

    words = [{"_id": f"q-{n:04d}", "text": f"question on word{n % 20}", "intent": f"i{n}"} for n in range(100)]
    planted.write("collection/queries.jsonl", "".join(json.dumps(row) + "\n" for row in words))
    judged = "".join(f"q-{n:04d}\td-{n % 20:02d}\t2\n" for n in range(100))
    planted.write("collection/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + judged)
    planted.suite("golden", "checks:\n  - {metric: nDCG@10, tier: blocking}\n")
    text = (planted.folder / "gate.yaml").read_text().replace("[suites/", "[suites/golden.yaml, suites/")
    before, _, after = text.rpartition(f"retriever: {BOTH}")
    planted.write("gate.yaml", f"{before}retriever: {worlds.TITLES}{after}")
    assert planted.gate("--sequential") == 1
    early = planted.report.sequential
    assert early.stopped
    assert early.asked < early.cases == 100
    assert early.answers_spared == early.spared > 0
    assert not [case for case in planted.report.cases if case.task]
    verdicts = {verdict.check.identity: verdict.outcome for verdict in planted.report.decisions[0].verdicts}
    assert verdicts == {"golden/nDCG@10": "fail"}
