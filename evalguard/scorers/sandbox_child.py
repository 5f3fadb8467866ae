"""The script inside the sandbox: set the limits, then run program and tests.

Started by :mod:`evalguard.scorers.sandbox` as a file of its own; imports nothing of EvalGuard.
Reads the job as JSON on stdin and writes its word to stdout when everything ran to its end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from types import ModuleType
from typing import Any

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
STARTED = b"started\n"
"""Printed before the program runs: what fails later is the program's fault."""

PROGRAM = "<output>"
"""The file that the program's code names in tracebacks."""

MAX_FILE_BYTES = 1 << 20
MAX_OPEN_FILES = 64

DENIED = (
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.link",
    "os.posix_spawn",
    "os.spawn",
    "os.symlink",
    "os.system",
    "pty.",
    "socket.",
    "subprocess.",
)
"""Audit events that are denied to generated code, by prefix."""

CHANGES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate")
"""Audit events allowed inside the folder only; their first argument is the path."""


def leave_network() -> None:
    """Move into a network namespace without interfaces, where the system allows it."""
    # Not Linux, or namespaces are switched off: the audit hook is what is left.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)


def limit_resources(cpu_seconds: int, memory_bytes: int) -> None:
    """Cap what the process may use; a limit that the system does not know is skipped."""
    import resource  # POSIX only; the parent asks before it starts this script

    for limit, value in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def guard_folder(folder: str) -> None:
    """Refuse from now on what is denied, and changes of files outside the folder."""
    root = os.path.realpath(folder) + os.sep

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(DENIED):
            raise PermissionError(f"{event} is not allowed in the sandbox")
        changes = event in CHANGES
        if event == "open":
            changes = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
        if changes and not (
            isinstance(arguments[0], str | bytes | os.PathLike)
            and os.path.realpath(os.fsdecode(arguments[0])).startswith(root)
        ):
            raise PermissionError(f"{event} outside the sandbox's folder is not allowed")

    sys.addaudithook(hook)


class Passed(SystemExit):
    """``unittest.main()`` leaves the tests, all of which passed."""


def run_tests(tests: str, solution: ModuleType) -> None:
    """Run test code in the program's namespace, as the main module of a process of its own.

    Raises:
        BaseException: What the tests raise, or what failed in ``unittest.main()``.
    """
    solution.__name__ = "__main__"
    sys.modules["__main__"] = solution
    sys.argv = ["tests.py"]
    if "unittest" in tests:
        _watch_unittest()
    try:
        # The tests are what the program is held to.
        exec(compile(tests, "<tests>", "exec"), solution.__dict__)  # noqa: S102
    except Passed as left:
        if _goes_through_the_program(left):
            raise


def _watch_unittest() -> None:
    """Have ``unittest.main()`` raise where a test fails, or none is run."""
    import unittest

    class Main(unittest.TestProgram):
        exit: bool

        def runTests(self) -> None:  # noqa: N802
            leaves, self.exit = self.exit, False
            super().runTests()
            ran = self.result.testsRun - len(self.result.skipped)
            if not self.result.wasSuccessful() or ran < 1:
                raise AssertionError("a test failed, or none was run")
            if leaves:
                raise Passed(0)

    unittest.main = unittest.TestProgram = Main  # type: ignore[misc]


def _goes_through_the_program(error: BaseException) -> bool:
    """Return whether an exception was raised by the program's code, or by what that called."""
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == PROGRAM:
            return True
        frame = frame.tb_next
    return False


def main() -> None:
    """Run the job on stdin."""
    job = json.load(sys.stdin)
    verdict = os.dup(sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    leave_network()
    limit_resources(job["cpu_seconds"], job["memory_bytes"])
    guard_folder(str(job["folder"]))
    os.write(verdict, STARTED)
    # A module that can be looked up by name, as dataclasses do.
    solution = sys.modules["solution"] = ModuleType("solution")
    # Running the model's code is what this process is for.
    exec(compile(job["program"], PROGRAM, "exec"), solution.__dict__)  # noqa: S102
    run_tests(job["tests"], solution)
    os.write(verdict, job["word"].encode())


if __name__ == "__main__":
    main()
