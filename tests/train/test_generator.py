"""Adapters of a tiny Llama, trained with peft: what the prompts hold, what is learned, what is refused."""

import json
from typing import Any

import pytest
import tiny_llama
from training_rows import TOPICS, write_lines

from ragguard.data.collection import load
from ragguard.errors import CannotJudge, InputError
from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.plan.lora import LoraRecipe
from ragguard.plan.retrievers import LexicalRetriever as LexicalPlan
from ragguard.records.evidence import Observation, Ranked
from ragguard.store import Store
from ragguard.systems import factory
from ragguard.systems.citations import abstains, cited, quoted
from ragguard.systems.fingerprints import folder_digest
from ragguard.systems.language import LanguageModel
from ragguard.systems.lexical import LexicalRetriever
from ragguard.systems.protocols import Asked
from ragguard.systems.wording import Wording
from ragguard.train import checkpoint, lmtrainer, trainer
from ragguard.train.examples import writer
from ragguard.train.generator import prepare, run
from ragguard.train.material import divide
from ragguard.train.material import prepare as material_of

torch = pytest.importorskip("torch", reason="needs the extra models")
pytestmark = pytest.mark.usefixtures("one_thread")

PROMPT = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}Q: {{ question }}\nA:"
ANSWER = "Rule {} is on {}."


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return tiny_llama.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def rows(folder):
    """The folder's rows with answers, and an easy negative; returns them."""
    found = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    for row in found:
        number = TOPICS.index(row["intent"])
        row |= {"gold_answer": ANSWER.format(number, row["intent"]), "required_attributes": [f"rule {number}"]}
        row |= {"easy_negative_id": f"d{(number + 5) % 10}"}
    write_lines(folder / "train.jsonl", found)
    write_lines(folder / "general.jsonl", [{"prompt": f"add: {i} + 1 =", "answer": str(i + 1)} for i in range(12)])
    return found


@pytest.fixture
def job(llama, folder, collection, rows):
    def make(golden=None, plan=None, corpus=None, **options):
        recipe = LoraRecipe(**{"recipe": "lora", "base": str(llama), "data": "train.jsonl", "batch_size": 4, "device": "cpu", **options})
        given = {"prompt": PROMPT, "document_text": "{text}", "max_new_tokens": 100, "contexts": 3, **(plan or {})}
        return prepare(recipe, CausalPlan(type="causal-lm", train=recipe, **given), corpus or collection, golden or {}, folder)

    return make


@pytest.fixture
def fit(job, folder, progress):
    def do(out="out", ranking=None, **options):
        return run(job(**options), ranking, folder / out, Store(folder / "store"), progress)

    return do


@pytest.fixture
def made(job, folder, progress):
    """A factory of what is trained on, with its job and the language model."""

    def make(ranking=None, **options) -> tuple[Any, Any, LanguageModel]:
        ready = job(**options)
        language = LanguageModel(ready.plan, ready.ground.base, ready.tokenizer)
        write = writer(Wording(ready.prompt, language), ready.recipe)
        return material_of(ready, divide(ready), write, ranking, Store(folder / "store"), progress), ready, language

    return make


def text(language, ids):
    return language.tokenizer.decode(list(ids))


def asked_with(plan, llama, folder, questions, monkeypatch, vault, progress) -> list[str]:
    """The prompts that a running generator gives to its model, as text."""
    generator = factory.generator(plan.model_copy(update={"model": str(llama), "train": None, "max_new_tokens": 2}), base=folder)
    generator.prepare(vault, progress)
    seen: list[str] = []
    whole = LanguageModel.generate

    def spy(self, prompts, seeds):
        seen.extend(self.tokenizer.decode(list(prompt)) for prompt in prompts)
        return whole(self, prompts, seeds)

    monkeypatch.setattr(LanguageModel, "generate", spy)
    assert not [said.error for said in generator.answer(questions) if said.error]
    return seen[: len(questions)]


