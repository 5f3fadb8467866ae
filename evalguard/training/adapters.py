"""Makes a loaded base trainable: a fresh adapter on it, or all of its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peft import (
    IA3Config,
    LoraConfig,
    PeftConfig,
    PrefixTuningConfig,
    PromptTuningConfig,
    get_peft_model,
    prepare_model_for_kbit_training,
)

from evalguard.errors import ConfigError, Problem, did_you_mean
from evalguard.training.base import linear_modules
from evalguard.training.config import Lora, TrainingConfig


def make_trainable(model: Any, config: TrainingConfig) -> Any:
    """Return the base with what the config's tuner trains.

    Args:
        model: The loaded base.
        config: Names the tuner and its settings.

    Raises:
        ConfigError: If a target module is not in the base; the right names are suggested.
    """
    if config.tuner == "full":
        return model
    if config.tuner == "lora":
        check_targets(model, config.lora.target_modules)
    if getattr(model, "is_quantized", False):
        checkpointing = any(stage.training.gradient_checkpointing for stage in config.stages)
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=checkpointing)
    return get_peft_model(model, _peft_config(config))


def _peft_config(config: TrainingConfig) -> PeftConfig:
    task = "CAUSAL_LM"
    if config.tuner == "lora":
        return _lora_config(config.lora, task)
    if config.tuner == "ia3":
        return IA3Config(task_type=task)
    tokens = config.virtual_tokens
    if config.tuner == "prefix":
        return PrefixTuningConfig(task_type=task, num_virtual_tokens=tokens)
    return PromptTuningConfig(task_type=task, num_virtual_tokens=tokens)


def _lora_config(lora: Lora, task: str) -> LoraConfig:
    targets = lora.target_modules
    return LoraConfig(
        task_type=task,
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        use_dora=lora.dora,
        use_rslora=lora.rslora,
    )


def check_targets(model: Any, targets: str | Sequence[str]) -> None:
    """Hold the names of target modules to the modules of the base; peft skips unknown ones.

    Raises:
        ConfigError: Naming every module that is not there.
    """
    if isinstance(targets, str):
        return
    allowed = [*linear_modules(model), "all-linear"]
    names = [name for name, _ in model.named_modules()]
    missing = {
        position: target
        for position, target in enumerate(targets)
        if not any(name == target or name.endswith(f".{target}") for name in names)
    }
    if missing:
        raise ConfigError(
            Problem(
                "training config",
                f"lora.target_modules[{position}]",
                f"the base has no module '{target}'. {did_you_mean(target, allowed)}",
            )
            for position, target in missing.items()
        )
