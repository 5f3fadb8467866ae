"""What every test against a margin offers, and the interval that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from scipy import optimize, special

P_FLOOR = 1e-15  # below it a normal quantile loses its meaning
LEAST_P = 1e-300  # a p-value below it, or this close to 1, has no normal score
NEAREST_ONE = 1 - 1e-16


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


def normal_score(pvalue: float) -> float:
    """Return a p-value on the normal scale, large where it is small and finite for 0 and 1."""
    return float(-special.ndtri(min(max(pvalue, LEAST_P), NEAREST_ONE)))


def interval(
    test: MarginTest,
    *,
    margin: float,
    alpha: float,
    alpha_pass: float | None = None,
    low: float = -1.0,
    high: float = 1.0,
    tolerance: float = 1e-5,
) -> ConfidenceInterval:
    """Invert both one-sided tests in the margin.

    The search starts from the gate's own margin: a test that rejects there puts its limit on the
    other side of it. So ``low >= -margin`` exactly when ``p_pass(margin) <= alpha_pass``, and
    ``high <= -margin`` exactly when ``p_fail(margin) <= alpha``: verdict and interval cannot
    disagree.

    Args:
        test: The test to invert.
        margin: The gate's margin, from which the search starts.
        alpha: Level of the upper limit.
        alpha_pass: Level of the lower limit; ``alpha`` if omitted.
        low: Least possible θ.
        high: Greatest possible θ.
        tolerance: Absolute error of the limits.

    Example:
        >>> from evalguard.stats import PairedBinary
        >>> low, high = interval(PairedBinary(losses=10, gains=5, n=200), margin=0.05, alpha=0.05)
        >>> round(low, 3), round(high, 3)
        (-0.06, 0.008)
    """
    below = alpha if alpha_pass is None else alpha_pass

    def lower(delta: float) -> float:
        return _surplus(test.p_pass(delta), below)

    def upper(delta: float) -> float:
        return -_surplus(test.p_fail(delta), alpha)

    error = max(test.standard_error(margin), (high - low) / 1000)
    least = _crossing(lower, margin, (-high, -low), error, tolerance)
    most = _crossing(upper, margin, (-high, -low), error, tolerance)
    # The order of the tables under the FAIL test changes in jumps with the margin, so that a
    # greater θ may be left unrejected beyond the first limit; the interval covers that as well.
    floor = margin if upper(margin) >= 0 else -high
    probe = most
    while (probe := probe - error / 4) > max(floor, most - error):
        if upper(probe) < 0:
            most = _crossing(upper, probe, (floor, -low), error, tolerance)
    return ConfidenceInterval(-least, -most)


def _surplus(pvalue: float, alpha: float) -> float:
    """Return p − α on the normal scale, where it is close to linear in the margin."""
    return float(special.ndtri(min(max(pvalue, P_FLOOR), 1 - P_FLOOR)) - special.ndtri(alpha))


def _crossing(
    surplus: Callable[[float], float],
    start: float,
    bounds: tuple[float, float],
    error: float,
    tolerance: float,
) -> float:
    """Return the margin where a decreasing ``surplus`` changes sign, on ``start``'s own side.

    The surplus falls by about one per standard error, so the first probe is set just beyond where
    it should vanish, and a narrow bracket remains to be searched.
    """
    here = surplus(start)
    if here == 0:
        return start
    end = bounds[0] if here < 0 else bounds[1]
    direction = -1.0 if here < 0 else 1.0
    if (end - start) * direction <= 0:
        return start
    near, reach = start, abs(here) * error * 1.1 + tolerance
    while True:
        far = near + direction * reach
        if (end - far) * direction <= 0:
            far = end
        if (surplus(far) < 0) != (here < 0):
            return float(optimize.brentq(surplus, near, far, xtol=tolerance, rtol=1e-9))
        if far == end:
            return end  # not even the widest margin crosses: the limit is that of the scale
        near, reach = far, reach * 1.5
