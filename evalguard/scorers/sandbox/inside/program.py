"""The process that runs the model's code, and then answers calls of the tests' process.

Nothing that happens here is believed: all that leaves is a message that the tests' process reads as
plain data, as a handle of an object, or as an exception's name.
"""

from __future__ import annotations

import builtins
import operator
import sys
from collections.abc import Callable, Mapping
from types import CoroutineType, ModuleType
from typing import Any

from .values import containers, decode, encode
from .wire import Wire


def _run(awaitable: Any) -> Any:
    import asyncio

    async def wait() -> Any:
        return await awaitable

    return asyncio.run(wait())


OPERATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in (
        "add", "and_", "contains", "delitem", "eq", "floordiv", "ge", "getitem", "gt", "invert",
        "le", "lshift", "lt", "matmul", "mod", "mul", "neg", "or_", "pos", "pow", "rshift",
        "setitem", "sub", "truediv", "xor",
    )
}  # fmt: skip
"""What the tests may do with an object of the program, by name."""

OPERATIONS |= {
    "radd": lambda value, other: other + value,
    "rsub": lambda value, other: other - value,
    "rmul": lambda value, other: other * value,
    "rtruediv": lambda value, other: other / value,
    "call": lambda function, *arguments, **named: function(*arguments, **named),
    "getattr": getattr,
    "setattr": setattr,
    "isinstance": lambda kind, value: isinstance(value, kind),
    "bool": bool,
    "iter": iter,
    "next": next,
    "len": len,
    "repr": repr,
    "str": str,
    "format": format,
    "enter": lambda value: type(value).__enter__(value),
    "exit": lambda value: type(value).__exit__(value, None, None, None),
    "state": lambda value: [type(value), _state(value)],
    "await": _run,
}


def _state(value: Any) -> Any:
    """Return what an object holds: its attributes and slots."""
    held = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("__") and hasattr(value, name):
                held[name] = getattr(value, name)
    return held


class Program:
    """Objects of the program by handle, and the way to the tests.

    Args:
        wire: The pipes to the tests' process.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._objects: list[Any] = []
        self._handles: dict[int, int] = {}

    def run(self, source: str, imports: str) -> None:
        """Run the program, tell its names, and answer until the tests end.

        Args:
            source: The program.
            imports: Import statements of the tests, which share the program's namespace.
        """
        self._wire.send({"started": True})
        # A module that can be looked up by name, as dataclasses do.
        solution = sys.modules["solution"] = ModuleType("solution")
        namespace = solution.__dict__
        self._handle(namespace)
        try:
            # Running the model's code is what this process is for.
            exec(compile(source, "<output>", "exec"), namespace)  # noqa: S102
            exec(compile(imports, "<imports>", "exec"), namespace)  # noqa: S102
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the program's
            self._wire.send(self._raised(error))
            return
        # `if __name__ == "__main__":` is true for what the tests call
        solution.__name__ = "__main__"
        sys.modules["__main__"] = solution
        names = [name for name in list(namespace) if type(name) is str and name[:2] != "__"]
        self._wire.send({"names": names})
        while True:
            self._wire.send(self._answer(self._wire.receive()))

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            operation = OPERATIONS[request["do"]]
            arguments = self._decode(request["arguments"])
            named = {name: self._decode(one) for name, one in request["named"].items()}
            kept = containers([*arguments, *named.values()])
            before = [self._encode(one) for one in kept]
            result = operation(self._objects[request["of"]], *arguments, **named)
            after = [self._encode(one) for one in kept]
            answer = {"value": self._encode(result)}
            return answer if after == before else answer | {"changed": after}
        except BaseException as error:  # noqa: BLE001 - it is for the tests, which called
            return self._raised(error)

    def _raised(self, error: BaseException) -> dict[str, Any]:
        arguments = []
        for one in error.args[:8]:
            plain = one is None or type(one) in (bool, int, float, str)
            arguments.append(self._encode(one if plain else f"{type(one).__name__}"))
        kind = type(error)
        return {"raised": [self._encode_exception(kind), arguments]}

    def _encode_exception(self, kind: type[BaseException]) -> list[Any]:
        base = next(one for one in kind.__mro__ if getattr(builtins, one.__name__, None) is one)
        return [self._handle(kind), kind.__name__, base.__name__]

    def _encode(self, value: Any) -> Any:
        return encode(value, self._by_handle)

    def _by_handle(self, value: Any) -> dict[str, Any]:
        """Encode an object by a handle, and say what kind of thing it is."""
        if isinstance(value, ModuleType):
            return {"module": value.__name__}
        if isinstance(value, type) and issubclass(value, BaseException):
            return {"exception": self._encode_exception(value)}
        if isinstance(value, _Theirs):
            return {"theirs": value.handle}
        if isinstance(value, CoroutineType):
            return {"coroutine": [self._handle(value), "coroutine"]}
        return {"object": [self._handle(value), type(value).__name__]}

    def _handle(self, value: Any) -> int:
        """Return the handle of an object; the same object always has the same."""
        if id(value) not in self._handles:
            self._handles[id(value)] = len(self._objects)
            self._objects.append(value)
        return self._handles[id(value)]

    def _decode(self, value: Any) -> Any:
        return decode(
            value,
            {
                "object": lambda handle: self._objects[handle],
                "theirs": lambda handle: _Theirs(handle, self),
                "builtin": lambda name: getattr(builtins, name),
                "iterator": lambda items: iter(self._decode(items)),
            },
        )

    def ask_back(self, handle: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call a function that the tests passed as an argument."""
        self._wire.send(
            {
                "back": handle,
                "arguments": self._encode(list(arguments)),
                "named": {name: self._encode(one) for name, one in named.items()},
            }
        )
        while True:
            answer = self._wire.receive()
            if "do" in answer:  # their function calls the program before it returns
                self._wire.send(self._answer(answer))
            elif "raised" in answer:
                name, text = answer["raised"]
                raise getattr(builtins, name)(text)
            else:
                return self._decode(answer["value"])


class _Theirs:
    """A function of the tests, called in their process."""

    def __init__(self, handle: int, program: Program) -> None:
        self.handle, self._program = handle, program

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._program.ask_back(self.handle, arguments, named)
