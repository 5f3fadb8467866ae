"""The files that an lm-eval task YAML is made of, found without importing lm-eval."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


class _Function(str):
    """``!function module.name``: code that the task runs."""

    __slots__ = ()


class _Loader(yaml.SafeLoader):
    pass


def _function(loader: yaml.SafeLoader, node: yaml.Node) -> _Function:
    assert isinstance(node, yaml.ScalarNode)
    return _Function(loader.construct_scalar(node))


_Loader.add_constructor("!function", _function)


def files_of(path: Path) -> tuple[Path, ...] | None:
    """Return every local file that decides what a task YAML asks and how it scores.

    Returns:
        The YAML, what it includes, its data files and its Python files; ``None`` where something
        else takes part, such as a data set of the hub or code of an installed package.
    """
    found: dict[Path, None] = {}
    try:
        complete = all([_collect(path, found), _has_data(found)])
    except (OSError, yaml.YAMLError):
        return None  # the task's own loader says what is wrong with it
    return tuple(sorted(found)) if complete else None


def _collect(path: Path, found: dict[Path, None]) -> bool:
    """Add a YAML file and all that it names; return whether all of it was found."""
    if path in found:
        return True
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    found[path] = None
    if not isinstance(config, dict):
        return False
    includes = config.get("include") or []
    complete = all(
        _collect(path.parent / str(include), found)
        for include in (includes if isinstance(includes, list) else [includes])
    )
    named = [path.parent / f"{name.rpartition('.')[0]}.py" for name in _functions(config)]
    if config.get("dataset_path") in ("json", "csv", "parquet", "text"):
        files = (config.get("dataset_kwargs") or {}).get("data_files")
        named += [path.parent / file for file in _texts(files)]
    elif "dataset_path" in config:
        return False
    found.update(dict.fromkeys(named))
    return complete and all(file.is_file() for file in named)


def _has_data(found: dict[Path, None]) -> bool:
    return any(file.suffix not in (".yaml", ".yml", ".py") for file in found)


def _functions(value: Any) -> Iterator[str]:
    if isinstance(value, _Function):
        yield str(value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _functions(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
