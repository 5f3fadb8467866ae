"""A t test that also asks what the sample may have missed: rare losses of the worst kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

PSEUDO = 0.5  # a pseudo-observation, as a share of the worst possible distance from the margin
ROUNDING = 1e-12  # relative differences below it are those of the arithmetic


def worst_distance(corners: Sequence[tuple[float, float]], margin: float, *, side: float) -> float:
    """Return how far beyond the margin the worst possible question lies.

    Args:
        corners: Extremes of what one question may add to the difference and to its scale.
        margin: δ.
        side: 1 where PASS is tested, −1 where FAIL is.
    """
    return max(-side * (value + margin * moved) for value, moved in corners)


class Missed:
    """The chance that a sample shows none of the bad units, in the worst case over which are bad.

    Unit i is bad with an unknown probability rᵢ of its own, and the bad ones are expected to hold a
    share q of the total size. The chance to meet none is Π(1 − rᵢ), which is greatest where 1 − rᵢ
    = min(1, τ/sizeᵢ): sizes above τ are cut to it, and what is cut off is the share q. For C equal
    units that is (1 − q)^C; a unit that is as large as all the rest may hide half of everything.

    Args:
        sizes: Size of each unit, above 0. Shape ``(units,)``.

    References:
        The greatest value of a concave function on a polytope, by Lagrange's conditions ("water
        filling"): S. Boyd and L. Vandenberghe, Convex Optimization, 2004, example 5.2.

    Example:
        >>> Missed(np.ones(59))(np.array([0.05])).round(4).tolist()
        [0.0485]
        >>> Missed(np.append(np.ones(90), np.full(10, 5.0)))(np.array([0.05])).round(3).tolist()
        [0.221]
    """

    __slots__ = ("_cut", "_logs", "_sizes", "_sums")

    def __init__(self, sizes: Floats) -> None:
        self._sizes = np.sort(sizes)[::-1]
        self._sums = np.cumsum(self._sizes)
        self._logs = np.cumsum(np.log(self._sizes))
        # What is cut off when the k greatest are cut to the size of the next: increasing in k.
        smaller = np.append(self._sizes[1:], 0.0)
        self._cut = self._sums - np.arange(1, len(sizes) + 1) * smaller

    def __call__(self, share: Floats) -> Floats:
        """Return the chance for each share q of the total size, 0 to 1."""
        missing = np.asarray(share) * self._sums[-1]
        last = np.minimum(np.searchsorted(self._cut, missing), len(self._sizes) - 1)
        count = last + 1.0
        level = np.maximum((self._sums[last] - missing) / count, 1e-300)
        return np.asarray(np.exp(np.minimum(count * np.log(level) - self._logs[last], 0.0)))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sample shows of the spread of its mean.

    Attributes:
        error: Standard error of the mean as it was seen; may be 0.
        padded: The same with the two pseudo-observations.
        skewness: Skewness of the mean's units, signed so that losses are negative.
        freedom: Degrees of freedom.
        units: Number of units.
    """

    error: float
    padded: float
    skewness: float
    freedom: float
    units: int


def seen(residuals: Floats, sizes: Floats, *, pseudo: float, freedom: float) -> Seen:
    """Return the spread of a weighted mean, from the residuals of its units.

    Two pseudo-observations, a loss and a gain, keep the standard error above 0 for any data. The
    degrees of freedom are those of the variance that was really seen, 2M/(kurtosis − 1) where that
    is less than ``freedom``: a hundred units of which two differ tell no more about their
    spread than a handful.

    Args:
        residuals: Sum of each unit less its size times the mean. Shape ``(units,)``.
        sizes: Size of each unit.
        pseudo: Size of a pseudo-observation, in the scale of the residuals.
        freedom: Degrees of freedom that the units have at most.

    References:
        R. M. Bell and D. F. McCaffrey, Bias reduction in standard errors for linear regression
        with multi-stage samples, Survey Methodology 28:169-181, 2002 (the leverage 1/(1 − w)).
        F. E. Satterthwaite, An approximate distribution of estimates of variance components,
        Biometrics Bulletin 2:110-114, 1946 (degrees of freedom from the variance of a variance).
    """
    total, count = float(sizes.sum()), len(residuals)
    leverage = np.minimum(sizes / total, 1 - 1e-9)
    squares = float(np.sum(residuals**2 / (1 - leverage)))
    second = float(np.mean(residuals**2)) + 2 * pseudo**2 / count
    if second == 0.0:
        return Seen(0.0, 0.0, 0.0, freedom, count)
    kurtosis = (float(np.mean(residuals**4)) + 2 * pseudo**4 / count) / second**2
    return Seen(
        error=math.sqrt(squares) / total,
        padded=math.sqrt(squares + 2 * pseudo**2) / total,
        skewness=float(np.mean(residuals**3)) / second**1.5,
        freedom=min(freedom, 2 * count / max(kurtosis - 1, 1e-9)),
        units=count,
    )


