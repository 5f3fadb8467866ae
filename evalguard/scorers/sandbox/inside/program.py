"""The process that runs the model's code, and then answers calls of the tests' process.

Nothing that happens here is believed: all that leaves is a message that the tests' process reads as
plain data, as a handle of an object, or as an exception's name.
"""

from __future__ import annotations

import builtins
import copy
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from types import CoroutineType, ModuleType
from typing import Any

from . import raised
from .shared import Shared
from .streams import Input, Output
from .theirs import TheirObject, Theirs
from .values import decode, encode
from .wire import Wire

FUNCTIONS = {
    "dataclasses": ("asdict", "astuple", "fields", "is_dataclass", "replace"),
    "inspect": ("isabstract", "isasyncgenfunction", "isclass", "iscoroutinefunction", "isfunction",
                "isgenerator", "isgeneratorfunction"),
    "random": ("seed",),
    "numpy.random": ("seed",),
}  # fmt: skip
"""Functions of modules that the tests call and that work on the program's objects, or its state."""


def _run(awaitable: Any) -> Any:
    """Wait for an awaitable, in the one loop of all."""
    import asyncio

    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)

    async def wait() -> Any:
        return await awaitable

    return loop.run_until_complete(wait())


def _exit(value: Any, kind: type[BaseException] | None, text: str) -> Any:
    error = None
    if kind is not None:
        error = kind.__new__(kind)
        error.args = (text,)
    return bool(type(value).__exit__(value, kind, error, None))


def _function(_: Any, module: str, name: str, *arguments: Any, **named: Any) -> Any:
    if name not in FUNCTIONS.get(module, ()):
        raise ValueError(name)
    return getattr(import_module(module), name)(*arguments, **named)


