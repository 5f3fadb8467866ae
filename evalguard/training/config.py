"""The training config: what a user writes in ``training/NAME.yaml``.

Relative paths are relative to the folder of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from evalguard.config import ConfigModel
from evalguard.config.loading import read_mapping, validate
from evalguard.config.yaml_text import parse_yaml
from evalguard.errors import ConfigError, Problem, UsageError


class Base(ConfigModel):
    """The model that is fine-tuned."""

    model: str = Field(min_length=1)
    """Folder, or name on the hub."""
    quantization: Literal["nf4", "int8", "none"] = "nf4"
    """``nf4`` is QLoRA: 4-bit NormalFloat with double quantisation."""
    revision: str | None = None
    """Commit of a hub model."""


class Data(ConfigModel):
    """The task's examples."""

    train: str = Field(min_length=1)
    """JSONL, JSON, CSV or Parquet file."""
    validation: str | None = None
    """File of held-out examples; excludes ``validation_share``."""
    validation_share: float = Field(default=0.05, ge=0, le=0.5)
    """Share of ``train`` held out, by groups of duplicates; 0 for none."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.validation is not None and "validation_share" in self.model_fields_set:
            raise ValueError("give 'validation' or 'validation_share', not both")
        return self


class Replay(ConfigModel):
    """General data mixed in against forgetting."""

    data: str = Field(min_length=1)
    """JSONL, JSON, CSV or Parquet file."""
    share: float = Field(gt=0, lt=1)
    """Share of all training rows that is general data."""


class Lora(ConfigModel):
    """Low-rank adapters: W' = W + (alpha/r)·BA."""

    r: int = Field(default=16, ge=1)
    alpha: float = Field(default=32, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"


class Training(ConfigModel):
    """The optimiser's settings."""

    learning_rate: float = Field(default=2e-4, gt=0)
    epochs: float = Field(default=3, gt=0)
    batch_size: int = Field(default=8, ge=1)
    gradient_accumulation: int = Field(default=1, ge=1)
    max_length: int = Field(default=1024, ge=8)
    """Tokens of one example; longer ones are cut at the end."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_share: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    seed: int = Field(default=0, ge=0)


class TrainingConfig(ConfigModel):
    """One fine-tuning run."""

    version: Literal[1] = 1
    method: Literal["sft"] = "sft"
    base: Base
    data: Data
    replay: Replay | None = None
    lora: Lora = Lora()
    training: Training = Training()
    output: str = Field(min_length=1)
    """Folder for the adapter."""


def load_training_config(path: Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a training config.

    Args:
        path: The YAML file.
        overrides: ``KEY.PATH=VALUE`` each, in place of what the file says; values are YAML.

    Raises:
        ConfigError: Listing every problem of the file and of the data paths in it.
        UsageError: If an override is not of the form ``KEY=VALUE``.
    """
    data = read_mapping(path)
    for override in overrides:
        _apply(data, override)
    config = validate(data, TrainingConfig, file=str(path))
    problems = list(_missing_files(config, path))
    if problems:
        raise ConfigError(problems)
    return config


def _apply(data: dict[str, Any], override: str) -> None:
    """Set one value in nested mappings; validation then judges the key and the value."""
    key, equals, text = override.partition("=")
    names = key.strip().split(".")
    if not equals or not all(names):
        raise UsageError(
            f"--set {override}: expected KEY=VALUE, such as training.learning_rate=1e-4"
        )
    for name in names[:-1]:
        inner = data.setdefault(name, {})
        if not isinstance(inner, dict):
            raise UsageError(f"--set {override}: '{name}' holds no keys")
        data = inner
    data[names[-1]] = parse_yaml(text, f"--set {key}")


def _missing_files(config: TrainingConfig, path: Path) -> Sequence[Problem]:
    named: Mapping[str, str | None] = {
        "data.train": config.data.train,
        "data.validation": config.data.validation,
        "replay.data": config.replay.data if config.replay else None,
    }
    return [
        Problem(str(path), key, f"no such file '{name}' (looked in {path.parent})")
        for key, name in named.items()
        if name is not None and not (path.parent / name).is_file()
    ]
