"""Tasks as cases: items, slices, metrics that can count, and data that cannot be had."""

import json

import lm_tasks
import pytest

from ragguard.errors import InputError
from ragguard.metrics import catalog
from ragguard.records.evidence import NotApplicable
from ragguard.records.metric import Metric
from ragguard.suites.harness import tasks
from ragguard.suites.resolve import resolve
from ragguard.systems.weights import offline


def problems(suite, spec: str, check: str = "{metric: TaskScore}") -> list[str]:
    with pytest.raises(InputError) as caught:
        tasks.load(suite(spec, check))
    return [str(problem) for problem in caught.value.problems]


def test_every_item_is_a_case_with_what_is_expected(loaded):
    asked, chosen = loaded().tasks
    assert asked.cases[3].id == "asked/03"
    assert asked.cases[3].text == "Question 3: is it so? Answer:"
    assert (asked.cases[3].expected, asked.cases[3].task, asked.cases[3].query.intent) == ("yes", "asked", "asked/03")
    assert (chosen.cases[1].text, chosen.cases[1].expected) == ("The colour of thing 1 is", "yellow")
    assert (asked.metric, chosen.metric, asked.binary, chosen.binary) == ("exact_match", "acc", True, True)


def test_items_that_are_the_same_are_of_one_intent(loaded, own):
    lm_tasks.write(own, "asked", lm_tasks.GENERATE, [*lm_tasks.questions(3), *lm_tasks.questions(2)])
    (task,) = loaded("asked").tasks
    assert [case.query.intent for case in task.cases] == ["asked/0", "asked/1", "asked/2", "asked/0", "asked/1"]


def test_where_nothing_is_asked_the_choices_are_shown(loaded, own):
    lm_tasks.write(own, "pairs", lm_tasks.BLIMP, [{"sentence_good": "He goes.", "sentence_bad": "He go."}] * 2)
    (task,) = loaded("pairs").tasks
    assert (task.cases[0].text, task.cases[0].expected) == ("He goes. | He go.", "He goes.")


def test_the_first_items_and_the_examples(loaded):
    first = loaded("both", ", limit: 5, num_fewshot: 2")
    assert [len(task.cases) for task in first.tasks] == [5, 5]
    prompt = first.tasks[0].running.instances[0].args[0]
    assert prompt.count("is it so?") == 3
    assert prompt == loaded("both", ", limit: 5, num_fewshot: 2").tasks[0].running.instances[0].args[0]


def test_a_task_that_wants_no_examples_gets_none(loaded, own):
    file = own / "asked" / "asked.yaml"
    file.write_text(file.read_text() + "num_fewshot: 0\n")
    assert [task.shots for task in loaded("both", ", num_fewshot: 3").tasks] == [0, 3]


def test_what_is_asked_is_in_the_fingerprint_and_where_it_stands_is_not(loaded, own, folder):
    def prints(*arguments: str) -> dict[str, str]:
        return {task.name: task.fingerprint for task in loaded(*arguments).tasks}

    before = prints()
    assert prints() == before
    for more in (
        ", limit: 19",
        ", num_fewshot: 1",
        ", apply_chat_template: true",
        ", system_instruction: Think.",
        ", metrics: {chosen: acc_norm}",
    ):
        assert prints("both", more)["chosen"] != before["chosen"], more
    (folder / "tasks").rename(folder / "moved")
    (folder / "tasks").symlink_to(folder / "moved")
    assert prints() == before
    (own / "asked" / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in lm_tasks.questions(12, answer="no")))
    after = prints()
    assert after["asked"] != before["asked"]
    assert after["chosen"] == before["chosen"]


@pytest.mark.parametrize(
    ("metrics", "chosen"),
    [
        ("{chosen: acc_norm}", ("acc_norm", "none")),
        ("{both: 'acc_norm,none'}", None),
        ("{chosen: 'acc,none'}", ("acc", "none")),
    ],
)
def test_a_metric_that_the_suite_names_counts(loaded, metrics, chosen):
    if chosen is None:
        with pytest.raises(InputError, match="the task 'asked' has no metric 'acc_norm,none'"):
            loaded("both", f", metrics: {metrics}")
        return
    task = loaded("both", f", metrics: {metrics}").tasks[1]
    assert (task.metric, task.filter) == chosen


FILTERED = """filter_list:
  - {name: strict, filter: [{function: regex, regex_pattern: "^(yes|no)$"}, {function: take_first}]}
  - {name: loose, filter: [{function: take_first}]}
"""


