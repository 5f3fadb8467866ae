"""Errors of peft's and torch's in terms of an adapter's files."""

from __future__ import annotations

import json
import re
from typing import Any

import torch

from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import AdapterFiles
from evalguard.errors import ModelError

PEFT_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    re.error,
)
"""What peft and torch raise where an adapter is broken or not for this base."""

PREFIX = "base_model.model."
"""What peft's names of tensors begin with."""

TRIAL = "evalguard_trial"
"""What an adapter is called while it is tried out."""

_NO_TARGETS = ("Target modules", "No `target_modules`", "No modules were targeted")
_TARGET_KEYS = (
    *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"),
    *("target_parameters", "trainable_token_indices"),
)
_ORDINARY = frozenset(
    {
        *("peft_type", "task_type", "base_model_name_or_path", "revision", "peft_version"),
        *("inference_mode", "auto_mapping", "r", "lora_alpha", "lora_dropout", "bias"),
        *("target_modules", "init_lora_weights", "megatron_core", "qalora_group_size"),
        *("fan_in_fan_out", "loftq_config", "runtime_config"),
    }
)
"""Keys of a config that say nothing of why an adapter cannot be loaded."""
_MISMATCH = re.compile(
    r"size mismatch for (\S+): copying a param with shape torch\.Size\(\[(.*?)\]\) from "
    r"checkpoint, the shape in current model is torch\.Size\(\[(.*?)\]\)"
)


def misfit(adapter: AdapterFiles, error: BaseException, model: Any) -> ModelError:
    """Return an error of peft's or torch's in terms of the adapter's files.

    Args:
        adapter: The adapter.
        error: What was raised.
        model: The base.
    """
    text = str(error)
    if any(part in text for part in _NO_TARGETS):
        linear = {
            name.removesuffix(".base_layer").rpartition(".")[2]
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and TRIAL not in name.split(".")
        }
        keys = ", ".join(
            f"{key} {json.dumps(adapter.config[key])}"
            for key in _TARGET_KEYS
            if adapter.config.get(key) is not None
        )
        return ModelError(
            f"{adapter.path / CONFIG_NAME}: no module of the base is changed with {keys}. The "
            f"base's linear modules are {', '.join(sorted(linear))}. {origin(adapter)}"
        )
    if match := _MISMATCH.search(text):
        name, *sizes = match.groups()
        in_file, in_model = ("×".join(size.split(", ")) for size in sizes)
        return ModelError(
            f"{adapter.path}: does not fit the base model: '{name.replace(f'.{TRIAL}', '')}' is "
            f"{in_file or 'a number'} in the adapter file but {in_model or 'a number'} by its "
            f"config and the base. {origin(adapter)}"
        )
    return ModelError(
        f"{adapter.path}: does not fit the base model: {reason(error)}. {_unusual(adapter)}"
        f"{origin(adapter)}"
    )


def _unusual(adapter: AdapterFiles) -> str:
    """Return which settings an adapter has that few have: peft's error may be of one of them."""
    found = [key for key, value in adapter.config.items() if value and key not in _ORDINARY]
    return f"{CONFIG_NAME} sets {', '.join(sorted(found))}. " if found else ""


def origin(adapter: AdapterFiles) -> str:
    """Return the sentence that says which base an adapter names."""
    return f"It was trained on '{adapter.base_model or 'an unnamed model'}'."


def names_of(name: str) -> str:
    """Return what is wrong with the name of a tensor that peft would not write."""
    if not name.startswith("base_model.") and "." in name:
        return f"peft's names begin with '{PREFIX}': save it with peft's save_pretrained."
    if ".default." in name or name.endswith(".default"):
        return "It names an adapter, 'default': save it with peft's save_pretrained."
    return ""


def reason(error: BaseException) -> str:
    """Return the first line of torch's or peft's message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0].rstrip(".:")
