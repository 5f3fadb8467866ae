"""Questions that a judge on a server is asked again and again, to see that it stays the same.

A judge agrees with the labels before it scores anything. A server may drop its adapter, or a router
send its prompts to another model, after that.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalguard.engines.endpoint.identity import NOISE_OF_TWO_SERVERS, beyond_noise
from evalguard.errors import TrustError
from evalguard.runner.admission import Approval
from evalguard.tasks.labelled import Question

_OF_EACH = 6
"""Answers that the judge approved, and the same of those that it did not: another judge may say yes
to all. Five of six are beyond noise, and so are seven of twelve."""

_CHANGED = 0.5
"""Difference of two approvals from which the judge replies otherwise."""


def controls(
    asked: Sequence[Question], approvals: Sequence[Approval]
) -> list[tuple[Question, float]]:
    """Return questions that tell whether the judge changes, with its approvals.

    Args:
        asked: What the judge was asked.
        approvals: What it replied.
    """
    read = [
        (question, approval)
        for question, approval in zip(asked, approvals, strict=True)
        if isinstance(approval, float)
    ]
    sides = ([one for one in read if (one[1] >= _CHANGED) is side] for side in (True, False))
    return [one for side in sides for one in side[:_OF_EACH]]


def check_unchanged(before: Sequence[float], now: Sequence[Approval]) -> None:
    """Check that the judge replies as before, but for noise.

    Args:
        before: Its approvals of before.
        now: Those of the same questions now.

    Raises:
        TrustError: If it does not.
    """
    changed = [
        not isinstance(new, float) or abs(new - old) >= _CHANGED
        for old, new in zip(before, now, strict=True)
    ]
    sides = [
        [one for one, old in zip(changed, before, strict=True) if (old >= _CHANGED) is side]
        for side in (True, False)
    ]
    for rows in (changed, *sides):
        if beyond_noise(sum(rows), len(rows), share=NOISE_OF_TWO_SERVERS):
            raise TrustError(
                f"its replies to {sum(changed)} of {len(changed)} earlier questions changed: "
                "another model may be answering under its name. Check that the "
                "server still serves the judge"
            )
