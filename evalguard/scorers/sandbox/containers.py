"""How a process starts in a container of podman or docker.

The image is empty and made here: what Python needs is mounted read-only, as with bubblewrap. A
container inherits no pipes, so its standard streams carry the messages, and the verdict is what
the tests' container writes to standard error, which no other process can write to.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from evalguard.errors import MeasurementError

CONTAINERS = ("podman", "docker")
IMAGE = "localhost/evalguard-empty:1"

_EMPTY_TAR = bytes(10240)
_MEMORY_BESIDE_BYTES = 128 << 20  # the process that keeps the container, and its folder
_MAX_TASKS = 256
_MAX_OPEN_FILES = 64
_CLI_SECONDS = 20.0
_ONLY_PODMAN = ("--read-only-tmpfs=false", "--passwd=false", "--no-hosts")
_DIES_WITH_PARENT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"
)


def container(
    kind: str,
    job: Mapping[str, Any],
    *,
    shown: Sequence[str],
    folder_bytes: int,
    inside: str,
    environment: Mapping[str, str],
) -> list[str]:
    """Return the command line that starts a container, which the program to run follows.

    Args:
        kind: ``podman`` or ``docker``.
        job: Of which the limits are read.
        shown: Paths that can be read.
        folder_bytes: Size of ``/tmp``, the only folder that can be written.
        inside: The folder of what runs there, shown as ``/sandbox/inside``.
        environment: All that the process sees of one.
    """
    mounts = [(path, path) for path in shown] + [(inside, "/sandbox/inside")]
    return [
        # SIGTERM, which the client hands on to the container, when EvalGuard itself is killed
        *(sys.executable, "-I", "-S", "-c", _DIES_WITH_PARENT),
        *(shutil.which(kind) or kind, "run", "--rm", "--interactive", "--pull", "never"),
        *("--network", "none", "--ipc", "none", "--log-driver", "none"),
        *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *(_ONLY_PODMAN if kind == "podman" else ()),
        *("--user", "65534:65534", "--workdir", "/tmp"),  # noqa: S108
        *("--pids-limit", str(_MAX_TASKS)),
        *("--memory", str(job["memory_bytes"] + _MEMORY_BESIDE_BYTES)),
        *("--ulimit", f"nofile={_MAX_OPEN_FILES}:{_MAX_OPEN_FILES}", "--ulimit", "core=0:0"),
        *("--ulimit", f"nproc={_MAX_TASKS}:{_MAX_TASKS}", "--ulimit", "msgqueue=0:0"),
        *("--tmpfs", f"/tmp:rw,size={folder_bytes},mode=1777"),  # noqa: S108
        *(
            word
            for source, target in mounts
            for word in ("--mount", f"type=bind,source={source},target={target},readonly")
        ),
        *(word for key, value in environment.items() for word in ("--env", f"{key}={value}")),
        IMAGE,
    ]


@cache
def image_problem(kind: str) -> str:
    """Make the empty image where it is not there yet; return why that fails."""
    program = shutil.which(kind) or kind
    try:
        for arguments in (["image", "inspect", IMAGE], ["import", "-", IMAGE]):
            done = subprocess.run(
                [program, *arguments],
                input=_EMPTY_TAR,
                capture_output=True,
                check=False,
                timeout=_CLI_SECONDS,
            )
            if done.returncode == 0:
                return ""
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"{kind} import ended with {done.returncode}"


def feed(descriptor: int, data: bytes, seconds: float) -> None:
    """Write all data to a pipe, whose other end a container reads once it has started.

    Raises:
        MeasurementError: If the container ends or does not read in time.
    """
    ends_at = time.monotonic() + seconds
    writable = select.poll()
    writable.register(descriptor, select.POLLOUT)
    os.set_blocking(descriptor, False)
    try:
        while data:
            if not writable.poll(max(ends_at - time.monotonic(), 0.0) * 1000):
                raise MeasurementError(f"the sandbox did not start in {seconds:.0f} s")
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        raise MeasurementError(f"the sandbox could not be started: {error}") from error
    finally:
        # the same open file becomes a standard output, which must wait
        os.set_blocking(descriptor, True)
