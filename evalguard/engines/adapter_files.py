"""What an adapter folder holds, read without torch: its config and the header of its tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalguard.engines.safetensors_header import read_header
from evalguard.errors import ModelError

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"

_BASE_CHANGING_INITS = ("pissa", "olora", "corda", "loftq")
"""LoRA initialisations with which peft subtracts from the base's weights when it loads them."""


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
    if not path.is_dir():
        raise ModelError(f"{path}: no such adapter folder. Train one with `evalguard train`.")
    file = path / CONFIG_NAME
    config = _read_config(file)
    _check_init(file, config)
    targets = config.get("target_modules") or []
    return AdapterFiles(
        path=path,
        config=config,
        peft_type=str(config["peft_type"]),
        base_model=str(config.get("base_model_name_or_path") or ""),
        rank=_rank(file, config),
        target_modules=tuple(sorted(targets)) if isinstance(targets, list) else (str(targets),),
        shapes=_read_shapes(path / WEIGHTS_NAME),
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
    if not isinstance(config, dict) or not config.get("peft_type"):
        raise ModelError(f"{file}: 'peft_type' is missing, so this is no peft adapter.")
    return config


def _check_init(file: Path, config: Mapping[str, Any]) -> None:
    init = config.get("init_lora_weights")
    if isinstance(init, str) and init.lower().startswith(_BASE_CHANGING_INITS):
        raise ModelError(
            f"{file}: init_lora_weights is '{init}': loading such an adapter changes the base's "
            f"own weights, so that the baseline would be another model. Save it as plain LoRA "
            f"(peft's path_initial_model_for_weight_conversion), or merge it with peft and gate "
            f"the merged model with 'model' in place of 'adapter': python -c \"from peft import "
            f"AutoPeftModelForCausalLM as M; M.from_pretrained('{file.parent}').merge_and_unload()"
            f".save_pretrained('MERGED')\" (`evalguard merge` refuses it for the same reason)."
        )


def _rank(file: Path, config: Mapping[str, Any]) -> int:
    ranks = {"r": config.get("r") or 0, **(config.get("rank_pattern") or {})}
    for name, rank in ranks.items():
        if not isinstance(rank, int) or rank < 0:
            raise ModelError(f"{file}: '{name}' is {rank!r}, which is no rank. Save it again.")
    return max(ranks.values())


def _read_shapes(file: Path) -> dict[str, tuple[int, ...]]:
    if file.is_file():
        return {name: tensor.shape for name, tensor in read_header(file).items()}
    pickles = [p.name for p in sorted(file.parent.glob("*.bin"))]
    if pickles:
        raise ModelError(
            f"{file.parent / pickles[0]}: a pickle can run code when it is loaded, so it is "
            f'refused. Convert it once, where you trust it: python -c "import torch, '
            f"safetensors.torch as s; s.save_file(torch.load('{pickles[0]}', "
            f"weights_only=True), '{WEIGHTS_NAME}')\""
        )
    raise ModelError(f"{file.parent}: {WEIGHTS_NAME} is missing. Save the adapter again.")
