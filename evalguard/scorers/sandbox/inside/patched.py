"""What the tests replace while they call the program: functions of modules, input, and seeds."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any

_ALWAYS = ("builtins.input", "builtins.print")
_STREAMS = frozenset({"sys.stdout", "sys.stderr", "sys.stdin"})
"""Kept alike by what is read and printed."""

_MISSING = object()


class Patches:
    """What tests replace by ``unittest.mock.patch`` and its like.

    Args:
        tests: The tests.
        main: Their namespace, in which names of the program are bound.
    """

    def __init__(self, tests: ast.Module, main: ModuleType) -> None:
        self._main = main
        targets = {*_ALWAYS, *_targets(tests)} - _STREAMS
        self._originals = {one: self._value(one, load=True) for one in sorted(targets)}

    def now(self) -> Iterator[tuple[str, Any]]:
        """Yield what is replaced at the moment, and by what."""
        for target, original in self._originals.items():
            value = self._value(target)
            if value is not original and value is not _MISSING:
                yield target, value

    def _value(self, target: str, *, load: bool = False) -> Any:
        """Return what stands at a path; nothing is imported but at first."""
        parts = target.split(".")
        if parts[0] in ("__main__", "solution"):
            found: Any = self._main
        else:
            found = _module_of(parts[0], load=load)
        for n, part in enumerate(parts[1:], start=2):
            if load and isinstance(found, ModuleType) and n < len(parts):
                _module_of(".".join(parts[:n]), load=True)
            found = getattr(found, part, _MISSING)
        return found


def _module_of(name: str, *, load: bool) -> Any:
    if load:
        with suppress(ImportError):
            return import_module(name)
    return sys.modules.get(name, _MISSING)


def _targets(tests: ast.Module) -> Iterator[str]:
    """Yield the paths in ``patch("a.b")`` and of ``patch.object(a, "b")``."""
    modules: dict[str, str] = {}
    for node in ast.walk(tests):
        if isinstance(node, ast.Import):
            modules |= {one.asname or one.name: one.name for one in node.names}
    for node in ast.walk(tests):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called, (first, *more) = ast.unparse(node.func), node.args
        if called.endswith((".object", ".setattr")) or called == "setattr":
            name = more[0].value if more and isinstance(more[0], ast.Constant) else None
            owner = ast.unparse(first)
            root = modules.get(owner.partition(".")[0])
            if root is not None and isinstance(name, str):
                yield ".".join([root, *owner.split(".")[1:], name])
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            path = first.value
            if called.endswith(("patch", ".setattr")) and path.replace(".", "_").isidentifier():
                yield path


def route(module: str, names: tuple[str, ...], ask: Callable[..., Any], *, is_theirs: Any) -> None:
    """Have functions of a module work on the program's objects, or its state, as well.

    Args:
        module: The module; nothing is done where it is not imported.
        names: Its functions.
        ask: Has the program's process call one of them.
        is_theirs: Whether an argument is the program's; ``None`` to call both.
    """
    found = sys.modules.get(module)
    for name in names if found is not None else ():
        original = getattr(found, name)

        def routed(*arguments: Any, _name: str = name, _own: Any = original, **named: Any) -> Any:
            if is_theirs is None:
                ask(module, _name, *arguments, **named)
            elif arguments and is_theirs(arguments[0]):
                return ask(module, _name, *arguments, **named)
            return _own(*arguments, **named)

        setattr(found, name, routed)
