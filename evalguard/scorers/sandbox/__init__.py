"""Run a model's Python against tests, in a sandbox, and form the verdict outside of it.

Two processes, each in a sandbox of its own: one runs the program, the other the tests, which call
it through pipes. What comes back is plain data, so that no object of the program decides a
comparison; and only the tests' process has the pipe on which the verdict arrives. ``backends``
starts them, ``inside`` is what they run.
"""

from __future__ import annotations

import ast
import io
import os
import select
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from evalguard.errors import MeasurementError, UsageError
from evalguard.scorers.sandbox.backends import (
    INSTALL,
    Availability,
    Launched,
    SandboxKind,
    availability,
    choose,
    last_line,
    launch,
    noting_choices,
    own_folder,
)
from evalguard.scorers.sandbox.inside.main import PASSED, STARTED

START_SECONDS = 60.0
"""Within which both processes must have started; the time of a program begins then."""

MAX_SAID_BYTES = 1 << 14

__all__ = [
    "INSTALL",
    "Availability",
    "SandboxKind",
    "availability",
    "choose",
    "noting_choices",
    "passes",
]


def passes(
    program: str,
    tests: str,
    *,
    timeout_seconds: float,
    memory_bytes: int,
    kind: SandboxKind = "auto",
) -> bool:
    """Run a program and tests of it, and return whether the tests came to their end.

    Leaving early (``exit()``), raising, and exceeding a limit all count as not passed; leaving by
    ``unittest.main()`` counts as passed where a test was run and none failed.

    Args:
        program: Python source, run first, under the module name ``solution``.
        tests: Python source of assertions; names of the program stand for it.
        timeout_seconds: Wall-clock and CPU limit.
        memory_bytes: Limit of the address space of either process.
        kind: The sandbox.

    Raises:
        MeasurementError: If a process could not be started or limited.
        UsageError: If there is no such sandbox on this machine.
    """
    if os.name != "posix":
        raise UsageError("code that a model wrote runs under POSIX resource limits: use Linux.")
    sandbox = choose(kind).kind
    try:
        imports = _imports(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    limits = {"cpu_seconds": int(timeout_seconds) + 1, "memory_bytes": memory_bytes}
    solution = {"role": "program", "program": program, "imports": imports, **limits}
    testing = {"role": "tests", "tests": tests, **limits}
    with _cleaned_up_when_terminated(), ExitStack() as stack:
        folder = stack.enter_context(own_folder(sandbox))
        (asked, asks), (hears, answers) = _pipe(stack), _pipe(stack)
        # The tests say nothing before the program has, so each job is first in its pipe.
        jobs = ((testing, hears, asks, answers), (solution, asked, answers, asks))
        tested, ran = (
            stack.enter_context(
                _ended(launch(sandbox, job, folder=folder, reads=reads, writes=writes, feeds=feeds))
            )
            for job, reads, writes, feeds in jobs
        )
        for end in (asked, asks, hears, answers):  # so that each side sees the other one end
            end.close()
        said = _said(tested, STARTED, START_SECONDS)
        if not _ends_with(said, STARTED):
            reasons = [last_line(ran.errors), last_line(io.BytesIO(said)), last_line(tested.errors)]
            raise MeasurementError(
                "the sandbox ended before it ran the program "
                f"({'; '.join(dict.fromkeys(reasons))}); for unit_tests, raise memory_mib; "
                "check that python -I starts"
            )
        return _ends_with(_said(tested, PASSED, timeout_seconds), PASSED)


class _Terminated(BaseException):
    """SIGTERM has arrived."""


@contextmanager
def _cleaned_up_when_terminated() -> Iterator[None]:
    """Have SIGTERM end this process as it would, but after processes and folders are gone."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(*_: object) -> None:
        raise _Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    except _Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _pipe(stack: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Return the ends of a pipe, to read from and to write to."""
    reads, writes = os.pipe()
    ends = os.fdopen(reads, "rb", 0), os.fdopen(writes, "wb", 0)
    for end in ends:
        stack.enter_context(end)
    return ends


@contextmanager
def _ended(launched: Launched) -> Iterator[Launched]:
    try:
        yield launched
    finally:
        launched.end()


def _said(tested: Launched, expected: bytes, seconds: float) -> bytes:
    """Return what the tests' process says in the time, up to a line that is expected.

    Only a container's client can say something else before it: a warning.
    """
    assert tested.verdict is not None
    descriptor, said = tested.verdict.fileno(), b""
    arrived = select.poll()  # unlike select(), with any number of open files
    arrived.register(descriptor, select.POLLIN)
    ends_at = time.monotonic() + seconds
    while not _ends_with(said, expected) and len(said) < MAX_SAID_BYTES:
        left = max(ends_at - time.monotonic(), 0.0)
        if not arrived.poll(left * 1000):
            break
        part = os.read(descriptor, 1)
        if not part:
            break
        said += part
    return said


def _ends_with(said: bytes, line: bytes) -> bool:
    return (b"\n" + said).endswith(b"\n" + line)


def _imports(tests: str) -> str:
    """Return the imports of tests, which the program may rely on: they share its namespace."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a text like "\\d" in the tests
        body = ast.parse(tests).body
    imports = (one for one in body if isinstance(one, ast.Import | ast.ImportFrom))
    own = {"__future__", "solution"}
    kept = [
        one
        for one in imports
        if own.isdisjoint({getattr(one, "module", None), *(name.name for name in one.names)})
    ]
    return "\n".join(map(ast.unparse, kept))
