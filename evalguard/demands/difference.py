"""Demands on candidate − baseline: non-inferiority and superiority by a margin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from evalguard.demands.base import ConditionTest, Demand, Observed
from evalguard.demands.margins import MARGIN, parse_margin
from evalguard.demands.power import Design, Need, need_of_difference
from evalguard.demands.words import Change, pvalue
from evalguard.errors import MeasurementError, UsageError
from evalguard.records import Margin, Metric, ScoreKind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Difference(Demand[Margin]):
    """A demand on the difference, tested against a margin with a unit.

    A tolerated loss where ``tolerates_loss``, else a gain that must be shown.
    """

    __slots__ = ()

    schema: ClassVar[Mapping[str, Any]] = MARGIN
    metavar = "MARGIN"
    on_difference = True
    worst_cases = ((True, False),)
    shown: ClassVar[str]
    """What a PASS calls the candidate."""
    refuted: ClassVar[str]
    """What a FAIL says, to be followed by the margin."""

    @classmethod
    def parse(cls, value: Any) -> Margin:
        """Read a margin with its unit."""
        return parse_margin(value)

    @property
    def unmet(self) -> str:
        """What a FAIL says."""
        return f"{self.refuted} {self.value}"

    @property
    def relative(self) -> bool:
        """Whether the margin is a share of the baseline's mean."""
        return self.value.unit == "%"

    @property
    def needs_scores(self) -> bool:
        """Whether it cannot be tested on counts of losses and gains alone."""
        return self.relative

    def problem(self, metric: Metric) -> str | None:
        """Return why the margin means nothing for a metric."""
        problem = metric.problem_of(self.value)
        if problem is None and self.relative and self.value.value >= 1:
            if self.tolerates_loss and metric.higher_is_better:
                problem = (
                    ", but no candidate can lose all that the baseline scores; give less than 100%"
                )
            elif not self.tolerates_loss and not metric.higher_is_better:
                problem = f", but {metric.name} cannot fall by all of it; give less than 100%"
        return f"{self.value}{problem}" if problem else None

    def test(self, observed: Observed) -> ConditionTest:
        """Set up the test of the difference against the margin."""
        baseline = observed.means[0] if observed.means else None
        margin = self.margin(baseline, observed.where)
        return ConditionTest(self, observed.tests.difference(relative=self.relative), margin)

    def margin(self, baseline: float | None, where: str) -> float:
        """Return δ as a difference of scores, negative for a gain that must be shown.

        Args:
            baseline: The baseline's mean; needed for a relative margin alone.
            where: Suite and metric, for messages.

        Raises:
            MeasurementError: If it is relative to a baseline of 0.
        """
        share = 1.0
        if self.relative:
            assert baseline is not None
            if baseline <= 0:
                raise MeasurementError(
                    f"{where}: the baseline scores {baseline:g} on average, and {self.value} of "
                    "that is not a margin; give it in pp"
                )
            share = baseline
        value = self.value.value * share
        return value if self.tolerates_loss else -value

    def margin_of_binary(self) -> float:
        """Return δ on a metric of right and wrong answers, before anything is measured.

        Raises:
            UsageError: If the margin is not in percentage points.
        """
        if self.value.unit in ("nats", "points"):
            raise UsageError(f"{self.value}, but the metric is binary; give it in pp, such as 5pp")
        if self.relative:
            raise UsageError(
                f"{self.value} depends on the baseline's mean; compute the drop and give it in pp"
            )
        return self.margin(None, "")

    def need(self, metric: Metric, design: Design) -> Need:
        """Return what it needs of a planned run."""
        margin = self.margin(design.baseline, design.where)
        if self.relative and metric.kind is ScoreKind.BINARY:
            effect = _of_ratio(margin, metric, design)
            design = replace(design, design_effect=design.design_effect * effect)
        return need_of_difference(self.text, margin, metric, design)

    def good(self, metric: Metric, margin: float) -> float:
        """Return no change, or twice the required gain."""
        return max(0.0, -2 * margin)

    def tolerated(self, metric: Metric, margin: float) -> float:
        """Return the tolerated loss; negative for a gain."""
        return margin

    def passed(self, tested: ConditionTest, change: Change) -> str:
        """Say that the candidate is shown to be non-inferior, or superior, by the margin."""
        return (
            f"{self.shown}: change {change.signed(change.estimate)}, lower bound "
            f"{change.signed(change.low)} above the margin of {self._limit(tested, change)} "
            f"({pvalue(tested.p_pass)})"
        )

    def failed(self, tested: ConditionTest, change: Change, adjusted: float) -> str:
        """Say that a loss beyond the margin, or a gain below it, is shown."""
        return (
            f"{self.refuted} {self._margin(tested, change)}: change "
            f"{change.signed(change.estimate)}, upper bound {change.signed(change.high)} below the "
            f"margin of {self._limit(tested, change)} (adjusted {pvalue(adjusted)})"
        )

    def undecided(self, tested: ConditionTest, change: Change) -> str:
        """Say that the interval spans the margin."""
        return (
            f"the interval {change.signed(change.low)} … {change.signed(change.high)} spans the "
            f"margin of {self._limit(tested, change)} (change {change.signed(change.estimate)}, "
            f"{pvalue(tested.p_pass)})"
        )

    def _limit(self, tested: ConditionTest, change: Change) -> str:
        """Return the margin as the change that lies on it, to be held against the interval."""
        sign = "−" if self.tolerates_loss else "+"
        return f"{sign}{self._margin(tested, change)}"

    def _margin(self, tested: ConditionTest, change: Change) -> str:
        if self.value.unit == "pp":
            return f"{self.value.value * 100:g} pp"
        if not self.relative:
            return str(self.value)
        return f"{self.value} of the baseline ({change.plain(abs(tested.margin))})"


def _of_ratio(margin: float, metric: Metric, design: Design) -> float:
    """Return the variance of y − Rx over that of y − x, for right and wrong answers y and x.

    A margin that moves with the baseline's mean is tested on the former, where x counts R-fold.
    """
    theta = max(0.0, -2 * margin)  # of the candidate that is planned for
    psi = max(design.discordance, theta, abs(margin))
    if not metric.higher_is_better:
        theta, margin = -theta, -margin
    ratio = 1 - margin / design.baseline
    losses, gains = (psi - theta) / 2, (psi + theta) / 2
    both = max(0.0, design.baseline - losses)
    mean = theta + margin
    variance = losses * ratio**2 + gains + both * (1 - ratio) ** 2 - mean**2
    return max(variance, 0.0) / (psi - theta**2) if psi > theta**2 else 1.0


class MaxDrop(Difference):
    """A drop that is tolerated: the candidate must be non-inferior by the margin."""

    __slots__ = ()

    key = "max_drop"
    about = (
        "Tolerated drop from the baseline: `5pp` (of the score) or `5%` (of its mean); for "
        "scores\nin nats, such as `nats_per_token`, `0.2 nats`; for scores from 0 to 100, `2 "
        "points`."
    )
    option = "Tolerated drop: 5pp of the score, or 5% of the baseline's mean."
    tolerates_loss = True
    shown = "non-inferior"
    refuted = "regression beyond"


class MinGain(Difference):
    """A gain that must be shown: the candidate must be superior by the margin."""

    __slots__ = ()

    key = "min_gain"
    about = "Required gain over the baseline (superiority margin)."
    option = "Required improvement (superiority margin)."
    shown = "superior"
    refuted = "gain below"
