"""Demands on the candidate alone: bounds of its mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from evalguard.demands.base import ConditionTest, Demand, Observed
from evalguard.demands.numbers import NUMBER, parse_number
from evalguard.demands.power import Design, Need, need_of_bound
from evalguard.demands.words import Change, pvalue
from evalguard.records import Metric


class Bound(Demand[float]):
    """A bound of the candidate's mean.

    θ is the mean for a least value, and its negative for a greatest one.
    """

    __slots__ = ()

    schema: ClassVar[Mapping[str, Any]] = NUMBER

    @classmethod
    def parse(cls, value: Any) -> float:
        """Read a finite number."""
        return parse_number(value)

    def problem(self, metric: Metric) -> str | None:
        """Return why no value of a metric meets the bound, or every one does."""
        low, high = metric.low, metric.high
        if self.value == self._worst(metric):
            return (
                f"every value of '{metric.name}', {low:g} to {high:g}, meets {self.text}, so the "
                "demand cannot fail; give a stricter bound or remove it"
            )
        if low <= self.value <= high:
            return None
        share = self.value / 100
        as_share = f"; write {share:g}" if metric.unit == "pp" and low <= share <= high else ""
        return (
            f"{self.value:g} is outside the range of '{metric.name}', {low:g} to {high:g}{as_share}"
        )

    def test(self, observed: Observed) -> ConditionTest:
        """Set up the test of the candidate's mean."""
        least = self.orientation > 0
        return ConditionTest(
            self, observed.tests.bound(least=least), -self.orientation * self.value
        )

    def passed(self, tested: ConditionTest, change: Change) -> str:
        """Say that the mean is shown to keep the bound."""
        return f"{self._mean(tested)} keeps {self.text} ({pvalue(tested.p_pass)})"

    def failed(self, tested: ConditionTest, change: Change, adjusted: float) -> str:
        """Say that the mean is shown to lie beyond the bound."""
        return f"{self.unmet}: {self._mean(tested)} (adjusted {pvalue(adjusted)})"

    def undecided(self, tested: ConditionTest, change: Change) -> str:
        """Say that the mean is too close to the bound, or on its wrong side."""
        return f"{self._mean(tested)} does not show {self.text} ({pvalue(tested.p_pass)})"

    def _mean(self, tested: ConditionTest) -> str:
        return f"a mean of {self.orientation * tested.test.estimate + 0.0:.4g}"

    def need(self, metric: Metric, design: Design) -> Need:
        """Return what it needs of a planned run."""
        return need_of_bound(self.text, self.value, self._perfect(metric), metric, design)

    def good(self, metric: Metric, margin: float) -> float:
        """Return θ of a perfect candidate."""
        return self.orientation * self._perfect(metric)

    def tolerated(self, metric: Metric, margin: float) -> float:
        """Return how far a perfect candidate lies from the bound."""
        return self.good(metric, margin) + margin

    def _perfect(self, metric: Metric) -> float:
        return metric.high if self.orientation > 0 else metric.low

    def _worst(self, metric: Metric) -> float:
        return metric.low if self.orientation > 0 else metric.high


class Min(Bound):
    """A minimum mean of the candidate."""

    __slots__ = ()

    key = "min"
    about = "Minimum mean score of the candidate."
    option = "Minimum mean score of the candidate."
    worst_cases = ()  # an undetermined answer scores 0, which is its worst case

    @property
    def unmet(self) -> str:
        """What a FAIL says."""
        return f"the candidate's mean is below {self.value:g}"

    def conflict(self, others: Sequence[Demand[Any]]) -> str | None:
        """Return whether the minimum is above the maximum."""
        for other in others:
            if isinstance(other, Max) and other.value < self.value:
                return f"{self.text} is above {other.text}"
        return None


class Max(Bound):
    """A maximum mean of the candidate."""

    __slots__ = ()

    key = "max"
    about = "Maximum mean score of the candidate."
    option = "Maximum mean score of the candidate."
    orientation = -1
    worst_cases = ((False, True),)

    @property
    def unmet(self) -> str:
        """What a FAIL says."""
        return f"the candidate's mean exceeds {self.value:g}"
