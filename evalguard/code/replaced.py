"""Whether EvalGuard's own functions are still those of its files.

Code of a project runs in the process that decides: a ``conftest.py``, scorers, ``!function`` and a
model's own code can replace functions of EvalGuard by their own. What stands in each module
now is compared with its source: its functions and methods, what it imports, and its constants.

This shows what a careless patch leaves behind. Code that sets out to hide may as well replace this:
only ``--no-project-code`` keeps it out.
"""

from __future__ import annotations

import ast
import builtins
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property, partial
from importlib.machinery import SourceFileLoader
from inspect import unwrap
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

_STARTED = time.time()

_OWN = Path(__file__).resolve().parents[1]

_INSIDE = f"{_OWN.name}.scorers.sandbox.inside"
"""Runs in a process of its own."""

_OF_DECORATORS = frozenset({"builtins", "click", "evalguard", "functools", "pydantic"})
"""Packages whose objects a decorator puts in the place of a function."""

_GLOBAL = re.compile(r"^ +global ([\w, ]+)", re.MULTILINE)

_SAME = (str, int, float, complex, bool, bytes, tuple, type(None))
"""Types of constants, which nothing changes in place."""


class _Place(NamedTuple):
    """Where a function stands in a source."""

    qualname: str
    line: int


def replaced() -> Iterator[str]:
    """Yield what in EvalGuard's loaded modules is not what their files say, by its whole name.

    Raises:
        OSError: If a file cannot be read.
        SyntaxError: If one is no Python.
    """
    for module in (builtins, math):
        yield from (f"{module.__name__}.{name}" for name in _foreign(module))
    for name, module in sorted(sys.modules.items()):
        own = name == _OWN.name or name.startswith(f"{_OWN.name}.")
        file = getattr(module, "__file__", None)
        if not own or name.startswith(_INSIDE) or file is None or name.endswith("__main__"):
            continue
        if Path(file).stat().st_mtime < _STARTED:  # else it does not say what was imported
            yield from (f"{name}.{one}" for one in _Module(module, Path(file)).replaced())


class _Module:
    """A module, compared with its source."""

    def __init__(self, module: ModuleType, file: Path) -> None:
        self._module = module
        self._file = file
        self._tree = _parsed(file)
        loader = getattr(module.__spec__, "loader", None)
        # pytest's own loader rewrites assertions, so that no code is as it was compiled
        plain = type(loader) is SourceFileLoader
        self._codes = _compiled(module.__name__, file) if plain else None

    def replaced(self) -> Iterator[str]:
        """Yield the names that do not stand for what the source says."""
        rebound = _rebound(self._file)
        expected = list(self._expected(self._tree))
        own = {name for name, _ in expected}
        yield from (
            name
            for name in vars(builtins).keys() & vars(self._module).keys() - own
            if not name.startswith("__")
        )
        for name, holds in expected:
            if name not in rebound and not holds(vars(self._module).get(name)):
                yield name
        for node in self._tree.body:
            if isinstance(node, ast.ClassDef):
                yield from self._of_class(node, vars(self._module).get(node.name), node.name)

    def _expected(self, tree: ast.Module) -> Iterator[tuple[str, Callable[[Any], bool]]]:
        for node in tree.body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    yield name, partial(self._is_function, node, name)
                case ast.ImportFrom(module=str(source), names=names, level=0):
                    for alias in names:
                        yield alias.asname or alias.name, partial(_is_of, source, alias.name)
                case ast.Import(names=names):
                    for alias in names:
                        bound = alias.name if alias.asname else alias.name.partition(".")[0]
                        yield alias.asname or bound, partial(_is_module, bound)
                case (
                    ast.Assign(targets=[ast.Name(name)], value=value)
                    | ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value)
                ):
                    yield name, partial(_is_constant, value)

    def _of_class(self, node: ast.ClassDef, found: Any, qualname: str) -> Iterator[str]:
        if not isinstance(found, type) or found.__module__ != self._module.__name__:
            yield qualname
            return
        last = {
            one.name: one
            for one in node.body
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for name, function in last.items():
            mangled = f"_{node.name.lstrip('_')}{name}" if _is_mangled(name) else name
            whole = f"{qualname}.{name}"
            if mangled in vars(found) and not self._is_function(
                function, whole, vars(found)[mangled]
            ):
                yield whole

    def _is_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, qualname: str, found: Any
    ) -> bool:
        function = _undecorated(found)
        if not isinstance(function, FunctionType):
            package = type(found).__module__.partition(".")[0]
            return bool(node.decorator_list) and package in _OF_DECORATORS
        code = function.__code__
        line = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        place = _Place(code.co_qualname, code.co_firstlineno)
        if Path(code.co_filename) != self._file or place != _Place(qualname, line):
            return False
        return self._codes is None or self._codes.get(place) == code


def _foreign(module: ModuleType) -> Iterator[str]:
    """Yield the functions of a module in C that are written in Python now."""
    for name, found in vars(module).items():
        if isinstance(found, FunctionType):
            yield name


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes(), filename=str(file))


@cache
def _rebound(file: Path) -> frozenset[str]:
    """Return the names that functions of a file bind anew."""
    lines = _GLOBAL.findall(file.read_text(encoding="utf-8"))
    return frozenset(name for line in lines for name in re.findall(r"\w+", line))


@cache
def _compiled(name: str, file: Path) -> Mapping[_Place, CodeType]:
    """Return the code of every function of a module."""
    whole = SourceFileLoader(name, str(file)).get_code(name)
    return {} if whole is None else dict(_codes(whole))


def _codes(code: CodeType) -> Iterator[tuple[_Place, CodeType]]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield _Place(one.co_qualname, one.co_firstlineno), one
            yield from _codes(one)


def _undecorated(found: Any) -> Any:
    """Return the function behind what a decorator made of it."""
    while True:
        match found:
            case property():
                found = found.fget
            case cached_property():
                found = found.func
            case staticmethod() | classmethod() | MethodType():
                found = found.__func__
            case _ if type(found).__module__.startswith("pydantic") and hasattr(found, "wrapped"):
                found = found.wrapped
            case _ if hasattr(found, "__wrapped__") and not isinstance(found, type):
                found = unwrap(found)
            case _:
                return found


def _is_of(source: str, name: str, found: Any) -> bool:
    """Return whether an imported name stands for what the other module has under it."""
    module = sys.modules.get(source)
    submodule = sys.modules.get(f"{source}.{name}")
    if module is None:
        return True  # a module that stands for another, and was imported by its name
    return found is vars(module).get(name, found) or (submodule is not None and found is submodule)


def _is_module(name: str, found: Any) -> bool:
    known = sys.modules.get(name)
    if known is None or found is known:
        return True
    # A package that loads its parts late, as transformers does, may make its module twice.
    files = [getattr(one, "__file__", None) for one in (found, known)]
    same = isinstance(found, ModuleType) and found.__name__ == name and files[0] == files[1]
    return same and files[0] is not None


def _is_constant(value: ast.expr, found: Any) -> bool:
    try:
        written = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return True  # made by a function, which is looked at itself
    return not isinstance(written, _SAME) or (type(written), written) == (type(found), found)


def _is_mangled(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")
