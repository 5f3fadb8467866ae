"""A margin that is a share of the baseline's own mean, on independent binary questions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from evalguard.errors import DataError
from evalguard.stats.exact import GAMMA, Floats, exact_pvalue


@dataclass(frozen=True, slots=True)
class PairedRatio:
    """Tests of the ratio of two paired proportions, in terms of the margin that it stands for.

    With the baseline's mean x and the candidate's y, a margin δ is the share δ/``scale`` of x, and
    what is tested is y = (1 − δ/scale)·x. Questions that neither model gets right say nothing about
    a ratio, so the test is conditional on the number of the others; of those it is exact.

    Args:
        losses: Questions that only the baseline got right.
        gains: Questions that only the candidate got right.
        both: Questions that both got right.
        n: All questions.
        scale: The baseline's observed mean.
        higher_is_better: Whether a score of 1 is the better one.

    Raises:
        DataError: If the counts do not fit each other, or ``scale`` is not above 0.

    References:
        N.-S. Tang, M.-L. Tang and I. S. F. Chan, On tests of equivalence via non-unity relative
        risk for matched-pair design, Statistics in Medicine 22:1217-1233, 2003 (the statistic).
        J. Nam and W. C. Blackwelder, Analysis of the ratio of marginal probabilities in a
        matched-pair setting, Statistics in Medicine 21:689-699, 2002.

    Example:
        >>> test = PairedRatio(losses=30, gains=20, both=330, n=500, scale=0.72)
        >>> round(test.p_pass(0.05 * 0.72), 4), round(test.p_fail(0.05 * 0.72), 4)
        (0.1314, 0.8784)
    """

    losses: int
    gains: int
    both: int
    n: int
    scale: float
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        counts = (self.losses, self.gains, self.both)
        if self.n < 1 or min(counts) < 0 or sum(counts) > self.n or not self.scale > 0:
            raise DataError(
                f"losses={self.losses}, gains={self.gains}, both={self.both}, n={self.n}, "
                f"scale={self.scale}: counts must be ≥ 0 and sum to at most n, with scale > 0"
            )

    @property
    def discordance(self) -> float:
        """Observed share of questions on which the two models differ (the flip rate)."""
        return (self.losses + self.gains) / self.n

    @property
    def estimate(self) -> float:
        """Observed θ."""
        return self._sign * (self.gains - self.losses) / self.n

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self._above(margin) if self.higher_is_better else self._below(margin)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._below(margin) if self.higher_is_better else self._above(margin)

    def standard_error(self, margin: float) -> float:
        """Return the standard error of the distance y − (1 − δ/scale)·x from the margin."""
        ratio = self._ratio(margin)
        values = np.array([-ratio, 1.0, 1 - ratio])
        shares = np.array([self.losses, self.gains, self.both]) / self.n
        variance = shares @ values**2 - (shares @ values) ** 2
        return math.sqrt(max(0.0, float(variance)) / self.n)

    @property
    def _sign(self) -> float:
        return 1.0 if self.higher_is_better else -1.0

    def _ratio(self, margin: float) -> float:
        return 1 - self._sign * margin / self.scale

    def _above(self, margin: float) -> float:
        """Return the p-value of a candidate's mean of at most this ratio of the baseline's."""
        answered = self.losses + self.gains + self.both
        return _pvalue(self.losses, self.gains, answered, self._ratio(margin))

    def _below(self, margin: float) -> float:
        """Return the p-value of a candidate's mean of at least this ratio of the baseline's."""
        answered = self.losses + self.gains + self.both
        ratio = self._ratio(margin)
        return 1.0 if ratio <= 0 else _pvalue(self.gains, self.losses, answered, 1 / ratio)


def ratio_score(losses: Any, gains: Any, n: int, ratio: float) -> Any:
    """Return the score statistic of y = ratio·x; large where y is more.

    Args:
        losses: Questions that only the baseline got right; numbers or arrays.
        gains: Questions that only the candidate got right.
        n: Questions that at least one got right.
        ratio: R, above 0.

    The distance y − R·x has the variance R·ψ/n under the hypothesis, with the most likely ψ there,
    the larger root of a quadratic (Tang, Tang and Chan, equation 6, over the questions that count).

    Example:
        >>> round(float(ratio_score(30, 20, 380, 0.95)), 4)
        1.1315
    """
    b, c = np.asarray(losses, dtype=float), np.asarray(gains, dtype=float)
    both = n - b - c
    # Where bR/(ψR + 1 − R) + c/(ψ + R − 1) = both/(1 − ψ): −square·ψ² + linear·ψ + constant = 0.
    drop = 1 - ratio
    square = ratio * n
    linear = b * ratio * (1 + drop) + c * (ratio - drop) - both * drop**2
    constant = drop * (c - b * ratio + both * drop)
    psi = (linear + np.sqrt(np.maximum(linear**2 + 4 * square * constant, 0.0))) / (2 * square)
    distance = c - ratio * b + drop * both
    spread = np.sqrt(ratio * n * np.maximum(psi, 0.0))
    return np.divide(distance, spread, out=np.zeros_like(distance), where=spread > 0)


@lru_cache(maxsize=65536)
def _pvalue(losses: int, gains: int, n: int, ratio: float) -> float:
    """Return the exact p-value of y ≤ ratio·x."""
    if n == 0:
        return 1.0
    if ratio <= 0:
        return GAMMA  # no mean is below 0

    def statistic(losses: Floats, gains: Floats) -> Floats:
        return np.asarray(ratio_score(losses, gains, n, ratio))

    return exact_pvalue(
        losses, gains, n, statistic, ((1 - ratio) / (1 + ratio), ratio / (1 + ratio))
    )
