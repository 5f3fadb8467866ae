"""Stand-ins, in the tests' process, for what the program made: calls go to it, trust does not.

Nothing of the program decides a comparison with a value of the tests. An object of a class of its
own is unequal to every number, text or list, has no order with them, and cannot be computed with
them to a number. It can be called, iterated over and entered; what else it answers depends on
whether the tests are about objects, see :func:`~.expected.expects_objects`.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

ValueT = TypeVar("ValueT")
Ask = Callable[..., Any]
"""``ask(operation, object, *arguments, **named)``, answered by the program's process."""

FIRST = 0
"""The handle of the program's namespace."""

_PYTHONS_TYPES: dict[str, type] = {
    "generator": types.GeneratorType,
    "async_generator": types.AsyncGeneratorType,
    "function": types.FunctionType,
}
"""What an object may say it is; none of these is equal to a value of the tests."""

_READABLE = frozenset(
    {"__name__", "__qualname__", "__module__", "__annotations__", "__wrapped__", "__members__",
     "__slots__", "__version__", "__author__", "__all__"}
)  # fmt: skip


class Remote:
    """What any object of the program can do: be called, be iterated over, be true or false."""

    _remote_takes_values = False
    """Whether it may be computed with values of the tests."""

    _remote_made = False
    """Whether the tests made it themselves, by calling what they name as a class."""

    _remote_makes = False
    """Whether it is what they name as a class."""

    __hash__ = object.__hash__

    __handle: int
    __name: str
    __ask: Ask

    def __init__(self, handle: int, name: str, ask: Ask, **marks: bool) -> None:
        for key, value in (("handle", handle), ("name", name), ("ask", ask)):
            object.__setattr__(self, f"_Remote__{key}", value)
        for key, value in marks.items():
            object.__setattr__(self, f"_remote_{key}", value)

    def _remote_ask(self, operation: str, *arguments: Any, **named: Any) -> Any:
        return self.__ask(operation, self, *arguments, **named)

    def _remote_as_made(self) -> Remote:
        """Return another stand-in for the same object, as the tests' own make."""
        return type(self)(self.__handle, self.__name, self.__ask, made=True)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self._remote_python_type() or type(self)

    def _remote_python_type(self) -> type | None:
        return _PYTHONS_TYPES.get(self.__name)

    @staticmethod
    def handle_of(remote: Remote) -> int:
        """Return the handle by which the program's process knows an object."""
        return remote.__handle

    def __bool__(self) -> bool:
        return self._remote_ask("bool") is True

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Return what the program's function returns."""
        found = self._remote_ask("call", *arguments, **named)
        made = self._remote_makes and isinstance(found, Remote)
        return found._remote_as_made() if made else found

    def __iter__(self) -> Iterator[Any]:
        return iter(_Items(self._remote_ask("iter")))

    def __next__(self) -> Any:
        return self._remote_ask("next")

    def __aiter__(self) -> Any:
        return self._remote_ask("aiter")

    async def __anext__(self) -> Any:
        return self._remote_ask("anext")

    def __enter__(self) -> Any:
        found = self._remote_ask("enter")
        return self if same(found, self) else found

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        """Leave; only an exception that the tests raise by name can be kept from them."""
        ends = self._remote_ask("exit", kind, str(error)) is True
        return ends and kind is not None and _is_raised_by_tests(kind, trace)

    async def __aenter__(self) -> Any:
        found = self._remote_ask("aenter")
        return self if same(found, self) else found

    async def __aexit__(self, *_: object) -> None:
        self._remote_ask("aexit")

    async def _remote_await(self) -> Any:
        """Return what the program's coroutine returns."""
        return self._remote_ask("await")

    def __repr__(self) -> str:
        return f"<{self.__name} of the program>"

    def __eq__(self, other: object) -> bool:
        """Equal are two objects of the program that say so and hold the same."""
        if same(self, other):
            return True
        if not isinstance(other, Remote):
            return False
        if self._remote_ask("eq", other) is not True:
            return False
        return bool(self._remote_ask("state") == other._remote_ask("state"))


def same(first: Any, second: Any) -> bool:
    """Return whether two values are one: ``is``, for stand-ins too."""
    if issubclass(type(first), Remote) and issubclass(type(second), Remote):
        return Remote.handle_of(first) == Remote.handle_of(second)
    return first is second


RAISES: set[int] = set()
"""Lines of the tests on which the body of a ``with`` raises an exception, whatever came before."""


def _is_raised_by_tests(kind: Any, trace: Any) -> bool:
    while trace.tb_next is not None:
        trace = trace.tb_next
    by_tests = trace.tb_frame.f_code.co_filename == "<tests>" and trace.tb_lineno in RAISES
    return by_tests and issubclass(kind, Exception) and not issubclass(kind, AssertionError)


