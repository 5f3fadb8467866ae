"""Hold the exit code of a check where the end of its process cannot change it.

``conftest.py``, scorers and ``!function`` run in the process that decides, and may end it with 0:
``os._exit(0)``, at any time. So a check runs in a child, which says what its exit code is when it
has one; a child that ends without saying so has decided nothing. Where a scorer's call ended it, or
does not return, another child continues without that call.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import click

from evalguard.errors import ExitCode
from evalguard.scorers import faults

SCORER_SECONDS = 900.0
"""A scorer's call that takes longer hangs; ``EVALGUARD_SCORER_SECONDS`` sets another limit."""

MOST_FAULTS = 8
"""Calls that may end the process; then the check is given up."""

_LOOKS_EVERY = 1.0

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
    watch = faults.watch()
    limit = float(os.environ.get("EVALGUARD_SCORER_SECONDS", SCORER_SECONDS))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})
    for n_faults in range(MOST_FAULTS + 1):
        code, word, is_child = _run_child(main, mask, watch, limit)
        if is_child or word:
            return code, is_child
        running = watch.running()
        if running is None or n_faults == MOST_FAULTS:
            break
        digest, seconds, why = running
        if not why and seconds > limit:
            why = f"it took more than {limit:g} s"
        elif not why and code < 0:
            why = f"it ended the process by {signal.Signals(-code).name}"
        watch.leave_out(digest, why or f"it ended the process with exit code {code}")
        click.echo(
            f"evalguard: a scorer did not return ({watch.reason(digest)}); the check continues "
            "without this answer",
            err=True,
        )
    if code == 0:
        click.echo(
            "evalguard: the check ended with exit code 0 and no verdict: code of the project, such "
            "as a conftest.py or a scorer, ended the process. Nothing was decided",
            err=True,
        )
        return ExitCode.INTERNAL_ERROR, False
    return code if code > 0 else 128 - code, False


def _run_child(
    main: Callable[[], int], mask: set[int | signal.Signals], watch: faults.Watch, limit: float
) -> tuple[int, bool, bool]:
    """Return an exit code, whether the command has said it, and whether this is the child."""
    parent = os.getpid()
    said, saying = os.pipe()
    os.set_blocking(said, False)  # a process that the child leaves behind may hold the other end
    child = os.fork()
    if child == 0:
        os.close(said)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        _end_with(parent)
        code = int(main())
        os.write(saying, bytes([code & 0xFF]))
        os.close(saying)
        return code, True, True
    os.close(saying)
    code = os.waitstatus_to_exitcode(_wait(child, watch, limit))
    word = b""
    with suppress(BlockingIOError):
        word = os.read(said, 1)
    os.close(said)
    return (word[0], True, False) if word else (code, False, False)


def _wait(child: int, watch: faults.Watch, limit: float) -> int:
    """Wait for a child to end, pass on the signals that are for it, and end it where it hangs."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        found = signal.sigtimedwait({*_PASSED_ON, signal.SIGCHLD}, _LOOKS_EVERY)
        if found is None:
            running = watch.running()
            if running is not None and running[1] > limit:
                os.kill(child, signal.SIGKILL)
        elif found.si_signo in _PASSED_ON and found.si_code == _SENT_BY_A_PROCESS:
            os.kill(child, found.si_signo)


def _end_with(parent: int) -> None:
    """End this process when its parent is killed."""
    import ctypes

    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(ExitCode.INTERRUPTED)
