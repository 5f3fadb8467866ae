"""The Python files that a function reaches, found from the source without running it."""

from __future__ import annotations

import ast
import hashlib
import sysconfig
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

_INSTALLED = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib")
)

_FOLDERS = frozenset({"site-packages", "dist-packages"})
"""Names of folders in which packages are, such as that of the user's own."""


def files_reached(*paths: Path) -> tuple[Path, ...]:
    """Return Python files and every file of the project that they import, directly or not.

    Imports inside functions count. Modules of the standard library and of installed packages are
    left out, except the utilities of lm-eval's tasks: of those, the version of the package counts.

    Raises:
        OSError: If a file cannot be read.
        SyntaxError: If one of them is not Python; of other files, what they import is left out.
    """
    found: set[Path] = set()
    given = {path.resolve() for path in paths}
    pending = [*given]
    locate = cache(_locate)  # within this call: a file may come or go
    while pending:
        file = pending.pop()
        if file not in found:
            found.add(file)
            try:
                modules = [locate(file.parent, *module) for module in imports_of(file)]
            except SyntaxError:
                if file in given:
                    raise
                continue
            pending += [module for module in modules if module is not None]
    return tuple(sorted(found))


@lru_cache(maxsize=256)
def packages_reached(*paths: Path) -> tuple[str, ...]:
    """Return the top-level names of the installed packages that files reach."""
    names = {
        name.partition(".")[0]
        for file in files_reached(*paths)
        for name, level in imports_of(file)
        if not level and name
    }
    return tuple(sorted(name for name in names if _is_package(name)))


def imports_of(file: Path) -> tuple[tuple[str, int], ...]:
    """Return each imported module's name with the number of leading dots.

    Raises:
        OSError: If the file cannot be read.
        SyntaxError: If it is not Python; ``ValueError`` if it holds a null byte.
    """
    return _imports_in(file.read_bytes(), str(file))


@lru_cache(maxsize=4096)
def _imports_in(source: bytes, filename: str) -> tuple[tuple[str, int], ...]:
    """Return the imports of a source, which is parsed once however often it is reached."""
    return tuple(dict.fromkeys(_every_import(ast.parse(source, filename=filename))))


def _every_import(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            # "from package import module" names a module in its list
            prefix = f"{node.module}." if node.module else ""
            yield from ((f"{prefix}{alias.name}", node.level) for alias in node.names)


def _locate(folder: Path, name: str, level: int) -> Path | None:
    """Return the local file of a module that a file of a folder imports; ``None`` if installed."""
    parts = name.split(".") if name else []
    if level:
        return _module_in(folder if level == 1 else folder.parents[level - 2], parts)
    local = _module_in(folder, parts)
    if local is not None and not is_installed(local):
        return local
    origin = _origin(parts[0]) if parts else None
    if origin is None or (is_installed(origin) and parts[:2] != ["lm_eval", "tasks"]):
        return None
    root = origin.parent.parent if origin.name == "__init__.py" else origin.parent
    return _module_in(root, parts)


def _module_in(folder: Path, parts: list[str]) -> Path | None:
    place = folder.joinpath(*parts)
    for candidate in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if parts and candidate.is_file():
            return candidate.resolve()
    return None


@lru_cache(maxsize=1024)
def _origin(top: str) -> Path | None:
    """Return the file of a top-level module without importing it; ``None`` if it has none."""
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    return Path(spec.origin).resolve()


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_installed(file: Path) -> bool:
    """Whether a file belongs to the standard library or to an installed package."""
    of_user = not _FOLDERS.isdisjoint(file.parts)
    return of_user or str(file).startswith(_INSTALLED)


def _is_package(name: str) -> bool:
    origin = _origin(name)
    stdlib, *packages = _INSTALLED
    return (origin is not None and str(origin).startswith(tuple(packages))) or (
        origin is not None and "site-packages" in origin.parts and stdlib not in str(origin)
    )
