"""Spends the minutes: parts in the order of their priority, as long as they fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from benchmarks.gpu.records import Outcome, Part
from evalguard.engines.machine import installed

Run = Callable[[Part, float], Outcome]
"""Runs a part for so many seconds at most."""

LIMIT = 3.0
"""A part is stopped after this many times what it needs, so that one that hangs costs no more."""

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
    """Run parts one after another until the time is spent.

    A part that no longer fits, or that the end of the minutes cuts short, is skipped with its
    reason; a shorter one after it may still run.

    Args:
        parts: In the order of their priority.
        seconds: Time for all of them.
        tiny: Whether they run with tiny shapes.
        run: Runs one of them.
        keep: Gets each part's outcome as soon as it is there.
        finished: Outcomes of an earlier run by name; what is done there does not run again.
        clock: Seconds that only grow.
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
            if outcome.state == "timed out" and left < allowed:  # it need not hang
                reason = f"the minutes were over after {left:.0f} s of it"
                outcome = replace(outcome, state="skipped", reason=reason)
        keep(part, outcome)
