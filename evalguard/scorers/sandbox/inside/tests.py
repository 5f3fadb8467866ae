"""The process that runs the tests: it calls the program, and says to the parent how they ended.

No code of the program runs here. What arrives from its process is plain data, a stand-in of
:mod:`.objects`, or an exception of a built-in kind.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from threading import RLock
from types import BuiltinFunctionType, ModuleType
from typing import Any

from .objects import FIRST, Remote, RemoteObject, expects_objects
from .values import containers, decode, encode, put_back
from .wire import Wire

_ENDS = (StopIteration, StopAsyncIteration, GeneratorExit)
"""Raised by a function, these would end a loop of the tests in silence."""


class Passed(SystemExit):
    """``unittest.main()`` leaves the tests, all of which passed."""


class Solution:
    """The program, which another process runs.

    Args:
        wire: The pipes to that process.
        of_objects: Whether the tests are about objects of the program.
    """

    def __init__(self, wire: Wire, *, of_objects: bool) -> None:
        self._wire = wire
        self._kind = RemoteObject if of_objects else Remote
        self._objects: dict[int, Remote] = {}
        self._exceptions: dict[int, type[BaseException]] = {}
        self._functions: list[Any] = []
        self._lock = RLock()
        # the program's namespace, which each name is taken from
        self._namespace = self._object([FIRST, "namespace"])

    def name(self, name: str) -> Any:
        """Return what a name of the program stands for."""
        found = self.ask("getitem", self._namespace, name)
        return _module(found.name) if isinstance(found, _ModuleName) else found

    def ask(self, do: str, remote: Remote, *arguments: Any, **named: Any) -> Any:
        """Have the program's process do something with an object, and return what comes of it."""
        with self._lock:
            self._wire.send(
                {
                    "do": do,
                    "of": Remote.handle_of(remote),
                    "arguments": self._encode(list(arguments)),
                    "named": {name: self._encode(one) for name, one in named.items()},
                }
            )
            answer = self._wire.receive()
            while "back" in answer:
                self._wire.send(self._called_back(answer))
                answer = self._wire.receive()
        if "raised" in answer:
            raise self._exception(answer["raised"], ends=do == "next")
        if "changed" in answer:
            kept = containers([*arguments, *named.values()])
            for one, changed in zip(kept, answer["changed"], strict=True):
                put_back(one, self._decode(changed))
        return self._decode(answer["value"])

    def _called_back(self, request: Mapping[str, Any]) -> dict[str, Any]:
        function = self._functions[request["back"]]
        try:
            named = {name: self._decode(one) for name, one in request["named"].items()}
            return {"value": self._encode(function(*self._decode(request["arguments"]), **named))}
        except Exception as error:  # noqa: BLE001 - the program may expect it
            names = (one.__name__ for one in type(error).__mro__)
            known = next(name for name in names if hasattr(builtins, name))
            return {"raised": [known, str(error)]}

    def _encode(self, value: Any) -> Any:
        return encode(value, self._argument)

    def _argument(self, value: Any) -> dict[str, Any]:
        """Encode an argument that is no plain data: an object of the program, or a function."""
        if isinstance(value, Remote):
            return {"object": Remote.handle_of(value)}
        if isinstance(value, type | BuiltinFunctionType):
            name = str(value.__name__)
            if getattr(builtins, name, None) is value:
                return {"builtin": name}
        elif hasattr(value, "__next__"):
            return {"iterator": self._encode(list(value))}
        if callable(value):
            self._functions.append(value)
            return {"theirs": len(self._functions) - 1}
        raise TypeError(
            f"the tests pass a {type(value).__name__}, which cannot leave their process"
        )

    def _decode(self, value: Any) -> Any:
        return decode(
            value,
            {
                "object": self._object,
                "coroutine": lambda content: self._object(content)._remote_await(),
                "exception": self._exception_class,
                "module": lambda name: _ModuleName(str(name)),
                "theirs": lambda handle: self._functions[handle],
            },
        )

    def _object(self, content: Any) -> Remote:
        handle, name = int(content[0]), str(content[1])
        if handle not in self._objects:
            self._objects[handle] = self._kind(handle, name, self.ask)
        return self._objects[handle]

    def _exception_class(self, content: Any) -> type[BaseException]:
        """Return a class of this process that stands for one of the program's exceptions."""
        handle, name, base = content
        known = getattr(builtins, str(base), None)
        if not (isinstance(known, type) and issubclass(known, BaseException)):
            known = Exception
        if known.__name__ == name:
            return known
        if handle not in self._exceptions:
            own = type(str(name), (known,), {"__init__": lambda *_: None})
            self._exceptions[handle] = own
        return self._exceptions[handle]

    def _exception(self, content: Any, *, ends: bool) -> BaseException:
        kind = self._exception_class(content[0])
        arguments = self._decode(content[1])
        if issubclass(kind, _ENDS) and not (ends and kind is StopIteration):
            return RuntimeError(f"the program raised {kind.__name__}")
        try:
            return kind(*arguments)
        except TypeError:  # such as UnicodeDecodeError, made of five values
            error = kind.__new__(kind)
            error.args = tuple(arguments)
            return error


