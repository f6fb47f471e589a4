"""How likely answers are: against a plain forward pass of each row alone, with and without an adapter."""

import pytest
import tiny_llama

from ragguard.systems.loading import silence
from ragguard.train.likelihood import continuation, of_texts, of_tokens

torch = pytest.importorskip("torch", reason="needs the extra models")

PROMPTS = ["Once upon a time", "Q: what?\nA:", "x", "The little girl, who had a red ball, went to"]
ANSWERS = ["there was a cat.", "a dog", "", "the park with her mother"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("models")
    base = tiny_llama.make(folder / "tiny")
    adapter = tiny_llama.lora(folder / "lora", base)
    with silence():
        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(adapter)).eval()
        return model, AutoTokenizer.from_pretrained(base)


def by_hand(model, prompt: list[int], answer: list[int]) -> float:
    """The sum of log-softmaxes at the places before each token, by one forward pass without padding."""
    logits = model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0].double().log_softmax(dim=-1)
    return float(sum(logits[len(prompt) + i - 1, token] for i, token in enumerate(answer)))


def test_it_is_the_sum_over_the_answers_tokens_whatever_the_batch(loaded):
    model, tokenizer = loaded
    prompts = [tokenizer(text)["input_ids"] for text in PROMPTS]
    answers = [tokenizer(text)["input_ids"] for text in ANSWERS]
    with torch.no_grad():
        sums, counts = of_tokens(model, prompts, answers)
        expected = [by_hand(model, *row) for row in zip(prompts, answers, strict=True)]
    assert counts.tolist() == [len(answer) for answer in answers]
    assert sums.tolist() == pytest.approx(expected, abs=1e-3)
    assert sums[2] == 0


@pytest.mark.parametrize("size", [1, 3, 8])
def test_texts_come_back_in_their_order_with_their_end(loaded, size):
    model, tokenizer = loaded
    with torch.no_grad():
        sums, counts = of_texts(model, tokenizer, PROMPTS, ANSWERS, batch_size=size)
        expected = [
            by_hand(model, tokenizer(prompt)["input_ids"], [*tokenizer(f" {answer}")["input_ids"], tokenizer.eos_token_id])
            for prompt, answer in zip(PROMPTS, ANSWERS, strict=True)
        ]
    assert counts.tolist() == [len(answer.encode()) + 2 for answer in ANSWERS]
    assert sums.tolist() == pytest.approx(expected, abs=1e-3)
    assert of_texts(model, tokenizer, [], [])[0].shape == (0,)
    assert of_tokens(model, [[5], [5]], [[], []])[0].tolist() == [0, 0]


def test_gradients_flow_to_the_adapter_alone(loaded):
    model, tokenizer = loaded
    for name, weight in model.named_parameters():
        weight.requires_grad_("lora_" in name)
    sums, _ = of_texts(model, tokenizer, PROMPTS[:2], ANSWERS[:2])
    sums.sum().backward()
    with_gradient = {name for name, weight in model.named_parameters() if weight.grad is not None and weight.grad.abs().max() > 0}
    assert with_gradient
    assert all("lora_" in name for name in with_gradient)


def test_what_follows_a_prompt_is_cut_as_it_stands_there(loaded):
    _, tokenizer = loaded
    assert tokenizer.decode(continuation(tokenizer, "A:", "yes", None)) == " yes"
    assert tokenizer.decode(continuation(tokenizer, "A:\n", "yes", None)) == "yes"
    assert continuation(tokenizer, "A: ", "", 1) == [1]


def test_a_prompt_without_tokens_is_refused(loaded):
    with pytest.raises(ValueError, match="no token"):
        of_tokens(loaded[0], [[]], [[1]])