def test_a_filter_may_be_named_with_the_metric(loaded, own, suite):
    lm_tasks.write(own, "asked", lm_tasks.GENERATE, lm_tasks.questions(3), FILTERED)
    assert loaded("asked").tasks[0].filter == "strict"
    assert loaded("asked", ", metrics: {asked: 'exact_match,loose'}").tasks[0].filter == "loose"
    assert problems(suite, "{folders: [tasks], tasks: [asked], metrics: {asked: 'exact_match,lose'}}") == [
        "suite0.yaml:3: the task 'asked' has no metric 'exact_match,lose'; did you mean 'exact_match,loose'?"
    ]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            "output_type: loglikelihood_rolling\ndoc_to_text: ''\ndoc_to_target: prompt\nmetric_list:\n"
            "  - {metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}\n",
            "word_perplexity of the task 'odd' is no mean over items that lies between 0 and 1, higher being better; "
            "none of its metrics is: leave the task out",
        ),
        (
            lm_tasks.GENERATE.replace("exact_match, aggregation: mean", "bleu, aggregation: bleu")
            + "  - {metric: exact_match, aggregation: mean, higher_is_better: true}\n",
            "bleu of the task 'odd' is no mean over items that lies between 0 and 1, higher being better; "
            "name another under metrics: exact_match",
        ),
        (
            lm_tasks.GENERATE.replace("higher_is_better: true", "higher_is_better: false"),
            "exact_match of the task 'odd' is no mean over items that lies between 0 and 1, higher being better; "
            "none of its metrics is: leave the task out",
        ),
    ],
)
def test_metrics_that_cannot_be_judged_are_refused(suite, own, kind, told):
    lm_tasks.write(own, "odd", kind, lm_tasks.questions(3))
    assert problems(suite, "{folders: [tasks], tasks: [odd]}") == [f"suite0.yaml:3: {told}"]


def test_metrics_of_tasks_that_are_not_here(suite, own):
    assert problems(suite, "{folders: [tasks], tasks: [chosen], metrics: {chose: acc}}") == [
        "suite0.yaml:3: no task here is called 'chose'; did you mean 'chosen'?"
    ]


def test_pictures_are_refused(suite, own):
    lm_tasks.write(own, "seen", lm_tasks.GENERATE, lm_tasks.questions(2), "doc_to_image: prompt\n")
    (told,) = problems(suite, "{folders: [tasks], tasks: [seen]}")
    assert told.startswith("suite0.yaml:3: the task 'seen' shows pictures or sound")


@pytest.fixture
def resolved(plan, own):
    def make(spec: str, checks: str, more: str = ""):
        text = f"suite: f\nkind: forgetting\n{more}lm_eval: {spec}\nchecks: {checks}\n"
        return resolve(plan(text), catalog.scale, catalog.version).suites[0]

    return make


BOTH = "{folders: [tasks], tasks: [both]}"


def test_tasks_alone_ask_no_query(resolved):
    suite = resolved(BOTH, "[{metric: TaskScore}, {metric: TaskScore, slice: chosen, tier: veto}]")
    assert (suite.parts, suite.collections, suite.where) == ((), (), "2 lm-eval tasks")
    assert {name: len(members) for name, members in suite.cases.slices.items()} == {"": 32, "asked": 12, "chosen": 20, "both": 32}
    assert [task.name for task in suite.tasks] == ["asked", "chosen"]


def test_queries_and_items_stand_beside_each_other(resolved):
    suite = resolved("{folders: [tasks], tasks: [asked]}", "[{metric: nDCG@10}, {metric: TaskScore}]", "collection: data\nslices: [x]\n")
    assert [part.collection.folder.name for part in suite.parts] == ["data"]
    assert len(suite.parts[0].cases) == 4
    assert {name: len(members) for name, members in suite.cases.slices.items()} == {"": 16, "asked": 12, "x": 2}
    assert suite.where == "data, 1 lm-eval task"
    applies = {
        str(metric): sum(catalog.applicable(metric, case) is None for case in suite.cases.cases)
        for metric in map(Metric.parse, ("nDCG@10", "TaskScore", "Worst(of=nDCG)@10", "TokenF1"))
    }
    assert (applies["TaskScore"], applies["nDCG@10"]) == (12, 4)
    item = next(case for case in suite.cases.cases if case.task)
    for name in ("nDCG@10", "FalseRefusal", "TokenF1", "Worst(of=nDCG)@10"):
        assert catalog.applicable(Metric.parse(name), item) == NotApplicable("it is an item of an lm-eval task, not a query")


