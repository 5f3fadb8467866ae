"""A demand of a gate: ``max_count: 5`` in a thresholds file.

Its class says which metrics it suits, its test, its power and its words; those of a bound on the
candidate's mean are inherited.
"""

from __future__ import annotations

from evalguard.demands import (
    Bound,
    ConditionTest,
    Design,
    Need,
    Observed,
    need_of_bound,
)
from evalguard.records import Metric


class MaxCount(Bound):
    """At most a number of samples score 1, such as answers that shout."""

    key = "max_count"
    about = "Greatest number of samples that may score 1."
    option = "Maximum number of samples that score 1."
    orientation = -1

    @property
    def unmet(self) -> str:
        """Say what a FAIL shows."""
        return f"more than {self.value:g} samples score 1"

    def problem(self, metric: Metric) -> str | None:
        """Refuse metrics whose samples cannot be counted."""
        return None if metric.percent else f"max_count needs scores of 0 and 1, not {metric.name}"

    def test(self, observed: Observed) -> ConditionTest:
        """Test the candidate's mean against the share that the number comes to."""
        bound = observed.tests.bound(least=False)
        return ConditionTest(self, bound, self.value / observed.n)

    def need(self, metric: Metric, design: Design) -> Need:
        """Return the samples that it needs."""
        return need_of_bound(self.text, self.value / design.n, metric.low, metric, design)
