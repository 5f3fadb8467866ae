"""Engine B: every score that is not one 0 or 1 per question, by a regularised t test over units.

A unit is a question or a cluster of questions. Two made-up units, one that loses the whole range
of the score and one that gains it, keep rare catastrophes that the sample happens to miss from
looking like certainty; a correction for skewness only ever makes either verdict harder to reach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evalguard.errors import DataError

MIN_UNITS = 10
"""Fewer effective units than this decide nothing."""

CLUSTER_WEIGHT = 0.2  # how fast the made-up units grow with the mean size of a cluster
ROUNDING = 1e-12  # relative differences below it are those of the arithmetic

Floats = NDArray[np.float64]


class UnitStatistic(NamedTuple):
    """A t statistic, the skewness of its units, and its effective degrees of freedom."""

    t: float
    skewness: float
    freedom: float


@dataclass(frozen=True, slots=True, eq=False)
class UnitT:
    """Tests of a mean per question against a margin, from sums over units.

    PASS is shown where T + min(k, 0) > q and FAIL where T + max(k, 0) < −q, with the quantile q of
    Student's t and k = κ(2q² + 1)/(6√M) for M values of skewness κ. The degrees of freedom are
    those of the variance that was really seen, 2M/(kurtosis − 1) where that is less than those of C
    units:
    a hundred units of which two differ know no more of their spread than a handful. And the units
    must be enough to have met a rare catastrophe: a sample without any loss passes from
    ⌈ln α/ln(1 − δ)⌉ units on, exactly as in the binary test.

    Args:
        sums: For each unit, the sum of its oriented differences (or scores, for a bound on one
            arm). Shape ``(units,)``.
        sizes: Number of questions in each unit; all 1 when omitted.
        low: Least possible difference on one question.
        high: Greatest possible difference on one question.
        scale: What one unit of margin adds to each sum: the sizes for an absolute margin, the
            baseline's sum over its mean for a relative one. The sizes when omitted.
        dense: Use the plain t test, for metrics declared to differ on nearly every unit.
        heaviest: Weight of the heaviest question, where 1 is the mean. The made-up units weigh as
            much: what a few heavy questions did not show must not pass for certain.

    Raises:
        DataError: If a value is not finite or the shapes differ.

    References:
        N. J. Johnson, Modified t tests and confidence intervals for asymmetrical populations,
        JASA 73:536-544, 1978 (the correction k).
        F. E. Satterthwaite, An approximate distribution of estimates of variance components,
        Biometrics Bulletin 2:110-114, 1946 (degrees of freedom from the variance of a variance).

    Example:
        >>> sums = np.array([0.0] * 90 + [1.0] * 5 + [-1.0] * 5)
        >>> test = UnitT(sums, low=-1, high=1)
        >>> statistic = test.statistic(margin=0.05)
        >>> round(statistic.t, 5), round(abs(statistic.skewness), 5), round(statistic.freedom)
        (1.46501, 0.0, 27)
        >>> round(test.p_pass(0.05), 3)
        0.077
    """

    sums: Floats
    sizes: Floats | None = None
    low: float = -1.0
    high: float = 1.0
    scale: Floats | None = None
    dense: bool = False
    heaviest: float = 1.0
    _sizes: Floats = field(init=False, repr=False)
    _scale: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = np.ones_like(self.sums) if self.sizes is None else self.sizes
        scale = sizes if self.scale is None else self.scale
        if not (self.sums.shape == sizes.shape == scale.shape) or self.sums.ndim != 1:
            raise DataError(
                f"sums, sizes and scale must be vectors of one length; "
                f"got {self.sums.shape}, {sizes.shape}, {scale.shape}"
            )
        if not len(sizes) or not all(np.isfinite(x).all() for x in (self.sums, sizes, scale)):
            raise DataError("units must be present and finite; found none, NaN or infinity")
        object.__setattr__(self, "_sizes", sizes)
        object.__setattr__(self, "_scale", scale)

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.sums)

    @property
    def effective_units(self) -> float:
        """Number of equal units that would weigh as these do: (Σ size)²/Σ size² (Kish)."""
        return float(self._sizes.sum() ** 2 / np.sum(self._sizes**2))

    @property
    def estimate(self) -> float:
        """Mean per question."""
        return float(self.sums.sum() / self._sizes.sum())

    def statistic(self, margin: float) -> UnitStatistic:
        """Return T with what its quantile depends on, the two made-up units included.

        Without any spread, which only a dense metric can have, T is 0: nothing is shown.
        """
        values = self._values(margin)
        centred = values - values.mean()
        if np.abs(centred).max() <= ROUNDING * np.abs(values).max():
            return UnitStatistic(0.0, 0.0, self.units - 1)
        second = float(np.mean(centred**2))
        t = float(values.mean() / np.sqrt(second / (len(values) - 1)))
        if self.dense:
            return UnitStatistic(t, 0.0, self.units - 1)
        kurtosis = float(np.mean(centred**4)) / second**2
        freedom = 2 * len(values) / max(kurtosis - 1, 1e-9)
        return UnitStatistic(
            t,
            float(np.mean(centred**3)) / second**1.5,
            min(self.effective_units - 1, freedom),
        )

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self._pvalue(margin, side=1.0)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._pvalue(margin, side=-1.0)

    def standard_error(self, margin: float) -> float:
        """Return the standard error per question, the made-up units included."""
        values = self._values(margin)
        if len(values) < 2:
            return self.high - self.low
        mean_size = self._sizes.mean()
        return float(np.std(values, ddof=1) / np.sqrt(len(values)) / mean_size)

    def _values(self, margin: float) -> Floats:
        values = self.sums + margin * self._scale
        if self.dense:
            return values
        growth = (1 + CLUSTER_WEIGHT * (self._sizes.mean() - 1)) * self.heaviest
        made_up = growth * np.array([margin + self.high, margin + self.low])
        return np.concatenate([values, made_up])

    def _pvalue(self, margin: float, *, side: float) -> float:
        if self.effective_units < MIN_UNITS:
            return 1.0
        t, skewness, freedom = self.statistic(margin)
        if self.dense:
            return float(special.stdtr(freedom, -side * t))
        against = min(side * skewness, 0.0) / (6 * np.sqrt(self.units + 2))
        shown = float(special.stdtr(freedom, -_hardened(side * t, float(against))))
        return max(shown, self._unseen(margin, side=side))

    def _unseen(self, margin: float, *, side: float) -> float:
        """Return the chance that units which would turn the verdict exist and were all missed.

        If what was seen is as good as it looks, the mean can lie on the wrong side only by units
        of the worst possible value, a share q of all; none of C units shows one with probability
        (1 − q)^C, however the questions of a unit hang together.
        """
        seen = side * (self.estimate + margin * float(self._scale.sum() / self._sizes.sum()))
        worst = (self.low if side > 0 else -self.high) + side * margin
        if seen <= 0.0:
            return 1.0
        if worst >= 0.0:
            return 0.0
        return float((worst / (worst - seen)) ** (self.units / self.heaviest))


def _hardened(t: float, against: float) -> float:
    """Return the greatest quantile q that t + against·(2q² + 1) reaches, with ``against`` ≤ 0.

    The test rejects at every level whose quantile is at most q, so q gives the p-value. Below the
    centre only the constant term of the correction is left.
    """
    if t + against <= 0.0:
        return t + against
    # The smaller root of 2·against·q² − q + t + against, in the form that does not cancel.
    return 2 * (t + against) / (1 + math.sqrt(1 - 8 * against * (t + against)))
