"""Run parts by priority, as long as they fit into the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from benchmarks.gpu.records import Outcome, Part
from evalguard.engines.machine import installed

Run = Callable[[Part, float], Outcome]
"""Runs a part for at most the given seconds."""

LIMIT = 3.0
"""Multiple of its expected time after which a part is stopped, in case it hangs."""

SHORTEST_LIMIT_SECONDS = 120.0


def run_parts(
    parts: Sequence[Part],
    *,
    seconds: float,
    tiny: bool,
    run: Run,
    keep: Callable[[Part, Outcome], None],
    finished: Mapping[str, Outcome],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run parts one after another until the time is used up.

    A part that no longer fits, or that the end of the time cuts short, is skipped with a reason; a
    shorter one after it may still run.

    Args:
        parts: By priority.
        seconds: Time for all of them.
        tiny: Whether they run with tiny shapes.
        run: Runs one of them.
        keep: Called with each part's outcome as soon as it ends.
        finished: Outcomes of an earlier run by name; parts done there are not run again.
        clock: A monotonic clock, in seconds.
    """
    deadline = clock() + seconds
    for part in parts:
        if part.name in finished and finished[part.name].state == "done":
            continue
        needed = part.tiny_seconds if tiny else part.seconds
        left = deadline - clock()
        missing = [name for name in part.requires if installed(name) is None]
        if missing:
            outcome = Outcome("skipped", reason=f"not installed: {', '.join(missing)}")
        elif left < needed:
            reason = f"needs about {needed:.0f} s, and {max(0.0, left):.0f} s are left"
            outcome = Outcome("skipped", reason=reason)
        else:
            allowed = max(SHORTEST_LIMIT_SECONDS, LIMIT * needed)
            outcome = run(part, min(left, allowed))
            if outcome.state == "timed out" and left < allowed:  # it may not have hung
                reason = f"time ran out after {left:.0f} s"
                outcome = replace(outcome, state="skipped", reason=reason)
        keep(part, outcome)
