"""A config file, its preset and overrides → a validated :class:`TrainingConfig`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalguard.config.loading import read_mapping, validate
from evalguard.config.overrides import apply_overrides, blame_overrides
from evalguard.errors import ConfigError, DataError, Problem
from evalguard.training.config import TrainingConfig
from evalguard.training.presets import PRESETS
from evalguard.training.sources import data_files


def load_training_config(path: Path, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a training config.

    Args:
        path: The YAML file.
        overrides: ``KEY.PATH=VALUE`` each, which override the file; values are YAML.

    Raises:
        ConfigError: Listing every problem of the file, of the data paths in it, and of the
            overrides.
    """
    data = read_mapping(path)
    keys = apply_overrides(data, overrides)
    preset = data.get("preset")
    if isinstance(preset, str) and preset in PRESETS:
        data = overlay(PRESETS[preset].values, data)
    try:
        config = validate(data, TrainingConfig, file=str(path))
        if problems := _missing_files(config, path):
            raise ConfigError(problems)
    except ConfigError as error:
        raise ConfigError(blame_overrides(error.problems, keys, file=str(path))) from None
    return config


def overlay(defaults: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
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
            merged[key] = overlay(inner, value)
        else:
            merged[key] = value
    return merged


def _missing_files(config: TrainingConfig, path: Path) -> list[Problem]:
    named: dict[str, str | None] = {}
    for prefix, stage in zip(("", "then."), config.stages, strict=False):
        named[f"{prefix}data.train"] = stage.data.train
        named[f"{prefix}data.validation"] = stage.data.validation
        named[f"{prefix}replay.data"] = stage.replay.data if stage.replay else None
    problems = []
    for key, name in named.items():
        if name is None:
            continue
        try:
            files = data_files(path.parent / name)
        except DataError as error:
            problems.append(Problem(str(path), key, str(error)))
            continue
        if not all(file.is_file() for file in files):
            found = f"no such file '{name}' (looked in {path.parent})"
            problems.append(Problem(str(path), key, found))
    return problems
