"""Engine B: every score that is not one 0 or 1 per question, by a hardened t test over units.

A unit is a question or a cluster of questions. The test asks of the units that were seen what a t
test asks, with corrections that only harden it, and of those that were not seen how likely it is
that a sample like this one holds no loss of the worst kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evalguard.errors import DataError
from evalguard.stats.hardened import PSEUDO, ROUNDING, Missed, Seen, pvalue, seen, worst_distance

MIN_UNITS = 10
"""Fewer effective units than this decide nothing."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class UnitT:
    """Tests of a mean per question against a margin, from sums over units.

    The mean is Σ sum/Σ size, its standard error that of a ratio over clusters. See
    :mod:`evalguard.stats.hardened` for the p-value.

    Args:
        sums: For each unit, the sum of its oriented differences (or scores, for a bound on one
            arm). Shape ``(units,)``.
        sizes: Number of questions in each unit, or their weight; all 1 when omitted.
        low: Least possible difference on one question.
        high: Greatest possible difference on one question.
        scale: What one unit of margin adds to each sum: the sizes for an absolute margin, the
            baseline's sum over its mean for a relative one. The sizes when omitted.
        corners: Extremes of what one question may add to a sum and to the scale: whatever it does
            add is a mixture of them. ``low`` and ``high``, each with 1, when omitted; needed where
            a scale is given, as the margin of a single question may then be far from the mean one.

    Raises:
        DataError: If a value is not finite, a size not above 0, or the shapes differ.

    Example:
        >>> sums = np.array([0.0] * 90 + [1.0] * 5 + [-1.0] * 5)
        >>> test = UnitT(sums, low=-1, high=1)
        >>> round(test.p_pass(0.05), 3), round(test.p_fail(0.05), 3)
        (0.068, 0.936)
    """

    sums: Floats
    sizes: Floats | None = None
    low: float = -1.0
    high: float = 1.0
    scale: Floats | None = None
    corners: Sequence[tuple[float, float]] = ()
    _sizes: Floats = field(init=False, repr=False)
    _scale: Floats = field(init=False, repr=False)
    _missed: Missed = field(init=False, repr=False)

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
        if not (sizes > 0).all():
            raise DataError(f"sizes of units must be above 0; found {sizes.min():g}")
        object.__setattr__(self, "_sizes", sizes)
        object.__setattr__(self, "_scale", scale)
        object.__setattr__(self, "_missed", Missed(sizes))

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

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self._pvalue(margin, side=1.0)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._pvalue(margin, side=-1.0)

    def standard_error(self, margin: float) -> float:
        """Return the standard error per question, the pseudo-observations included."""
        if self.units < 2:
            return self.high - self.low
        return max(self._seen(margin, side=side).padded for side in (1.0, -1.0))

    def _distance(self, margin: float) -> float:
        """Return the mean distance from the margin, above 0 on the side of PASS."""
        return float((self.sums.sum() + margin * self._scale.sum()) / self._sizes.sum())

    def _worst(self, margin: float, side: float) -> float:
        corners = self.corners or ((self.low, 1.0), (self.high, 1.0))
        return worst_distance(corners, margin, side=side)

    def _seen(self, margin: float, *, side: float) -> Seen:
        values = self.sums + margin * self._scale
        residuals = side * (values - self._distance(margin) * self._sizes)
        # What the arithmetic leaves of equal values is no spread.
        residuals[np.abs(residuals) <= ROUNDING * (np.abs(values) + np.abs(self.sums))] = 0.0
        return seen(
            residuals,
            self._sizes,
            pseudo=PSEUDO * max(self._worst(margin, side), 0.0) * float(self._sizes.mean()),
            freedom=self.effective_units - 1,
        )

    def _pvalue(self, margin: float, *, side: float) -> float:
        if self.effective_units < MIN_UNITS:
            return 1.0
        return pvalue(
            side * self._distance(margin),
            self._seen(margin, side=side),
            worst=self._worst(margin, side),
            missed=self._missed,
        )
