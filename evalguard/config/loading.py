"""A YAML file → a validated model, or one error that lists everything wrong with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from evalguard.config.overrides import apply_overrides, blame_overrides
from evalguard.config.problems import describe_problems
from evalguard.config.yaml_text import parse_yaml
from evalguard.errors import ConfigError, Problem, did_you_mean, found

ModelT = TypeVar("ModelT", bound=BaseModel)


def load_yaml(path: Path, model: type[ModelT], *, overrides: Sequence[str] = ()) -> ModelT:
    """Read and validate a YAML file.

    Args:
        path: The file, as the user wrote it; messages show it in this form.
        model: What it must hold; a :class:`~evalguard.config.ConfigModel`.
        overrides: ``key.path=value`` each, which override the file; values are YAML.

    Raises:
        ConfigError: Listing every problem with file, key, what was found and what is allowed.
    """
    data = read_mapping(path)
    keys = apply_overrides(data, overrides)
    try:
        return validate(data, model, file=str(path))
    except ConfigError as error:
        raise ConfigError(blame_overrides(error.problems, keys, file=str(path))) from None


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that must hold a mapping.

    Raises:
        ConfigError: If it is missing, unreadable, not UTF-8, not YAML, empty or no mapping.
    """
    data = parse_yaml(_read_text(path), str(path))
    if data is None:
        raise _error(path, "the file is empty; it must contain at least 'version: 1'")
    if not isinstance(data, dict):
        raise _error(path, f"must hold a mapping (key: value), {found(data)}")
    return data


def validate(data: dict[str, Any], model: type[ModelT], *, file: str) -> ModelT:
    """Validate plain data against a model.

    Args:
        data: What the file held.
        model: What it must hold.
        file: Its path as the user wrote it.

    Raises:
        ConfigError: Listing every problem.
    """
    try:
        # Through JSON, because strict validation then still takes a list for a tuple and a text
        # for an enum, which YAML cannot write otherwise, but no "1" for 1.
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise ConfigError(describe_problems(error, data, model, file)) from None
    except (ValueError, RecursionError) as error:
        reason = "an alias (*name) refers to its own parent, or the nesting is too deep"
        raise ConfigError([Problem(file, "", f"not usable: {reason}")]) from error


def _read_text(path: Path) -> str:
    """Read a UTF-8 file, or say why that is not possible."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise _error(path, "neither a file nor a folder, but a pipe, a socket or a device")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise _error(path, f"no such file. {_neighbours(path)}") from None
    except IsADirectoryError:
        raise _error(path, f"a folder, not a file. {_neighbours(path / path.name)}") from None
    except OSError as error:
        raise _error(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _error(
            path,
            f"not UTF-8 at byte {error.start} (0x{error.object[error.start]:02x}); "
            "save it as UTF-8",
        ) from None


def _neighbours(path: Path) -> str:
    """Name the YAML files beside a path that is not there, the nearest first."""
    folder = path.parent
    if not folder.is_dir():
        return f"There is no folder {folder} either."
    return did_you_mean(path.name, [*(each.name for each in folder.glob("*.yaml"))])


def _error(path: Path, message: str) -> ConfigError:
    return ConfigError([Problem(str(path), "", message)])
