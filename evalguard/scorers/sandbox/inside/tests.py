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

from . import objects, theirs
from .expected import expects_objects, named_classes
from .objects import FIRST, Remote, RemoteObject, remote_of, same, type_of, with_methods
from .patched import Patches, route
from .program import FUNCTIONS
from .raised import Exceptions
from .shared import Shared
from .values import decode, encode
from .wire import Wire

_ENDS = {"next": StopIteration, "anext": StopAsyncIteration}
"""What may end a loop of the tests, by what was asked."""


class Passed(SystemExit):
    """``unittest.main()`` leaves the tests, all of which passed."""


class Solution:
    """The program, which another process runs.

    Args:
        wire: The pipes to that process.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._kind = Remote
        self._objects: dict[int, Remote] = {}
        self._with_methods: dict[int, Any] = {}
        self._exceptions = Exceptions()
        self._given: dict[int, Any] = {}
        self._given_handles: dict[int, int] = {}
        self._shared = Shared(self._encode, self._decode)
        self._lock = RLock()
        self.patches: Patches | None = None
        # the program's namespace, which each name is taken from
        self._namespace = self._object([FIRST, "namespace"])

    def see_objects(self) -> None:
        """From now on, what the program makes has attributes."""
        self._kind = RemoteObject
        self._objects.clear()

    def name(self, name: str, *, is_class: bool = False) -> Any:
        """Return what a name of the program stands for."""
        found = self.ask("getitem", self._namespace, name)
        if is_class and type(found) is RemoteObject:
            object.__setattr__(found, "_remote_makes", True)
        return _module(found.name) if isinstance(found, _ModuleName) else found

    def call(self, module: str, name: str, *arguments: Any, **named: Any) -> Any:
        """Have the program's process call a function of a module."""
        return self.ask("function", self._namespace, module, name, *arguments, **named)

    def ask(self, do: str, remote: Remote, *arguments: Any, **named: Any) -> Any:
        """Have the program's process do something with an object, and return what comes of it."""
        with self._lock:
            request = {
                "do": do,
                "of": Remote.handle_of(remote),
                "arguments": self._encode(list(arguments)),
                "named": {name: self._encode(one) for name, one in named.items()},
            }
            patched = (
                {one: self._encode(by) for one, by in self.patches.now()} if self.patches else {}
            )
            self._wire.send(
                request | self._shared.changes() | ({"patched": patched} if patched else {})
            )
            self._shared.add(*arguments, *named.values())
            answer = self._receive()
            while "back" in answer:
                self._wire.send(self._called_back(answer))
                answer = self._receive()
            if "raised" in answer:
                raise self._exceptions.make(answer["raised"], self._decode, ends=_ENDS.get(do))
            found = self._decode(answer["value"])
            self._shared.add(found)
            return found

    def _receive(self) -> dict[str, Any]:
        message = self._wire.receive()
        self._shared.apply(message)
        if isinstance(printed := message.get("printed"), str):
            sys.stdout.write(printed)
        return message

    def _called_back(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            arguments = self._decode(request["arguments"])
            named = {name: self._decode(one) for name, one in request["named"].items()}
            self._shared.add(*arguments, *named.values())
            if request["back"] == "stdin":
                read = {"read": sys.stdin.read, "readline": sys.stdin.readline}[request["do"]]
                found: Any = read(*arguments)
            else:
                found = theirs.answer(self._given[request["back"]], request["do"], arguments, named)
            answer = {"value": self._encode(found)} | self._shared.changes()
            self._shared.add(found)
            return answer
        except Exception as error:  # noqa: BLE001 - the program may expect it
            names = (one.__name__ for one in type(error).__mro__)
            known = next(name for name in names if hasattr(builtins, name))
            return {"raised": [known, str(error)]} | self._shared.changes()

    def _encode(self, value: Any) -> Any:
        return encode(value, self._argument)

    def _argument(self, value: Any, plain: Any) -> Any:
        """Encode what is no plain data: an object of the program, or something of the tests."""
        if (remote := remote_of(value)) is not None:
            return {"object": Remote.handle_of(remote)}
        if plain is not None:
            return plain
        if isinstance(value, type | BuiltinFunctionType):
            name = str(value.__name__)
            if getattr(builtins, name, None) is value:
                return {"builtin": name}
        is_object = theirs.is_passed(value) and not isinstance(value, type | BaseException)
        if not is_object and hasattr(type(value), "__next__"):
            return {"iterator": self._encode(list(value))}
        if is_object or callable(value):
            handle = self._given_handles.setdefault(id(value), len(self._given))
            self._given[handle] = value
            return {"theirs": [handle, str(getattr(value, "__name__", "")), is_object]}
        raise TypeError(
            f"the tests pass a {type(value).__name__}, which cannot leave their process"
        )

    def _decode(self, value: Any) -> Any:
        return decode(
            value,
            {
                "object": self._object,
                "tagged": self._tagged,
                "coroutine": lambda content: self._object(content)._remote_await(),
                "exception": self._exceptions.class_of,
                "type": _plain_type,
                "module": lambda name: _ModuleName(str(name)),
                "theirs": lambda handle: self._given[handle],
            },
        )

    def _object(self, content: Any) -> Remote:
        handle, name = int(content[0]), str(content[1])
        if handle not in self._objects:
            self._objects[handle] = self._kind(handle, name, self.ask)
        return self._objects[handle]

    def _tagged(self, content: Any) -> Any:
        """Return plain data of a class of the program's own."""
        handle, plain = int(content[0]), self._decode(content[1])
        if self._kind is Remote or type(plain) is bool:
            return plain
        if handle not in self._with_methods:
            remote = self._object([handle, type(plain).__name__])
            self._with_methods[handle] = with_methods(plain, remote)
        return self._with_methods[handle]


def _plain_type(name: Any) -> type:
    found = type(None) if name == "NoneType" else getattr(builtins, str(name))
    if not isinstance(found, type) or issubclass(found, BaseException):
        raise ValueError("no type of plain data")
    return found


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
    solution = Solution(wire)
    for name in names:
        main.__dict__[name] = modules.get(name) or solution.name(name)
    own = {name for name in names if not isinstance(main.__dict__[name], ModuleType)}
    if expects_objects(tests, own):
        solution.see_objects()
        classes = named_classes(tests, own)
        for name in own:
            main.__dict__[name] = solution.name(name, is_class=name in classes)
        _see_objects(tests, main)
    for module in ("dataclasses", "inspect"):
        _module_if_used(module, source)
        route(module, FUNCTIONS[module], solution.call, is_theirs=_is_theirs)
    sys.modules["__main__"] = sys.modules["solution"] = main
    sys.argv = ["tests.py"]
    if "unittest" in source:
        _watch_unittest()
    objects.RAISES |= {
        statement.lineno
        for node in ast.walk(tests)
        if isinstance(node, ast.With)
        for statement in node.body
        if isinstance(statement, ast.Raise)
    }
    solution.patches = Patches(tests, main)
    if "seed" in source:
        for module in ("random", "numpy.random"):
            _module_if_used(module, source)
            route(module, FUNCTIONS[module], solution.call, is_theirs=None)
    with suppress(Passed):
        exec(compile(tests, "<tests>", "exec"), main.__dict__)  # noqa: S102 - the tests
    return not wire.broken


class _Rewriter(ast.NodeTransformer):
    """Has ``type(x)`` and ``x is y`` see through stand-ins."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        named = isinstance(node.func, ast.Name) and node.func.id == "type"
        if named and len(node.args) == 1 and not node.keywords:
            node.func = ast.Name("__type__", ast.Load())
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        [operator, *more], [right, *_] = node.ops, node.comparators
        if more or not isinstance(operator, ast.Is | ast.IsNot) or isinstance(right, ast.Constant):
            return node
        found: ast.expr = ast.Call(ast.Name("__same__", ast.Load()), [node.left, right], [])
        return ast.UnaryOp(ast.Not(), found) if isinstance(operator, ast.IsNot) else found


def _see_objects(tests: ast.Module, main: ModuleType) -> None:
    """Have the tests look at the program's objects as they would at their own."""
    main.__dict__["__type__"], main.__dict__["__same__"] = type_of, same
    _Rewriter().visit(tests)
    ast.fix_missing_locations(tests)


def _is_theirs(value: Any) -> bool:
    return remote_of(value) is not None


def _module_if_used(module: str, source: str) -> None:
    root, _, name = module.partition(".")
    if root in source and name in source:
        with suppress(ImportError):
            import_module(module)


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
