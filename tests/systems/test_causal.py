"""The causal language model: the same answers in any batch, prompts that fit, and adapters that are not what they seem."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_llama

from ragguard.errors import CannotJudge, InputError
from ragguard.plan.generators import CausalGenerator as CausalPlan
from ragguard.records.collection import Document
from ragguard.records.evidence import Answer
from ragguard.systems import factory
from ragguard.systems.causal import CausalGenerator
from ragguard.systems.protocols import Asked

torch = pytest.importorskip("torch", reason="needs the extra models")
pytestmark = pytest.mark.usefixtures("one_thread")

PROMPT = "{% for d in documents %}[{{ d.number }}] {{ d.content }}\n{% endfor %}{{ question }}"
TEXTS = (
    "Tom had a red ball.",
    "Lily went to the park with her mom and saw a big dog.",
    "Ben likes to play with his toys in the garden all day long because it is fun.",
)
BEGINNINGS = ("Once upon a time", "Lily said", "One day Tom", "The dog was very", "Mom gave")
QUESTIONS = [
    Asked(f"q{i}", f"{BEGINNINGS[i % 5]} {'and so ' * (i % 3)}", tuple(Document(f"d{j}", TEXTS[(i + j) % 3]) for j in range(i % 4)))
    for i in range(20)
]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def make(tmp_path: Path, vault, progress) -> Callable[..., CausalGenerator]:
    def made(model: Path, *, ready: bool = True, **more: Any) -> CausalGenerator:
        given = {"prompt": PROMPT, "document_text": "{text}", "max_new_tokens": 24, **more}
        given["adapter"] = str(given["adapter"]) if given.get("adapter") else None
        generator = factory.generator(CausalPlan(type="causal-lm", model=str(model), **given), base=tmp_path)
        assert isinstance(generator, CausalGenerator)
        if ready:
            generator.prepare(vault, progress)
        return generator

    return made


def answers(generator: CausalGenerator, asked: list[Asked] = QUESTIONS) -> list[Answer]:
    said = generator.answer(asked)
    assert not [each.error for each in said if each.error]
    return [each.answer for each in said if each.answer is not None]


@pytest.mark.parametrize("more", [{}, {"temperature": 0.8, "top_p": 0.9, "repeats": 2}], ids=["greedy", "sampled"])
def test_a_real_model_answers_the_same_in_any_batch(shared_data, make, more) -> None:
    real = shared_data / "stories260K" / "hf"
    alone = answers(make(real, batch_size=1, max_new_tokens=16, **more))
    assert len({answer.text for answer in alone}) > 10
    for size in (4, 16):
        batched = make(real, batch_size=size, max_new_tokens=16, **more)
        assert answers(batched) == alone
        assert batched.notes()["answers_changed_by_batch"] == 0


@pytest.mark.parametrize("more", [{}, {"temperature": 1.0, "repeats": 3}], ids=["greedy", "sampled"])
def test_a_random_model_answers_the_same_in_any_batch(llama, make, more) -> None:
    alone = answers(make(llama, batch_size=1, **more))
    for size in (3, 32):
        assert answers(make(llama, batch_size=size, **more)) == alone


def test_the_seconds_of_an_answer_are_its_share_of_its_batch(llama, make) -> None:
    said = make(llama, batch_size=8).answer(QUESTIONS)
    assert [each.together for each in said].count(8) == 16
    assert [each.together for each in said].count(4) == 4
    assert all(each.seconds > 0 for each in said)
    assert {each.together for each in make(llama, batch_size=1).answer(QUESTIONS[:3])} == {1}


def test_the_share_of_answers_that_the_batch_changes_is_reported(shared_data, make) -> None:
    """In half precision it does: the note must say of the first 32 answers what asking each of them alone says."""
    real, asked = shared_data / "stories260K" / "hf", [Asked(f"{i}", f"{QUESTIONS[i % 20].question} {i}", ()) for i in range(32)]
    batched, alone = (make(real, batch_size=size, dtype="bfloat16") for size in (32, 1))
    changed = [one.text != other.text for one, other in zip(answers(batched, asked), answers(alone, asked), strict=True)]
    assert batched.notes()["answers_changed_by_batch"] == pytest.approx(sum(changed) / 32)


def test_greedy_is_the_likeliest_token_again_and_again(llama, make) -> None:
    from transformers import AutoModelForCausalLM

    generator, model = make(llama), AutoModelForCausalLM.from_pretrained(llama)
    tokenizer = generator.language.tokenizer
    for asked, answer in zip(QUESTIONS[:4], answers(generator, QUESTIONS[:4]), strict=True):
        prompt = "".join(f"[{n}] {d.text}\n" for n, d in enumerate(asked.contexts, 1)) + asked.question
        ids = tokenizer(prompt.strip(), return_tensors="pt")["input_ids"]
        length = ids.shape[1]
        with torch.inference_mode():
            while ids.shape[1] < length + 24 and ids[0, -1] != tokenizer.eos_token_id:
                ids = torch.cat([ids, model(input_ids=ids).logits[:, -1].argmax(-1, keepdim=True)], dim=1)
        assert answer.text == tokenizer.decode(ids[0, length:], skip_special_tokens=True).strip()
        assert answer.prompt_tokens == length
        assert 0 < answer.tokens <= 24


def test_what_the_models_files_say_of_sampling_does_not_count(llama, make, tmp_path) -> None:
    other = tiny_llama.make(tmp_path / "eager")
    (other / "generation_config.json").write_text(json.dumps({"do_sample": True, "temperature": 5.0, "repetition_penalty": 9.0}))
    assert [answer.text for answer in answers(make(other))] == [answer.text for answer in answers(make(llama))]


def test_draws_are_from_the_softmax(llama) -> None:
    from scipy.special import softmax
    from scipy.stats import chisquare

    from ragguard.systems.decoding import processors, seed_of

    plan = CausalPlan(type="causal-lm", model="x", temperature=0.5, repeats=2)
    logits, draws = torch.tensor([0.0, 0.5, 1.0, -0.5]), 4000
    seeds = [seed_of(plan, f"question {i}", 0) for i in range(draws)]
    chosen = processors(plan, seeds)(torch.zeros((draws, 1), dtype=torch.long), logits.repeat(draws, 1)).argmax(-1)
    found = torch.bincount(chosen, minlength=4).numpy()
    assert chisquare(found, softmax(logits.double().numpy() / 0.5) * draws).pvalue > 1e-4


def test_samples_differ_and_come_again(llama, make) -> None:
    one, again = (answers(make(llama, temperature=1.0, repeats=3), QUESTIONS[:3]) for _ in range(2))
    assert one == again
    for answer in one:
        assert len({sample.text for sample in answer.samples}) == 3
        assert (answer.samples[0].text, answer.samples[0].citations) == (answer.text, answer.citations)
    other = answers(make(llama, temperature=1.0, repeats=3, seed=8), QUESTIONS[:3])
    assert other[0].samples != one[0].samples


def test_padding_that_is_missing_is_said(llama, make, tmp_path) -> None:
    assert make(llama).notes()["pad_token"] == "none; </s> is used"
    assert "pad_token" not in make(tiny_llama.make(tmp_path / "padded", pad=True)).notes()


def test_documents_that_do_not_fit_are_dropped_from_the_end_and_counted(llama, make) -> None:
    generator = make(llama, max_input_tokens=60)
    documents = (Document("a", "x" * 20), Document("b", "y" * 20), Document("c", "z" * 20))
    short, long, huge = generator.answer(
        [Asked("s", "Why?", documents[:1]), Asked("l", "Why?", documents), Asked("h", "Why?", (Document("h", "h" * 90), *documents))]
    )
    assert [said.answer.cut for said in (short, long, huge)] == [False, True, True]
    assert long.answer.prompt_tokens == 2 * len("[1] " + "x" * 20 + "\n") + len("Why?")
    assert huge.answer.prompt_tokens == 60
    assert generator.notes()["prompts_cut"] == pytest.approx(2 / 3)
    assert generator.notes()["max_input_tokens"] == 60


def test_a_question_that_fits_nowhere_is_an_error_of_its_own(llama, make) -> None:
    bad, good = make(llama, max_input_tokens=30).answer([Asked("b", "why " * 30, QUESTIONS[1].contexts), Asked("g", "Why?", ())])
    assert "without any document's text, and 30 fit" in bad.error
    assert good.answer is not None


def test_answers_that_leave_no_room_are_refused(llama, make) -> None:
    with pytest.raises(InputError, match="the model has 512 positions: 500 for the answer leave 12"):
        make(llama, max_new_tokens=500)
    with pytest.raises(InputError, match="lower max_new_tokens or max_input_tokens"):
        make(llama, max_input_tokens=500)


def test_the_chat_template_is_used_where_there_is_one(make, tmp_path) -> None:
    chatty = tiny_llama.make(tmp_path / "chatty", chat=tiny_llama.CHAT)
    asked = [Asked("q", "Why?", ())]
    (chat,) = answers(make(chatty, system="Be short."), asked)
    assert chat.prompt_tokens == len("<system>Be short.\n<user>Why?\n<assistant>")
    (plain,) = answers(make(chatty, system="Be short.", chat=False), asked)
    assert plain.prompt_tokens == len("Be short.\n\nWhy?")
    assert make(chatty).notes()["prompt"] == "chat template"


def test_a_chat_template_that_is_missing_or_refuses_is_said(llama, make, tmp_path) -> None:
    with pytest.raises(InputError, match="chat: true, but the tokenizer has no chat template"):
        make(llama, chat=True)
    strict = tiny_llama.make(tmp_path / "strict", chat="{{ raise_exception('no system message, please') }}")
    with pytest.raises(InputError, match="the chat template refuses the prompt: no system message, please"):
        make(strict).answer([Asked("q", "Why?", ())])


def test_fingerprints_are_of_what_changes_answers(llama, make, tmp_path) -> None:
    adapter = tiny_llama.lora(tmp_path / "lora", llama)
    same = [{}, {"batch_size": 1}, {"device": "cpu"}]
    other = [
        {"adapter": adapter},
        {"adapter": adapter, "merge": True},
        {"max_new_tokens": 8},
        {"system": "Be short."},
        {"prompt": PROMPT + "?"},
        {"document_text": "{title} {text}"},
        {"temperature": 1.0},
        {"temperature": 1.0, "seed": 8},
        {"dtype": "bfloat16"},
    ]
    prints = [make(llama, ready=False, **more).fingerprint for more in (*same, *other)]
    assert len(set(prints[: len(same)])) == 1
    assert len(set(prints)) == 1 + len(other)
    assert make(tiny_llama.make(tmp_path / "other", seed=1), ready=False).fingerprint not in prints


@pytest.mark.parametrize("merge", [False, True])
def test_an_adapter_changes_answers_merged_or_not(llama, make, tmp_path, merge) -> None:
    adapter = tiny_llama.lora(tmp_path / "lora", llama)
    generator = make(llama, adapter=adapter, merge=merge)
    adapted = [answer.text for answer in answers(generator)]
    assert adapted != [answer.text for answer in answers(make(llama))]
    assert adapted == [answer.text for answer in answers(make(llama, adapter=adapter, batch_size=1))]
    notes = generator.notes()
    assert notes["adapter.effect"] > 0
    assert notes["adapter.base"] == str(llama)
    assert ("merge_difference" in notes) == merge


def test_the_norm_is_that_of_the_products(llama, make, tmp_path) -> None:
    from safetensors.torch import load_file

    adapter = tiny_llama.lora(tmp_path / "lora", llama)
    tensors = load_file(adapter / "adapter_model.safetensors")
    products = [tensors[name.replace("lora_A", "lora_B")] @ tensors[name] for name in tensors if "lora_A" in name]
    expected = torch.cat([product.flatten() for product in products]).norm().item()
    assert make(llama, adapter=adapter).notes()["adapter.norm"] == pytest.approx(expected, rel=1e-5)


def spoil(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """Write an adapter's tensors again, changed."""
    from safetensors.torch import load_file, save_file

    path = folder / "adapter_model.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in change(load_file(path)).items()}, path)
    return folder


