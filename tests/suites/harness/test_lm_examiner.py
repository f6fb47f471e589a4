"""What lm-eval says of every item under our wrapping, held against lm-eval's own runs of the same models and tasks."""

import json
import random
from pathlib import Path

import lm_tasks
import numpy as np
import pytest
import tiny_llama

from ragguard.errors import InputError
from ragguard.plan.tasks import LmEval
from ragguard.store import Store
from ragguard.suites.harness.contain import contained
from ragguard.suites.harness.examiner import Examiner

BLIMP = ("wh_vs_that_no_gap", "irregular_past_participle_verbs", "principle_A_case_1")


class Counted:
    """Progress that is counted."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        self.done = 0

    def start(self, label: str, total: int) -> None:
        self.started.append((label, total))

    def advance(self, n: int) -> None:
        self.done += n


@pytest.fixture
def examined(tmp_path, loaded):
    """Observations by case, of all tasks named."""

    def run(language, names="both", more="", store=None, progress=None):
        found = loaded(names, more)
        spec = LmEval.model_validate({"tasks": ["x"], **_options(more)})
        examiner = Examiner(language, store or Store(tmp_path / "store"), progress or Counted())
        return {each.case: each for _, _, batch in examiner.observe(found.tasks, spec) for each in batch}, examiner

    return run


def _options(more: str) -> dict:
    from ruamel.yaml import YAML

    read = YAML(typ="safe").load("{x: y" + more + "}")
    return {key: value for key, value in read.items() if key in ("limit", "apply_chat_template", "system_instruction")}


def theirs(folder: Path, own: Path, names: list[str], **options):
    """What lm-eval makes of the same, from loading to means, on its own."""
    import datasets
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    adapter = options.pop("adapter", None)
    with contained():
        manager = TaskManager(include_path=str(own), include_defaults=False)
        for entry in manager.task_index.values():
            place = entry.yaml_path.parent
            text = entry.yaml_path.read_text().replace("test: items.jsonl", f"test: {place / 'items.jsonl'}")
            entry.yaml_path.write_text(text)
        assert datasets.config.HF_DATASETS_CACHE
        model = HFLM(pretrained=str(folder), peft=adapter and str(adapter), device="cpu", dtype="float32", batch_size=8)
        return simple_evaluate(model=model, tasks=names, task_manager=manager, bootstrap_iters=0, **options)


def mean(observations, task: str) -> float:
    return float(np.mean([each.item_score for name, each in observations.items() if name.startswith(f"{task}/")]))


@pytest.fixture
def answers(own, language, examined):
    """The task ``asked``, made so that the base model has its first seven items right."""
    said, _ = examined(language(), "asked")
    items = lm_tasks.questions(12)
    for number in range(7):
        items[number]["answer"] = said[f"asked/{number:02d}"].answer.text
    lm_tasks.write(own, "asked", lm_tasks.GENERATE, items)
    return items


@pytest.mark.parametrize("more", ["", ", limit: 9", ", num_fewshot: 2", ", system_instruction: Be brief."])
def test_every_item_scores_as_lm_eval_scores_it(examined, language, llama, own, answers, more):
    ours, _ = examined(language(), "both", more)
    options = {
        key: value for key, value in {"limit": 9 if "limit" in more else None, "num_fewshot": 2 if "few" in more else None}.items() if value
    }
    found = theirs(llama, own, ["both"], **options, system_instruction="Be brief." if "system" in more else None)
    for task, metric in (("asked", "exact_match"), ("chosen", "acc")):
        assert mean(ours, task) == pytest.approx(found["results"][task][f"{metric},none"], abs=0), task
        samples = found["samples"][task]
        width = len(str(len(samples) - 1))
        assert {f"{task}/{sample['doc_id']:0{width}d}": float(sample[metric]) for sample in samples} == {
            name: each.item_score for name, each in ours.items() if name.startswith(f"{task}/")
        }
    texts = {f"asked/{sample['doc_id']}": sample["filtered_resps"][0] for sample in found["samples"]["asked"]}
    assert [text.rstrip("0123456789") for text in texts] == ["asked/"] * len(texts)
    assert [each.answer.text for name, each in ours.items() if name.startswith("asked/")] == list(texts.values())
    if not more:
        assert mean(ours, "asked") == pytest.approx(7 / 12)


def test_the_answer_is_the_choice_that_counts(examined, language, llama, own):
    normed, _ = examined(language(), "chosen", ", metrics: {chosen: acc_norm}")
    found = theirs(llama, own, ["chosen"])
    assert mean(normed, "chosen") == found["results"]["chosen"]["acc_norm,none"]
    for metric, observed in (("acc_norm", normed), ("acc", examined(language(), "chosen")[0])):
        for sample in found["samples"]["chosen"]:
            each = observed[f"chosen/{sample['doc_id']:02d}"]
            right = each.answer.text == sample["doc"]["choices"][sample["doc"]["gold"]]
            assert right == bool(sample[metric]) == bool(each.item_score)


def test_a_word_that_must_be_said_is_scored_by_its_likelihood(examined, language, llama, own):
    kind = "output_type: loglikelihood\ndoc_to_text: '{{prompt}}'\ndoc_to_target: ' {{answer}}'\nmetric_list:\n"
    kind += "  - {metric: acc, aggregation: mean, higher_is_better: true}\n"
    lm_tasks.write(own, "last", kind, lm_tasks.questions(4))
    ours, _ = examined(language(), "last")
    assert mean(ours, "last") == theirs(llama, own, ["last"])["results"]["last"]["acc,none"]
    assert ours["last/0"].answer.text.startswith("not what it would say; log-likelihood -")


@pytest.mark.parametrize("merge", [False, True])
def test_an_adapter_counts_beside_the_weights_and_merged(examined, language, llama, own, answers, merge):
    adapter = llama.parent / "tuned"
    plain, _ = examined(language())
    ours, _ = examined(language(adapter=str(adapter), merge=merge))
    found = theirs(llama, own, ["both"], adapter=adapter)
    assert {name: each.item_score for name, each in ours.items()} != {name: each.item_score for name, each in plain.items()}
    for task, metric in (("asked", "exact_match"), ("chosen", "acc")):
        assert mean(ours, task) == found["results"][task][f"{metric},none"]


@pytest.mark.parametrize("merge", [False, True])
def test_weights_that_an_adapter_untied_stay_so(examined, tmp_path, language, merge):
    import torch

    base = tiny_llama.make(tmp_path / "tied", tied=True)
    made = language(base, adapter=str(tiny_llama.untied(tmp_path / "head", base)), merge=merge)
    ids = torch.tensor([[0, 70, 71, 72]])
    before = made.model(ids).logits
    examined(made, "chosen")
    assert torch.equal(made.model(ids).logits, before)


def test_the_tasks_own_length_of_answers_counts_and_not_the_plans(examined, language):
    ours, _ = examined(language(), "asked")
    assert max(len(each.answer.text.encode()) for each in ours.values()) > 2, (
        "the plan's generator says at most two tokens, which are bytes"
    )


def test_nothing_else_is_changed(examined, language, capfd):
    made = language()
    assert made.tokenizer.pad_token is None
    random.seed(5)
    np.random.seed(5)
    expected = random.Random(5).random(), np.random.RandomState(5).rand()
    progress = Counted()
    capfd.readouterr()
    examined(made, progress=progress)
    assert capfd.readouterr() == ("", "")
    assert made.tokenizer.pad_token is None
    assert (random.random(), np.random.rand()) == expected
    assert progress.started == [("lm-eval: asked", 12), ("lm-eval: chosen", 60)]
    assert progress.done == 72


def test_what_was_asked_is_not_asked_again(examined, language, tmp_path, loaded, own):
    store = Store(tmp_path / "store")
    before, _ = examined(language(), store=store)
    made = language()
    again, _ = examined(made, store=store)
    assert again == before
    assert "model" not in made.__dict__, "the model was not even loaded"
    lm_tasks.write(own, "asked", lm_tasks.GENERATE, lm_tasks.questions(13))
    progress = Counted()
    examined(language(), store=store, progress=progress)
    assert progress.started == [("lm-eval: asked", 13)]


def test_a_prompt_or_a_batch_of_another_size_changes_no_key_and_weights_do(language, llama):
    same = {language(batch_size=size, system="Hm.", max_new_tokens=new).fingerprint for size, new in ((1, 2), (8, 3))}
    assert len(same) == 1
    others = {language(adapter=str(llama.parent / "tuned"), merge=merge).fingerprint for merge in (False, True)}
    assert len(same | others) == 3


@pytest.mark.parametrize("size", [1, 5, 32])
def test_any_batch_says_the_same(examined, language, size, tmp_path):
    one, _ = examined(language(batch_size=3), store=Store(tmp_path / "one"))
    other, _ = examined(language(batch_size=size), store=Store(tmp_path / "other"))
    assert other == one


def test_a_learned_prompt_is_never_padded(examined, language, llama, tmp_path, own):
    adapter = tiny_llama.learned_prompt(tmp_path / "learned", llama)
    items = [{**item, "prompt": item["prompt"][number:]} for number, item in enumerate(lm_tasks.questions(8))]
    lm_tasks.write(own, "asked", lm_tasks.GENERATE, items)
    one, _ = examined(language(adapter=str(adapter), batch_size=1), store=Store(tmp_path / "one"))
    many, _ = examined(language(adapter=str(adapter), batch_size=8), store=Store(tmp_path / "many"))
    assert one == many


def test_prompts_that_were_cut_are_counted_and_kept(examined, language, own, tmp_path):
    lm_tasks.write(own, "asked", lm_tasks.GENERATE, [{"prompt": "long " * 200, "answer": "x"}, *lm_tasks.questions(2)])
    store = Store(tmp_path / "store")
    for _ in range(2):
        _, examiner = examined(language(), "asked", store=store)
        assert examiner.notes == {"lm-eval: prompts cut in asked": 1}


def test_a_task_that_fails_is_unscored_with_its_reason_and_asked_again(own, language, tmp_path, loaded):
    lm_tasks.write(own, "asked", lm_tasks.GENERATE.replace("max_gen_toks: 6", "max_gen_toks: 4000"), lm_tasks.questions(2))
    store = Store(tmp_path / "store")
    for _ in range(2):
        progress = Counted()
        ((_, cases, found),) = Examiner(language(), store, progress).observe(loaded("asked").tasks, LmEval(tasks=["asked"]))
        assert [each.case for each in found] == [case.id for case in cases]
        assert all(each.error.startswith("lm-eval task asked: it failed (AssertionError: Invalid configuration") for each in found)
        assert len(progress.started) == 1


def test_scores_that_are_none_are_unscored_and_the_others_count(own, language, tmp_path, loaded):
    (own / "odd").mkdir()
    (own / "odd" / "utils.py").write_text(
        "SCORES = iter([0.25, 3.0, float('nan'), 1])\n\n\ndef process(doc, results):\n    return {'points': next(SCORES)}\n"
    )
    kind = lm_tasks.GENERATE.replace("metric: exact_match", "metric: points") + "process_results: !function utils.process\n"
    lm_tasks.write(own, "odd", kind, lm_tasks.questions(4))
    ((_, _, found),) = Examiner(language(), Store(tmp_path / "s"), Counted()).observe(
        loaded("odd", allow_code=True).tasks, LmEval(tasks=["odd"]), allow_code=True
    )
    assert [each.item_score for each in found] == [0.25, None, None, 1.0]
    assert [each.error for each in found] == [
        "",
        "points of this item is 3, not between 0 and 1",
        "points of this item is nan, not between 0 and 1",
        "",
    ]


def test_a_chat_template_is_used_where_it_is_asked_for(examined, language, tmp_path):
    chatty = language(tiny_llama.make(tmp_path / "chatty", chat=tiny_llama.CHAT))
    plain, _ = examined(chatty, "asked", store=Store(tmp_path / "plain"))
    chat, _ = examined(chatty, "asked", ", apply_chat_template: true", store=Store(tmp_path / "chat"))
    assert [each.answer for each in chat.values()] != [each.answer for each in plain.values()]
    with pytest.raises(InputError, match="the tokenizer has no chat template; leave apply_chat_template: out"):
        examined(language(), "asked", ", apply_chat_template: true", store=Store(tmp_path / "none"))


@pytest.mark.slow
def test_blimp_on_a_real_model(shared_data, own, examined, language):
    place = shared_data / "blimp"
    hf = shared_data / "stories260K" / "hf"
    if not place.is_dir() or not hf.is_dir():
        pytest.skip("needs ../shared/data, with blimp and stories260K")
    for name in BLIMP:
        lines = (place / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[:100]
        keep = ("sentence_good", "sentence_bad")
        lm_tasks.write(own, name, lm_tasks.BLIMP, ({key: json.loads(line)[key] for key in keep} for line in lines))
    ours, _ = examined(language(hf, batch_size=8), ", ".join(BLIMP))
    found = theirs(hf, own, list(BLIMP))
    for name in BLIMP:
        assert mean(ours, name) == found["results"][name]["acc,none"]
        assert mean(ours, name) > 0.8