OPERATIONS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in (
        "abs", "contains", "delitem", "eq", "ge", "getitem", "gt", "iadd", "iand", "ifloordiv",
        "ilshift", "imatmul", "imod", "imul", "index", "invert", "ior", "ipow", "irshift", "isub",
        "itruediv", "ixor", "le", "lt", "neg", "pos", "setitem",
    )
} | {
    name.strip("_"): getattr(operator, name)
    for name in (
        "add", "and_", "floordiv", "lshift", "matmul", "mod", "mul", "or_", "pow", "rshift", "sub",
        "truediv", "xor",
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
    "delattr": delattr,
    "type": type,
    "isinstance": lambda kind, value: isinstance(value, kind),
    "issubclass": lambda kind, value: issubclass(value, kind),
    "bool": bool,
    "hash": hash,
    "int": int,
    "float": float,
    "complex": complex,
    "round": round,
    "iter": iter,
    "reversed": reversed,
    "next": next,
    "len": len,
    "repr": repr,
    "str": str,
    "format": format,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "enter": lambda value: type(value).__enter__(value),
    "exit": _exit,
    "state": lambda value: [type(value), _state(value)],
    "await": _run,
    "aiter": lambda value: type(value).__aiter__(value),
    "anext": lambda value: _run(type(value).__anext__(value)),
    "aenter": lambda value: _run(type(value).__aenter__(value)),
    "aexit": lambda value: _run(type(value).__aexit__(value, None, None, None)),
    "function": _function,
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


_PLAIN_TYPES = frozenset(
    {bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, type(None), type}
)


class Program:
    """Objects of the program by handle, and the way to the tests.

    Args:
        wire: The pipes to the tests' process.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._objects: list[Any] = []
        self._handles: dict[int, int] = {}
        self._theirs: dict[Any, Theirs] = {}
        self._shared = Shared(self._encode, self._decode)
        self._called = False
        self._output = Output()

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
        sys.stdout, sys.stdin = self._output, Input(self._read)
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
        self._output.take()
        self._wire.send({"names": names})
        self._called = True
        while True:
            self._wire.send(self._answer(self._wire.receive()))

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            self._shared.apply(request)
            operation = OPERATIONS[request["do"]]
            arguments = self._decode(request["arguments"])
            named = {name: self._decode(one) for name, one in request["named"].items()}
            self._shared.add(*arguments, *named.values())
            with self._patched(request.get("patched", {})):
                result = operation(self._objects[request["of"]], *arguments, **named)
            answer = {"value": self._encode(result)} | self._news()
            self._shared.add(result)
            return answer
        except BaseException as error:  # noqa: BLE001 - it is for the tests, which called
            return self._raised(error) | self._news()

    def _news(self) -> dict[str, Any]:
        """Return what has changed and was printed since the last message."""
        printed = self._output.take()
        return self._shared.changes() | ({"printed": printed} if printed else {})

    @contextmanager
    def _patched(self, patches: Mapping[str, Any]) -> Iterator[None]:
        """Replace what the tests have replaced, while they call."""
        replaced = []
        try:
            for target, content in patches.items():
                path, _, name = target.rpartition(".")
                with suppress(ImportError, AttributeError):
                    owner = _found(path)
                    replaced.append((owner, name, getattr(owner, name)))
                    setattr(owner, name, self._decode(content))
            yield
        finally:
            for owner, name, original in reversed(replaced):
                setattr(owner, name, original)

    def _raised(self, error: BaseException) -> dict[str, Any]:
        return {"raised": raised.describe(error, self._encode, self._handle)}

    def _encode(self, value: Any) -> Any:
        return encode(value, self._by_handle)

    def _by_handle(self, value: Any, plain: Any) -> Any:  # noqa: PLR0911 - one for each kind
        """Encode an object by a handle, and say what kind of thing it is."""
        if plain is not None:
            own = type(value).__module__ in ("solution", "__main__")
            return {"tagged": [self._handle(value), plain]} if own else plain
        if isinstance(value, ModuleType):
            return {"module": value.__name__}
        if isinstance(value, type) and value in _PLAIN_TYPES:
            return {"type": value.__name__}
        if isinstance(value, type) and issubclass(value, BaseException):
            return {"exception": raised.describe_class(value, self._handle)}
        if issubclass(type(value), Theirs):
            return {"theirs": Theirs.handle_of(value)}
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
                "theirs": self._of_tests,
                "builtin": lambda name: getattr(builtins, name),
                "iterator": lambda items: iter(self._decode(items)),
            },
        )

    def _of_tests(self, content: Any) -> Theirs:
        handle, name, is_object = content
        if handle not in self._theirs:
            kind = TheirObject if is_object else Theirs
            self._theirs[handle] = kind(handle, name, self._ask_back)
        return self._theirs[handle]

    def _ask_back(self, do: str, handle: Any, *arguments: Any, **named: Any) -> Any:
        """Have the tests' process do something with what the tests passed."""
        asked = {
            "back": handle,
            "do": do,
            "arguments": self._encode(list(arguments)),
            "named": {name: self._encode(one) for name, one in named.items()},
        }
        self._wire.send(asked | self._news())
        self._shared.add(*arguments, *named.values())
        while True:
            answer = self._wire.receive()
            if "do" in answer:  # their function calls the program before it returns
                self._wire.send(self._answer(answer))
                continue
            self._shared.apply(answer)
            if "raised" in answer:
                name, text = answer["raised"]
                raise getattr(builtins, name)(text)
            found = self._decode(answer["value"])
            self._shared.add(found)
            return found

    def _read(self, how: str, size: int) -> str:
        """Read from the standard input of the tests; there is none before they call."""
        return str(self._ask_back(how, "stdin", size)) if self._called else ""


def _found(path: str) -> Any:
    """Return a module, or what is in one, by its path; the tests' own is the program's."""
    parts = path.split(".")
    found: Any = import_module("__main__" if parts[0] == "solution" else parts[0])
    for n, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part):
            import_module(".".join(parts[:n]))
        found = getattr(found, part)
    return found
