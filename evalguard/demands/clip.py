"""What a clipped metric implies: few samples lose more than the clip lets them count."""

from __future__ import annotations

from evalguard.demands.base import Condition, ConditionTest, Observed

MAX_CLIPPED_LOSSES = 0.01
"""Tolerated share of losses beyond a metric's clip, which may be greater than they count."""


class FewClipped(Condition[float]):
    """A tripwire on losses beyond the clip: it must not fail, and need not be shown."""

    __slots__ = ()

    must_be_shown = False

    @property
    def text(self) -> str:
        """The condition in words."""
        return f"at most {MAX_CLIPPED_LOSSES:.0%} of losses beyond {self.value:g}"

    @property
    def unmet(self) -> str:
        """What a FAIL says."""
        return f"more than {MAX_CLIPPED_LOSSES:.0%} of samples lose over {self.value:g} (the clip)"

    def test(self, observed: Observed) -> ConditionTest:
        """Set up the test of the share of samples within the clip."""
        return ConditionTest(self, observed.tests.unclipped_losses(), MAX_CLIPPED_LOSSES - 1)
