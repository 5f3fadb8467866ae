"""All code that a file or a package reaches, by its content."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from evalguard.code.files import (
    files_reached,
    imports_of,
    is_installed,
    packages_reached,
    sha256,
)
from evalguard.code.installed import distributions_of, state_of, state_of_module

_KNOWN = frozenset({"evalguard", *sys.stdlib_module_names} - {"__main__"})
"""Packages whose versions count anyway."""


def code_reached(source: Path) -> tuple[Mapping[Path, str], Mapping[str, str]]:
    """Return the hashes of all files that a Python file reaches, and of installed packages.

    Args:
        source: A file of a project, or of an installed package, whose files then all count.

    Raises:
        OSError: If a file cannot be read.
    """
    if is_installed(source.resolve()):
        files, installed = reached([_outermost(source.resolve())])
        return {file: sha256(file) for _, file in files}, installed
    try:
        own, packages = files_reached(source), packages_reached(source)
    except SyntaxError:
        own, packages = (source.resolve(),), ()  # running it says what is wrong
    known = {name: state_of_module(name) for name in packages if not is_known(name)}
    return {file: sha256(file) for file in own}, known


def _outermost(file: Path) -> Path:
    """Return the folder of the outermost package that a file is in, or the file."""
    while (file.parent / "__init__.py").is_file():
        file = file.parent
    return file


def files_of_projects(modules: Iterable[object]) -> list[Path]:
    """Return the files of those modules that are neither EvalGuard's nor installed.

    Args:
        modules: Modules, among anything else.
    """
    own = Path(__file__).resolve().parents[1]
    named = (getattr(one, "__file__", None) for one in modules)
    files = (Path(name).resolve() for name in named if isinstance(name, str))
    return [file for file in files if own not in file.parents and not is_installed(file)]


def is_known(module: str) -> bool:
    """Return whether a module's version counts anyway."""
    return module.partition(".")[0] in _KNOWN


def root_of(module: str) -> Path | None:
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


def reached(roots: Iterable[Path]) -> tuple[list[tuple[str, Path]], dict[str, str]]:
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
            imported = None if is_known(module) else root_of(module)
            if imported is None:
                continue
            if is_installed(imported) and (names := distributions_of(module.partition(".")[0])):
                versions |= {name: state_of(name) for name in names}
            else:
                pending.append(imported)
    return files, versions


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
    with suppress(SyntaxError, ValueError):  # a template of a file, which no one imports
        yield from (name for name, level in imports_of(file) if name and not level)
