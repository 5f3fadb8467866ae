"""Stand-ins, in the program's process, for functions and objects that the tests pass to it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

AskBack = Callable[..., Any]
"""``ask_back(operation, handle, *arguments, **named)``, answered by the tests' process."""

_FRAMES = ("f", "gi", "cr", "ag", "tb", "co", "func", "im")
"""What the names of attributes begin with that lead to frames and code."""


class Theirs:
    """A function of the tests, called in their process."""

    def __init__(self, handle: Any, name: str, ask_back: AskBack) -> None:
        object.__setattr__(self, "_theirs", (handle, ask_back))
        object.__setattr__(self, "__name__", name)

    _theirs: tuple[Any, AskBack]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Return what the function of the tests returns."""
        return self._ask("call", *arguments, **named)

    def _ask(self, do: str, *arguments: Any, **named: Any) -> Any:
        handle, ask_back = self._theirs
        return ask_back(do, handle, *arguments, **named)

    @staticmethod
    def handle_of(theirs: Theirs) -> Any:
        """Return the handle by which the tests' process knows it."""
        return object.__getattribute__(theirs, "_theirs")[0]


class TheirObject(Theirs):
    """An object of a class of the tests, or a mock."""

    def __getattr__(self, name: str) -> Any:
        return self._ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._ask("iter"))

    def __eq__(self, other: object) -> Any:
        return self is other or self._ask("eq", other)

    def __bool__(self) -> bool:
        return bool(self._ask("bool"))

    def __hash__(self) -> int:
        return int(self._ask("hash"))

    def __exit__(self, *_: object) -> None:
        self._ask("exit", None, None, None)


def _forwarded(name: str) -> Callable[..., Any]:
    return lambda self, *arguments: self._ask(name, *arguments)


for _name in ("lt", "le", "gt", "ge", "add", "sub", "mul", "len", "str", "getitem", "setitem",
              "contains", "enter"):  # fmt: skip
    setattr(TheirObject, f"__{_name}__", _forwarded(_name))


def is_passed(value: Any) -> bool:
    """Return whether an object of the tests may be passed: one of their classes, or a mock."""
    return type(value).__module__ == "__main__" or _is_mock(value)


def _is_mock(value: Any) -> bool:
    return any(kind.__module__ == "unittest.mock" for kind in type(value).__mro__)


def _get(value: Any, name: str) -> Any:
    if name.startswith("_") or name.partition("_")[0] in _FRAMES:
        raise AttributeError(name)
    if _is_mock(value) and hasattr(type(value), name):
        raise AttributeError(name)  # how it answers and what it asserts is the tests' own
    return getattr(value, name)


def _set(value: Any, name: str, content: Any) -> None:
    if name.startswith("_") or _is_mock(value) or callable(getattr(type(value), name, None)):
        raise AttributeError(name)
    setattr(value, name, content)


_OF_OBJECTS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in (
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "add",
        "sub",
        "mul",
        "getitem",
        "setitem",
        "contains",
    )
} | {
    "getattr": _get,
    "setattr": _set,
    "iter": list,
    "len": len,
    "str": str,
    "hash": hash,
    "bool": bool,
    "enter": lambda value: type(value).__enter__(value),
    "exit": lambda value, *error: type(value).__exit__(value, *error) and None,
}


def answer(value: Any, do: str, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Do what the program asks of something that the tests have passed to it."""
    if do == "call":
        return value(*arguments, **named)
    if not is_passed(value):
        raise AttributeError(do)
    return _OF_OBJECTS[do](value, *arguments, **named)
