"""What an adapter folder holds, read without torch: its config and the header of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.engines.adapter_config import read_config
from evalguard.engines.safetensors_header import read_header
from evalguard.errors import ModelError

WEIGHTS_NAME = "adapter_model.safetensors"

PEFT_RANK = 8
"""What peft takes where a config names no rank."""


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """An adapter folder that is complete and safe to load.

    Attributes:
        path: The folder.
        config: All of its config file.
        peft_type: ``LORA``, ``IA3``, …
        base_model: What the adapter says it was trained on.
        rank: The greatest LoRA rank in it; 0 for other types.
        target_modules: Names of the modules it changes, as configured.
        shapes: Shape of every tensor, by its name in the file.
    """

    path: Path
    config: Mapping[str, Any]
    peft_type: str
    base_model: str
    rank: int
    target_modules: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]


def read_adapter(path: Path) -> AdapterFiles:
    """Read and check an adapter folder.

    Raises:
        ModelError: If the folder is missing, empty, incomplete, truncated, holds a pickle, or holds
            an adapter that would change the base for every other model on it.
    """
    if path.is_file():
        raise ModelError(f"{path}: a file. Give the adapter's folder, '{path.parent}'.")
    if not path.is_dir():
        raise ModelError(f"{path}: no such adapter folder. Train one with `evalguard train`.")
    config = read_config(path)
    targets = config.get("target_modules") or []
    return AdapterFiles(
        path=path,
        config=config,
        peft_type=str(config["peft_type"]),
        base_model=str(config.get("base_model_name_or_path") or ""),
        rank=_rank(config),
        target_modules=tuple(sorted(targets)) if isinstance(targets, list) else (str(targets),),
        shapes=_read_shapes(path / WEIGHTS_NAME),
    )


def changed_tokens(adapter: AdapterFiles) -> tuple[int, ...]:
    """Return the tokens that an adapter trains, or at which it begins to act.

    On texts without them it may change nothing.
    """
    found: list[int] = []
    for key in ("trainable_token_indices", "token_indices", "alora_invocation_tokens"):
        value = adapter.config.get(key) or []
        for part in value.values() if isinstance(value, dict) else [value]:
            found.extend(part)
    return tuple(dict.fromkeys(found))


def _rank(config: Mapping[str, Any]) -> int:
    if config["peft_type"] != "LORA":
        return 0
    return max([config.get("r", PEFT_RANK), *(config.get("rank_pattern") or {}).values()])


def _read_shapes(file: Path) -> dict[str, tuple[int, ...]]:
    if file.is_file():
        return {name: tensor.shape for name, tensor in read_header(file).items()}
    folder = file.parent
    if file.is_symlink():
        raise ModelError(f"{file}: a link to '{file.readlink()}', which does not exist.")
    pickles = [*sorted(folder.glob("adapter*.bin")), *sorted(folder.glob("adapter*.pt"))]
    if pickles:
        raise ModelError(
            f"{pickles[0]}: a pickle can run code when it is loaded, so it is "
            f'refused. If you trust it, convert it once: python -c "import torch, '
            f"safetensors.torch as s; s.save_file({{k: v.contiguous() for k, v in torch.load("
            f"'{pickles[0]}', weights_only=True).items()}}, '{file}')\""
        )
    shards = sorted(folder.glob("adapter_model-*-of-*.safetensors"))
    if shards:
        raise ModelError(
            f"{shards[0]}: one of {len(shards)} shards; peft loads an adapter from one file. Join "
            f'them: python -c "import glob, safetensors.torch as s; d = {{}}; [d.update('
            f"s.load_file(f)) for f in glob.glob('{folder}/adapter_model-*')]; "
            f"s.save_file(d, '{file}')\""
        )
    others = ", ".join(
        f"'{one.name}'" for one in sorted(folder.glob("*.safetensors"))[:4] if one.is_file()
    )
    hint = f"There is {others}: rename it if peft wrote it" if others else "Save the adapter again"
    raise ModelError(f"{folder}: {WEIGHTS_NAME} is missing. {hint}.")
