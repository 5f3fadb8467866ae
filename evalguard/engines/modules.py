"""Whether every tensor of an adapter finds its module, tried out before a real model is touched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import peft
import torch
from peft import (
    PeftConfig,
    get_peft_model,
    get_peft_model_state_dict,
    set_peft_model_state_dict,
)
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING
from safetensors import safe_open
from transformers import AutoConfig, AutoModelForCausalLM

from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import WEIGHTS_NAME, AdapterFiles, changed_tokens
from evalguard.engines.base import EngineSettings
from evalguard.engines.misfit import PEFT_ERRORS, PREFIX, TRIAL, misfit, names_of, origin, reason
from evalguard.engines.structure import Structure
from evalguard.errors import ModelError
from evalguard.hub import loading_errors

_INSIDE = re.compile(r"\.(token_adapter|base_layer)(?=\.)")
_DELTA = ".trainable_tokens_delta"


def bare_config(settings: EngineSettings) -> Any:
    """Return a base's config.

    Raises:
        ModelError: If there is none.
    """
    try:
        return AutoConfig.from_pretrained(
            settings.model,
            revision=settings.revision,
            trust_remote_code=settings.trust_remote_code,
        )
    except loading_errors() as error:
        raise ModelError(f"{settings.model}: its config cannot be read: {error}") from error


def bare_model(settings: EngineSettings) -> Any:
    """Return a base without weights, from its config alone.

    Raises:
        ModelError: If it is no causal language model.
    """
    config = bare_config(settings)
    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(
                config, trust_remote_code=settings.trust_remote_code
            )
    except (ValueError, KeyError) as error:
        raise ModelError(f"{settings.model}: not a causal language model: {error}") from error


def check_modules(
    adapter: AdapterFiles, bare_model: Any, structure: Structure | None = None
) -> tuple[str, ...]:
    """Load an adapter's names and shapes into a bare model, by peft's own rules.

    peft itself only warns of tensors that found no module, and when a shape is wrong it stops half
    way, with some of the adapter already in place; so the real model is not what it is tried on.
    Some methods compute their modules from the base's weights. These are tried on the real model,
    whose modules are put back.

    Args:
        adapter: The adapter.
        bare_model: The base on torch's ``meta`` device; it is changed.
        structure: The modules of the real model; ``None`` where there is none.

    Returns:
        Names of tensors that are weights of the base's own, such as resized embeddings. They
        would replace the base's for every model that is served beside the adapter.

    Raises:
        ModelError: If a tensor finds no module, a module finds no tensor, a shape differs, or a
            weight is not finite.
    """
    _check_values(adapter)
    config = _peft_config(adapter)
    _check_tokens(adapter, bare_model)
    try:
        return _try(adapter, config, bare_model)
    except NotImplementedError as error:  # of operations that need values, on the meta device
        if structure is None:
            raise misfit(adapter, error, bare_model) from error
    with structure.in_place() as model:
        return _try(adapter, _peft_config(adapter), model)


def unknown_keys(adapter: AdapterFiles) -> tuple[str, ...]:
    """Return a note of the settings that this peft leaves out of an adapter's config."""
    known = {field.name for field in fields(_config_class(adapter))}
    found = [key for key, value in adapter.config.items() if value and key not in known]
    if not found:
        return ()
    return (f"peft {peft.__version__} does not know and ignores {', '.join(sorted(found))}",)


def _config_class(adapter: AdapterFiles) -> Any:
    file = adapter.path / CONFIG_NAME
    kinds = {str(kind.value): one for kind, one in PEFT_TYPE_TO_CONFIG_MAPPING.items()}
    if adapter.peft_type not in kinds:
        raise ModelError(
            f"{file}: peft_type is '{adapter.peft_type}', which peft {peft.__version__} does not "
            f"have. Update peft, or write the type as peft does, such as LORA."
        )
    return kinds[adapter.peft_type]


