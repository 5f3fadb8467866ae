"""What a task's own code does while it scores: what it sends, and whether it runs a model's code.

Code that calls a service, such as RealToxicityPrompts the Perspective API, tends to catch what goes
wrong and to return a score all the same. So a failure is seen here: an error status, or an
exception in the task's own code once it has sent something. Code that would run what a model wrote
is stopped unless the suite allows it, because it does so outside the sandbox. Threads that the code
starts are not watched.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from pathlib import Path
from types import FrameType
from typing import Any

import lm_eval.tasks

import evalguard
from evalguard.tasks.benchmark.code import is_installed
from evalguard.tasks.benchmark.hub_metrics import code_permitted

_TASKS = Path(lm_eval.tasks.__file__).resolve().parent
_OWN = Path(evalguard.__file__).resolve().parent

_CONNECTS = frozenset({"socket.connect", "socket.getaddrinfo"})
"""Events of Python's audit before anything is sent over a new connection."""

_RUNS = frozenset({"exec", "os.fork", "os.forkpty"})
"""Events before Python code is run: in this process, or in a copy of it that is not watched."""

_STARTS = frozenset({"os.exec", "os.posix_spawn", "os.system", "subprocess.Popen"})
"""Events before a program is started."""

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
    """

    def __init__(self, *, may_send: bool, stopped: frozenset[str]) -> None:
        self.sent = False
        self.ran = ""
        self._may_send = may_send
        self._stopped = stopped
        self._asking: dict[int, tuple[str, Any]] = {}
        self._statuses: dict[tuple[str, str], int] = {}
        self._raised: list[str] = []

    @property
    def failures(self) -> tuple[str, ...]:
        """Why its scores mean nothing."""
        statuses = [
            f"the service {host} answered with HTTP status {status}"
            for (host, _), status in self._statuses.items()
            if status >= http.client.BAD_REQUEST
        ]
        ran = [self.ran] if self.ran else []
        return tuple(dict.fromkeys([*ran, *statuses, *self._raised]))

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
        for frame in _callers():
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

    def stop(self, event: str, caller: FrameType) -> None:
        """Stop the task's own code from running code: ``exec``, ``eval`` or a program.

        Raises:
            _StoppedError: If it is that code which wants to.
        """
        if event not in self._stopped:
            return
        mine = [frame.f_code for frame in _callers()]
        if event == "exec":
            mine = [code for code in mine if code is caller.f_code]
        if mine:
            file = Path(mine[0].co_filename).name
            self.ran = f"{file} executes code itself ({event}), outside the sandbox. {_ALLOW}"
            raise _StoppedError(self.ran)

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not _is_of_task(frame.f_code.co_filename):
            return None
        if event == "exception" and not issubclass(argument[0], _NO_FAULT):
            text = f"{argument[0].__name__}: {without_keys(str(argument[1]))}"
            self.fail(f"scoring raised an exception after calling a service: {text[:200]}")
        return self._trace


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(*, sends: bool = True, programs: bool = True) -> Iterator[Watch]:
    """Watch what a task's own code does within the block.

    Args:
        sends: Whether it may send anything; otherwise that raises an exception in it.
        programs: Whether it may start programs without permission, such as a judge: not where
            they may be a model's.
    """
    _listen()
    stopped = _RUNS if programs else _RUNS | _STARTS
    watch = Watch(may_send=sends, stopped=frozenset() if code_permitted() else stopped)
    token, trace = _watch.set(watch), sys.gettrace()
    try:
        with ExitStack() as stack:
            _patch_clients(stack, watch)
            yield watch
    finally:
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
def _listen() -> None:
    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if (watch := _watch.get()) is None:
            return
        if event in _CONNECTS:
            watch.begin(f"{event} {arguments[-1]!r}")
        elif event in _RUNS or event in _STARTS:
            watch.stop(event, sys._getframe(1))
        elif event == "http.client.send":
            watch.sends(*arguments)

    sys.addaudithook(hear)


def _patch_clients(stack: ExitStack, watch: Watch) -> None:
    """See requests and statuses of ``http.client`` (urllib, requests) and of httpx.

    Connections that are kept open send without connecting.
    """
    connection = http.client.HTTPConnection
    put, get = connection.putrequest, connection.getresponse

    @wraps(put)
    def putrequest(self: Any, *args: Any, **kwargs: Any) -> None:
        host = str(getattr(self, "_tunnel_host", None) or self.host)
        _if_here(watch, lambda: watch.begin(f"a request to {host}"))
        _if_here(watch, lambda: watch.asks(self, host))
        put(self, *args, **kwargs)

    @wraps(get)
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        response = get(self, *args, **kwargs)
        _if_here(watch, lambda: watch.answered(self, response.status))
        return response

    _replace(stack, connection, "putrequest", putrequest)
    _replace(stack, connection, "getresponse", getresponse)
    if (httpx := sys.modules.get("httpx")) is not None:
        send = httpx.Client.send

        @wraps(send)
        def sending(self: Any, request: Any, **kwargs: Any) -> Any:
            _if_here(watch, lambda: watch.begin(f"a request to {request.url.host}"))
            whole = f"{request.method} {request.url}".encode() + request.read()
            _if_here(watch, lambda: watch.asks(request, request.url.host))
            _if_here(watch, lambda: watch.sends(request, whole))
            response = send(self, request, **kwargs)
            _if_here(watch, lambda: watch.answered(request, response.status_code))
            return response

        _replace(stack, httpx.Client, "send", sending)


def _replace(stack: ExitStack, owner: type[Any], name: str, method: Callable[..., Any]) -> None:
    """Replace a method until the stack is closed."""
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, method)


def _if_here(watch: Watch, do: Callable[[], None]) -> None:
    """Do something for code of this block, not for other threads."""
    if _watch.get() is watch:
        do()


def _callers() -> Iterator[FrameType]:
    """Yield the frames of the task's own code that are running, up to EvalGuard's call of it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if _is_of_task(file):
            yield frame
        elif file != __file__ and _is_own(file):
            return
        frame = frame.f_back


@cache
def _is_own(filename: str) -> bool:
    return _OWN in Path(filename).resolve().parents


@cache
def _is_of_task(filename: str) -> bool:
    """Whether a file is a task's own code: lm-eval's tasks and files of projects."""
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    return _TASKS in path.parents or not (is_installed(path) or _is_own(filename))
