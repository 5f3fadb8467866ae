"""A byte-level tokenizer with one token for each word of the world, and the chat template."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from evalguard.demo import WORLD_SEED, lexicon
from evalguard.demo.corpus import conversations

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, END, SYSTEM, USER, ASSISTANT = "<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' -}}"
    "{%- if message['role'] == 'assistant' -%}"
    "{%- generation -%}{{- message['content'] + '<|end|>' -}}{%- endgeneration -%}"
    "{%- else -%}{{- message['content'] + '<|end|>' -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
"""Role, content, end. The ``generation`` marks let a trainer put the loss on answers alone."""

_SAMPLE_SIZE = 4000


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer: bytes, every word with and without a leading space, single digits.

    The vocabulary is every piece that occurs in a sample of the corpus, and the whole lexicon. No
    merges are learnt: a piece is either one token (``ignore_merges``) or spelt in bytes.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    split = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    capitals = [word.upper() for word in lexicon.CAPITALISED]
    texts = [form for word in (*lexicon.ALL_WORDS, *capitals) for form in (word, f" {word}")]
    for item in islice(conversations(np.random.default_rng(WORLD_SEED)), _SAMPLE_SIZE):
        texts += [item.prompt, item.answer]
    pieces = {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    specials = [PAD, END, SYSTEM, USER, ASSISTANT]
    vocabulary = [*specials, *sorted(alphabet), *sorted(pieces - set(alphabet))]

    tokenizer = Tokenizer(
        models.BPE(
            vocab={piece: index for index, piece in enumerate(vocabulary)},
            merges=[],
            ignore_merges=True,
        )
    )
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(specials)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )
    wrapped.chat_template = CHAT_TEMPLATE
    return wrapped