class _ModuleName:
    """A module of the program's process."""

    def __init__(self, name: str) -> None:
        self.name = name


def _module(name: str) -> ModuleType:
    """Return a module that the program has imported, as it is here."""
    if name.partition(".")[0] not in _MODULES:
        raise ImportError(f"the tests use the program's module {name}; import it in the tests")
    return import_module(name)


_MODULES = {name: name for name in sys.stdlib_module_names} | {"np": "numpy", "numpy": "numpy"}
"""Modules that tests may take from the program, by the usual name."""


def taken_names(tests: ast.Module, offered: list[str]) -> list[str]:
    """Return which names of the program the tests take.

    A built-in function that the program has replaced is the tests' own, unless it is the only name
    that they could take from the program, offered or not, and so what they test.

    Raises:
        ValueError: If they could take several built-in names and no other.
    """
    nodes = list(ast.walk(tests))
    defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    own = {node.name for node in nodes if isinstance(node, defined)}
    # the program's process has run the imports of the tests, too
    for statement in tests.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            own |= {one.asname or one.name.partition(".")[0] for one in statement.names}
    loaded = {node.id for node in nodes if isinstance(node, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "solution":
            loaded |= {one.name for one in node.names}
            own -= {one.name for one in node.names}
        elif isinstance(node, ast.Import) and any(one.name == "solution" for one in node.names):
            loaded |= {one.attr for one in nodes if isinstance(one, ast.Attribute)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    # names in a text may be for eval() or getattr()
    words = {word for text in texts if isinstance(text, str) for word in _words(text)}
    taken = [name for name in offered if name in loaded - own]
    replaced = [name for name in taken if hasattr(builtins, name)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)} | {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    wanted = {name for name in loaded - own - bound if not hasattr(builtins, name)}
    if wanted or len(replaced) < len(taken):
        replaced = []
    elif len(replaced) > 1:
        raise ValueError(f"the program replaces {', '.join(replaced)}")
    return replaced + [
        name for name in offered if name in (loaded | words) - own and not hasattr(builtins, name)
    ]


def _words(text: str) -> list[str]:
    return "".join(one if one.isalnum() or one == "_" else " " for one in text).split()


def _modules(tests: ast.Module, names: list[str]) -> dict[str, ModuleType]:
    """Return names by which tests mean a module, whatever the program has put there.

    They do if it has every attribute that they use.
    """
    used: dict[str, set[str]] = {}
    for node in ast.walk(tests):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    found = {}
    for name in names:
        if name in used and name in _MODULES:
            try:
                module = import_module(_MODULES[name])
            except ImportError:
                continue
            if all(hasattr(module, attribute) for attribute in used[name]):
                found[name] = module
    return found


def run(source: str, wire: Wire) -> bool:
    """Run tests against the program, and return whether they came to their end.

    Args:
        source: The tests.
        wire: The pipes to the program's process.
    """
    tests = ast.parse(source)
    offered = wire.receive().get("names")
    if offered is None:  # the program raised
        return False
    # `if __name__ == "__main__":` is not the program's to answer
    names = taken_names(tests, [name for name in map(str, offered) if name[:2] != "__"])
    modules = _modules(tests, names)
    main = ModuleType("__main__")
    for of_objects in (False, True):
        solution = Solution(wire, of_objects=of_objects)
        for name in names:
            main.__dict__[name] = modules.get(name) or solution.name(name)
        own = {name for name in names if not isinstance(main.__dict__[name], ModuleType)}
        if not expects_objects(tests, own):
            break
    sys.modules["__main__"] = sys.modules["solution"] = main
    sys.argv = ["tests.py"]
    if "unittest" in source:
        _watch_unittest()
    with suppress(Passed):
        exec(compile(tests, "<tests>", "exec"), main.__dict__)  # noqa: S102 - the tests
    return not wire.broken


def _watch_unittest() -> None:
    """Have ``unittest.main()`` raise where a test fails, or none is run."""
    import unittest

    class Main(unittest.TestProgram):
        exit: bool

        def runTests(self) -> None:  # noqa: N802
            leaves, self.exit = self.exit, False
            super().runTests()
            ran = self.result.testsRun - len(self.result.skipped)
            if not self.result.wasSuccessful() or ran < 1:
                raise AssertionError("a test failed, or none was run")
            if leaves:
                raise Passed(0)

    unittest.main = unittest.TestProgram = Main  # type: ignore[misc]
