"""Randomly initialised Llama models of real shapes; nothing is downloaded.

The tokenizer is the embedded model's, with the vocabulary of the shape.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gpu.records import Context

SEED = 0

_WORDS = (
    "What", "is", "the", "flag", "colour", "of", "Quarrin", "river", "mayor", "harbour", "theatre",
    "bridge", "fountain",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """Size of a Llama model.

    Attributes:
        name: Such as ``7B``.
        hidden: Width.
        intermediate: Width of the feed-forward layers.
        layers: Depth.
        heads: Attention heads.
        kv_heads: Heads of keys and values.
        vocabulary: Tokens, at least those of the tokenizer.
    """

    name: str
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int = 32_000


SMALL = Shape("1B", 2048, 5632, 22, 32, 4)
"""TinyLlama-1.1B."""

LARGE = Shape("7B", 4096, 11_008, 32, 32, 32)
"""Llama-2-7B."""

_TINY = {
    SMALL: Shape("tiny 1B", 64, 176, 2, 4, 2, 1280),
    LARGE: Shape("tiny 7B", 96, 256, 3, 6, 6, 1280),
}


def fitting(shape: Shape, context: Context) -> Shape:
    """Return the shape, or its tiny version."""
    return _TINY[shape] if context.tiny else shape


def load_tokenizer() -> Any:
    """Return the embedded model's tokenizer, padding on the right."""
    from transformers import AutoTokenizer

    from evalguard.demo import model_path

    return AutoTokenizer.from_pretrained(model_path(), padding_side="right")


def llama_config(shape: Shape) -> Any:
    """Return the configuration of a shape."""
    from transformers import LlamaConfig

    tokenizer = load_tokenizer()
    return LlamaConfig(
        vocab_size=max(shape.vocabulary, len(tokenizer)),
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=4096,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def build_model(shape: Shape, *, device: str, dtype: Any, nf4: bool = False) -> Any:
    """Return a model on the device; a 7B one takes seconds and no disk.

    With ``nf4`` transformers quantises the weights as it loads them, one after another. All layers
    get the same ones, so that no more than one layer is held in 16 bits.

    Args:
        shape: Its size.
        device: ``cuda`` or ``cpu``.
        dtype: torch's; of the weights, with ``nf4`` of the computation.
        nf4: Whether the base is quantised as ``evalguard train`` does it.
    """
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(SEED)
    config = llama_config(shape)
    if not nf4:
        with torch.device(device):
            return AutoModelForCausalLM.from_config(config, dtype=dtype)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(config, dtype=dtype)
    return type(empty).from_pretrained(
        None,
        config=config,
        state_dict=_shared_weights(empty, device, dtype, config.initializer_range),
        quantization_config=_nf4(dtype),
        device_map={"": 0 if device == "cuda" else "cpu"},
        dtype=dtype,
    )


def _nf4(dtype: Any) -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _shared_weights(empty: Any, device: str, dtype: Any, spread: float) -> dict[str, Any]:
    """Return weights for every name; those of linear layers of one shape are one tensor."""
    import torch

    shared: dict[torch.Size, torch.Tensor] = {}
    weights = {}
    for name, weight in empty.state_dict().items():
        if weight.ndim < 2:
            weights[name] = torch.ones(weight.shape, device=device, dtype=dtype)
            continue
        if ".layers." not in name or weight.shape not in shared:
            drawn = torch.randn(weight.shape, device=device, dtype=dtype) * spread
            shared[weight.shape] = drawn
        weights[name] = shared[weight.shape]
    return weights


def model_folder(shape: Shape, context: Context) -> Path:
    """Return a folder with a model in bfloat16 and its tokenizer, written once in a run.

    The logits of tokens that the tokenizer lacks are 0, so that generations are texts.
    """
    import torch

    folder = context.work / f"model {shape.name}"
    if folder.is_dir():
        return folder
    tokenizer = load_tokenizer()
    model = build_model(shape, device=context.device, dtype=torch.bfloat16)
    with torch.no_grad():
        model.get_output_embeddings().weight[len(tokenizer) :] = 0
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a part that was killed
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    partial.rename(folder)
    return folder


def random_text(rng: random.Random, words: int) -> str:
    """Return words of the embedded model's world."""
    return " ".join(rng.choice(_WORDS) for _ in range(words))