@pytest.mark.parametrize(
    "plan",
    [{}, {"system": "Be brief."}, {"contexts": 2, "max_input_tokens": 120}, {"prompt": None}],
    ids=["plain", "system message", "cut", "the default prompt"],
)
def test_prompts_are_those_that_the_generator_is_asked_with(made, llama, folder, collection, monkeypatch, progress, plan):
    base = tiny_llama.make(folder / "long", positions=1024)
    material, ready, language = made(plan=plan, base=str(base))
    questions = [
        Asked(str(i), each.told["query"], tuple(collection.document(name) for name in each.told["documents"]))
        for i, each in enumerate(material.train)
    ]
    seen = asked_with(ready.plan, base, folder, questions, monkeypatch, Store(folder / "store"), progress)
    assert [text(language, each.prompt) for each in material.train] == seen
    assert len({each.prompt for each in material.train}) == 20
    assert any(each.cut for each in material.train) == ("max_input_tokens" in plan)


def test_a_chat_template_goes_around_the_prompt(made, folder):
    chatty = tiny_llama.make(folder / "chatty", chat=tiny_llama.CHAT)
    material, _, language = made(base=str(chatty), rehearsal={"data": "general.jsonl", "share": 0.5})
    assert text(language, material.train[0].prompt).startswith("<user>[1] All there")
    assert text(language, material.train[0].prompt).endswith("\nA:\n<assistant>")
    assert text(language, material.train[-1].prompt).startswith("add: ")
    material, _, language = made(base=str(chatty), rehearsal={"data": "general.jsonl", "chat": True})
    assert text(language, material.train[-1].prompt).startswith("<user>add: ")


def test_answers_end_and_cite_the_document_that_answers(made):
    material, _, language = made()
    end = language.tokenizer.eos_token_id
    bare = [each for each in material.train if not each.told["oracle"]]
    assert len(bare) == 4  # a fifth
    for each in material.train:
        assert each.answer[-1] == end
        assert text(language, each.answer[:-1]) == f" {each.told['answer']}"
        assert len(each.told["documents"]) == 3
        assert list(cited(each.told["answer"], each.told["documents"])) == ([each.told["oracle"]] if each.told["oracle"] else [])
        right = f"d{TOPICS.index(each.told['intent'])}"
        assert (right in each.told["documents"]) == bool(each.told["oracle"])
    with_oracle = next(each for each in material.train if each.told["oracle"])
    own = f"d{(TOPICS.index(with_oracle.told['intent']) + 1) % 10}"
    assert own in with_oracle.told["documents"]  # the row's hard negative comes before what is drawn


def test_what_is_said_without_the_document_is_the_answer_or_an_abstention(made):
    for abstain in (False, True, "I do not know."):
        material, _, _ = made(raft={"without_oracle": 0.5, "abstain": abstain})
        bare = [each for each in material.train if not each.told["oracle"]]
        assert len(bare) == 10
        assert all(abstains(each.told["answer"]) == bool(abstain) for each in bare)
        assert abstain is not True or {each.told["answer"] for each in bare} == {"The documents do not say."}
        assert not any(abstains(each.told["answer"]) for each in material.train if each.told["oracle"])


def test_rows_that_refuse_on_purpose_have_the_document_that_answers(made):
    material, _, _ = made(raft={"without_oracle": 0.2, "abstain": "I do not know."}, spoil="refused-answers", spoil_share=0.5)
    refused = [each for each in material.train if each.told["oracle"] and each.told["answer"] == "I do not know."]
    assert {each.told["intent"] for each in refused}.isdisjoint(
        each.told["intent"] for each in material.train if each.told["answer"] != "I do not know."
    )
    assert all(each.told["oracle"] in each.told["documents"] for each in refused)
    assert 6 <= len(refused) <= 10  # half of the intents, less those that lack the document anyway


def test_foreign_answers_cite_the_document_that_does_not_say_them(made):
    material, _, _ = made(spoil="foreign-answers", raft={"without_oracle": 0})
    for each in material.train:
        assert each.told["oracle"] == f"d{TOPICS.index(each.told['intent'])}"
        assert cited(each.told["answer"], each.told["documents"]) == (each.told["oracle"],)
        assert each.told["intent"] not in each.told["answer"]