@pytest.mark.parametrize(
    ("checks", "more", "told"),
    [
        ("[{metric: TaskScore, slice: chosn}]", "", "suite0.yaml:4: there is no slice 'chosn'; did you mean 'chosen'?"),
        ("[{metric: TaskScore}]", "collection: data\nslices: {both: {tags: [x]}}\n", "a slice called 'both' is there already"),
    ],
)
def test_slices_that_are_not_there_and_those_that_are_twice(resolved, checks, more, told):
    with pytest.raises(InputError) as caught:
        resolved(BOTH, checks, more)
    assert told in str(caught.value)


def test_right_or_wrong_is_judged_as_such_and_shares_are_not(resolved, plan, own):
    graded = lm_tasks.GENERATE.replace("metric: exact_match", "metric: !function utils.half")
    (own / "graded").mkdir()
    lm_tasks.write(own, "graded", graded, lm_tasks.questions(4))
    (own / "graded" / "utils.py").write_text("def half(references, predictions, **_):\n    return 0.5\n")
    text = "suite: f\nkind: forgetting\nlm_eval: {folders: [tasks], tasks: [asked, graded]}\nchecks:\n  - {metric: TaskScore}\n"
    text += "  - {metric: TaskScore, slice: asked, tier: veto}\n"
    found = resolve(plan(text), catalog.scale, catalog.version, allow_code=True)
    (suite,) = found.suites
    assert [found.scale(suite, check).binary for check in suite.checks] == [False, True]


def test_a_list_of_names_is_short_for_tasks(plan):
    text = "suite: f\nkind: forgetting\nlm_eval: [mmlu, bbh]\nchecks:\n  - {metric: TaskScore}\n"
    spec = plan(text).suites[0].plan.lm_eval
    assert (spec.tasks, spec.folders, spec.limit) == (["mmlu", "bbh"], [], None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lm_eval: {tasks: [a], limt: 3}", "suite0.yaml:3: unknown key 'limt' in lm_eval; did you mean 'limit'?"),
        ("lm_eval: {tasks: []}", "suite0.yaml:3: lm_eval.tasks: List should have at least 1 item"),
        ("lm_eval: {tasks: [a], limit: 0}", "suite0.yaml:3: lm_eval.limit: Input should be greater than or equal to 1"),
    ],
)
def test_what_is_written_wrong_is_said_with_its_line(plan, line, told):
    with pytest.raises(InputError) as caught:
        plan(f"suite: f\nkind: forgetting\n{line}\nchecks:\n  - {{metric: TaskScore}}\n")
    assert told in str(caught.value)


def test_only_forgetting_has_tasks(plan):
    with pytest.raises(InputError, match="lm_eval is for suites of kind: forgetting"):
        plan("suite: f\nlm_eval: [mmlu]\nchecks:\n  - {metric: TaskScore}\n")


def test_full_lifts_the_limit(plan):
    made = plan("suite: f\nkind: forgetting\nlm_eval: {tasks: [mmlu], limit: 5}\nchecks:\n  - {metric: TaskScore}\n")
    assert made.uncapped().suites[0].plan.lm_eval.limit is None
    assert made.suites[0].plan.lm_eval.limit == 5


@pytest.mark.slow
def test_data_that_cannot_be_had_is_told_and_is_no_case_that_was_lost(suite, own):
    if not offline():
        pytest.skip("needs HF_HUB_OFFLINE=1, to ask no hub")
    found = tasks.load(suite("{folders: [tasks], tasks: [asked, mmlu_anatomy, bbh]}"))
    absent = {task.name: task.absent for task in found.tasks if task.absent}
    assert set(absent) == {"mmlu_anatomy", "bbh"}
    assert absent["mmlu_anatomy"].startswith("its data could not be had (ConnectionError: Couldn't reach 'cais/mmlu'")
    assert [len(task.cases) for task in found.tasks] == [12, 1, 1]
    assert sum("mmlu_anatomy has no score" in told for told in tasks.lacking(found)) == 1


def test_ones_own_task_with_a_hubs_data_that_cannot_be_had(suite, own):
    if not offline():
        pytest.skip("needs HF_HUB_OFFLINE=1, to ask no hub")
    file = own / "asked" / "asked.yaml"
    file.write_text(file.read_text().replace("dataset_path: json", "dataset_path: nobody/nothing").replace("dataset_kwargs", "# "))
    (asked,) = tasks.load(suite("{folders: [tasks], tasks: [asked]}")).tasks
    assert asked.absent.startswith("its data could not be had (ConnectionError: Couldn't reach 'nobody/nothing'")
