"""Imports transformers and peft without what only other uses of them need.

On import they load scikit-learn with scipy.stats, for one function of assisted generation, and
where bitsandbytes is installed torch's code generator, for functions that it decorates: 1.3 of 6 s.
Within :func:`light_imports` these are loaded when such a function is called. Nor does Python look
there for cycles among half a million objects that stay, which takes another second.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

_METRICS, _CALLED = "sklearn.metrics", "roc_curve"
"""The module that transformers imports for one function, and that function."""


@contextmanager
def light_imports() -> Iterator[None]:
    """Import within the block what is needed, and the rest when it is called.

    For libraries alone: a model's own code is not to be imported within. Nothing that is imported
    behaves otherwise; what is loaded already stays as it is.
    """
    late = None if _METRICS in sys.modules else _Late(_METRICS, _CALLED)
    if late is not None:
        sys.modules[_METRICS] = late
    try:
        with _uncollected(), _compiling_late():
            yield
    finally:
        if late is not None and sys.modules.get(_METRICS) is late:
            del sys.modules[_METRICS]


class _Late(ModuleType):
    """Takes the place of a module until something of it is used."""

    def __init__(self, name: str, called: str) -> None:
        super().__init__(name)
        self._called = called

    def _load(self) -> ModuleType:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return import_module(self.__name__)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked of every module by those who look through all of them
            raise AttributeError(name)
        if name != self._called:
            return getattr(self._load(), name)

        def call(*args: Any, **options: Any) -> Any:
            return getattr(self._load(), name)(*args, **options)

        return call


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles within the block, and count what it leaves as old where it imports."""
    if not gc.isenabled():
        yield
        return
    loaded = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        # To count what is frozen, Python walks through all of it.
        if len(sys.modules) > loaded and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()  # into the oldest generation
        gc.enable()


@contextmanager
def _compiling_late() -> Iterator[None]:
    """Let ``torch.compile`` as a decorator load the compiler at a function's first call.

    It compiles at that call in any case.
    """
    import torch

    compile_now = torch.compile

    @wraps(compile_now)
    def compile_late(function: Callable[..., Any] | None = None, **options: Any) -> Any:
        if function is None:
            return lambda decorated: compile_late(decorated, **options)
        if not isinstance(function, FunctionType):  # a model is more than what it is called for
            return compile_now(function, **options)
        compiled: list[Callable[..., Any]] = []

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not compiled:
                compiled.append(compile_now(function, **options))
            return compiled[0](*args, **kwargs)

        return call

    torch.compile = compile_late
    try:
        yield
    finally:
        torch.compile = compile_now
