"""What every test against a margin offers, and the interval that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from scipy import optimize, special

P_FLOOR = 1e-15  # below it a normal quantile loses its meaning


class MarginTest(Protocol):
    """Two one-sided tests of a difference θ, oriented so that higher is better.

    The margin δ is the tolerated drop: positive for a drop that may happen, negative for a gain
    that must be shown. For a bound on one arm alone, θ is that arm's mean and the bound is −δ.
    """

    @property
    def estimate(self) -> float:
        """Observed θ."""

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −δ; small values show that θ is better than −δ."""

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −δ; small values show that θ is worse than −δ."""

    def standard_error(self, margin: float) -> float:
        """Return the standard error of the estimate that planning may use; never negative."""


class ConfidenceInterval(NamedTuple):
    """Limits of θ; each holds with the confidence level on its own."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Imputed:
    """One test for each side, where samples are missing.

    Args:
        worst: The data with every missing score replaced to the candidate's disadvantage: PASS
            must hold even then.
        best: The same to its advantage: FAIL must hold even then.
        measured: The data without the missing scores, for the estimate that is reported.
    """

    worst: MarginTest
    best: MarginTest
    measured: MarginTest

    @property
    def estimate(self) -> float:
        """θ over the measured samples."""
        return self.measured.estimate

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −δ in the worst case."""
        return self.worst.p_pass(margin)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −δ in the best case."""
        return self.best.p_fail(margin)

    def standard_error(self, margin: float) -> float:
        """Return the larger standard error of the two cases."""
        return max(self.worst.standard_error(margin), self.best.standard_error(margin))


def interval(
    test: MarginTest,
    *,
    margin: float,
    alpha: float,
    low: float = -1.0,
    high: float = 1.0,
    tolerance: float = 1e-6,
) -> ConfidenceInterval:
    """Invert both one-sided tests in the margin.

    The search starts from the gate's own margin: a test that rejects there puts its limit on the
    other side of it. So ``low >= -margin`` exactly when ``p_pass(margin) <= alpha``, and
    ``high <= -margin`` exactly when ``p_fail(margin) <= alpha``: verdict and interval cannot
    disagree.

    Args:
        test: The test to invert.
        margin: The gate's margin, from which the search starts.
        alpha: Level of each side.
        low: Least possible θ.
        high: Greatest possible θ.
        tolerance: Absolute error of the limits.

    Example:
        >>> from evalguard.stats import PairedBinary
        >>> low, high = interval(PairedBinary(losses=10, gains=5, n=200), margin=0.05, alpha=0.05)
        >>> round(low, 3), round(high, 3)
        (-0.06, 0.008)
    """

    def lower(delta: float) -> float:
        return _surplus(test.p_pass(delta), alpha)

    def upper(delta: float) -> float:
        return -_surplus(test.p_fail(delta), alpha)

    return ConfidenceInterval(
        -_crossing(lower, margin, -high, -low, tolerance),
        -_crossing(upper, margin, -high, -low, tolerance),
    )


def _surplus(pvalue: float, alpha: float) -> float:
    """Return p − α on the normal scale, where it is close to linear in the margin."""
    return float(special.ndtri(min(max(pvalue, P_FLOOR), 1 - P_FLOOR)) - special.ndtri(alpha))


def _crossing(
    surplus: Callable[[float], float], start: float, least: float, most: float, tolerance: float
) -> float:
    """Return the margin where a decreasing ``surplus`` changes sign, ``start`` staying on its side.

    ``surplus`` counts as crossed where it is ≤ 0 for the lower limit and < 0 for the upper one,
    which is what ``p <= alpha`` means on each side.
    """
    here = surplus(start)
    if here == 0 or not least < start < most:
        return start
    end = least if here < 0 else most
    there = surplus(end)
    if there == 0 or (there < 0) == (here < 0):
        return end  # even the widest margin is not crossed: the limit is that of the scale
    near, far = start, end
    step = (most - least) / 50
    # A root bracketed closely costs a third of the evaluations that one in the whole range costs.
    while True:
        probe = near - step if here < 0 else near + step
        if (probe <= end) if here < 0 else (probe >= end):
            break
        if (surplus(probe) < 0) != (here < 0):
            far = probe
            break
        near, step = probe, step * 3
    return float(optimize.brentq(surplus, near, far, xtol=tolerance, rtol=1e-9))
