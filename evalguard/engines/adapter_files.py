"""What an adapter folder holds, read without torch: its config and the header of its tensors."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.errors import ModelError

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
_MAX_HEADER_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """An adapter folder that is complete and safe to load.

    Attributes:
        path: The folder.
        peft_type: ``LORA``, ``IA3``, …
        base_model: What the adapter says it was trained on.
        rank: The greatest LoRA rank in it; 0 for other types.
        target_modules: Names of the modules it changes, as configured.
        shapes: Shape of every tensor, by its name in the file.
    """

    path: Path
    peft_type: str
    base_model: str
    rank: int
    target_modules: tuple[str, ...]
    shapes: dict[str, tuple[int, ...]]


def read_adapter(path: Path) -> AdapterFiles:
    """Read and check an adapter folder.

    Raises:
        ModelError: If the folder is missing, empty, incomplete, truncated, or holds a pickle.
    """
    if not path.is_dir():
        raise ModelError(f"{path}: no such adapter folder. Train one with `evalguard train`.")
    config = _read_config(path / CONFIG_NAME)
    shapes = _read_shapes(path / WEIGHTS_NAME)
    targets = config.get("target_modules") or []
    return AdapterFiles(
        path=path,
        peft_type=str(config.get("peft_type", "")),
        base_model=str(config.get("base_model_name_or_path") or ""),
        rank=max([int(config.get("r") or 0), *(config.get("rank_pattern") or {}).values()]),
        target_modules=tuple(sorted(targets)) if isinstance(targets, list) else (str(targets),),
        shapes=shapes,
    )


def _read_config(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise ModelError(
            f"{file.parent}: not an adapter: {CONFIG_NAME} is missing. "
            f"Point to the folder that peft's save_pretrained wrote."
        )
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file}: broken JSON: {error}. Save the adapter again.") from error
    if not isinstance(config, dict) or "peft_type" not in config:
        raise ModelError(f"{file}: 'peft_type' is missing, so this is no peft adapter.")
    return config


def _read_shapes(file: Path) -> dict[str, tuple[int, ...]]:
    if not file.is_file():
        pickles = [p.name for p in sorted(file.parent.glob("*.bin"))]
        if pickles:
            raise ModelError(
                f"{file.parent / pickles[0]}: a pickle can run code when it is loaded, so it is "
                f'refused. Convert it once, where you trust it: python -c "import torch, '
                f"safetensors.torch as s; s.save_file(torch.load('{pickles[0]}', "
                f"weights_only=True), '{WEIGHTS_NAME}')\""
            )
        raise ModelError(f"{file.parent}: {WEIGHTS_NAME} is missing. Save the adapter again.")
    size = file.stat().st_size
    broken = ModelError(f"{file}: truncated or corrupt. Copy or save the adapter again.")
    with file.open("rb") as stream:
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise broken
        (length,) = struct.unpack("<Q", prefix)
        if length > min(size - 8, _MAX_HEADER_BYTES):
            raise broken
        try:
            header = json.loads(stream.read(length))
        except ValueError as error:
            raise broken from error
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    end = max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
    if not tensors or size != 8 + length + end:
        raise broken
    return {name: tuple(entry["shape"]) for name, entry in tensors.items()}
