"""Puts a fresh adapter on a loaded base."""

from __future__ import annotations

from typing import Any

from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

from evalguard.errors import ConfigError, Problem, did_you_mean
from evalguard.training.base import linear_modules
from evalguard.training.config import Lora


def attach(model: Any, lora: Lora, *, gradient_checkpointing: bool = False) -> Any:
    """Return the base with a fresh LoRA adapter on it.

    Args:
        model: The loaded base.
        lora: Rank, scale, dropout and target modules.
        gradient_checkpointing: Whether activations will be recomputed.

    Raises:
        ConfigError: If a target module is not in the base; the right names are suggested.
    """
    check_targets(model, lora.target_modules)
    if getattr(model, "is_quantized", False):
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=gradient_checkpointing
        )
    targets = lora.target_modules
    return get_peft_model(
        model,
        LoraConfig(
            task_type="CAUSAL_LM",
            r=lora.r,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=targets if isinstance(targets, str) else list(targets),
        ),
    )


def check_targets(model: Any, targets: str | tuple[str, ...]) -> None:
    """Hold the names of target modules to the modules of the base; peft skips unknown ones.

    Raises:
        ConfigError: Naming every module that is not there.
    """
    if isinstance(targets, str):
        return
    allowed = linear_modules(model)
    names = [name for name, _ in model.named_modules()]
    problems = [
        Problem(
            "training config", f"lora.target_modules[{i}]", f"the base has no '{target}'. {hint}"
        )
        for i, target in enumerate(targets)
        if not any(name == target or name.endswith(f".{target}") for name in names)
        for hint in [did_you_mean(target, [*allowed, "all-linear"])]
    ]
    if problems:
        raise ConfigError(problems)
