"""A bound on one arm alone: is the share of successes shown to be above it, or below it?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from evalguard.errors import DataError


def clopper_pearson(
    successes: float, n: float, share: ArrayLike, *, low: bool
) -> NDArray[np.float64]:
    """Return one-sided limits of a rate, of the shape of ``share``.

    Args:
        successes: Questions that count.
        n: All questions.
        share: Chance of a rate below the limit, as the limits' confidence distribution has it: a
            lower limit of confidence 1 − α has α, an upper one 1 − α.
        low: Return lower limits, else upper ones.

    References:
        C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in
        the case of the binomial, Biometrika 26:404-413, 1934.

    Example:
        >>> clopper_pearson(20, 20, [0.05], low=True).round(3), round(0.05 ** (1 / 20), 3)
        (array([0.861]), 0.861)
    """
    first, second = (successes, n - successes + 1) if low else (successes + 1, n - successes)
    shares = np.asarray(share, dtype=np.float64)
    if not first or not second:
        return np.full_like(shares, 0.0 if not first else 1.0)
    return np.asarray(special.betaincinv(first, second, shares), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class BinaryRate:
    """Exact binomial tests of a share of successes.

    Args:
        successes: Questions scored 1.
        n: All questions.
        negated: Let θ be the negative of the share, for a greatest value (the margin) instead of
            a least one (its negative).

    Raises:
        DataError: If ``n`` is 0 or ``successes`` lies outside 0…n.

    References:
        C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in
        the case of the binomial, Biometrika 26:404-413, 1934.

    Example:
        >>> round(BinaryRate(successes=59, n=59).p_pass(-0.95), 4)  # 0.95 ** 59
        0.0485
    """

    successes: int
    n: int
    negated: bool = False

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.successes <= self.n:
            raise DataError(
                f"successes={self.successes}, n={self.n}: expected 0 ≤ successes ≤ n with n ≥ 1"
            )

    @property
    def estimate(self) -> float:
        """Observed share, or its negative."""
        share = self.successes / self.n
        return -share if self.negated else share

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self._at_most(margin) if self.negated else self._at_least(-margin)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._at_least(margin) if self.negated else self._at_most(-margin)

    def standard_error(self, margin: float) -> float:
        """Return the standard error at the bound."""
        bound = min(abs(margin), 1.0)
        return math.sqrt(bound * (1 - bound) / self.n)

    def _at_least(self, bound: float) -> float:
        """Return P(as many successes or more) at a share."""
        if self.successes == 0:
            return 1.0
        share = min(max(bound, 0.0), 1.0)
        return float(special.betainc(self.successes, self.n - self.successes + 1, share))

    def _at_most(self, bound: float) -> float:
        """Return P(as few successes or fewer) at a share."""
        if self.successes == self.n:
            return 1.0
        share = min(max(bound, 0.0), 1.0)
        return float(special.betaincc(self.successes + 1, self.n - self.successes, share))
