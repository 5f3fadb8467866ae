"""The code of a package's kind of task as one hash, which is part of the key of its samples."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache, partial
from importlib.metadata import EntryPoint, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evalguard import __version__
from evalguard.tasks.benchmark.code import is_installed
from evalguard.tasks.kind import TaskConfig, TaskKind

_KNOWN = frozenset({"evalguard", *sys.stdlib_module_names} - {"__main__"})
"""Packages whose versions count anyway."""


def code_digest(point: EntryPoint, kind: TaskKind) -> str | None:
    """Return the hash of all code that makes and scores the samples of a kind.

    These are all files of the packages that define the entry point, the functions of the kind and
    its config, and of those that they import: of an installed one its version counts. A module
    whose name is computed does not count; a kind names its file in ``files``, or its version in
    ``versions``.

    Args:
        point: The entry point.
        kind: What it names.

    Returns:
        ``None`` if some of it cannot be found, such as code in a zip file.
    """
    modules = {point.module, *_modules(kind)}
    roots = {_root(module) for module in modules if not _is_known(module)}
    if not roots or None in roots:
        return None
    try:
        files, installed = _reached(root for root in roots if root is not None)
        hashes = sorted([name, _sha256(file)] for name, file in files)
    except OSError:
        return None
    parts = {
        "entry point": point.value,
        "distribution": [point.dist.name, point.dist.version] if point.dist else [],
        "files": hashes,
        "versions": {**installed, "evalguard": __version__},
        "python": list(sys.version_info[:2]),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _modules(kind: TaskKind) -> Iterator[str]:
    """Yield the modules that define what a kind consists of."""
    for field in fields(kind):
        value = getattr(kind, field.name)
        if isinstance(value, type) and issubclass(value, TaskConfig):
            yield from (one.__module__ for one in value.__mro__ if issubclass(one, TaskConfig))
        elif callable(value):
            yield _module(value)


def _module(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__module__", None) or type(function).__module__)


def _is_known(module: str) -> bool:
    return module.partition(".")[0] in _KNOWN


def _root(module: str) -> Path | None:
    """Return the folder of the outermost package of a module, or its file; not of a namespace."""
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            return None
        if spec is None:
            return None
        if spec.origin is not None and spec.has_location:
            path = Path(spec.origin)
            place = path.parent if spec.submodule_search_locations is not None else path
            return place.resolve() if path.is_file() else None
    return None


def _reached(roots: Iterable[Path]) -> tuple[list[tuple[str, Path]], dict[str, str]]:
    """Return the files of packages and of local ones that they import, and installed versions."""
    files: list[tuple[str, Path]] = []
    versions: dict[str, str] = {}
    pending, seen = list(roots), set()
    while pending:
        root = pending.pop()
        if root in seen:
            continue
        seen.add(root)
        own = list(_files(root))
        files += own
        for module in sorted({name for _, file in own for name in _imports(file)}):
            imported = None if _is_known(module) else _root(module)
            if imported is None:
                continue
            if is_installed(imported) and (names := _distributions(module.partition(".")[0])):
                versions |= {name: version(name) for name in names}
            else:
                pending.append(imported)
    return files, versions


@cache
def _distributions(top: str) -> tuple[str, ...]:
    """Return the installed distributions that a top-level package is of."""
    return tuple(packages_distributions().get(top, ()))


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield a file, or every file below a folder that Python did not make, with its name there."""
    if root.is_file():
        yield root.name, root
    for folder, below, names in os.walk(root, followlinks=True):
        below[:] = [one for one in below if one != "__pycache__"]
        files = [Path(folder, name) for name in names if not name.endswith((".pyc", ".pyo"))]
        yield from ((file.relative_to(root.parent).as_posix(), file) for file in files)


def _imports(file: Path) -> Iterator[str]:
    """Yield the modules that a Python file imports by their whole names."""
    if file.suffix != ".py":
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return  # a template of a file, which no one imports
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
