"""Whether every tensor of an adapter finds its module, tried out before a real model is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peft
import torch
from peft import (
    PeftConfig,
    get_peft_model,
    get_peft_model_state_dict,
    set_peft_model_state_dict,
)
from safetensors import safe_open
from transformers import AutoConfig, AutoModelForCausalLM

from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import WEIGHTS_NAME, AdapterFiles
from evalguard.engines.base import EngineSettings
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
)
"""What peft and torch raise where an adapter is broken or not for this base."""

_PREFIX = "base_model.model."


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


class Structure:
    """The modules of a model as they are now, to be put back after something was tried on it.

    peft replaces modules by its own, and where it stops half way it leaves them in place. The
    weights are shared, not copied.

    Args:
        model: The model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        attributes = [vars(model.config), *(vars(module) for module in model.modules())]
        inner = [part for one in attributes for part in one.values() if isinstance(part, dict)]
        self._parts = [(part, dict(part)) for part in (*attributes, *inner)]

    @contextmanager
    def in_place(self) -> Iterator[Any]:
        """Yield the model with these modules, and put back what it has now."""
        now = Structure(self._model)
        self.put_back()
        try:
            yield self._model
        finally:
            self.put_back()
            now.put_back()

    def put_back(self) -> None:
        """Give the model these modules again."""
        for part, content in self._parts:
            part.clear()
            part.update(content)


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
    _check_finite(adapter)
    config = _peft_config(adapter)
    try:
        return _try(adapter, config, bare_model)
    except NotImplementedError as error:  # of operations that need values, on the meta device
        if structure is None:
            raise _misfit(adapter, error) from error
    with structure.in_place() as model:
        return _try(adapter, _peft_config(adapter), model)


def _peft_config(adapter: AdapterFiles) -> Any:
    try:
        config = PeftConfig.from_pretrained(str(adapter.path))
    except PEFT_ERRORS as error:
        raise ModelError(
            f"{adapter.path / CONFIG_NAME}: this peft ({peft.__version__}) has no adapters of type "
            f"'{adapter.peft_type}' with such a config: {_reason(error)}. Update peft, or save it "
            f"again."
        ) from error
    config.inference_mode = True
    if hasattr(config, "init_lora_weights"):
        config.init_lora_weights = False
    return config


def _try(adapter: AdapterFiles, config: Any, model: Any) -> tuple[str, ...]:
    names = set(model.state_dict())
    on_meta = next(model.parameters()).is_meta
    try:
        tried = get_peft_model(model, config)
        if on_meta:
            tried.to("meta")  # some types make their parts where the base is not
        inside = tried.state_dict().keys()
        own = tuple(name for name in adapter.shapes if name in inside and plain_name(name) in names)
        # What peft would save of it: some types save no projections, and no copy of a tied head.
        saved = get_peft_model_state_dict(tried, save_embedding_layers=False).keys()
        tensors = {
            name: torch.zeros(shape, device="meta" if on_meta else None)
            for name, shape in adapter.shapes.items()
            if on_meta or name not in own
        }
        outcome = set_peft_model_state_dict(tried, tensors)
    except KeyError as error:
        raise ModelError(
            f"{adapter.path / WEIGHTS_NAME}: lacks a tensor of a module that it should replace, "
            f"{error}. Save the adapter again."
        ) from error
    except PEFT_ERRORS as error:
        if on_meta and isinstance(error, NotImplementedError):
            raise
        raise _misfit(adapter, error) from error
    lost = [
        name
        for name in outcome.unexpected_keys
        if name not in saved and not _is_copy(name, adapter)
    ]
    if lost:
        raise ModelError(
            f"{adapter.path}: does not fit the base model: {len(lost)} of {len(tensors)} tensors "
            f"find no module, such as '{lost[0]}'. {_origin(adapter)}"
        )
    empty = [name for name in outcome.missing_keys if ".default" in name]
    if empty and saved - adapter.shapes.keys():
        raise ModelError(
            f"{adapter.path}: {len(empty)} modules that it should change have no tensor in it, "
            f"such as '{empty[0]}'. Save the adapter again."
        )
    return own


def plain_name(name: str) -> str:
    """Return what the base itself calls a tensor of an adapter's file."""
    return name.removeprefix(_PREFIX).replace(".base_layer.", ".")


def _check_finite(adapter: AdapterFiles) -> None:
    path = adapter.path / WEIGHTS_NAME
    with safe_open(path, framework="pt") as file:
        for name in adapter.shapes:
            broken = int((~file.get_tensor(name).float().isfinite()).sum())
            if broken:
                raise ModelError(
                    f"{path}: '{name}' holds {broken} values that are NaN or infinite, as after a "
                    f"training that diverged. Use an earlier checkpoint, or train it again."
                )


def _is_copy(name: str, adapter: AdapterFiles) -> bool:
    """Whether a tensor is the second copy that peft writes of resized embeddings."""
    outer = name.replace(".modules_to_save.", ".")
    return outer != name and adapter.shapes.get(outer) == adapter.shapes[name]


def _misfit(adapter: AdapterFiles, error: BaseException) -> ModelError:
    return ModelError(
        f"{adapter.path}: does not fit the base model: {_reason(error)}. {_origin(adapter)}"
    )


def _origin(adapter: AdapterFiles) -> str:
    return f"It was trained on '{adapter.base_model or 'an unnamed model'}'."


def _reason(error: BaseException) -> str:
    """Return the line of torch's or peft's message that names the module."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "size mismatch" in line]
    return (telling or lines or [type(error).__name__])[0].rstrip(".:")
