"""Exceptions of the program, as the tests' process can raise them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

_UNTRUSTED = frozenset({"unittest", "doctest", "bdb", "pdb", "threading"})
"""Modules whose exceptions could end or skip the tests."""

_ENDS = (StopIteration, StopAsyncIteration, GeneratorExit)
"""Raised by a function, these would end a loop of the tests in silence."""

_MOST_ARGUMENTS = 8


def describe_class(kind: type, handle_of: Callable[[Any], int]) -> list[Any]:
    """Return a class of exceptions as a handle, module, name and those it derives from."""
    bases = [one for one in kind.__bases__ if issubclass(one, BaseException)]
    module = "builtins" if kind.__module__ == "builtins" else str(kind.__module__)
    own = [] if module == "builtins" else [describe_class(one, handle_of) for one in bases]
    return [handle_of(kind), module, str(kind.__name__), own]


def describe(
    error: BaseException, encode: Callable[[Any], Any], handle_of: Callable[[Any], int]
) -> dict[str, Any]:
    """Return an exception as JSON: its class, arguments, text, attributes and cause."""

    def encoded(value: Any) -> Any:
        try:
            return encode(value)
        except Exception:  # noqa: BLE001 - whatever the program has put there
            return type(value).__name__

    own_text = isinstance(type(error).__str__, FunctionType)
    cause = error.__cause__
    return {
        "class": describe_class(type(error), handle_of),
        "arguments": [encoded(one) for one in error.args[:_MOST_ARGUMENTS]],
        "text": str(error) if own_text else None,
        "attributes": {str(name): encoded(one) for name, one in vars(error).items()},
        "cause": None
        if cause is None or cause is error
        else describe_class(type(cause), handle_of),
    }


class Exceptions:
    """The program's exceptions by handle, as classes of this process."""

    def __init__(self) -> None:
        self._classes: dict[int, type[BaseException]] = {}

    def class_of(self, content: Any) -> type[BaseException]:
        """Return a class of this process that stands for one of the program's."""
        handle, module, name, bases = int(content[0]), str(content[1]), str(content[2]), content[3]
        known = _known(module, name)
        if known is not None:
            return known
        if handle not in self._classes:
            kinds = tuple(self.class_of(one) for one in bases) or (Exception,)
            own = {
                "__init__": lambda *_: None,
                "__str__": _text_of(kinds[0]),
                "__module__": "solution",
            }
            self._classes[handle] = type(name, kinds, own)
        return self._classes[handle]

    def make(
        self, content: Any, decode: Callable[[Any], Any], *, ends: type[BaseException] | None
    ) -> BaseException:
        """Return an exception to raise.

        Args:
            content: What :func:`describe` returned.
            decode: Decodes what it holds.
            ends: What may end a loop of the tests, as it was asked for the next item.
        """
        kind = self.class_of(content["class"])
        if issubclass(kind, _ENDS) and kind is not ends:
            return RuntimeError(f"the program raised {kind.__name__}")
        arguments = decode(content["arguments"])
        try:
            error = kind(*arguments)
        except TypeError:  # such as UnicodeDecodeError, made of five values
            error = kind.__new__(kind)
            error.args = tuple(arguments)
        for name, value in content["attributes"].items():
            if not hasattr(kind, name):
                error.__dict__[name] = decode(value)
        if isinstance(text := content["text"], str):
            error.__dict__["_remote_text"] = text
        if content["cause"] is not None:
            cause = self.class_of(content["cause"])
            error.__cause__ = cause.__new__(cause)
        return error


def _text_of(base: type[BaseException]) -> Callable[[BaseException], str]:
    """Return ``__str__`` of a class that may have one of its own in the program."""

    def text_of(error: BaseException) -> str:
        text = error.__dict__.get("_remote_text")
        return text if isinstance(text, str) else base.__str__(error)

    return text_of


def _known(module: str, name: str) -> type[BaseException] | None:
    """Return an exception of Python or of a module that the tests have imported."""
    root = module.partition(".")[0]
    if root in _UNTRUSTED or not (
        root in sys.stdlib_module_names or root in ("numpy", "pandas") or root == "builtins"
    ):
        return None
    found = getattr(sys.modules.get(module), name, None)
    least = BaseException if root == "builtins" else Exception
    return found if isinstance(found, type) and issubclass(found, least) else None