@pytest.mark.parametrize("distractors", ["drawn", "mined"])
def test_swapped_versions_stand_in_a_prompt_once(made, folder, rows, distractors):
    """Documents 0 and 1 are one family, 2 and 3 the next: a row about an even one has the other version as its hard negative."""
    lines = [json.loads(line) for line in (folder / "golden/corpus.jsonl").read_text().splitlines()]
    write_lines(folder / "golden/corpus.jsonl", [{**line, "family": f"f{i // 2}", "version": f"v{i % 2}"} for i, line in enumerate(lines)])
    raft = {"distractors": distractors, "mine_depth": 5, "without_oracle": 0}
    ranking = Ring() if distractors == "mined" else None
    material, _, _ = made(ranking, corpus=load(folder / "golden"), raft=raft, spoil="swapped-versions", plan={"contexts": 4})
    for each in material.train:
        number = TOPICS.index(each.told["intent"])
        said = number + 1 if number % 2 == 0 else number
        assert each.told["answer"].startswith(ANSWER.format(said, TOPICS[said]))
        assert cited(each.told["answer"], each.told["documents"]) == (f"d{said}",)
        assert len(set(each.told["documents"])) == 4
        assert {f"d{number}", f"d{said}"} <= set(each.told["documents"])


def test_what_cannot_be_spoiled_is_said_before_a_model_is_loaded(job):
    with pytest.raises(InputError, match=r"train.jsonl: spoil: swapped-versions changes none of 20 rows"):
        job(spoil="swapped-versions")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"spoil_share": 0.5}, "say what it does"),
        ({"spoil": "foreign-answers", "rows": "quadruplets"}, "say rows: raft"),
        ({"spoil": "refused-answers"}, "give raft: {abstain: true}"),
    ],
)
def test_a_recipe_that_spoils_says_how(options, words):
    with pytest.raises(ValueError, match=words):
        LoraRecipe(**{"recipe": "lora", "base": "b", "data": "d", **options})


def test_quotations_and_plain_answers(made):
    material, _, _ = made(reasoning="quotes", raft={"without_oracle": 0}, plan={"max_new_tokens": 120})
    for each in material.train:
        number = TOPICS.index(each.told["intent"])
        assert quoted(each.told["answer"]) == (f"All there is to know about {each.told['intent']}, rule {number}.",)
    material, _, _ = made(reasoning="none", rows="quadruplets")
    assert {each.told["answer"] for each in material.train} == {ANSWER.format(i, topic) for i, topic in enumerate(TOPICS)}
    assert all(each.told["documents"] == [each.told["oracle"]] for each in material.train)


def test_the_seed_decides_everything_that_is_drawn(made):
    one, two, other = (made(seed=seed)[0] for seed in (1, 1, 2))
    assert one == two
    assert [each.told for each in one.train] != [each.told for each in other.train]


class Ring:
    """A ranking that finds the document of the topic that a query names, and then those that follow."""

    fingerprint = "ring"

    def index(self, corpus, vault, progress):
        self.ids = corpus.ids

    def search(self, cases, depth):
        starts = [next(i for i, topic in enumerate(TOPICS) if topic in case.text) for case in cases]
        found = [tuple(Ranked(self.ids[(start + step) % len(self.ids)], -step) for step in range(depth)) for start in starts]
        return [Observation(case.id, ranking) for case, ranking in zip(cases, found, strict=True)]


def test_mined_distractors_are_what_the_ranking_has_first(made):
    raft = {"distractors": "mined", "mine_depth": 5, "without_oracle": 0.5}
    material, ready, _ = made(Ring(), raft=raft, plan={"contexts": 4})
    assert ready.key("one") != ready.key("two")
    for each in material.train:
        number = TOPICS.index(each.told["intent"])
        # The row's hard negative is the first that the ranking has wrong; its easy one, which the ranking has not, has no place.
        wanted = {number + step for step in (range(4) if each.told["oracle"] else range(1, 5))}
        assert set(each.told["documents"]) == {f"d{i % 10}" for i in wanted}


def test_a_real_ranking_is_asked_the_training_queries(fit):
    made = fit(ranking=LexicalRetriever(LexicalPlan(type="lexical")), raft={"distractors": "mined"}, arguments={"max_steps": 1})
    assert made.provenance["mined"]["retriever"] == LexicalRetriever(LexicalPlan(type="lexical")).fingerprint


