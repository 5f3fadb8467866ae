"""A small Llama with adapters, and the requests that every engine is tried with."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from evalguard.engines.adapter_files import CONFIG_NAME, WEIGHTS_NAME
from evalguard.quiet import quiet

HEAD_DIM = 32
"""vLLM's attention on the CPU takes 32, 64, 80, … and refuses others."""

ENDS = {"eos_token": "<end>", "pad_token": "<pad>"}
TEXT = ("the capital of france is paris", "question: what is 3 + 4? answer: 7", "yes or no")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base whose greedy answers are clear-cut, so that engines cannot differ by rounding."""
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=320,
        hidden_size=2 * HEAD_DIM,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=0,
        initializer_range=0.2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def adapter_a(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(base, tmp_path_factory.mktemp("a"), seed=1, r=4)


@pytest.fixture(scope="session")
def adapter_b(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(
        base, tmp_path_factory.mktemp("b"), seed=2, r=8, target_modules="all-linear"
    )


@pytest.fixture
def copied(adapter_a: Path, tmp_path: Path) -> Path:
    """A copy of an adapter, to be damaged."""
    return Path(shutil.copytree(adapter_a, tmp_path / "copied"))


def make_adapter(base: Path, folder: Path, *, seed: int, **options: object) -> Path:
    """Save a random LoRA adapter that changes the answers."""
    settings = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj", "down_proj"]}
    torch.manual_seed(seed)
    config = LoraConfig(**(settings | options), init_lora_weights=False, task_type="CAUSAL_LM")
    with quiet():
        model = AutoModelForCausalLM.from_pretrained(base)
        get_peft_model(model, config).save_pretrained(folder)
    return folder


def rewrite(folder: Path, change: Callable[[str, torch.Tensor], tuple[str, torch.Tensor]]) -> None:
    """Rename or change every tensor of an adapter's file."""
    tensors = load_file(folder / WEIGHTS_NAME)
    changed = dict(change(name, tensor) for name, tensor in tensors.items())
    save_file(
        {name: tensor.contiguous() for name, tensor in changed.items()}, folder / WEIGHTS_NAME
    )


def edit_config(folder: Path, **changes: object) -> None:
    """Change an adapter's config file."""
    file = folder / CONFIG_NAME
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def _tokenizer() -> PreTrainedTokenizerFast:
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<pad>", "<end>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(TEXT, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=raw, **ENDS)
