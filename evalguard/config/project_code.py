"""Code that a project brings along, found without importing any of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evalguard.config.resolved import Suite
from evalguard.errors import REFUSED, Problem
from evalguard.tasks.benchmark.sources import TaskFileError, functions_of, read_source


def code_named(file: str, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the code that a project file names: scorers, and that of a model's own."""
    modules = data.get("scorer_modules") or []
    for index, module in enumerate(modules if isinstance(modules, list) else [modules]):
        yield Problem(file, f"scorer_modules[{index}]", f"{module}: {REFUSED}")
    for key, value in _settings(data):
        if _is_trust(key, value):
            yield Problem(file, key, f"runs code that comes with the model: {REFUSED}")


def code_of_suite(suite: Suite) -> Iterator[Problem]:
    """Yield the functions and classes that the task files of a suite name."""
    for index, task in enumerate(suite.config.tasks):
        if (file := getattr(task, "file", None)) is None:
            continue
        path = suite.path.parent / file
        for inner, text in _code_of_task(path, ()):
            where = f"tasks[{index}].task"
            yield Problem(str(suite.path), where, f"{inner}: {text}: {REFUSED}")


def _code_of_task(path: Path, within: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """Yield the functions of a task file, and of the task files that may be members of a group."""
    try:
        source = read_source(path)
    except TaskFileError:
        return  # building the task says what is wrong with it
    for function in functions_of(dict(source.config)):
        yield path, f"!function {function.name}"
    for key, value in _settings(source.config):
        if _is_trust(key, value):
            yield path, key
    if source.is_group and not within:
        included = (folder / str(one) for folder, one in _includes(path.parent, source.config))
        for member in {*path.parent.rglob("*.y*ml"), *included} - {path}:
            yield from _code_of_task(member, (path,))


def _includes(folder: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield the files that members of a group include."""
    if isinstance(value, Mapping):
        named = value.get("include") or []
        yield from ((folder, one) for one in (named if isinstance(named, list) else [named]))
    for inner in value.values() if isinstance(value, Mapping) else value:
        if isinstance(inner, Mapping | list):
            yield from _includes(folder, inner)


def _is_trust(key: str, value: Any) -> bool:
    return key.rpartition(".")[2] == "trust_remote_code" and value not in (None, False)


def _settings(value: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    """Yield every setting with its whole key."""
    items = value.items() if isinstance(value, Mapping) else ()
    for name, inner in items:
        whole = f"{key}.{name}" if key else str(name)
        yield whole, inner
        yield from _settings(inner, whole)