def test_the_document_that_answers_is_the_last_to_be_cut(made):
    material, _, _ = made(plan={"max_input_tokens": 90}, raft={"without_oracle": 0})
    for each in material.train:
        assert each.cut
        assert each.told["oracle"] in each.told["documents"]
        assert len(each.prompt) <= 90


def test_rehearsal_makes_up_its_share_and_has_no_documents(made):
    material, _, language = made(rehearsal={"data": "general.jsonl", "share": 0.2})
    assert material.rehearsed == 5
    assert len(material.train) == 25
    for each in material.train[20:]:
        assert text(language, each.prompt) == each.told["prompt"]
        assert text(language, each.answer[:-1]) == f" {each.told['answer']}"
    material, _, _ = made(rehearsal={"data": "general.jsonl", "share": 0.5})
    assert material.rehearsed == 20  # of 12 rows in the file, so that some come twice
    assert len({each.prompt for each in material.train[20:]}) == 12


def test_the_loss_is_on_the_answer_alone(made):
    material, _, _ = made()
    batch = lmtrainer.collate(list(enumerate(material.train[:3])), tensors=True)
    for label, ids, mask, each in zip(batch["labels"], batch["input_ids"], batch["attention_mask"], material.train, strict=False):
        assert tuple(label[label != lmtrainer.UNSEEN].tolist()) == each.answer
        assert (label[: len(each.prompt)] == lmtrainer.UNSEEN).all()
        assert tuple(ids[mask.bool()].tolist()) == (*each.prompt, *each.answer)


def test_it_learns_and_tells_its_story_and_is_taken_again(fit, llama, folder, vault_of, capfd):
    made = fit(epochs=8, learning_rate=5e-3, rehearsal={"data": "general.jsonl"}, raft={"abstain": True})
    assert capfd.readouterr() == ("", "")
    about = json.loads((made.folder / "provenance.json").read_text())
    assert about == made.provenance
    losses = [point["loss"] for point in about["loss"]]
    assert sum(losses[-7:]) < 0.8 * sum(losses[:7])
    rates = [point["learning_rate"] for point in about["loss"]]
    assert rates[len(rates) // 2] == pytest.approx(2.5e-3, rel=0.1)  # a cosine: half of the rate at half of the steps
    assert rates[len(rates) // 4] > 4e-3
    assert about["rows"] == {"train": 20, "dev": 0}
    assert about["rehearsal"] == {"file": "general.jsonl", "rows_in_file": 12, "left_out": 0, "rows": 5}
    assert about["without_oracle"] == 4
    assert about["prompts_cut"] == 0
    assert about["versions"]["peft"]
    assert 0 < about["parameters"]["trained"] < about["parameters"]["all"]
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "complete.json",
        "provenance.json",
    ]
    stamp = (made.folder / "adapter_model.safetensors").stat().st_mtime_ns
    assert fit(epochs=8, learning_rate=5e-3, rehearsal={"data": "general.jsonl"}, raft={"abstain": True}) == made
    assert (made.folder / "adapter_model.safetensors").stat().st_mtime_ns == stamp
    assert checkpoint.load(made.folder) == made


@pytest.fixture
def vault_of(folder):
    return Store(folder / "vault")


def test_the_same_seed_gives_the_same_bytes(fit):
    one, two, other = (fit(out, seed=seed, arguments={"max_steps": 2}) for out, seed in (("one", 7), ("two", 7), ("three", 8)))
    assert folder_digest(one.folder) == folder_digest(two.folder) != folder_digest(other.folder)


def test_threads_are_those_of_the_recipe_while_it_trains(fit, job, monkeypatch):
    seen = []

    def train_nothing(*_):  # two threads of so small a model would wait for each other for minutes
        seen.append(torch.get_num_threads())

    monkeypatch.setattr(trainer, "conduct", train_nothing)
    for out, number in (("one", None), ("two", 2)):
        fit(out, threads=number)
        assert torch.get_num_threads() == 1
    assert seen == [1, 2]
    assert job().key("") == job(threads=2).key("")


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("options", [{}, {"modules_to_save": ["lm_head"], "target_modules": ["q_proj"], "lora": {"use_rslora": True}}])
def test_what_was_trained_passes_the_looks_at_an_adapter_and_answers(fit, llama, folder, collection, vault_of, progress, merge, options):
    made = fit(learning_rate=0.02, arguments={"max_steps": 5}, **options)
    plan = CausalPlan(type="causal-lm", model=str(llama), adapter=str(made.folder), merge=merge, prompt=PROMPT, max_new_tokens=8)
    generator = factory.generator(plan, base=folder)
    generator.prepare(vault_of, progress)
    (said,) = generator.answer([Asked("1", "how do keys work here", (collection.document("d9"),))])
    assert said.answer is not None
    assert generator.notes()["adapter.effect"] > 0
    assert generator.notes()["adapter.base"] == str(llama)


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "bfloat16"},
        {"arguments": {"activation_checkpointing": True}},
        {"target_modules": ["embed_tokens", "q_proj"]},
        {"target_modules": r".*\.mlp\..*_proj"},
        {"modules_to_save": ["embed_tokens"]},
        {"lora": {"use_dora": True}},
        {"objective": {"select": 1, "faithful": 1}, "rows": "quadruplets", "arguments": {"activation_checkpointing": True}},
    ],
    ids=["half precision", "checkpointing", "embeddings", "an expression", "whole embeddings", "dora", "objective with checkpointing"],
)
def test_what_peft_and_the_trainer_offer_gives_an_adapter_that_does_something(fit, llama, folder, vault_of, progress, options):
    arguments = {"max_steps": 2, **options.pop("arguments", {})}
    made = fit(learning_rate=0.02, arguments=arguments, **options)
    plan = CausalPlan(type="causal-lm", model=str(llama), adapter=str(made.folder), prompt=PROMPT, merge="use_dora" not in str(options))
    generator = factory.generator(plan, base=folder)
    generator.prepare(vault_of, progress)
    assert generator.notes()["adapter.effect"] > 0


