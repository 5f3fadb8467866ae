"""Writes a Llama of transformers and its LoRA adapters as GGUF, for servers that run llama.cpp.

llama.cpp's own converters know the tokenizers of published models alone, by hashes. The embedded
model's is one of theirs without merges: a piece is one token of the vocabulary or spelt in bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_ARCHITECTURE = "llama"

_PIECES = "glm4"
"""Name in llama.cpp of pieces that are looked up whole, without a first token."""

_NO_MERGE = "Ń Ń"
"""Two bytes that no text has; llama.cpp does not load a vocabulary without merges."""

_GENERATION = ("{%- generation -%}", "{%- endgeneration -%}")
"""Marks of transformers in a template; plain Jinja does not know them."""


def save_gguf(base: Path, file: Path, *, first_token: int | None = None) -> Path:
    """Write a Llama and its tokenizer in 32 bits.

    Args:
        base: Folder of the model.
        file: Where it goes.
        first_token: What servers put before every text; nothing by default.
    """
    from gguf import GGUFWriter, LlamaFileType
    from safetensors.torch import load_file

    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    writer = GGUFWriter(file, _ARCHITECTURE)
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    _add_tokenizer(writer, base, config)
    if first_token is not None:
        writer.add_bos_token_id(first_token)
    writer.add_add_bos_token(first_token is not None)
    for name, weight in load_file(base / "model.safetensors").items():
        module = name.removesuffix(".weight")
        writer.add_tensor(_tensor_name(module, config), _as_rotated(weight, module, config))
    return _close(writer, file)


def save_lora_gguf(adapter: Path, file: Path, *, base: Path) -> Path:
    """Write a LoRA adapter of a Llama.

    Args:
        adapter: Folder of the adapter.
        file: Where it goes.
        base: Folder of its base.
    """
    from gguf import GGUFType, GGUFWriter, Keys
    from safetensors.torch import load_file

    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    lora = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    writer = GGUFWriter(file, _ARCHITECTURE)
    writer.add_type(GGUFType.ADAPTER)
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, lora["lora_alpha"])
    for name, weight in load_file(adapter / "adapter_model.safetensors").items():
        module, _, side = name.removeprefix("base_model.model.").partition(".lora_")
        # Of the two matrices, B has the rows of the module.
        data = _as_rotated(weight, module, config) if side[0] == "B" else weight.numpy()
        writer.add_tensor(f"{_tensor_name(module, config)}.lora_{side[0].lower()}", data)
    return _close(writer, file)


def _add_tokenizer(writer: Any, base: Path, config: Mapping[str, Any]) -> None:
    from gguf import TokenType

    stored = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = stored["model"]["vocab"]
    special = {token["content"] for token in stored["added_tokens"]}
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    kinds = [TokenType.CONTROL if token in special else TokenType.NORMAL for token in tokens]
    template = (base / "chat_template.jinja").read_text(encoding="utf-8")
    for mark in _GENERATION:
        template = template.replace(mark, "")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_PIECES)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([_NO_MERGE])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_chat_template(template)


def _tensor_name(module: str, config: Mapping[str, Any]) -> str:
    from gguf import MODEL_ARCH, get_tensor_name_map

    names = get_tensor_name_map(MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    return f"{names.get_name(module)}.weight"


def _as_rotated(weight: torch.Tensor, module: str, config: Mapping[str, Any]) -> Any:
    """Return a matrix with the rows of each head in llama.cpp's order.

    Positions rotate the first half of a head against the second in transformers, and neighbours
    against each other in llama.cpp.
    """
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    kind = module.rpartition(".")[2]
    if kind not in heads:
        return weight.numpy()
    halves = weight.reshape(config[heads[kind]], 2, -1, weight.shape[1])
    return halves.transpose(1, 2).reshape(weight.shape).numpy()


def _close(writer: Any, file: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file