def _ordered(name: str) -> Callable[[Any, Any], Any]:
    def compare(self: Any, other: Any) -> Any:
        return self._remote_ask(name, other) if isinstance(other, Remote) else NotImplemented

    return compare


def _computed(name: str) -> Callable[..., Any]:
    """Return an operator whose result is an object again, never a number to be compared.

    It may be a number where the tests have made all that it is computed from.
    """

    def compute(self: Any, *other: Any) -> Any:
        of_program = all(isinstance(one, Remote) for one in other)
        if not (self._remote_takes_values or of_program):
            return NotImplemented
        made = of_program and all(one._remote_made for one in (self, *other))
        found = self._remote_ask(name, *other)
        if not isinstance(found, Remote):
            return found if made else NotImplemented
        if same(found, self):
            return self
        return found._remote_as_made() if made else found

    return compute


for _name in ("lt", "le", "gt", "ge"):
    setattr(Remote, f"__{_name}__", _ordered(_name))
for _name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lshift", "rshift", "and_",
    "or_", "xor",
):  # fmt: skip
    _name = _name.strip("_")
    setattr(Remote, f"__{_name}__", _computed(_name))
    setattr(Remote, f"__i{_name}__", _computed(f"i{_name}"))
for _name in ("radd", "rsub", "rmul", "rtruediv", "neg", "pos", "invert", "abs"):
    setattr(Remote, f"__{_name}__", _computed(_name))


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
        if name.startswith("__") and name.endswith("__") and name not in _READABLE:
            raise AttributeError(name)
        return self._remote_ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._remote_ask("setattr", name, value)

    def __delattr__(self, name: str) -> None:
        self._remote_ask("delattr", name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return self._remote_python_type() or type_of(self)

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return self._remote_ask("getattr", "__dict__")

    def __hash__(self) -> int:
        return _of_type(int, self._remote_ask("hash"))

    def __len__(self) -> int:
        return _of_type(int, self._remote_ask("len"))

    def __reversed__(self) -> Iterator[Any]:
        return iter(self._remote_ask("reversed"))

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

    def __copy__(self) -> Any:
        return self._remote_ask("copy")

    def __deepcopy__(self, _: Any) -> Any:
        return self._remote_ask("deepcopy")

    def __instancecheck__(self, value: Any) -> bool:
        value = remote_of(value)
        return value is not None and self._remote_ask("isinstance", value) is True

    def __subclasscheck__(self, kind: Any) -> bool:
        return remote_of(kind) is not None and self._remote_ask("issubclass", kind) is True


# after the class, whose own docstring it replaces
RemoteObject.__doc__ = property(lambda self: self._remote_ask("getattr", "__doc__"))  # type: ignore[assignment]


def _as_number(name: str, kind: type[Any]) -> Callable[..., Any]:
    """Return how an object that the tests made becomes a number."""

    def convert(self: Any, *arguments: Any) -> Any:
        if not self._remote_made:
            raise TypeError(f"an object of the program is no {kind.__name__}")
        return _of_type(kind, self._remote_ask(name, *arguments))

    return convert


for _name, _kind in (("int", int), ("float", float), ("complex", complex), ("index", int)):
    setattr(RemoteObject, f"__{_name}__", _as_number(_name, _kind))
RemoteObject.__round__ = _as_number("round", object)  # type: ignore[attr-defined]


def _of_type(kind: type[ValueT], value: Any) -> ValueT:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected, got {type(value).__name__}")
    return value


def remote_of(value: Any) -> Remote | None:
    """Return the stand-in that a value is or carries; ``None`` where it is the tests' own."""
    if issubclass(type(value), Remote):
        return value  # type: ignore[no-any-return]
    return getattr(type(value), "_remote_of_plain", {}).get(id(value))


def type_of(value: Any) -> Any:
    """Return the class of a value: ``type(value)``, for stand-ins too.

    That of an object of the program is never a class of plain data, whatever the program says.
    """
    remote = remote_of(value)
    found = type(value) if remote is None else remote._remote_ask("type")
    return found if remote is None or issubclass(type(found), Remote) else type(value)


def with_methods(plain: Any, remote: Remote) -> Any:
    """Return plain data of a class of the program's own, whose other attributes the program has.

    It is compared, hashed and computed with as the data that it is, here.
    """
    kind = type(plain)

    def get(self: Any, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return remote._remote_ask("getattr", name)

    of_plain: dict[int, Remote] = {}
    own = type(kind.__name__, (kind,), {"__getattr__": get, "_remote_of_plain": of_plain})
    found = own(*plain) if hasattr(kind, "_fields") else own(plain)
    of_plain[id(found)] = remote
    return found
