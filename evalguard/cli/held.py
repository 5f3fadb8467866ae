"""Hold the exit code of a check where the end of its process cannot change it.

``conftest.py``, scorers and ``!function`` run in the process that decides, and may end it with 0:
``os._exit(0)``, at any time. So a check runs in a child, which says what its exit code is when it
has one; a child that ends without saying so has decided nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import click

from evalguard.errors import ExitCode

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_SENT_BY_A_PROCESS = 0
"""Code of a signal that a process sent; one of the terminal reaches the child by itself."""

_PARENT_DEATH_SIGNAL = 1
"""``PR_SET_PDEATHSIG`` of ``prctl``."""


def run_held(main: Callable[[], int]) -> tuple[int, bool]:
    """Run a command in a child process.

    Args:
        main: The command; returns its exit code.

    Returns:
        The exit code, and whether this process is the child.
    """
    parent = os.getpid()
    said, saying = os.pipe()
    os.set_blocking(said, False)  # a process that the child leaves behind may hold the other end
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        os.close(said)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _end_with(parent)
        code = int(main())
        os.write(saying, bytes([code & 0xFF]))
        os.close(saying)
        return code, True
    os.close(saying)
    status = _wait(child)
    code = os.waitstatus_to_exitcode(status)
    word = b""
    with suppress(BlockingIOError):
        word = os.read(said, 1)
    if word:
        return word[0], False
    if code == 0:
        click.echo(
            "evalguard: the check ended with exit code 0 and no verdict: code of the project, such "
            "as a conftest.py or a scorer, ended the process. Nothing was decided",
            err=True,
        )
        return ExitCode.INTERNAL_ERROR, False
    return code if code > 0 else 128 - code, False


def _wait(child: int) -> int:
    """Wait for a child to end, and pass on the signals that are for it."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        found = signal.sigwaitinfo({*_PASSED_ON, signal.SIGCHLD})
        if found.si_signo in _PASSED_ON and found.si_code == _SENT_BY_A_PROCESS:
            os.kill(child, found.si_signo)


def _end_with(parent: int) -> None:
    """End this process when its parent is killed."""
    import ctypes

    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(ExitCode.INTERRUPTED)
