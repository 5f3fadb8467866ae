"""Run a model's Python against tests, in a subprocess with limits.

The child gives up the network (its own namespace where the kernel allows it), caps CPU time,
memory, file size and open files, and refuses by an audit hook to open sockets, start programs or
write outside its empty folder. That stops accidents of generated code. It is no wall against
code written to break out: for that, run EvalGuard in a container.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from evalguard.errors import MeasurementError, UsageError
from evalguard.scorers.sandbox_child import STARTED

_CHILD = Path(__file__).with_name("sandbox_child.py")


def passes(program: str, tests: str, *, timeout_seconds: float, memory_bytes: int) -> bool:
    """Run a program and then its tests, and return whether both came to their end.

    Leaving early (``exit()``), raising, and exceeding a limit all count as not passed; leaving by
    ``unittest.main()`` counts as passed where a test was run and none failed.

    Args:
        program: Python source, run first, under the module name ``solution``.
        tests: Python source of assertions, run in the same namespace.
        timeout_seconds: Wall-clock and CPU limit.
        memory_bytes: Limit of the address space.

    Raises:
        MeasurementError: If the subprocess could not be started or limited.
        UsageError: On a system without POSIX resource limits.
    """
    if os.name != "posix":
        raise UsageError("the scorer 'unit_tests' needs POSIX resource limits: run it on Linux.")
    # A word made for this run, so that printing "ok" and leaving does not pass.
    word = secrets.token_hex(16)
    job = {
        "program": program,
        "tests": tests,
        "word": word,
        "cpu_seconds": int(timeout_seconds) + 1,
        "memory_bytes": memory_bytes,
    }
    with tempfile.TemporaryDirectory(prefix="evalguard-", ignore_cleanup_errors=True) as folder:
        job["folder"] = folder
        try:
            child = subprocess.Popen(
                [sys.executable, "-I", "-B", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        except OSError as error:
            raise MeasurementError(f"the sandbox could not be started: {error}") from error
        with child:
            try:
                said, _ = child.communicate(json.dumps(job).encode(), timeout=timeout_seconds)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                return False
    if not said.startswith(STARTED):
        raise MeasurementError(
            f"the sandbox ended before it ran the program (exit status {child.returncode}); "
            "raise memory_mib, or see whether this Python starts with -I"
        )
    return said == STARTED + word.encode()
