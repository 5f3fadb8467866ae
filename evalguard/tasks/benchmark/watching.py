"""What a task's own code does while it scores: what it sends, and whether it runs a model's code.

Code that calls a service, such as RealToxicityPrompts the Perspective API, tends to catch what goes
wrong and to return a score all the same. So a failure is seen here: an error status, or an
exception in the task's own code once it has sent something. Code that would run what a model wrote
is stopped unless the suite allows it, because it does so outside the sandbox.

Threads that the code starts are watched as well. Not seen are what another process does that was
started before, a library that runs a text for the task (a template, a formula), functions of C that
were looked up before, and the file or the input that a program is started on.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from evalguard.tasks.benchmark import watched_calls
from evalguard.tasks.benchmark.hub_metrics import code_permitted, refusals
from evalguard.tasks.benchmark.task_code import (
    StartedThreads,
    called_by_task,
    callers,
    direct_caller,
    is_of_task,
)

_CONNECTS = frozenset({"socket.connect", "socket.getaddrinfo"})
"""Events of Python's audit before anything is sent over a new connection."""

_HERE = frozenset({"exec", "function.__new__", "object.__setattr__"})
"""Events before code that was compiled is run or becomes a function's."""

_RUNS = _HERE | {"os.fork", "os.forkpty", watched_calls.PROCESS}
"""Events before Python code is run: in this process, or in another one that is not watched."""

_LOOKS_UP = "ctypes.dlsym"

_STARTS = frozenset({_LOOKS_UP, "os.exec", "os.posix_spawn", "os.system", "subprocess.Popen"})
"""Events before a program is started, or a function of C is looked up that may start one."""

_HEARD = _CONNECTS | _RUNS | _STARTS | {"http.client.send"}

_IMPORTS = "<frozen importlib"
"""Begins the file name of frames that import a module."""

_CLOCK_NS = 20_000_000
"""By how much a file system's time may lie behind the clock."""

_SHORT_ANSWER = 12
"""An answer of fewer characters may be part of a command by chance."""

SENDS = "the aggregation calls an external service; only the scoring of samples may"
"""What is wrong with an aggregation that sends something."""

_NO_FAULT = (StopIteration, StopAsyncIteration, GeneratorExit)
"""Exceptions by which loops end."""

_ALLOW = (
    "If that is intended, set allow_code_execution: true for the task in the suite (or "
    "HF_ALLOW_CODE_EVAL=1), and run it in a container without secrets"
)

_KEY = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_SHORTEST_KEY = 6


class _StoppedError(Exception):
    """Code wants to do what it may not."""


