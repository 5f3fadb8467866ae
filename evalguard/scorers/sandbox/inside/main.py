"""Read the job, close the walls, and run the program or its tests."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

LENGTH_BYTES = 8
"""Of the number before the job that says how long it is."""

STARTED = b"started\n"
"""Said by the tests' process when both have closed their walls: what fails later is the program's
or the tests' fault."""

PASSED = b"passed\n"


def main() -> None:
    """Run the job on stdin."""
    job = _job()
    if job["contained"]:
        from . import keeper

        keeper.keep(job)
    # Only what the standard library needs was found so far; packages come after it.
    sys.path[:] = [*(path for path in sys.path if path != job["mounted"]), *job["packages"]]
    from . import limits, program, tests, wire

    verdict = os.dup(job["verdict"])
    if job["role"] != "probe":
        pipes = wire.Wire(os.dup(job["reads"]), os.dup(job["writes"]))
    nothing = os.open(os.devnull, os.O_RDWR)
    limits.close_walls(job)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if job["role"] == "probe":
        os.write(verdict, STARTED)
        return
    if job["role"] == "program":
        os.close(verdict)
        program.Program(pipes).run(job["program"], job["imports"])
        return
    if not pipes.receive().get("started"):
        return
    os.write(verdict, STARTED)
    if tests.run(job["tests"], pipes):
        os.write(verdict, PASSED)


def _job() -> Any:
    """Read the job from stdin, and nothing of what may follow it."""
    length = int.from_bytes(_read(LENGTH_BYTES), "big")
    return json.loads(_read(length))


def _read(n_bytes: int) -> bytes:
    data = b""
    while len(data) < n_bytes:
        part = os.read(0, n_bytes - len(data))
        if not part:
            raise EOFError("no job on standard input")
        data += part
    return data
