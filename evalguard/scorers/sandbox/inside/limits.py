"""What either process may use, and with ``sandlock`` what it may open."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from typing import Any

from .syscalls import install_filter

MAX_FILE_BYTES = 1 << 20
MAX_OPEN_FILES = 64


def limit_resources(cpu_seconds: int, memory_bytes: int) -> None:
    """Cap what the process may use; a limit that is lower already stays."""
    for limit, value in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def close_walls(job: Mapping[str, Any]) -> None:
    """Limit this process for good, as its job says.

    Raises:
        OSError: If the kernel refuses; then nothing may run.
        ImportError: If ``sandlock`` is not there.
    """
    if job["kind"] == "sandlock":
        _confine(job["readable"])
    die_with_parent, kill = 1, 9
    ctypes.CDLL(None).prctl(die_with_parent, kill)
    limit_resources(job["cpu_seconds"], job["memory_bytes"])
    if job["kind"] != "none":
        install_filter()


def _confine(readable: list[str]) -> None:
    """Let this process read these folders and nothing else, and write nothing (Landlock)."""
    from sandlock import Sandbox, confine  # an optional package

    confine(Sandbox(fs_readable=readable, fs_writable=[os.devnull]))
    # Landlock rules the calling thread only
    if len(sys._current_frames()) != 1:
        raise OSError("a thread was started before the sandbox was closed")
    try:
        os.open("/", os.O_RDONLY)
    except PermissionError:
        return
    raise OSError("Landlock does not hold: / can be read")
