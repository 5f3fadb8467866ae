"""Estimates the memory and the time of a training run without loading any weights.

What is counted: the weights as they are stored, the adapter, gradients, optimiser state, what the
backward pass needs, and what the process itself takes; on the CPU also the mapped checkpoint and
what glibc's allocator keeps. What is not: gaps of CUDA's allocator, for which 8 % are left free.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import psutil
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from evalguard.config.loading import validate
from evalguard.quiet import quiet
from evalguard.training.activations import Activations, count_activations
from evalguard.training.adapters import make_trainable
from evalguard.training.base import open_pretrained, resolve
from evalguard.training.config import Base, Stage, TrainingConfig
from evalguard.training.load import overlay
from evalguard.training.methods import METHODS
from evalguard.training.presets import PRESETS

Device = Literal["cuda", "cpu"]
Sharding = Literal["none", "zero1", "zero2", "zero3"]

CUDA_CONTEXT_BYTES = 600_000_000
"""What CUDA and cuBLAS take on a GPU before the first tensor."""

ALLOCATOR_SHARE = 1.5
"""On the CPU, freed activations that glibc keeps, as a share of them: 1.6 measured on a model of
0.7 M weights and 1.4 on one of 58 M."""

_TILE_TOKENS, _TILE_WIDTH = 4096, 32768
"""Of the logits, what TRL's fused head (``trl.kernels.chunked_logprob``) computes at a time."""

_TILE_BYTES: Mapping[Device, float] = {"cpu": 8.25 * 4, "cuda": 2.0}
"""Of a logit in the tile: bfloat16 that Triton overwrites with its gradient, or on the CPU eight
float32 tensors and a mask that the backward pass holds at once."""

_NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Of a weight: 4 bits, an 8-bit scale for 64 weights, a 32-bit one for 256 scales (QLoRA, §3)."""

_STATE_BYTES = {"paged 8-bit AdamW": 2 + 2 * 4 / 256, "AdamW": 8.0}
"""Of a trained weight: two moments, in 8 bits with a scale for 256 of them, or in 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run will take on each device.

    Attributes:
        parameters: Weights of the base.
        trainable: Weights that are trained.
        components: Bytes by component, on each device.
        flops_per_token: Of a whole step, backward pass included.
        optimizer: Name of the optimiser.
    """

    parameters: int
    trainable: int
    components: Mapping[str, int]
    flops_per_token: float
    optimizer: str

    @property
    def total_bytes(self) -> int:
        """Peak memory of each device."""
        return sum(self.components.values())


def estimate(
    config: TrainingConfig,
    *,
    base_dir: Path,
    device: Device,
    devices: int = 1,
    sharding: Sharding = "none",
) -> Estimate:
    """Estimate a run from its config and the configuration file of its base.

    Args:
        config: The training config; of several stages, the one that takes most counts.
        base_dir: Folder that the config's relative paths refer to.
        device: Where it will run.
        devices: How many of them share the work.
        sharding: What they share: ``zero1`` the optimiser's state, ``zero2`` the gradients too,
            ``zero3`` (and FSDP) the weights as well.

    Raises:
        ModelError: If the base has no configuration that can be read.
        ConfigError: If a target module is not in the base.
    """
    with quiet():
        each = [_estimate_stage(config, stage, base_dir, device) for stage in config.stages]
    most = max(each, key=lambda one: one.total_bytes)
    return _shared(most, devices, sharding)


def with_preset(name: str, base: Base | str) -> TrainingConfig:
    """Return a config that trains a base by a preset, for an estimate.

    Args:
        name: Name of the preset.
        base: The base of another config, or a model's folder or hub name.
    """
    model = base if isinstance(base, str) else base.model
    revision = None if isinstance(base, str) else base.revision
    data = {"train": "-"}
    plain: dict[str, Any] = {"preset": name, "data": data, "output": "-", "then": {"data": data}}
    if "then" not in PRESETS[name].values:
        del plain["then"]
    plain = overlay(PRESETS[name].values, plain)
    plain["base"] = {**plain["base"], "model": model, "revision": revision}
    return validate(plain, TrainingConfig, file=f"preset {name}")


def _estimate_stage(
    config: TrainingConfig, stage: Stage, base_dir: Path, device: Device
) -> Estimate:
    model = _model_without_weights(config, base_dir, device)
    frozen = [w for w in model.parameters() if not w.requires_grad]
    trained = [w for w in model.parameters() if w.requires_grad]
    full = config.tuner == "full"
    optimizer = "paged 8-bit AdamW" if device == "cuda" else "AdamW"
    n_trained = sum(w.numel() for w in trained)
    # A reference is a frozen copy of the adapter, or of the whole model.
    copies = 2 if METHODS[stage.method].reference else 1
    activations = _activations(model, stage, device)
    weights = sum(w.numel() * 4 for w in trained) if full else _stored_bytes(model, config, device)
    components = {
        "process": _process_bytes(device),
        "weights": weights * (copies if full else 1),
        "adapter": 0 if full else n_trained * 4 * copies,
        "gradients": n_trained * 4,
        "optimiser": round(n_trained * _STATE_BYTES[optimizer]),
        "activations": activations.saved_bytes,
        "logits": _logits_bytes(model, stage, device),
        "workspace": _workspace_bytes(model, activations, config, device),
    }
    if device == "cpu":
        components["loading"] = _checkpoint_bytes(config, base_dir)
        components["allocator"] = round(ALLOCATOR_SHARE * activations.saved_bytes)
    n_frozen = sum(w.numel() for w in frozen)
    return Estimate(
        parameters=n_trained if full else n_frozen,
        trainable=n_trained,
        components=components,
        flops_per_token=_flops_per_token(model, stage, full=full),
        optimizer=optimizer,
    )


def _model_without_weights(config: TrainingConfig, base_dir: Path, device: Device) -> Any:
    name = resolve(config.base, base_dir)
    shape = open_pretrained(AutoConfig, name, revision=config.base.revision)
    full = config.tuner == "full"
    dtype = torch.bfloat16 if device == "cuda" and not full else torch.float32
    with torch.device("meta"):
        return make_trainable(AutoModelForCausalLM.from_config(shape, dtype=dtype), config)


def _stored_bytes(model: Any, config: TrainingConfig, device: Device) -> int:
    """Return the bytes of the frozen base: quantised linear layers, the rest as it is loaded."""
    kind = config.base.quantization
    # On a quantised base, peft turns what is not quantised to float32.
    rest = 2 if device == "cuda" and kind == "none" else 4
    linear = {"nf4": _NF4_BYTES, "int8": 1.0, "none": float(rest)}[kind]
    output = model.get_output_embeddings()
    quantised = {
        id(module.weight)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not output and "lora_" not in name
    }
    return round(
        sum(
            weight.numel() * (linear if id(weight) in quantised else rest)
            for weight in model.parameters()
            if not weight.requires_grad
        )
    )


def _sequences(stage: Stage) -> int:
    """Return the sequences of a step."""
    return stage.training.batch_size * METHODS[stage.method].answers


def _activations(model: Any, stage: Stage, device: Device) -> Activations:
    training = stage.training
    count = partial(
        count_activations,
        model,
        batch_size=_sequences(stage),
        tokens=training.max_length,
        autocast=device == "cuda",
    )
    model.train()
    whole = count()
    if not training.gradient_checkpointing:
        return whole
    model.gradient_checkpointing_enable({"use_reentrant": False})
    if hasattr(model, "peft_config"):
        model.enable_input_require_grads()
    kept = count()
    # One layer at a time is computed again, and then holds all that it would have kept.
    layer = whole.saved_bytes // max(1, model.config.get_text_config().num_hidden_layers)
    return Activations(kept.saved_bytes + layer, whole.largest_bytes)


def _logits_bytes(model: Any, stage: Stage, device: Device) -> int:
    """Return what the loss holds of the logits: all of them, or one tile of TRL's fused head."""
    vocabulary = int(model.config.get_text_config().vocab_size)
    tokens = _sequences(stage) * stage.training.max_length
    if (held := METHODS[stage.method].logits_held) is not None:
        return round(held * tokens * vocabulary * 4)
    tile = min(tokens, _TILE_TOKENS) * min(vocabulary, _TILE_WIDTH)
    return round(tile * _TILE_BYTES[device])


