"""Read the job, close the walls, and run the program or its tests."""

from __future__ import annotations

import json
import os
import sys

STARTED = b"started\n"
"""Said by the tests' process when both have closed their walls: what fails later is the program's
or the tests' fault."""

PASSED = b"passed\n"


def main() -> None:
    """Run the job on stdin."""
    job = json.load(sys.stdin)
    # Only what the standard library needs was found so far; packages come after it.
    sys.path[:] = [*(path for path in sys.path if path != job["mounted"]), *job["packages"]]
    from . import limits, program, tests, wire

    verdict = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    limits.close_walls(job)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if job["role"] == "probe":
        os.write(verdict, STARTED)
        return
    pipes = wire.Wire(job["reads"], job["writes"])
    if job["role"] == "program":
        os.close(verdict)
        program.Program(pipes).run(job["program"], job["imports"])
        return
    if not pipes.receive().get("started"):
        return
    os.write(verdict, STARTED)
    if tests.run(job["tests"], pipes):
        os.write(verdict, PASSED)
