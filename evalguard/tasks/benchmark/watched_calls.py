"""What Python's audit does not report of a task's code: HTTP requests, threads and processes.

Methods are replaced once and for all: to put them back at the end of one block would uncover the
blocks of other threads. Outside of blocks they do what they did.
"""

from __future__ import annotations

import _thread
import http.client
import multiprocessing.pool
import multiprocessing.process
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, wraps
from itertools import pairwise
from types import FrameType
from typing import Any, Protocol

PROCESS = "multiprocessing"
"""The event before Python code is run in another process."""

_SUBMITS = (
    "apply_async", "imap", "imap_unordered", "map", "map_async", "starmap", "starmap_async",
)  # fmt: skip


_INLINE = frozenset({"-c", "-e", "-r", "--eval", "--execute", "--command"})
"""Options of shells and interpreters before the text of a program."""


class Client(Protocol):
    """What is told of requests."""

    def begin(self, what: str) -> None:
        """Note that something is about to be sent."""

    def asks(self, connection: Any, host: str) -> None:
        """Note that a request begins on a connection."""

    def sends(self, connection: Any, data: Any) -> None:
        """Note what is sent on a connection."""

    def answered(self, connection: Any, status: int) -> None:
        """Note the status of a response."""


Watches = Callable[[FrameType | None], Sequence[Client]]
"""Returns what watches the code of a frame."""


@cache
def patch_http_client(watches: Watches) -> None:
    """See requests and statuses of ``http.client``, which urllib and requests use.

    Connections that are kept open send without connecting.
    """
    connection = http.client.HTTPConnection
    put, get = connection.putrequest, connection.getresponse

    @wraps(put)
    def putrequest(self: Any, *args: Any, **kwargs: Any) -> None:
        host = str(getattr(self, "_tunnel_host", None) or self.host)
        for watch in watches(sys._getframe(1)):
            watch.begin(f"a request to {host}")
            watch.asks(self, host)
        put(self, *args, **kwargs)

    @wraps(get)
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        response = get(self, *args, **kwargs)
        for watch in watches(sys._getframe(1)):
            watch.answered(self, response.status)
        return response

    _replace(connection, "putrequest", putrequest)
    _replace(connection, "getresponse", getresponse)


def patch_httpx(watches: Watches) -> None:
    """See requests and statuses of httpx, once something has imported it."""
    if "httpx" in sys.modules:
        _patch_httpx(watches)


@cache
def _patch_httpx(watches: Watches) -> None:
    httpx = sys.modules["httpx"]
    send = httpx.Client.send

    @wraps(send)
    def sending(self: Any, request: Any, **kwargs: Any) -> Any:
        told = watches(sys._getframe(1))
        for watch in told:
            watch.begin(f"a request to {request.url.host}")
            whole = f"{request.method} {request.url}".encode() + request.read()
            watch.asks(request, request.url.host)
            watch.sends(request, whole)
        response = send(self, request, **kwargs)
        for watch in told:
            watch.answered(request, response.status_code)
        return response

    _replace(httpx.Client, "send", sending)


@cache
def patch_threads(note: Callable[[Any, FrameType], None]) -> None:
    """Note each thread before it is started; one of the module ``_thread`` by its function."""
    start, start_new = threading.Thread.start, _thread.start_new_thread

    @wraps(start)
    def starting(self: threading.Thread) -> None:
        note(self, sys._getframe(1))
        start(self)

    @wraps(start_new)
    def starting_new(function: Any, *args: Any) -> int:
        note(function, sys._getframe(1))
        return start_new(function, *args)

    _replace(threading.Thread, "start", starting)
    _replace(_thread, "start_new_thread", starting_new)


@cache
def patch_processes(check: Callable[[FrameType | None], None]) -> None:
    """Check before a process of Python is started or given work, by any start method."""

    def checked(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(self, multiprocessing.pool.ThreadPool):
                check(sys._getframe(1))
            return method(self, *args, **kwargs)

        return call

    pool = multiprocessing.pool.Pool
    for owner, name in [
        (multiprocessing.process.BaseProcess, "start"),
        (ProcessPoolExecutor, "submit"),
        *((pool, name) for name in _SUBMITS),
    ]:
        _replace(owner, name, checked(getattr(owner, name)))


def _replace(owner: Any, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, method)


def programs_in(event: str, arguments: tuple[Any, ...]) -> Iterator[str]:
    """Yield the texts that an event gives a shell or an interpreter to run.

    Args:
        event: One of Python's audit before a program is started.
        arguments: Its arguments.
    """
    if event == "os.system":
        yield os.fsdecode(arguments[0])
    elif len(arguments) > 1 and isinstance(arguments[1], list | tuple):
        given = [os.fsdecode(one) for one in arguments[1]]
        yield from (text for option, text in pairwise(given) if option in _INLINE)
