"""A language model that a test trains in seconds: it says the last word of its prompt once more, and stops."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STEPS, ROWS, LENGTH = 150, 64, 8


def make(folder: Path, words: Sequence[str]) -> Path:
    """Save a Llama of one layer that knows these words, trained on random sequences of them."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer(words)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=128, bos_token_id=0, eos_token_id=1, pad_token_id=2, **sizes)
    )
    _train(model, len(tokenizer))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(words: Sequence[str]) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = {word: i for i, word in enumerate(dict.fromkeys(["<s>", "</s>", "<unk>", *words]))}
    made = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<unk>")


def _train(model: Any, words: int) -> None:
    import torch

    draw = torch.Generator().manual_seed(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        prompts = torch.randint(2, words, (ROWS, LENGTH), generator=draw)
        ids = torch.cat([prompts, prompts[:, -1:], torch.ones(ROWS, 1, dtype=torch.long)], dim=1)
        logits = model(input_ids=ids).logits[:, LENGTH - 1 : -1]
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, words), ids[:, LENGTH:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
