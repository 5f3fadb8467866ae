"""Stand-ins, in the tests' process, for what the program made: calls go to it, trust does not.

Nothing of the program decides a comparison with a value of the tests. An object of a class of its
own is unequal to every number, text or list, has no order with them, and cannot be computed with
them to a number. It can be called and iterated over; what else it answers depends on whether the
tests are about objects, see :func:`expects_objects`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from typing import Any, TypeVar

ValueT = TypeVar("ValueT")
Ask = Callable[..., Any]
"""``ask(operation, object, *arguments, **named)``, answered by the program's process."""

FIRST = 0
"""The handle of the program's namespace."""

_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
_PLAIN_ATTRIBUTES = frozenset(name for kind in _PLAIN for name in dir(kind))


class Remote:
    """What any object of the program can do: be called, be iterated over, be true or false."""

    _remote_takes_values = False
    """Whether it may be computed with values of the tests."""

    __hash__ = object.__hash__

    __handle: int
    __name: str
    __ask: Ask

    def __init__(self, handle: int, name: str, ask: Ask) -> None:
        for key, value in (("handle", handle), ("name", name), ("ask", ask)):
            object.__setattr__(self, f"_Remote__{key}", value)

    def _remote_ask(self, operation: str, *arguments: Any, **named: Any) -> Any:
        return self.__ask(operation, self, *arguments, **named)

    @staticmethod
    def handle_of(remote: Remote) -> int:
        """Return the handle by which the program's process knows an object."""
        return remote.__handle

    def __bool__(self) -> bool:
        return self._remote_ask("bool") is True

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Return what the program's function returns."""
        return self._remote_ask("call", *arguments, **named)

    def __iter__(self) -> Iterator[Any]:
        return iter(_Items(self._remote_ask("iter")))

    def __next__(self) -> Any:
        return self._remote_ask("next")

    async def _remote_await(self) -> Any:
        """Return what the program's coroutine returns."""
        return self._remote_ask("await")

    def __repr__(self) -> str:
        return f"<{self.__name} of the program>"

    def __eq__(self, other: object) -> bool:
        """Equal are two objects of the program that say so and hold the same."""
        if self is other:
            return True
        if not isinstance(other, Remote):
            return False
        if self._remote_ask("eq", other) is not True:
            return False
        return bool(self._remote_ask("state") == other._remote_ask("state"))


def _ordered(name: str) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: Any) -> Any:
        return self._remote_ask(name, other) if isinstance(other, Remote) else NotImplemented

    return compare


def _computed(name: str) -> Callable[..., Any]:
    """Return an operator whose result is an object again, never a number to be compared."""

    def compute(self: Any, *other: Any) -> Any:
        if not (self._remote_takes_values or all(isinstance(one, Remote) for one in other)):
            return NotImplemented
        found = self._remote_ask(name, *other)
        return found if isinstance(found, Remote) else NotImplemented

    return compute


for _name in ("lt", "le", "gt", "ge"):
    setattr(Remote, f"__{_name}__", _ordered(_name))
for _name in (
    "add", "sub", "mul", "truediv", "radd", "rsub", "rmul", "rtruediv", "floordiv", "mod", "pow",
    "matmul", "lshift", "rshift", "and_", "or_", "xor", "neg", "pos", "invert",
):  # fmt: skip
    setattr(Remote, f"__{_name.strip('_')}__", _computed(_name))


class _Items:
    """An iterator over one of the program's."""

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def __iter__(self) -> _Items:
        return self

    def __next__(self) -> Any:
        return next(self._iterator)


class RemoteObject(Remote):
    """An object of the program where the tests are about objects: it has attributes as well."""

    _remote_takes_values = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__name__", "__doc__", "__class__"):
            raise AttributeError(name)
        return self._remote_ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._remote_ask("setattr", name, value)

    def __len__(self) -> int:
        return _of_type(int, self._remote_ask("len"))

    def __str__(self) -> str:
        return _of_type(str, self._remote_ask("str"))

    def __repr__(self) -> str:
        return _of_type(str, self._remote_ask("repr"))

    def __format__(self, how: str) -> str:
        return _of_type(str, self._remote_ask("format", how))

    def __getitem__(self, key: Any) -> Any:
        return self._remote_ask("getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._remote_ask("setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        self._remote_ask("delitem", key)

    def __contains__(self, item: Any) -> bool:
        return self._remote_ask("contains", item) is True

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, Remote) and self._remote_ask("isinstance", value) is True

    def __enter__(self) -> Any:
        return self._remote_ask("enter")

    def __exit__(self, *_: object) -> None:
        self._remote_ask("exit")


def _of_type(kind: type[ValueT], value: Any) -> ValueT:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, got {type(value).__name__}")
    return value


def expects_objects(tests: ast.Module, names: Set[str]) -> bool:
    """Return whether tests are about objects of the program.

    They are if they use attributes that no data has, or any of what a class, by its capital letter,
    gives. It is the tests that say so, not the program: ``f(x).startswith("a")`` and ``f(x) - 3``
    are about data whatever the program returns, ``Stack().pop()`` is about an object.

    Args:
        tests: The tests.
        names: Names that they take from the program.
    """
    nodes = [node for node in ast.walk(tests) if isinstance(node, ast.Attribute)]
    classes = _bound_from(tests, {name for name in names if name[:1].isupper()})
    if any(_root(node.value) in classes for node in nodes):
        return True
    known = _bound_from(tests, names)
    used = {node.attr for node in nodes if _root(node.value) in known} - _PLAIN_ATTRIBUTES
    return bool(used and used - _attributes_of_data())


def _bound_from(tests: ast.Module, names: Set[str]) -> set[str]:
    """Return names, and those that tests bind to what comes of them."""
    known = set(names)
    bindings = [node for node in ast.walk(tests) if isinstance(node, ast.Assign | ast.withitem)]
    for _ in bindings:  # a name of a name of a name …
        before = len(known)
        for node in bindings:
            value = node.value if isinstance(node, ast.Assign) else node.context_expr
            targets = node.targets if isinstance(node, ast.Assign) else [node.optional_vars]
            if _root(value) in known:
                known |= {name for one in targets if one is not None for name in _targets(one)}
        if len(known) == before:
            break
    return known


def _attributes_of_data() -> set[str]:
    """Return the attributes of what else arrives as plain data."""
    import collections
    import datetime
    import decimal
    import fractions

    kinds: list[type] = [collections.Counter, collections.deque, decimal.Decimal]
    kinds += [fractions.Fraction, datetime.datetime, datetime.timedelta]
    with suppress(ImportError):
        import numpy as np

        kinds.append(np.ndarray)
    return {name for kind in kinds for name in dir(kind)}


def _root(node: ast.AST) -> str:
    """Return what an expression starts from: ``a`` of ``a(1).b[2]``, ``self.a`` of ``self.a.b``."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript | ast.Await):
        if name := _of_self(node):
            return name
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.BinOp):
        return _root(node.left) or _root(node.right)
    return node.id if isinstance(node, ast.Name) else ""


def _targets(node: ast.AST) -> list[str]:
    """Return the names that an assignment binds, ``self.a`` among them."""
    if name := _of_self(node):
        return [name]
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]


def _of_self(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"self.{node.attr}" if node.value.id == "self" else ""
    return ""