def _peft_config(adapter: AdapterFiles) -> Any:
    file = adapter.path / CONFIG_NAME
    _config_class(adapter)
    saved_with = str(adapter.config.get("peft_version") or "0")
    if _release(saved_with) > _release(peft.__version__) and (lost := unknown_keys(adapter)):
        raise ModelError(f"{file}: was saved with peft {saved_with}; {lost[0]}. Update peft.")
    try:
        config = PeftConfig.from_pretrained(str(adapter.path))
    except PEFT_ERRORS as error:
        raise ModelError(
            f"{file}: peft {peft.__version__} cannot use it: {reason(error)}. Save it again."
        ) from error
    config.inference_mode = True
    if hasattr(config, "init_lora_weights"):
        config.init_lora_weights = False
    return config


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _try(adapter: AdapterFiles, config: Any, model: Any) -> tuple[str, ...]:
    names = set(model.state_dict())
    on_meta = next(model.parameters()).is_meta
    try:
        tried = get_peft_model(model, config, adapter_name=TRIAL)
        if on_meta:
            tried.to("meta")  # some types make their parts where the base is not
        inside = tried.state_dict().keys()
        own = tuple(name for name in adapter.shapes if name in inside and plain_name(name) in names)
        # What peft would save of it: some types save no projections, and no copy of a tied head.
        saved = get_peft_model_state_dict(
            tried, adapter_name=TRIAL, save_embedding_layers=False
        ).keys()
        tensors = {
            name: torch.zeros(shape, device="meta" if on_meta else None)
            for name, shape in adapter.shapes.items()
            if on_meta or name not in own
        }
        outcome = set_peft_model_state_dict(tried, tensors, adapter_name=TRIAL)
    except KeyError as error:
        raise ModelError(
            f"{adapter.path / WEIGHTS_NAME}: has no tensor for a module that it should replace, "
            f"{error}. Save the adapter again."
        ) from error
    except PEFT_ERRORS as error:
        if on_meta and isinstance(error, NotImplementedError):
            raise
        raise misfit(adapter, error, model) from error
    # peft loads virtual tokens apart from the model's weights, and so does not expect them.
    apart = saved if config.is_prompt_learning else ()
    lost = [
        name
        for name in outcome.unexpected_keys
        if name not in apart and not _is_copy(name, adapter)
    ]
    if lost:
        raise ModelError(
            f"{adapter.path}: does not fit the base model: {len(lost)} of {len(tensors)} tensors "
            f"match no module, such as '{lost[0]}'. {names_of(lost[0]) or origin(adapter)}"
        )
    empty = [name for name in outcome.missing_keys if f".{TRIAL}" in name]
    absent = sorted(saved - adapter.shapes.keys())
    if lacking := (empty if absent else []) or _lost_beside_others(absent, adapter):
        raise ModelError(
            f"{adapter.path}: {len(lacking)} modules that it should change have no tensor in its "
            f"file, such as '{lacking[0].replace(f'.{TRIAL}', '')}'. Save the adapter again."
        )
    return own


def _lost_beside_others(absent: Sequence[str], adapter: AdapterFiles) -> list[str]:
    """Return what peft would save of modules of which the file has other tensors.

    What is no weight, such as the places of sparse ones, peft draws again where it is missing.
    """
    held = {name.removesuffix(".weight") for name in adapter.shapes}
    modules = {name.rpartition(".")[0] for name in held}
    plain = [name.removesuffix(".weight") for name in absent]
    return [name for name in plain if name not in held and name.rpartition(".")[0] in modules]


def plain_name(name: str) -> str:
    """Return what the base itself calls a tensor of an adapter's file."""
    return _INSIDE.sub("", name.removeprefix(PREFIX))


def _check_tokens(adapter: AdapterFiles, model: Any) -> None:
    size = model.get_input_embeddings().weight.shape[0]
    if beyond := [token for token in changed_tokens(adapter) if token >= size]:
        raise ModelError(
            f"{adapter.path / CONFIG_NAME}: names token {max(beyond)}, but the base has {size} "
            "tokens. If tokens were added, save it again with save_embedding_layers=True, merge "
            "it, and gate the merged model."
        )


def _check_values(adapter: AdapterFiles) -> None:
    path = adapter.path / WEIGHTS_NAME
    with safe_open(path, framework="pt") as file:
        for name in adapter.shapes:
            tensor = file.get_tensor(name)
            if adapter.peft_type == "LORA" and not tensor.is_floating_point():
                raise ModelError(
                    f"{path}: '{name}' holds integers ({tensor.dtype}), as if quantised, but the "
                    "scales are missing. Save the adapter in 16 or 32 bits."
                )
            if not tensor.numel():
                raise ModelError(
                    f"{path}: '{name}' is empty, as if DeepSpeed ZeRO-3 had saved weights that "
                    "were not gathered. Save the adapter again from gathered weights."
                )
            broken = int((~tensor.float().isfinite()).sum())
            if broken:
                raise ModelError(
                    f"{path}: '{name}' holds {broken} values that are NaN or infinite, as after "
                    "a diverged training run. Use an earlier checkpoint, or retrain."
                )


def _is_copy(name: str, adapter: AdapterFiles) -> bool:
    """Whether a tensor is the second copy that peft writes of resized or tied embeddings."""
    outer = name.replace(".modules_to_save.", ".")
    if outer != name:
        return adapter.shapes.get(outer) == adapter.shapes[name]
    if not name.endswith(_DELTA):
        return False
    others = [one for one in adapter.shapes if one.endswith(_DELTA) and one != name]
    with safe_open(adapter.path / WEIGHTS_NAME, framework="pt") as file:
        return any(torch.equal(file.get_tensor(one), file.get_tensor(name)) for one in others)