def _workspace_bytes(
    model: Any, activations: Activations, config: TrainingConfig, device: Device
) -> int:
    """Return what a step holds for a moment: gradients of activations, unpacked weights."""
    unpacked = 0
    if config.base.quantization != "none":
        largest = max(
            (m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Linear)), default=0
        )
        unpacked = largest * (2 if device == "cuda" else 4)
    return 2 * activations.largest_bytes + unpacked


def _checkpoint_bytes(config: TrainingConfig, base_dir: Path) -> int:
    """Return the size of a local base's weights, whose mapped pages stay with the process."""
    folder = Path(resolve(config.base, base_dir))
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def _process_bytes(device: Device) -> int:
    """Return what the process takes by itself; on the CPU, what this one does with all loaded."""
    if device == "cuda":
        return CUDA_CONTEXT_BYTES
    import evalguard.training.finetune  # noqa: F401

    return int(psutil.Process().memory_info().rss)


def _flops_per_token(model: Any, stage: Stage, *, full: bool) -> float:
    """Return 2 FLOPs for each weight and pass, plus attention (Kaplan et al. 2020, §2.1).

    A pass each for forward and for the gradients of activations, one more for those of all weights,
    and one to compute checkpointed activations again. Preference methods with a reference add its
    forward pass.
    """
    text = model.config.get_text_config()
    embedding = model.get_input_embeddings().weight.numel()
    tied = bool(getattr(text, "tie_word_embeddings", False))
    weights = sum(w.numel() for w in model.parameters()) - (0 if tied else embedding)
    attention = 2 * 2 * text.num_hidden_layers * text.hidden_size * stage.training.max_length / 2
    passes = 2 + full + stage.training.gradient_checkpointing + METHODS[stage.method].reference
    return (2 * weights + attention) * passes


def _shared(one: Estimate, devices: int, sharding: Sharding) -> Estimate:
    if devices == 1 or sharding == "none":
        return one
    split = {
        "zero1": ("optimiser",),
        "zero2": ("optimiser", "gradients"),
        "zero3": ("optimiser", "gradients", "weights", "adapter"),
    }[sharding]
    components = {
        name: math.ceil(size / devices) if name in split else size
        for name, size in one.components.items()
    }
    return Estimate(
        parameters=one.parameters,
        trainable=one.trainable,
        components=components,
        flops_per_token=one.flops_per_token,
        optimizer=one.optimizer,
    )