def other_config(folder: Path, **changes: Any) -> Path:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


PLANTED = {
    "no adapter": (lambda a: (a / "adapter_config.json").unlink(), "is no peft adapter"),
    "no weights": (lambda a: (a / "adapter_model.safetensors").unlink(), "the adapter has no weights"),
    "a pickle": (lambda a: (a / "adapter_model.safetensors").rename(a / "adapter_model.bin"), "these weights are a pickle"),
    "torn": (lambda a: (a / "adapter_model.safetensors").write_bytes(b"torn"), "cannot be read"),
    "all zero": (lambda a: spoil(a, lambda t: {n: w * 0 for n, w in t.items()}), "the candidate is the baseline"),
    "never trained": (lambda a: spoil(a, lambda t: {n: w * ("lora_B" not in n) for n, w in t.items()}), "the candidate is the baseline"),
    "not finite": (lambda a: spoil(a, lambda t: {n: w / 0 for n, w in t.items()}), "not finite"),
    "without effect": (lambda a: spoil(a, lambda t: {n: w * 1e-25 for n, w in t.items()}), "changes no logit on 5 probe prompts"),
    "half of it": (lambda a: spoil(a, lambda t: {n: w for n, w in t.items() if "layers.0" in n}), "tensors are in the adapter and not"),
    "other names": (lambda a: spoil(a, lambda t: {n.replace("layers", "blocks"): w for n, w in t.items()}), "tensors are in the adapter"),
    "other shapes": (lambda a: spoil(a, lambda t: {n: w[:, :8] for n, w in t.items()}), "the adapter does not fit the model"),
    "of two ranks": (lambda a: spoil(a, lambda t: {n: w[:, :2] for n, w in t.items()}), "are not shaped alike"),
    "other modules": (lambda a: other_config(a, target_modules=["c_attn"]), "the adapter does not fit the model"),
    "no configuration": (lambda a: (a / "adapter_config.json").write_text("[]"), "has no peft_type"),
    "another base": (lambda a: other_config(a, base_model_name_or_path=str(tiny_llama.make(a.parent / "b", seed=3))), "was trained on"),
    "another tokenizer": (
        lambda a: tiny_llama.bytes_tokenizer(more=("<extra>",)).save_pretrained(a),
        "its tokenizer is not the model's: 513 tokens differ",
    ),
    "another chat": (lambda a: tiny_llama.bytes_tokenizer(tiny_llama.CHAT).save_pretrained(a), "another chat template"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_an_adapter_that_is_not_what_it_seems_is_an_error_of_the_input(llama, make, tmp_path, name) -> None:
    plant, words = PLANTED[name]
    adapter = tiny_llama.lora(tmp_path / "lora", llama)
    plant(adapter)
    with pytest.raises(InputError, match=words) as caught:
        make(llama, adapter=adapter)
    assert caught.value.exit_code == 3


def test_an_adapter_that_merging_changes_cannot_be_judged(make, tmp_path) -> None:
    """Where input and output embeddings are one matrix, an adapter of the output is merged into both."""
    tied = tiny_llama.make(tmp_path / "tied", tied=True)
    adapter = tiny_llama.lora(tmp_path / "lora", tied, targets=("lm_head",))
    make(tied, adapter=adapter)
    with pytest.raises(CannotJudge, match="merging the adapter changes the logits of probe prompts by"):
        make(tied, adapter=adapter, merge=True)


@pytest.mark.parametrize("size", [2, 8])
def test_a_learned_prompt_answers_the_same_in_any_batch(llama, make, tmp_path, size) -> None:
    """Its tokens stand before the padding, so that only prompts of one length go together."""
    learned = tiny_llama.learned_prompt(tmp_path / "learned", llama)
    batched = make(llama, adapter=learned, batch_size=size)
    assert answers(batched) == answers(make(llama, adapter=learned, batch_size=1))
    assert batched.notes()["answers_changed_by_batch"] == 0
    with pytest.raises(InputError, match="this adapter cannot be merged"):
        make(llama, adapter=learned, merge=True)


def test_logits_that_are_no_numbers_cannot_be_judged(make, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    model = tiny_llama.make(tmp_path / "broken")
    path = model / "model.safetensors"
    save_file({**load_file(path), "model.norm.weight": torch.full((32,), float("nan"))}, path, metadata={"format": "pt"})
    with pytest.raises(CannotJudge, match="logits are not finite numbers in float32"):
        make(model)


def test_a_base_elsewhere_that_cannot_be_compared_is_said(llama, make, tmp_path) -> None:
    adapter = other_config(tiny_llama.lora(tmp_path / "lora", llama), base_model_name_or_path="/at/home/of/the/trainer")
    assert make(llama, adapter=adapter).notes()["adapter.base"] == "/at/home/of/the/trainer (could not be compared with the model)"


def test_a_tokenizer_that_is_named_is_taken(llama, make, tmp_path) -> None:
    adapter = tiny_llama.lora(tmp_path / "lora", llama)
    tiny_llama.bytes_tokenizer(tiny_llama.CHAT).save_pretrained(adapter)
    assert make(llama, adapter=adapter, tokenizer=str(adapter)).notes()["prompt"] == "chat template"
    tiny_llama.bytes_tokenizer(more=("<extra>",)).save_pretrained(adapter)
    with pytest.raises(InputError, match="its 260 tokens are more than the model's 259 embeddings"):
        make(llama, adapter=adapter, tokenizer=str(adapter))


def test_an_adapter_in_the_place_of_a_model_is_refused(llama, make, tmp_path) -> None:
    with pytest.raises(InputError, match="name it as adapter:"):
        make(tiny_llama.lora(tmp_path / "lora", llama))


def test_weights_that_are_not_there_are_not_made_up(llama, make, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    other = tiny_llama.make(tmp_path / "headless")
    path = other / "model.safetensors"
    save_file({name: tensor for name, tensor in load_file(path).items() if name != "lm_head.weight"}, path, metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"the weights lack 1 of the model's tensors \(lm_head.weight\), which would be random"):
        make(other)


@pytest.mark.parametrize("more", [{"repeats": 2}, {"top_p": 0.5}, {"merge": True}])
def test_keys_that_would_do_nothing_are_refused(more) -> None:
    with pytest.raises(ValueError, match=r"need a temperature|is about an adapter"):
        CausalPlan(type="causal-lm", model="x", **more)
