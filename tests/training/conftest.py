"""A tiny randomly initialised Llama with a small tokenizer, made once for all training tests."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

MARKED_TEMPLATE = (
    "{% for m in messages %}{{ '<' + m['role'] + '>' }}"
    "{% if m['role'] == 'assistant' %}"
    "{% generation %}{{ m['content'] + '<end>' }}{% endgeneration %}"
    "{% else %}{{ m['content'] + '<end>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)
PLAIN_TEMPLATE = MARKED_TEMPLATE.replace("{% generation %}", "").replace("{% endgeneration %}", "")
ENDS = {"eos_token": "<end>", "pad_token": "<pad>"}
SPECIAL = ["<pad>", "<end>", "<system>", "<user>", "<assistant>", "<tool>"]


def make_tokenizer(template: str | None) -> PreTrainedTokenizerFast:
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(["the colour of the sky is blue", "what is the colour of"], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, **ENDS, padding_side="left")
    tokenizer.chat_template = template
    return tokenizer


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=320,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=256,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=1,
            pad_token_id=0,
        )
    )
    folder = tmp_path_factory.mktemp("base")
    model.save_pretrained(folder)
    make_tokenizer(MARKED_TEMPLATE).save_pretrained(folder)
    return folder


COLOURS = ("red", "green", "blue", "black", "white", "brown")
THINGS = ("sky", "car", "door", "house", "tree", "boat", "hat", "cup")


@pytest.fixture
def project(tmp_path, base_folder) -> Path:
    """A folder with a task file and a file of general data."""
    rows = [
        {"prompt": f"what is the colour of the {colour} {thing}", "completion": f"it is {colour}"}
        for colour in COLOURS
        for thing in THINGS
    ]
    general = [
        {
            "messages": [
                {"role": "user", "content": f"say {a} {b}"},
                {"role": "assistant", "content": f"{a} {b}"},
            ]
        }
        for a in COLOURS
        for b in THINGS
    ]
    for name, content in (("task.jsonl", rows), ("general.jsonl", general)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in content))
    return tmp_path
