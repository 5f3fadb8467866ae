"""An adapter's config, checked before peft sees it: peft's errors name neither file nor key."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evalguard.engines.safetensors_header import check_content
from evalguard.errors import ModelError

CONFIG_NAME = "adapter_config.json"

PROMPT_TYPES = (
    "PROMPT_TUNING",
    "MULTITASK_PROMPT_TUNING",
    "P_TUNING",
    "PREFIX_TUNING",
    "CPT",
    "CARTRIDGE",
    "ADAPTION_PROMPT",
)
"""Methods that train virtual tokens, not weights."""

_SERVE_IT = "Serve it yourself, and gate the server with 'engine: {name: endpoint}'"

_NOT_SERVED = {
    "POLY": "needs the number of a task with every text",
    "MULTITASK_PROMPT_TUNING": "needs the number of a task with every text",
    "LILY": "averages over all texts of a batch, so its answers depend on the other requests",
    "XLORA": "mixes adapters stored in separate folders",
}

_BASE_CHANGING_INITS = ("pissa", "olora", "corda", "loftq")
"""LoRA initialisations with which peft subtracts from the base's weights when it loads them."""

_INITS = re.compile(
    "gaussian|eva|orthogonal|lora_ga|true|false"
    f"|(?:{'|'.join(_BASE_CHANGING_INITS)})(?:_niter_[0-9]+)?",
    re.I,
)
"""LoRA initialisations that peft knows by name."""

_OBJECTS = (
    *("loftq_config", "eva_config", "corda_config", "lora_ga_config", "velora_config"),
    *("monteclora_config", "kasa_config", "arrow_config", "use_bdlora", "runtime_config"),
)
"""Settings of LoRA's variants, each an object or null."""

_GREATEST_RANK = 2**20

_KINDS = {list: "a list", str: "a text", type(None): "null", bool: "a boolean"}
_LORA = ("LORA", "ADALORA")
_FLAGS = ("use_rslora", "use_dora", "lora_bias", "fan_in_fan_out", "use_qalora")
_BIASES = ("none", "all", "lora_only")
_TASKS = (None, "CAUSAL_LM", "FEATURE_EXTRACTION")

_FOREIGN = {
    "adapters.safetensors": "MLX",
    "adapters.npz": "MLX",
    "pytorch_lora_weights.safetensors": "diffusers, for images",
    "adapter_0.pt": "torchtune",
    "adapter.pt": "torchtune",
}
"""Weights that other tools write, where peft writes ``adapter_model.safetensors``."""


def read_config(folder: Path) -> dict[str, Any]:
    """Read and check the config of an adapter folder.

    Raises:
        ModelError: If it is missing or broken, of another tool, or of a method that no engine
            serves; with every value that peft could not use.
    """
    file = folder / CONFIG_NAME
    if not file.is_file():
        raise ModelError(_missing(folder))
    check_content(file)
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file}: broken JSON: {error}. Save the adapter again.") from error
    if not isinstance(config, dict):
        raise ModelError(
            f"{file}: holds {_KINDS.get(type(config), 'a number')}, where peft writes an object "
            f"with 'peft_type'. Save the adapter again."
        )
    kind = config.get("peft_type")
    if not isinstance(kind, str) or not kind:
        raise ModelError(_without_type(file, config))
    if kind != kind.upper():
        raise ModelError(
            f"{file}: peft_type is {_shown(kind)}; write the type as peft does, in capitals, "
            f"such as LORA."
        )
    if kind in _NOT_SERVED:
        raise ModelError(f"{file}: peft_type is {kind}, which {_NOT_SERVED[kind]}. {_SERVE_IT}.")
    if problems := list(_problems(config, kind)):
        raise ModelError("; ".join(f"{file}: {one}" for one in problems) + ". Save it again.")
    _check_init(file, config)
    return config


