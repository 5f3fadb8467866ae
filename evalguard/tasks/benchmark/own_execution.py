"""Tasks that run what a model wrote by code of their own, not by ``evaluate``'s ``code_eval``.

Copies of OpenAI's ``human-eval`` are common: ``check_correctness(check_program, timeout)`` hands a
program to ``unsafe_execute`` in another process. The sandbox takes the place of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from lm_eval.api.task import Task

from evalguard.errors import EvalGuardError
from evalguard.scorers.sandbox import passes
from evalguard.tasks.benchmark.hub_metrics import CODE_BYTES, CODE_SECONDS, check_code_allowed
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
    """Return whether a program ends without an exception.

    Callers take any exception for a wrong answer, so that of the sandbox is noted as well.
    """
    try:
        check_code_allowed()
        return passes(check_program, "", timeout_seconds=timeout, memory_bytes=CODE_BYTES)
    except EvalGuardError as error:
        if (watch := current_watch()) is not None:
            watch.fail(str(error))
        raise


def _functions(value: Any) -> Iterator[FunctionType]:
    if isinstance(value, FunctionType):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _functions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _functions(item)