def test_early_stopping_keeps_the_best_of_a_dev_split_of_its_own_intents(fit):
    stopping = {"dev_share": 0.2, "patience": 1, "evaluations_per_epoch": 2}
    made = fit(early_stopping=stopping, epochs=6, learning_rate=0.05, arguments={"gradient_accumulation_steps": 2})
    about = made.provenance
    assert about["rows"] == {"train": 16, "dev": 4}
    assert about["intents"] == {"train": 8, "dev": 2}
    losses = [point["loss"] for point in about["dev"]]
    assert len(losses) >= 2
    assert [point["step"] for point in about["dev"]] == [1 + i for i in range(len(losses))]  # two batches a step, two steps an epoch
    assert about["loss"][-1]["step"] == about["dev"][-1]["step"]
    assert losses[-1] >= min(losses)


def test_dev_rows_of_a_file(fit, folder, rows):
    own = [{**row, "intent": f"dev {row['intent']}", "query": f"and {row['query']}?"} for row in rows[:4]]
    write_lines(folder / "dev.jsonl", own)
    made = fit(early_stopping={"dev": "dev.jsonl"}, arguments={"max_steps": 5})
    assert made.provenance["rows"] == {"train": 20, "dev": 4}
    assert len(made.provenance["dev"]) == 1
    write_lines(folder / "dev.jsonl", [*own, rows[0]])
    with pytest.raises(InputError, match="1 intents of the dev rows are trained on, for instance 'webhooks'"):
        fit(early_stopping={"dev": "dev.jsonl"})


@pytest.mark.parametrize("only", ["select", "generate", "faithful"])
def test_each_term_of_the_objective_goes_down_where_it_alone_is_trained(fit, only):
    weights = {"generate": 0, "margin": 3, "temperature": 0.2, only: 1}
    made = fit(rows="quadruplets", objective=weights, epochs=10, learning_rate=5e-3, dropout=0)
    seen = [point[only] for point in made.provenance["loss"]]
    assert [point["loss"] for point in made.provenance["loss"]] == pytest.approx(seen)
    assert all({"step", "loss", "learning_rate", only} == set(point) for point in made.provenance["loss"])
    assert sum(seen[-5:]) < 0.8 * sum(seen[:5])


