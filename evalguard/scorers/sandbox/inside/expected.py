"""What tests expect of the program, as their own source says it: data, or objects."""

from __future__ import annotations

import ast
from collections.abc import Set
from contextlib import suppress

_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
_PLAIN_ATTRIBUTES = frozenset(name for kind in _PLAIN for name in dir(kind))


def expects_objects(tests: ast.Module, names: Set[str]) -> bool:
    """Return whether tests are about objects of the program.

    They are if they name one of its classes, or use attributes that no data has. It is the tests
    that say so, not the program: ``f(x).startswith("a")`` and ``f(x) - 3`` are about data whatever
    the program returns, ``Stack().pop()`` is about an object.

    Args:
        tests: The tests.
        names: Names that they take from the program.
    """
    nodes = [node for node in ast.walk(tests) if isinstance(node, ast.Attribute)]
    classes = _bound_from(tests, {name for name in names if name[:1].isupper()})
    if named_classes(tests, names) or any(_root(node.value) in classes for node in nodes):
        return True
    known = _bound_from(tests, names)
    used = {node.attr for node in nodes if _root(node.value) in known} - _PLAIN_ATTRIBUTES
    return bool(used and used - _attributes_of_data())


def named_classes(tests: ast.Module, names: Set[str]) -> set[str]:
    """Return what tests take for a class of the program.

    That is a name with a capital letter that they call, but never compare or compute with data
    right away: ``Sum(2, 3) == 5`` is about a function.
    """
    capital = {name for name in names if name[:1].isupper() and "_" not in name.strip("_")}
    used = {_root(node) for node in ast.walk(tests) if isinstance(node, ast.Call | ast.Attribute)}
    checked = {
        one.id
        for node in ast.walk(tests)
        if isinstance(node, ast.Call) and _name_of(node.func) in ("isinstance", "assertIsInstance")
        for one in ast.walk(node)
        if isinstance(one, ast.Name)
    }
    found = capital & (used | checked)
    objects = _computed_from(tests, found)
    modules = {
        one.asname or one.name.partition(".")[0]
        for node in ast.walk(tests)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names
    }
    for node in ast.walk(tests):
        sides = _compared(node)
        made = {name for side in sides if (name := _made_at_once(side, objects)) in found}
        if made and any(_is_data(side, objects, modules) for side in sides):
            found -= made
    return found


def _computed_from(tests: ast.Module, names: Set[str]) -> set[str]:
    """Return names, and those that tests bind to what mentions them."""
    known = set(names)
    bindings = [
        (node.value, node.targets) if isinstance(node, ast.Assign) else (node.iter, [node.target])
        for node in ast.walk(tests)
        if isinstance(node, ast.Assign | ast.For | ast.comprehension)
    ]
    for _ in bindings:
        before = len(known)
        for value, targets in bindings:
            if _mentions(value, known):
                known |= {name for one in targets for name in _targets(one)}
        if len(known) == before:
            break
    return known


def _mentions(node: ast.AST, names: Set[str]) -> bool:
    return any(isinstance(one, ast.Name) and one.id in names for one in ast.walk(node))


def _is_data(node: ast.AST, objects: Set[str], modules: Set[str]) -> bool:
    """Return whether an expression can only be plain data."""
    if _mentions(node, objects):
        return False
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    return all(_root(one.func) in _MAKERS | modules for one in calls)


_MAKERS = frozenset(kind.__name__ for kind in _PLAIN) | {"sorted", "range"}


def _compared(node: ast.AST) -> list[ast.expr]:
    """Return the expressions that a node compares or computes with each other."""
    if isinstance(node, ast.Compare):
        is_identity = any(isinstance(one, ast.Is | ast.IsNot) for one in node.ops)
        return [] if is_identity else [node.left, *node.comparators]
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mult | ast.Mod):
        return [node.left, node.right]
    if isinstance(node, ast.Call):
        name = _name_of(node.func)
        if name.startswith("assert") and name not in ("assertIsInstance", "assertIs"):
            return node.args[:2]
    return []


def _made_at_once(node: ast.AST, objects: Set[str]) -> str:
    """Return what is called to give a value, through operators with data and ``abs``."""
    if isinstance(node, ast.BinOp):
        if _mentions(node.left, objects) and _mentions(node.right, objects):
            return ""
        return _made_at_once(node.left, objects) or _made_at_once(node.right, objects)
    if isinstance(node, ast.UnaryOp):
        return _made_at_once(node.operand, objects)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("abs", "round") and node.args:
            return _made_at_once(node.args[0], objects)
        return node.func.id
    return ""


def _name_of(node: ast.AST) -> str:
    """Return ``b`` of ``b`` and of ``a.b``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


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
