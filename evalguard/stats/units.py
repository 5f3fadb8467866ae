"""Engine B: every score that is not one 0 or 1 per question, by a regularised t test over units.

A unit is a question or a cluster of questions. Two made-up units, one that loses the whole range
of the score and one that gains it, keep rare catastrophes that the sample happens to miss from
looking like certainty; a correction for skewness only ever makes either verdict harder to reach.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from evalguard.errors import DataError

MIN_UNITS = 10
"""Fewer units than this decide nothing."""

CLUSTER_WEIGHT = 0.2  # how fast the made-up units grow with the mean size of a cluster
Z_LIMIT = 8.0  # p-values are not resolved below Φ(−8) = 6e-16

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class UnitT:
    """Tests of a mean per question against a margin, from sums over units.

    Args:
        sums: For each unit, the sum of its oriented differences (or scores, for a bound on one
            arm). Shape ``(units,)``.
        sizes: Number of questions in each unit; all 1 when omitted.
        low: Least possible difference on one question.
        high: Greatest possible difference on one question.
        scale: What one unit of margin adds to each sum: the sizes for an absolute margin, the
            baseline's sum over its mean for a relative one. The sizes when omitted.
        dense: Use the plain t test, for metrics declared to differ on nearly every unit.

    Raises:
        DataError: If a value is not finite or the shapes differ.

    References:
        N. J. Johnson, Modified t tests and confidence intervals for asymmetrical populations,
        JASA 73:536-544, 1978 (the term κ(2z²+1)/(6√M)).

    Example:
        >>> sums = np.array([0.0] * 90 + [1.0] * 5 + [-1.0] * 5)
        >>> test = UnitT(sums, low=-1, high=1)
        >>> t, skewness = test.statistic(margin=0.05)
        >>> round(t, 5), round(skewness + 0, 5)
        (1.46501, 0.0)
        >>> round(test.p_pass(0.05), 3)
        0.073
    """

    sums: Floats
    sizes: Floats | None = None
    low: float = -1.0
    high: float = 1.0
    scale: Floats | None = None
    dense: bool = False
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
    def estimate(self) -> float:
        """Mean per question."""
        return float(self.sums.sum() / self._sizes.sum())

    def statistic(self, margin: float) -> tuple[float, float]:
        """Return T and the skewness κ of the units, the two made-up ones included.

        Without any spread, which only a dense metric can have, T is 0: nothing is shown.
        """
        values = self._values(margin)
        centred = values - values.mean()
        second = float(np.mean(centred**2))
        if second <= 0.0:
            return 0.0, 0.0
        error = np.sqrt(second / (len(values) - 1))
        skewness = 0.0 if self.dense else float(np.mean(centred**3)) / second**1.5
        return float(values.mean() / error), skewness

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
        growth = 1 + CLUSTER_WEIGHT * (self._sizes.mean() - 1)
        made_up = growth * np.array([margin + self.high, margin + self.low])
        return np.concatenate([values, made_up])

    def _pvalue(self, margin: float, *, side: float) -> float:
        if self.units < MIN_UNITS:
            return 1.0
        t, skewness = self.statistic(margin)
        against = min(side * skewness, 0.0) / (6 * np.sqrt(self.units + 2))
        return _hardened_pvalue(side * t, against, self.units - 1)


def _hardened_pvalue(t: float, against: float, freedom: int) -> float:
    """Return the least α at which t + against·(2z_α² + 1) exceeds the t quantile at α.

    ``against`` ≤ 0 grows with z_α, so the levels that reject are nested and the least exists.
    """
    if against == 0.0 or t + against <= 0.0:
        return float(special.stdtr(freedom, -(t + against)))

    def surplus(z: float) -> float:
        quantile = -special.stdtrit(freedom, special.ndtr(-z))
        return float(t + against * (2 * z * z + 1) - quantile)

    if surplus(Z_LIMIT) > 0:
        return float(special.ndtr(-Z_LIMIT))
    return float(special.ndtr(-optimize.brentq(surplus, 0.0, Z_LIMIT, xtol=1e-10)))
