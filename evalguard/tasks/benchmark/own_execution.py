"""Tasks that run what a model wrote by code of their own, not by ``evaluate``'s ``code_eval``.

Copies of OpenAI's ``human-eval`` are common: ``check_correctness(check_program, timeout)`` hands a
program to ``unsafe_execute`` in another process. The sandbox takes the place of the first, and what
the program asserts at its end is held against it from outside.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from lm_eval.api.task import Task

from evalguard.errors import EvalGuardError
from evalguard.tasks.benchmark.hub_metrics import CODE_SECONDS, check_code_allowed, run_code
from evalguard.tasks.benchmark.watching import current_watch

_COPIED = ("check_correctness", "unsafe_execute")
_FIRST = "check_program"


def put_sandbox(task: Task) -> None:
    """Let a task's copies of ``human-eval`` run programs in the sandbox."""
    for function in own_functions(task):
        names = function.__globals__
        copied = [names.get(name) for name in _COPIED]
        if all(isinstance(one, FunctionType) for one in copied):
            arguments = copied[0].__code__.co_varnames  # type: ignore[union-attr]  # checked above
            if arguments[:1] == (_FIRST,):
                names[_COPIED[0]] = _check_correctness


def own_functions(task: Task) -> Iterator[FunctionType]:
    """Yield the functions of a task: those of its configuration, and the methods of its class."""
    yield from _functions(vars(task.config) if hasattr(task, "config") else {})
    for one in type(task).__mro__:
        if not one.__module__.startswith("lm_eval.api"):
            yield from _functions(dict(vars(one)))


def runs_code(task: Task) -> bool:
    """Return whether a task says that it runs code that a model wrote."""
    config = getattr(task, "config", None)
    return bool(getattr(config, "unsafe_code", False) or getattr(task, "UNSAFE_CODE", False))


def _check_correctness(check_program: str, timeout: float = CODE_SECONDS) -> bool:
    """Return whether a program passes the tests at its end.

    Callers take any exception for a wrong answer, so that of the sandbox is noted as well.
    """
    try:
        check_code_allowed()
        parts = split_tests(check_program)
        return parts is not None and run_code(*parts, timeout_seconds=timeout)
    except EvalGuardError as error:
        if (watch := current_watch()) is not None:
            watch.fail(str(error))
        raise


_VALUE = "evalguard_value"


def split_tests(text: str) -> tuple[str, str] | None:
    r"""Return a program and the tests that end it; ``None`` where they cannot be told apart.

    Tests are HumanEval's ``def check(candidate): … check(name)``, or, as in CRUXEval, an assertion
    that a value equals a literal. What else is asserted, such as ``f(1) == 2 or True`` with a part
    of the model's, would be judged by the program itself: that is no pass.

    Example:
        >>> split_tests("def f(n):\n    return n\nassert f(4) == 4")[1]
        'assert evalguard_value() == 4'
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match body[-1:]:
        case [ast.Expr(ast.Call(ast.Name("check")))]:
            start = max(
                (
                    index
                    for index, one in enumerate(body)
                    if isinstance(one, ast.FunctionDef) and one.name == "check"
                ),
                default=None,
            )
            return None if start is None else (_source(body[:start]), _source(body[start:]))
        case [ast.Assert(ast.Compare(left, [ast.Eq()], [right]))]:
            pair = (left, right) if _is_literal(right) else (right, left)
            if not _is_literal(pair[1]):
                return None
            program = [*body[:-1], ast.parse(f"def {_VALUE}():\n    return None").body[0]]
            program[-1].body = [ast.Return(pair[0])]  # type: ignore[attr-defined]  # a function
            return _source(program), f"assert {_VALUE}() == {ast.unparse(pair[1])}"
    return None


def _source(body: list[ast.stmt]) -> str:
    return "\n".join(map(ast.unparse, body))


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _functions(value: Any) -> Iterator[FunctionType]:
    if isinstance(value, FunctionType):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _functions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _functions(item)
