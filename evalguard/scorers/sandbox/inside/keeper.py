"""The first process of a container: it starts the one that runs, and ends the container with it."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Mapping
from typing import Any

MORE_SECONDS = 120
"""After its time, a container that nobody has ended ends itself."""


def keep(job: Mapping[str, Any]) -> None:
    """Return in a child process; this one waits for it.

    No process of the container can look into another or into itself by ``/proc``: none can be
    dumped.

    Raises:
        OSError: If the kernel refuses that.
    """
    not_dumpable = 4
    if ctypes.CDLL(None).prctl(not_dumpable, 0, 0, 0, 0) != 0:
        raise OSError("PR_SET_DUMPABLE is refused")
    child = os.fork()
    if child == 0:
        return
    # the first process of a container ignores what it does not handle
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda *_: os._exit(1))
    signal.alarm(job["cpu_seconds"] + MORE_SECONDS)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # so that each side sees the other one end
        os.dup2(nothing, stream)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