def pvalue(distance: float, spread: Seen, *, worst: float, missed: Missed) -> float:
    """Return the p-value of a mean distance from the margin of at most 0.

    Let what was seen lie v above the margin on average, and units of the worst kind bring the mean
    back to it: they hold a share q = v/(v + worst) of everything. A sample passes only if it holds
    none of them *and* the rest looks as good as it does here, and the p-value is the greatest
    chance of both over v ≥ 0. At v = 0 it is that of the t test, without any spread (1 − q)^units.
    A correction for skewness only hardens.

    Args:
        distance: Observed mean distance from the margin, above 0 on the side that is claimed.
        spread: What was seen of its spread.
        worst: How far beyond the margin the worst possible unit lies, per question.
        missed: Chance that no bad unit was seen.

    References:
        N. J. Johnson, Modified t tests and confidence intervals for asymmetrical populations,
        JASA 73:536-544, 1978 (the correction for skewness).
    """

    def chance(beyond: Floats) -> Floats:
        shown = _shown(distance - beyond, spread)
        if worst <= 0.0:
            return np.where(beyond > 0.0, 0.0, shown)
        return shown * missed(beyond / (beyond + worst))

    steps = np.linspace(0.0, 6.0, 25)
    beyond = np.concatenate(
        [
            np.linspace(0.0, max(distance, 0.0), 17),
            distance - steps * spread.padded,
            distance + steps * spread.error + ROUNDING * max(abs(distance), worst, 0.0),
        ]
    )
    beyond = np.unique(np.maximum(beyond, 0.0))
    for _ in range(2):
        chances = chance(beyond)
        best = int(np.argmax(chances))
        near = beyond[max(best - 1, 0)], beyond[min(best + 1, len(beyond) - 1)]
        beyond = np.append(np.linspace(*near, 25), beyond[best])
    return float(min(1.0, max(chances.max(), chance(beyond).max())))


def _shown(distance: Floats, spread: Seen) -> Floats:
    """Return the p-values of the t test at each distance, as if every kind of unit was seen.

    The pseudo-observations make a sample look less certain, so they count only towards the side
    on which that is against the claim.
    """
    error = np.where(distance > 0, spread.padded, spread.error)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(error > 0, distance / error, np.sign(distance) * np.inf)
    t = np.clip(np.nan_to_num(t, posinf=1e9, neginf=-1e9), -1e9, 1e9)
    against = min(spread.skewness, 0.0) / (6 * math.sqrt(spread.units))
    return np.asarray(special.stdtr(spread.freedom, -_hardened(t, against)))


def _hardened(t: Floats, against: float) -> Floats:
    """Return the greatest quantile q that t + against·(2q² + 1) reaches, with ``against`` ≤ 0.

    The test rejects at every level whose quantile is at most q, so q gives the p-value. Below the
    centre only the constant term of the correction is left.
    """
    left = t + against
    # The smaller root of 2·against·q² − q + t + against, in the form that does not cancel.
    root = 2 * left / (1 + np.sqrt(1 - 8 * against * np.maximum(left, 0.0)))
    return np.where(left <= 0.0, left, root)