def _missing(folder: Path) -> str:
    inner = sorted({*folder.glob(f"*/{CONFIG_NAME}"), *folder.glob(f"*/*/{CONFIG_NAME}")})
    if inner:
        names = ", ".join(f"'{file.parent}'" for file in inner[:8])
        return f"{folder}: {CONFIG_NAME} is missing, but subfolders hold adapters: give {names}."
    for name, tool in _FOREIGN.items():
        if (folder / name).is_file():
            return f"{folder / name}: an adapter of {tool}, not of peft. {_convert(tool)}"
    if (folder / "config.json").is_file():
        return f"{folder}: a full model, not an adapter. Name it under 'model', not 'adapter'."
    return (
        f"{folder}: not an adapter: {CONFIG_NAME} is missing. "
        f"Point to the folder that peft's save_pretrained wrote."
    )


def _convert(tool: str) -> str:
    if tool == "MLX":
        return "Fuse it with `mlx_lm.fuse`, and gate the fused model with 'model'."
    if tool == "torchtune":
        return "Save it with torchtune's checkpointer in peft's format (`adapter_model`)."
    return "EvalGuard gates language models."


def _without_type(file: Path, config: Mapping[str, Any]) -> str:
    if "lora_parameters" in config or "fine_tune_type" in config:
        return f"{file}: the config of an MLX adapter, not of peft. {_convert('MLX')}"
    found = f"is {_shown(config['peft_type'])}" if "peft_type" in config else "is missing"
    hint = 'Add "peft_type": "LORA" if it is a LoRA adapter' if "lora_alpha" in config else ""
    return (
        f"{file}: 'peft_type' {found}, so this is not a peft adapter. "
        f"{hint or 'Point to the folder that peft wrote'}."
    )


def _problems(config: Mapping[str, Any], kind: str) -> Iterator[str]:
    """Yield what is wrong, each as key, what was found and what is allowed."""
    task, base = config.get("task_type"), config.get("base_model_name_or_path")
    if task not in _TASKS:
        yield f"task_type is {_shown(task)}, which is not for text generation (CAUSAL_LM)"
    if not isinstance(base, str | None):
        yield f"base_model_name_or_path is {_shown(base)}, not a name"
    for key in ("target_modules", "exclude_modules"):
        yield from _target_problems(key, config.get(key))
    saved = config.get("modules_to_save")
    if saved is not None and not (isinstance(saved, list) and _is_names(saved)):
        yield f"modules_to_save is {_shown(saved)}, not a list of names"
    layers = config.get("layers_to_transform")
    if layers is not None and not _is_indices(layers):
        yield f"layers_to_transform is {_shown(layers)}, not a list of numbers"
    for key in ("trainable_token_indices", "token_indices"):
        tokens = config.get(key) or []
        parts = tokens.values() if isinstance(tokens, dict) else [tokens]
        if not all(isinstance(part, list) and _is_indices(part) for part in parts):
            yield f"{key} is {_shown(tokens)}, not a list of numbers"
    if kind in _LORA:
        yield from _lora_problems(config)
    elif config.get("r") is not None and not _is_rank(config["r"], least=0):
        yield f"r is {_shown(config['r'])}, not a rank"


def _target_problems(key: str, value: Any) -> Iterator[str]:
    if value is None:
        return
    if not _is_names(value):
        yield f"{key} is {_shown(value)}, not a list of names or a pattern"
    elif isinstance(value, str) and (reason := _pattern_fault(value)):
        yield f"{key} is {_shown(value)}, not a regular expression: {reason}"


def _lora_problems(config: Mapping[str, Any]) -> Iterator[str]:
    if "r" in config and not _is_rank(config["r"]):
        yield f"r is {_shown(config['r'])}, not a rank of at least 1"
    if "lora_alpha" not in config:
        yield "lora_alpha is missing; peft would silently use 8"
    elif not _is_scale(config["lora_alpha"]):
        yield f"lora_alpha is {_shown(config['lora_alpha'])}, not a positive number"
    if config.get("bias", "none") not in _BIASES:
        yield f"bias is {_shown(config['bias'])}, not one of {', '.join(_BIASES)}"
    for key in _FLAGS:
        if config.get(key) not in (None, True, False):
            yield f"{key} is {_shown(config[key])}, not true or false"
    yield from _variant_problems(config)
    yield from _pattern_problems(config, "rank_pattern", _is_rank, "a rank of at least 1")
    yield from _pattern_problems(config, "alpha_pattern", _is_scale, "a positive number")


