"""Language models that a test makes in a blink: random Llamas of 60 thousand parameters over bytes, and LoRA adapters of them."""

import warnings
from pathlib import Path
from typing import Any

CHAT = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"


def make(folder: Path, *, seed: int = 0, chat: str = "", pad: bool = False, tied: bool = False, positions: int = 512) -> Path:
    """Save a random Llama, wide enough in its weights that no two tokens are nearly as likely, and its tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = bytes_tokenizer(chat, pad=pad)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        initializer_range=0.4,
        tie_word_embeddings=tied,
        bos_token_id=0,
        eos_token_id=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def bytes_tokenizer(chat: str = "", *, pad: bool = False, more: tuple[str, ...] = ()) -> Any:
    """A tokenizer that knows every byte, and no longer piece but its special ones."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<unk>", *(["<pad>"] if pad else []), *more]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator([], trainers.BpeTrainer(special_tokens=special, initial_alphabet=alphabet, show_progress=False))
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", **({"pad_token": "<pad>"} if pad else {})}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, **names)
    if chat:
        tokenizer.chat_template = chat
    return tokenizer


def lora(folder: Path, base: Path, *, scale: float = 0.5, targets: tuple[str, ...] = ("q_proj", "v_proj"), **options: Any) -> Path:
    """Save a LoRA adapter of a model, its B matrices drawn with this deviation: 0 is one that was never trained."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(1)
        config = LoraConfig(r=4, lora_alpha=8, target_modules=list(targets), task_type="CAUSAL_LM", **options)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
        for name, weights in model.named_parameters():
            if "lora_B" in name and scale:
                torch.nn.init.normal_(weights, std=scale)
        model.save_pretrained(folder)
    return folder


def learned_prompt(folder: Path, base: Path) -> Path:
    """Save an adapter of four learned tokens before every prompt."""
    import torch
    from peft import PromptTuningConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(2)
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), PromptTuningConfig(num_virtual_tokens=4, task_type="CAUSAL_LM"))
        model.save_pretrained(folder)
    return folder


def untied(folder: Path, base: Path) -> Path:
    """Save an adapter of a model with tied weights that brings an output layer of its own."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(3)
        config = LoraConfig(r=2, target_modules=["q_proj"], modules_to_save=["lm_head"], task_type="CAUSAL_LM")
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
        for name, weights in model.named_parameters():
            if "modules_to_save" in name or "lora_B" in name:
                torch.nn.init.normal_(weights, std=0.5)
        model.save_pretrained(folder)
    return folder
