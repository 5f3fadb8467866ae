"""Check that a target of ``unit_tests`` tests something: it must reach an assertion."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from typing import Any

from evalguard.scorers.targets import Row, shown

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_FAILING = ("assert", "fail", "raises", "exit", "_exit", "quit")
"""Name prefixes of calls that fail if the program is wrong."""

_ANY_CODE = frozenset({"exec", "eval", "globals", "locals", "vars"})
"""Names that may run other code or functions indirectly."""

_LEAVING = frozenset({"exit", "quit", "sys.exit", "os._exit"})
"""Calls that end the tests early, which counts as not passed."""

_RUNNERS = frozenset({"main", "TestProgram"})
"""What of unittest runs the test cases of the file."""

_CATCHING = frozenset({"AssertionError", "Exception", "BaseException"})


def running_tests(target: str, _row: Row, *, sandbox: str = "auto", **_: Any) -> str | None:
    """Refuse test code that does not parse, or that every program or none would pass."""
    try:
        body = ast.parse(target).body
        asserts = any(_asserts(node) for node in _effective(_reached(body)[0]))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"{shown(target)} is not valid Python: {error}; write assertions"
    if any(_always_fails(statement) for statement in _top_level(body)):
        return f"{shown(target)} fails whatever the program is; correct it"
    if sandbox != "none" and _writes_files(body):
        return (
            f"{shown(target)} writes files, which the program cannot read: it runs in a sandbox "
            "with a folder of its own. Pass it the content, or set sandbox: none"
        )
    if asserts or _reached(body)[1] & _ANY_CODE:
        return None
    return (
        f"{shown(target)} tests nothing when it is run; write assertions, or call the function "
        "that holds them"
    )


def least_program(target: str) -> str:
    """Return the start of the shortest usual program that test code could pass."""
    body = ast.parse(target).body
    known = set(dir(builtins))
    for node in (node for statement in body for node in ast.walk(statement)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                known.add(name)
            case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                known.add(name)
            case ast.alias(name=name, asname=other):
                known.add(other or name.partition(".")[0])
    needed = (one.id for one in _names(body) if one.id not in known)
    return f"def {next(needed, 'f')}(x):\n    return x"


def _names(body: Iterable[ast.AST]) -> Iterator[ast.Name]:
    for statement in body:
        yield from (node for node in ast.walk(statement) if isinstance(node, ast.Name))


def _writes_files(body: Iterable[ast.AST]) -> bool:
    """Return whether tests make temporary files, or open one to write."""
    for node in (node for statement in body for node in ast.walk(statement)):
        match node:
            case ast.Import(names=names) if any(one.name == "tempfile" for one in names):
                return True
            case ast.ImportFrom(module="tempfile"):
                return True
            case ast.Call(func=ast.Name(id="open"), args=args, keywords=named):
                modes = [*args[1:2], *(one.value for one in named if one.arg == "mode")]
                if any(isinstance(one, ast.Constant) and set("wax+") & set(str(one.value))
                       for one in modes):  # fmt: skip
                    return True
    return False


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a file, those under ``if __name__ == "__main__":`` included."""
    for statement in body:
        if isinstance(statement, ast.If) and _is_main(statement.test):
            yield from _top_level(statement.body)
        else:
            yield statement


def _is_main(test: ast.expr) -> bool:
    return ast.unparse(test) in {"__name__ == '__main__'", "'__main__' == __name__"}


def _calls_unittest(reached: Iterable[ast.AST], body: Iterable[ast.stmt]) -> bool:
    """Return whether ``unittest.main()`` is called, by whatever name it was imported."""
    known = {f"unittest.{name}" for name in _RUNNERS}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                modules = [one.asname for one in node.names if one.name == "unittest"]
                known |= {f"{module}.{name}" for module in modules for name in _RUNNERS if module}
            elif isinstance(node, ast.ImportFrom) and node.module == "unittest":
                known |= {one.asname or one.name for one in node.names if one.name in _RUNNERS}
    calls = (node for one in reached for node in ast.walk(one) if isinstance(node, ast.Call))
    return any(ast.unparse(call.func) in known for call in calls)


def _reached(body: list[ast.stmt]) -> tuple[list[ast.stmt], set[str]]:
    """Return the statements that run, those of functions that they name included, and all names.

    Where they call ``unittest.main()``, those of all classes run.
    """
    body = list(_top_level(body))
    defined = {one.name: one for one in body if isinstance(one, _Definition)}
    reached: list[ast.stmt] = [
        one for one in body if not isinstance(one, _Definition) or one.decorator_list
    ]
    named = {one.id for one in _names(reached)}
    _follow(named, defined, reached)
    if _calls_unittest(reached, body):
        classes = {name for name, one in defined.items() if isinstance(one, ast.ClassDef)}
        named |= _follow(classes, defined, reached)
    return reached, named


def _follow(named: set[str], defined: dict[str, _Definition], reached: list[ast.stmt]) -> set[str]:
    """Add the statements of what is named to those reached, and all names in them to the named."""
    pending = list(named)
    while pending:
        if (definition := defined.pop(pending.pop(), None)) is not None:
            reached += definition.body
            more = {one.id for one in _names(definition.body)} - named
            named |= more
            pending += more
    return named


def _effective(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield all nodes, apart from those whose failure is swallowed."""
    for node in body:
        yield node
        inner = ast.iter_child_nodes(node)
        if isinstance(node, ast.Try) and any(map(_swallows, node.handlers)):
            inner = iter([*node.handlers, *node.orelse, *node.finalbody])
        yield from _effective(inner)


def _swallows(handler: ast.ExceptHandler) -> bool:
    """Return whether an ``except`` catches a failed assertion and lets the tests run on."""
    caught = handler.type is None or any(one.id in _CATCHING for one in _names([handler.type]))
    return caught and not any(_asserts(node) for node in _effective(handler.body))


def _asserts(node: ast.AST) -> bool:
    """Return whether a node can fail because the program is wrong."""
    if isinstance(node, ast.Assert):
        return not _is_true(node.test)
    if isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else ""
        name = function.id if isinstance(function, ast.Name) else name
        return name.lower().startswith(_FAILING)
    return isinstance(node, ast.Raise)


def _is_true(test: ast.expr) -> bool:
    """Return whether a condition holds whatever the program is: ``True``, ``(f(1) == 2, "")``."""
    if isinstance(test, ast.Tuple):
        return bool(test.elts)
    if any(isinstance(node, ast.Name | ast.Call) for node in ast.walk(test)):
        return False
    return not (isinstance(test, ast.Constant) and not test.value)


def _always_fails(statement: ast.stmt) -> bool:
    """Return whether a statement at the top level fails whatever ran before it."""
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and not statement.test.value
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return ast.unparse(statement.value.func) in _LEAVING
    return isinstance(statement, ast.Raise)
