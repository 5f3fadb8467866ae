"""Whether every tensor of an adapter finds its module, tried out on a model without weights."""

from __future__ import annotations

from typing import Any

import peft
import torch
from peft import (
    PeftConfig,
    get_peft_model,
    get_peft_model_state_dict,
    set_peft_model_state_dict,
)
from transformers import AutoConfig, AutoModelForCausalLM

from evalguard.engines.adapter_files import AdapterFiles
from evalguard.engines.base import EngineSettings
from evalguard.errors import ModelError


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
    except (OSError, ValueError, KeyError) as error:
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
        raise ModelError(f"{settings.model}: no causal language model: {error}") from error


def check_modules(adapter: AdapterFiles, bare_model: Any) -> tuple[str, ...]:
    """Load an adapter's names and shapes into a bare model, by peft's own rules.

    peft itself only warns of tensors that found no module, and when a shape is wrong it stops half
    way, with some of the adapter already in place; so the real model is not what it is tried on.

    Args:
        adapter: The adapter.
        bare_model: The base on torch's ``meta`` device; it is changed.

    Returns:
        Names of tensors that are weights of the base's own, such as resized embeddings. They
        would replace the base's for every model that is served beside the adapter.

    Raises:
        ModelError: If a tensor finds no module, a module finds no tensor, or a shape differs.
    """
    try:
        config = PeftConfig.from_pretrained(str(adapter.path))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{adapter.path}: this peft ({peft.__version__}) has no adapters of type "
            f"'{adapter.peft_type}' with such a config: {error}. Update peft, or save it again."
        ) from error
    config.inference_mode = True
    if hasattr(config, "init_lora_weights"):
        config.init_lora_weights = False
    try:
        model = get_peft_model(bare_model, config)
        tensors = {
            name: torch.empty(shape, device="meta") for name, shape in adapter.shapes.items()
        }
        own = model.state_dict()
        # What peft would save of it: some types save no projections, and no copy of a tied head.
        saved = get_peft_model_state_dict(model, save_embedding_layers=False).keys()
        outcome = set_peft_model_state_dict(model, tensors)
    except KeyError as error:
        raise ModelError(
            f"{adapter.path}: lacks a tensor of a module that it should replace, {error}. Save the "
            f"adapter again."
        ) from error
    except (RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{_misfit(adapter)}: {_reason(error)}. {_origin(adapter)}") from error
    lost = [name for name in outcome.unexpected_keys if not _is_copy(name, adapter)]
    if lost:
        raise ModelError(
            f"{_misfit(adapter)}: {len(lost)} of {len(tensors)} tensors find no module, such as "
            f"'{lost[0]}'. {_origin(adapter)}"
        )
    empty = [name for name in outcome.missing_keys if ".default" in name]
    if empty and saved - adapter.shapes.keys():
        raise ModelError(
            f"{adapter.path}: {len(empty)} modules that it should change have no tensor in it, "
            f"such as '{empty[0]}'. Save the adapter again."
        )
    return tuple(name for name in adapter.shapes if name in own)


def _is_copy(name: str, adapter: AdapterFiles) -> bool:
    """Whether a tensor is the second copy that peft writes of resized embeddings."""
    outer = name.replace(".modules_to_save.", ".")
    return outer != name and adapter.shapes.get(outer) == adapter.shapes[name]


def _misfit(adapter: AdapterFiles) -> str:
    return f"{adapter.path}: does not fit the base model"


def _origin(adapter: AdapterFiles) -> str:
    return f"It was trained on '{adapter.base_model or 'an unnamed model'}'."


def _reason(error: BaseException) -> str:
    """Return the line of torch's or peft's message that names the module."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "size mismatch" in line]
    return (telling or lines or [type(error).__name__])[0].rstrip(".:")
