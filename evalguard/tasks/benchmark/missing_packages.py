"""The packages that a task's code imports and that are not installed, all of them at once."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from evalguard.code.files import files_reached, is_installed

_INSTALL_NAMES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "iso639": "iso639-lang",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Names on PyPI, where a package is imported by another; ``_`` and ``-`` are the same there."""


def missing_packages(error: BaseException) -> list[str]:
    """Return the import names of what is missing, that on which the import failed first.

    Python stops at the first one. The file in which it did, and those that it imports, say what
    comes after it; what they can do without is left out.
    """
    first, file = "", None
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ImportError) and seen.name:
            first, file = seen.name.partition(".")[0], _importing_file(seen)
            break
        seen = seen.__cause__ or seen.__context__
    if file is None:
        return [first] if first else []
    try:
        files = files_reached(file)
    except (OSError, SyntaxError, ValueError):
        return [first]
    needed = (name for each in files for name in _needed_by(each))
    return list(dict.fromkeys([first, *sorted(needed)]))


def install_line(names: Iterable[str]) -> str:
    """Return what installs packages of these import names.

    Example:
        >>> install_line(["rouge_score", "bs4"])
        'pip install beautifulsoup4 rouge-score'
    """
    packages = {_INSTALL_NAMES.get(name, name.replace("_", "-")) for name in names}
    return f"pip install {' '.join(sorted(packages))}"


def _importing_file(error: ImportError) -> Path | None:
    """Return the file whose import failed; ``None`` for one of an installed package."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_file():
            of_task = "lm_eval/tasks/" in path.as_posix() and path.name != "_yaml_loader.py"
            return path if of_task or not is_installed(path.resolve()) else None
    return None


def _needed_by(file: Path) -> Iterator[str]:
    """Yield the packages that a file cannot be imported without, and that are not there."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for name in _imported(tree.body):
        local = (file.parent / f"{name}.py", file.parent / name)
        if not any(path.exists() for path in local) and _is_missing(name):
            yield name


def _imported(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
            yield statement.module.partition(".")[0]
        elif isinstance(statement, ast.Try) and all(map(_gives_up, statement.handlers)):
            yield from _imported(statement.body)


def _gives_up(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(statement, ast.Raise) for statement in handler.body)


def _is_missing(name: str) -> bool:
    try:
        return find_spec(name) is None
    except (ImportError, ValueError):
        return False