class Watch:
    """What one scoring did that its scores may not show.

    Attributes:
        sent: Whether it sent anything or tried to.
        ran: How it tried to run code, which it may not; empty if it did not.
        refused: Why metrics that it wanted to load were not.
    """

    def __init__(self, *, may_send: bool, stopped: frozenset[str], answers: Sequence[str]) -> None:
        self.sent = False
        self.ran = ""
        self._may_send = may_send
        self._stopped = stopped
        self._answers = [text for answer in answers if (text := answer.strip())]
        self._began_ns = time.time_ns() - _CLOCK_NS
        self._asking: dict[int, tuple[str, Any]] = {}
        self._statuses: dict[tuple[str, str], int] = {}
        self._raised: list[str] = []
        self.refused: Sequence[str] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """Why its scores mean nothing."""
        statuses = [
            f"the service {host} answered with HTTP status {status}"
            for (host, _), status in self._statuses.items()
            if status >= http.client.BAD_REQUEST
        ]
        ran = [self.ran] if self.ran else []
        return tuple(dict.fromkeys([*ran, *self.refused, *statuses, *self._raised]))

    def begin(self, what: str) -> None:
        """Note that something is about to be sent, and trace the task's code from here on.

        Raises:
            _StoppedError: If nothing may be sent.
        """
        self.sent = True
        if not self._may_send:
            raise _StoppedError(what)
        if sys.gettrace() != self._trace:
            sys.settrace(self._trace)
        for frame in callers(sys._getframe(1)):
            frame.f_trace = self._trace

    def asks(self, connection: Any, host: str) -> None:
        """Note that a request begins on a connection."""
        self._asking[id(connection)] = host, hashlib.sha256()

    def sends(self, connection: Any, data: Any) -> None:
        """Note what is sent on a connection."""
        if isinstance(data, bytes | bytearray) and id(connection) in self._asking:
            self._asking[id(connection)][1].update(data)

    def answered(self, connection: Any, status: int) -> None:
        """Note the status of a response; of a request that is sent again, the last one counts."""
        host, content = self._asking.get(id(connection)) or ("it calls", hashlib.sha256())
        self._statuses[host, content.hexdigest()] = status

    def fail(self, why: str) -> None:
        """Note that the scores mean nothing."""
        self._raised.append(why)

    def stop(self, event: str, arguments: tuple[Any, ...], frame: FrameType | None) -> None:
        """Stop the task's own code from running code: ``exec``, ``eval`` or a program.

        Args:
            event: What is about to happen.
            arguments: Those of the event.
            frame: What raises it; ``None`` in a thread without Python code.

        Raises:
            _StoppedError: If it is that code which wants to.
        """
        if event not in self._stopped and not self._runs_answer(event, arguments):
            return
        if event in _HERE or event == _LOOKS_UP:
            mine = self._runs_here(event, arguments, direct_caller(frame))
        else:
            mine = next((one.f_code.co_filename for one in callers(frame)), "" if frame else None)
        if mine == "":
            return
        who = Path(mine).name if mine and is_of_task(mine) else "a thread of the task"
        self.ran = f"{who} executes code itself ({event}), outside the sandbox. {_ALLOW}"
        raise _StoppedError(self.ran)

    def _runs_here(
        self, event: str, arguments: tuple[Any, ...], frame: FrameType | None
    ) -> str | None:
        """Return the task's file that runs code; empty if it is none, ``None`` in a bare thread."""
        if event == "object.__setattr__" and arguments[1] != "__code__":
            return ""
        if frame is None:
            return None
        file = frame.f_code.co_filename
        if is_of_task(file):
            return file
        code = arguments[0]
        if file.startswith(_IMPORTS) and isinstance(code, CodeType) and self._is_new(code):
            return code.co_filename
        return ""

    def _is_new(self, code: CodeType) -> bool:
        """Return whether a module of the task is imported that was written while it scored."""
        try:
            written = Path(code.co_filename).stat().st_mtime_ns
        except OSError:
            return False
        return is_of_task(code.co_filename) and written >= self._began_ns

    def _runs_answer(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Return whether a program is about to be started on the text of an answer."""
        if not self._stopped or event not in _STARTS:
            return False
        return any(
            answer == text.strip() or (len(answer) >= _SHORT_ANSWER and answer in text)
            for text in watched_calls.programs_in(event, arguments)
            for answer in self._answers
        )

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not is_of_task(frame.f_code.co_filename):
            return None
        if event == "exception" and not issubclass(argument[0], _NO_FAULT):
            text = f"{argument[0].__name__}: {without_keys(str(argument[1]))}"
            self.fail(f"scoring raised an exception after calling a service: {text[:200]}")
        return self._trace


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)
_active: list[Watch] = []
_threads = StartedThreads()


@contextmanager
def watched(
    *, sends: bool = True, programs: bool = True, answers: Sequence[str] = ()
) -> Iterator[Watch]:
    """Watch what a task's own code does within the block.

    Args:
        sends: Whether it may send anything; otherwise that raises an exception in it.
        programs: Whether it may start programs without permission, such as a judge: not where
            they may be a model's.
        answers: What the model wrote, which is no program to start in any case.
    """
    listen()
    watched_calls.patch_httpx(_watches)
    stopped = _RUNS if programs else _RUNS | _STARTS
    allowed = code_permitted()
    watch = Watch(may_send=sends, stopped=frozenset() if allowed else stopped, answers=answers)
    token, trace = _watch.set(watch), sys.gettrace()
    _active.append(watch)
    try:
        with refusals() as watch.refused:
            yield watch
    finally:
        _active.remove(watch)
        sys.settrace(trace)
        _watch.reset(token)


def current_watch() -> Watch | None:
    """Return the innermost watch."""
    return _watch.get()


def without_keys(text: str) -> str:
    """Return a message without the keys of services, which URLs in exceptions contain."""
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_KEY and _KEY.search(name):
            text = text.replace(value, f"<{name}>")
    return text


@cache
def listen() -> None:
    """Hear of what tasks do from now on: of the threads that they start, and within blocks."""

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _HEARD:
            return
        frame = sys._getframe(0).f_back
        watches = _watches(frame)
        if event in _RUNS or event in _STARTS:
            _stop(watches, event, arguments, frame)
        for watch in watches:
            if event in _CONNECTS:
                watch.begin(f"{event} {arguments[-1]!r}")
            elif event == "http.client.send":
                watch.sends(*arguments)

    sys.addaudithook(hear)
    watched_calls.patch_http_client(_watches)
    watched_calls.patch_threads(_note_thread)
    watched_calls.patch_processes(
        lambda frame: _stop(_watches(frame), watched_calls.PROCESS, (), frame)
    )


def _stop(
    watches: Sequence[Watch], event: str, arguments: tuple[Any, ...], frame: FrameType | None
) -> None:
    """Let each watch note that code would be run, and stop it if one does not allow it."""
    stopped = None
    for watch in watches:
        try:
            watch.stop(event, arguments, frame)
        except _StoppedError as error:
            stopped = error
    if stopped is not None:
        raise stopped


def _watches(frame: FrameType | None) -> tuple[Watch, ...]:
    """Return the watch of this block; of a thread that a task started, all that it may serve."""
    if (watch := _watch.get()) is not None:
        return (watch,)
    found = _threads.find(frame)
    own = [watch for watch in found if watch is not None]
    return tuple(dict.fromkeys([*own, *_active])) if found else ()


def _note_thread(started: Any, frame: FrameType) -> None:
    """Note a thread that is about to be started, if a task's own code does it."""
    watch = _watch.get()
    if watch is None and (found := _threads.find(frame)):
        watch, by_task = found[0], True
    else:
        by_task = called_by_task(frame) or (watch is not None and any(callers(frame)))
    if by_task:
        _threads.add(started, watch)
