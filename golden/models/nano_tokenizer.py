"""nano's tokenizer: one token a word of its world, single digits and characters for everything else."""

import re
import string
from typing import Any

from nano_reading import CURRENT, DOCUMENTS, NAMED, NOT_TOLD, QUESTIONS
from nano_words import ATTRIBUTES, ENTITIES, LANDS, NUMBERS, PROPERTIES, STATUSES, UNITS, VALUES, VERSIONS, WORDS, listed
from skills import RECALL

PIECE = r"\[\d+\]|v\d+\.\d+|[a-z]+|\d+|[^\sa-z0-9]"
SPECIAL = ["<pad>", "<bos>", "<eos>", "<unk>"]
EXTRA = listed("""
question answer documents document add sort reverse evaluate recall true false and or not = + - * / ( ) : , . ? ! version
old new since until by at on to from with are was were be been this that these those which who when where why how much many long far if then
than more less most least only per a an as get gets apply applies applied under after before please need give show find say says
know known card cards fact facts note rule rules product manual house tarn now today formerly earlier later previous latest first
second third last each every all any some none no yes here there it its their they we i you your our every set holds given value
deprecated withdrawn replaced valid patience ceiling ration tariff toll heft shelf leeway cushion rest stretch pledge rebate queueing
headroom pace reach stamina surcharge stake
""")
YEARS = [str(year) for year in range(2015, 2031)]
CHAT = """{{ bos_token }}{% for message in messages %}{% if message['role'] == 'documents' %}{% for text in message['content'] %}\
[{{ loop.index }}] {{ text }}
{% endfor %}{% elif message['role'] == 'user' %}{% if 'Question: ' not in message['content'] %}Question: {% endif %}\
{{ message['content'] }}
{% elif message['role'] == 'assistant' %}Answer: {{ message['content'] }}{{ eos_token }}
{% endif %}{% endfor %}{% if add_generation_prompt %}Answer:{% endif %}"""


def vocabulary() -> dict[str, int]:
    """Token -> id: special tokens first, then words, then characters as beginnings and as continuations (``##x``)."""
    forms = " ".join([*DOCUMENTS, *QUESTIONS, *CURRENT, *NAMED, NOT_TOLD, *RECALL])
    words = [*EXTRA, *re.findall(PIECE, re.sub(r"\{\w\}", " ", forms)), *STATUSES, *ATTRIBUTES, *ENTITIES, *UNITS, *NUMBERS, *VERSIONS]
    words += [*WORDS, *PROPERTIES, *LANDS, *VALUES, *YEARS, *(f"[{n}]" for n in range(1, 21))]
    characters = [c for c in string.printable if not c.isspace() and not c.isupper()]
    tokens = dict.fromkeys([*SPECIAL, *words, *characters, *(f"##{c}" for c in characters)])
    return {token: number for number, token in enumerate(tokens)}


def make() -> Any:
    """The tokenizer as transformers loads it: lower case, words by a pattern, unknown words by the longest known beginnings."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocab = vocabulary()
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="<unk>", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(PIECE), behavior="isolated")]
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", vocab["<bos>"])])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", padding_side="left"
    )
    fast.chat_template = CHAT
    return fast
