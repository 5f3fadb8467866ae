"""``--set key.path=value``: single values of a file replaced on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from evalguard.config.yaml_text import parse_yaml
from evalguard.errors import ConfigError, Problem

SOURCE = "--set"
"""What messages name as the file of an overridden value."""


def apply_overrides(data: dict[str, Any], overrides: Sequence[str]) -> tuple[str, ...]:
    """Set values in the data of a file; validation then judges keys and values.

    Args:
        data: What the file held; changed in place.
        overrides: ``key.path=value`` each; the value is YAML.

    Returns:
        The key paths that were set.

    Raises:
        ConfigError: Listing every override that is malformed or leads through a value that holds
            no keys.

    Example:
        >>> data = {"engine": {"name": "hf"}}
        >>> apply_overrides(data, ["engine.dtype=float32", "seed=7"])
        ('engine.dtype', 'seed')
        >>> data
        {'engine': {'name': 'hf', 'dtype': 'float32'}, 'seed': 7}
    """
    problems: list[Problem] = []
    for override in overrides:
        try:
            _apply(data, override)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tuple(override.partition("=")[0].strip() for override in overrides)


def blame_overrides(
    problems: Iterable[Problem], keys: Sequence[str], *, file: str
) -> list[Problem]:
    """Name ``--set`` as the place of the problems of values that overrides made.

    Args:
        problems: Problems of any files.
        keys: The key paths that were set.
        file: The file whose values they replaced.
    """
    return [
        Problem(SOURCE, problem.key, problem.message)
        if problem.file == file and any(_touch(key, problem.key) for key in keys)
        else problem
        for problem in problems
    ]


def _apply(data: dict[str, Any], override: str) -> None:
    """Set one value, making the mappings on the way to it."""
    written, equals, value = override.partition("=")
    key = written.strip()
    if not equals or not all(key.split(".")):
        message = "expected KEY=VALUE, such as engine.dtype=float32"
        raise ConfigError([Problem(SOURCE, override, message)])
    first, rest = _split(data, key)
    while rest:
        inner = data.setdefault(first, {})
        if not isinstance(inner, dict):
            message = f"'{first}' holds no keys; set it as a whole: {first}=VALUE"
            raise ConfigError([Problem(SOURCE, key, message)])
        data = inner
        first, rest = _split(data, rest)
    data[first] = parse_yaml(value, f"{SOURCE} {key}")


def _split(data: dict[str, Any], key: str) -> tuple[str, str]:
    """Split the first name off a key path; names that are there may hold dots themselves."""
    names = [name for name in data if key == name or key.startswith(f"{name}.")]
    first = max(names, key=len, default=key.partition(".")[0])
    return first, key[len(first) + 1 :]


def _touch(key: str, other: str) -> bool:
    """Whether two key paths are equal or one lies within the other."""
    return key == other or any(
        bool(outer) and inner.startswith((f"{outer}.", f"{outer}["))
        for outer, inner in ((key, other), (other, key))
    )
