"""Which of the running code is a task's own: its frames, and the threads that it started."""

from __future__ import annotations

import sysconfig
import threading
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from weakref import WeakKeyDictionary

import lm_eval.tasks

import evalguard
from evalguard.code.files import is_installed

_TASKS = Path(lm_eval.tasks.__file__).resolve().parent
_OWN = Path(evalguard.__file__).resolve().parent
_STDLIB = Path(sysconfig.get_path("stdlib")).resolve()

_PASS_ON = frozenset({
    "asyncio", "bdb.py", "cProfile.py", "code.py", "codeop.py", "concurrent", "contextlib.py",
    "ctypes", "doctest.py", "functools.py", "multiprocessing", "pdb.py", "profile.py", "runpy.py",
    "sched.py", "threading.py", "timeit.py", "trace.py",
})  # fmt: skip
"""Modules of the standard library that run what they are given."""

_FROZEN = "<frozen "
"""Begins the file name of modules that are part of the interpreter."""

_WATCHING = frozenset({"task_code.py", "watched_calls.py", "watching.py"})
"""Files here whose frames stand between a task's code and what it calls."""


class StartedThreads:
    """The threads that tasks started, each with what was noted for it."""

    def __init__(self) -> None:
        self._threads: WeakKeyDictionary[threading.Thread, Any] = WeakKeyDictionary()
        self._raw: dict[CodeType | None, Any] = {}

    def add(self, started: Any, note: Any) -> None:
        """Note a thread, or the function that one without an object is about to call."""
        if isinstance(started, threading.Thread):
            self._threads[started] = note
        else:
            self._raw[_code_of(started)] = note

    def find(self, frame: FrameType | None) -> tuple[Any, ...]:
        """Return what was noted for the thread of a frame: nothing if no task started it."""
        while frame is not None and frame.f_back is not None:
            frame = frame.f_back
        thread = frame.f_locals.get("self") if frame is not None else None
        if isinstance(thread, threading.Thread):
            return (self._threads[thread],) if thread in self._threads else ()
        code = frame.f_code if frame is not None else None
        return (self._raw[code],) if code in self._raw else ()


def _code_of(function: Any) -> CodeType | None:
    """Return the code that a thread of a function begins with; ``None`` for one written in C."""
    while isinstance(function, partial):
        function = function.func
    found = getattr(function, "__code__", None) or getattr(function.__call__, "__code__", None)
    return found if isinstance(found, CodeType) else None


def callers(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of the task's own code that are running, up to EvalGuard's call of it.

    The last frame of a thread of its own is yielded where nothing above it is EvalGuard's.
    """
    last = None
    while frame is not None:
        file = frame.f_code.co_filename
        if is_of_task(file):
            yield frame
        elif is_own(file):
            return
        last, frame = frame, frame.f_back
    if last is not None and not is_of_task(last.f_code.co_filename):
        yield last


def called_by_task(frame: FrameType | None) -> bool:
    """Return whether EvalGuard called a task's own code, which called what a frame runs."""
    seen = False
    while frame is not None:
        file = frame.f_code.co_filename
        if is_of_task(file):
            seen = True
        elif is_own(file):
            return seen
        frame = frame.f_back
    return False


def direct_caller(frame: FrameType | None) -> FrameType | None:
    """Return the nearest frame that does not run what it is given; ``None`` in a bare thread."""
    while frame is not None and _passes_on(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


@cache
def is_own(filename: str) -> bool:
    """Return whether a file is EvalGuard's, apart from what watches a task's code."""
    path = Path(filename).resolve()
    watches = path.parent == Path(__file__).resolve().parent and path.name in _WATCHING
    return _OWN in path.parents and not watches


@cache
def is_of_task(filename: str) -> bool:
    """Return whether a file is a task's own code: lm-eval's tasks and files of projects."""
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    return _TASKS in path.parents or not (is_installed(path) or _OWN in path.parents)


@cache
def _passes_on(filename: str) -> bool:
    if filename.startswith(_FROZEN):
        return f"{filename.removeprefix(_FROZEN).rstrip('>')}.py" in _PASS_ON
    path = Path(filename).resolve()
    if _OWN in path.parents and not is_own(filename):
        return True
    return _STDLIB in path.parents and path.relative_to(_STDLIB).parts[0] in _PASS_ON
