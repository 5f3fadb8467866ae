"""Programs in the sandbox: honest ones, and those that fake a pass or break out."""

import functools

import pytest

from evalguard.scorers import sandbox


@functools.cache
def missing(kind="auto"):
    """Return why no sandbox, or none of a kind, works on this machine."""
    found = [one for one in sandbox.availability() if kind in ("auto", one.kind)]
    if any(not one.problem for one in found):
        return ""
    return "; ".join(f"{one.kind}: {one.problem}" for one in found)


needs_sandbox = pytest.mark.skipif(bool(missing()), reason=f"no sandbox works here: {missing()}")


def passes(program, tests, *, timeout_seconds=10.0, memory_mib=512, kind="auto"):
    """Return whether a program passes tests."""
    return sandbox.passes(
        program, tests, timeout_seconds=timeout_seconds, memory_bytes=memory_mib << 20, kind=kind
    )


def with_sandbox(options):
    """Return a scorer's options as they work on this machine, for tests of other things."""
    runs_code = "allow_code_execution" in options
    return {**options, "sandbox": "none"} if runs_code and missing() else options
