"""A config file, its preset and overrides → a validated :class:`TrainingConfig`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalguard.config.loading import read_mapping, validate
from evalguard.config.yaml_text import parse_yaml
from evalguard.errors import ConfigError, Problem, UsageError
from evalguard.training.config import TrainingConfig
from evalguard.training.presets import PRESETS


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
    preset = data.get("preset")
    if isinstance(preset, str) and preset in PRESETS:
        data = _over(PRESETS[preset].values, data)
    config = validate(data, TrainingConfig, file=str(path))
    problems = _missing_files(config, path)
    if problems:
        raise ConfigError(problems)
    return config


def _over(defaults: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a config over a preset, key by key.

    A key of the config that excludes one of the preset (``data.validation`` and
    ``data.validation_share``) removes it.
    """
    merged = dict(defaults)
    if "validation" in data:
        merged.pop("validation_share", None)
    for key, value in data.items():
        inner = merged.get(key)
        if isinstance(inner, Mapping) and isinstance(value, Mapping):
            merged[key] = _over(inner, value)
        else:
            merged[key] = value
    return merged


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


def _missing_files(config: TrainingConfig, path: Path) -> list[Problem]:
    named: dict[str, str | None] = {}
    for prefix, stage in zip(("", "then."), config.stages, strict=False):
        named[f"{prefix}data.train"] = stage.data.train
        named[f"{prefix}data.validation"] = stage.data.validation
        named[f"{prefix}replay.data"] = stage.replay.data if stage.replay else None
    return [
        Problem(str(path), key, f"no such file '{name}' (looked in {path.parent})")
        for key, name in named.items()
        if name is not None and not (path.parent / name).is_file()
    ]