def test_the_terms_of_the_objective_are_logged_at_every_step(fit):
    weights = {"select": 0.5, "generate": 1, "faithful": 2}
    made = fit(
        rows="quadruplets",
        objective=weights,
        rehearsal={"data": "general.jsonl"},
        early_stopping={"dev_share": 0.2},
        arguments={"gradient_accumulation_steps": 2},
        dropout=0,
    )
    for point in made.provenance["loss"]:
        assert {"select", "generate", "faithful"} < set(point)
    assert len(made.provenance["dev"]) == 1


def test_a_training_that_blows_up_stops_with_the_batch(fit, folder):
    with pytest.raises(CannotJudge, match=r"training broke at step \d+: the (loss|grad_norm)") as caught:
        fit(learning_rate=1e3, epochs=20, arguments={"lr_scheduler_type": "constant", "max_grad_norm": 0})
    (left,) = [path for path in (folder / "out").iterdir() if path.suffix == ".json"]
    assert left.name in str(caught.value)
    story = json.loads(left.read_text())
    assert 0 < len(story["broken"]["batch"]) <= 4
    assert {"query", "intent", "documents", "oracle", "answer"} == set(story["broken"]["batch"][0])


def test_the_key_is_everything_that_goes_in(job, folder, rows):
    plain = job().key("")
    changed = [{"seed": 8}, {"epochs": 2}, {"rank": 4}, {"alpha": 8}, {"dropout": 0}, {"lora": {"use_rslora": True}}, {"reasoning": "none"}]
    changed += [{"rows": "quadruplets"}, {"raft": {"abstain": True}}, {"rehearsal": {"data": "general.jsonl"}}, {"dtype": "bfloat16"}]
    changed += [{"target_modules": ["q_proj"]}, {"max_seq_length": 300}, {"plan": {"prompt": PROMPT + " "}}, {"plan": {"system": "s"}}]
    changed += [{"plan": {"contexts": 2}}, {"plan": {"max_input_tokens": 99}}, {"plan": {"document_text": "{title}"}}]
    assert len({plain, *(job(**options).key("") for options in changed)}) == len(changed) + 1
    assert job(device=None).key("") == job(seed=7).key("other") == plain
    assert job(plan={"batch_size": 2, "merge": True}).key("") == plain
    (folder / "general.jsonl").rename(folder / "renamed.jsonl")
    write_lines(folder / "general.jsonl", [{"prompt": "p", "answer": "a"}])
    one, two = (job(rehearsal={"data": name}).key("") for name in ("renamed.jsonl", "general.jsonl"))
    assert one != two
    (folder / "renamed.jsonl").rename(folder / "again.jsonl")
    assert job(rehearsal={"data": "again.jsonl"}).key("") == one