def _variant_problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the settings that few adapters have."""
    init = config.get("init_lora_weights")
    named = isinstance(init, str) and _INITS.fullmatch(init) is not None
    if not (named or isinstance(init, bool | None)):
        yield (
            f"init_lora_weights is {_shown(init)}, which is not an initialisation that peft has; "
            "use true, for example"
        )
    if config.get("megatron_config"):
        yield (
            "megatron_config is set, for Megatron-LM layers, which no engine here supports; if "
            "the weights belong to plain layers, set it to null"
        )
    for key in _OBJECTS:
        if not isinstance(config.get(key), dict | None):
            yield f"{key} is {_shown(config[key])}, not an object"
    if config.get("arrow_config"):
        yield "arrow_config is set, which routes between adapters in separate folders"
    for key in ("target_parameters", "layers_pattern"):
        if config.get(key) and not _is_names(config[key]):
            yield f"{key} is {_shown(config[key])}, not a list of names"
    dropout = config.get("lora_dropout", 0)
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        yield f"lora_dropout is {_shown(dropout)}, not a number from 0 to below 1"
    tokens = config.get("alora_invocation_tokens")
    if tokens is not None and not (isinstance(tokens, list) and _is_indices(tokens)):
        yield f"alora_invocation_tokens is {_shown(tokens)}, not a list of token numbers"
    repeated = config.get("layer_replication")
    if repeated is not None and not (isinstance(repeated, list) and all(map(_is_span, repeated))):
        yield f"layer_replication is {_shown(repeated)}, not a list of [first, end] of layers"


def _is_span(value: Any) -> bool:
    pair = isinstance(value, list) and len(value) == 2
    return pair and all(_is_rank(one, least=0) for one in value) and value[0] < value[1]


def _pattern_problems(
    config: Mapping[str, Any], key: str, accepts: Callable[[Any], bool], what: str
) -> Iterator[str]:
    pattern = config.get(key) or {}
    if not isinstance(pattern, dict):
        yield f"{key} is {_shown(pattern)}, not an object"
        return
    for name, value in pattern.items():
        if reason := _pattern_fault(name):
            yield f"{key}: '{name}' is not a regular expression: {reason}"
        # AdaLoRA keeps a list of which ranks it has left.
        if not accepts(value) and not isinstance(value, list):
            yield f"{key}['{name}'] is {_shown(value)}, not {what}"


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _is_rank(value: Any, *, least: int = 1) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and least <= value <= _GREATEST_RANK


def _is_scale(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0


def _is_names(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(name, str) and name for name in value)
    return isinstance(value, str) and bool(value)


def _is_indices(value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(_is_rank(part, least=0) for part in parts)


def _pattern_fault(pattern: str) -> str:
    """Return why a pattern is no regular expression; empty where it is one."""
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""


def _check_init(file: Path, config: Mapping[str, Any]) -> None:
    init = config.get("init_lora_weights")
    if isinstance(init, str) and init.lower().startswith(_BASE_CHANGING_INITS):
        raise ModelError(
            f"{file}: init_lora_weights is '{init}': loading such an adapter changes the base's "
            "own weights, so the baseline would be a different model. Save it as plain LoRA "
            "(peft's path_initial_model_for_weight_conversion), or merge it with peft and gate "
            "the merged model under 'model', not 'adapter': python -c \"from peft import "
            "AutoPeftModelForCausalLM as M; "
            f"M.from_pretrained('{file.parent}').merge_and_unload().save_pretrained('MERGED')\" "
            "(`evalguard merge` refuses it for the same reason)."
        )