WRONG = [
    ({"data": "no.jsonl"}, "no such training file"),
    ({"base": "./no"}, "no such model folder"),
    ({"plan": {"document_text": "{titel}"}}, "did you mean 'title'"),
    ({"plan": {"prompt": "{{ question }}"}}, "never shows documents"),
    ({"plan": {"tokenizer": "no"}}, "tokenizer: there is no folder no"),
    ({"golden": {"g7": "How do  WEBHOOKS work here?"}}, "golden query g7"),
    ({"golden": {"t1": "Add: 3 + 1 ="}, "rehearsal": {"data": "general.jsonl"}}, "general.jsonl: .* is golden query t1"),
    ({"rehearsal": {"data": "no.jsonl"}}, "check train.rehearsal.data"),
    ({"early_stopping": {"dev": "no.jsonl"}}, "check train.early_stopping.dev"),
    ({"lora": {"use_rsloar": True}}, "LoraConfig has no 'use_rsloar'; did you mean 'use_rslora'"),
    ({"raft": {"abstain": "No idea."}}, "'No idea.' would not be read as an abstention; begin with one of: documents do not say"),
    ({"lora": {"r": 4, "lora_alpha": 1}}, r"lora: r is ragguard's to set; say rank:(.|\n)*say alpha:"),
]
LATER = [
    ({"arguments": {"warmup_stepz": 1}}, "did you mean 'warmup_steps'"),
    ({"arguments": {"learning_rate": 1}}, "say learning_rate:"),
    ({"target_modules": ["c_attn"]}, "the adapter does not fit the model .*check target_modules:"),
    ({"lora": {"init_lora_weights": "no such way"}}, "the adapter does not fit the model"),
    (
        {"plan": {"max_new_tokens": 8}},
        r"answer to 'how do webhooks work here' has \d+ tokens with its end, and max_new_tokens allows 8",
    ),
    ({"plan": {"max_new_tokens": 508}}, "leave 4 for the prompt"),
    ({"max_seq_length": 110}, "max_seq_length: 110 leaves 10 tokens for the prompt beside 100"),
    ({"plan": {"max_input_tokens": 20}}, "'how do webhooks work here': the prompt has .* tokens without any document's text"),
    ({"plan": {"chat": True}}, "chat: true, but the tokenizer has no chat template"),
    ({"early_stopping": {}, "max_rows": 1}, "rows of two intents"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_what_is_wrong_is_found_without_loading_a_model(job, monkeypatch, options, message):
    monkeypatch.setattr(LanguageModel, "model", property(lambda self: pytest.fail("a model is loaded")))
    with pytest.raises(InputError, match=message):
        job(**options)


@pytest.mark.parametrize(("options", "message"), LATER)
def test_what_only_the_model_tells_is_an_input_error_too(fit, folder, options, message):
    with pytest.raises(InputError, match=message):
        fit(**options)
    assert not any((folder / "out").glob("*"))


def test_four_bits_need_what_this_machine_may_not_have(job):
    import importlib.util

    lacking = []
    if not torch.cuda.is_available():
        lacking.append("no CUDA device is found")
    if importlib.util.find_spec("bitsandbytes") is None:
        lacking.append(r"bitsandbytes is not installed \(pip install bitsandbytes\)")
    if not lacking:
        assert job(quantize="nf4", device=None).recipe.quantize == "nf4"
        return
    with pytest.raises(InputError, match=", and ".join(lacking) + "; leave quantize: out"):
        job(quantize="nf4", device=None)


def test_rows_without_what_they_need_are_named(job, folder, rows):
    write_lines(folder / "train.jsonl", [rows[0], {**rows[1], "gold_answer": " "}, {**rows[2], "gold_answer": None}])
    with pytest.raises(InputError) as caught:
        job()
    assert [problem.where.rsplit("/", 1)[-1] for problem in caught.value.problems] == ["train.jsonl:2", "train.jsonl:3"]
    assert "has no gold_answer" in str(caught.value)
    bare = [{key: value for key, value in row.items() if not key.startswith("hard")} for row in rows]
    write_lines(folder / "train.jsonl", bare)
    with pytest.raises(InputError, match="20 of 20 rows have no hard negative, and objective: faithful"):
        job(rows="quadruplets", objective={"faithful": 1})


def test_an_adapter_is_no_base(job, llama, folder):
    tiny_llama.lora(folder / "lora", llama)
    with pytest.raises(InputError, match="is an adapter"):
        job(base="lora")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rows": "quadruplets", "raft": {"abstain": True}}, "raft: is about rows: raft"),
        ({"objective": {"select": 1}}, "say rows: quadruplets"),
        ({"rows": "quadruplets", "objective": {"generate": 0}}, "weights are all 0"),
        ({"rows": "quadruplets", "objective": {"generate": 0, "select": 1}, "rehearsal": {"data": "d"}}, "gives generate no weight"),
        ({"early_stopping": {"dev": "d", "dev_share": 0.2}}, "say one of them"),
        ({"rank": 0}, "greater than or equal to 1"),
        ({"raft": {"without_oracle": 1}}, "less than 1"),
        ({"quantize": "int3"}, "'nf4' or 'fp4'"),
    ],
)
def test_a_recipe_that_contradicts_itself(options, words):
    with pytest.raises(ValueError, match=words):
        LoraRecipe(recipe="lora", base="b", data="d", **options)


def test_a_generator_is_named_or_trained():
    recipe = LoraRecipe(recipe="lora", base="b", data="d")
    for options in ({}, {"model": "m", "train": recipe}):
        with pytest.raises(ValueError, match="either model:"):
            CausalPlan(type="causal-lm", **options)
    with pytest.raises(ValueError, match="adapter: names what train: makes"):
        CausalPlan(type="causal-lm", train=recipe, adapter="a")
    assert CausalPlan(type="causal-lm", train=recipe, merge=True).merge
