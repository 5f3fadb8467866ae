"""Engine A: one binary score for each independent question, by an exact unconditional test.

Of ``n`` questions the candidate loses ``b`` that the baseline gets right and gains ``c``. The
probability ψ that the two disagree on a question is unknown, and the p-value is the greatest one
over all ψ that the data leave plausible (Berger and Boos).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from evalguard.errors import DataError
from evalguard.stats.exact import Floats, exact_pvalue

LEAST_MARGIN = 1e-12  # a smaller one is lost in the products that the statistics are made of


@dataclass(frozen=True, slots=True)
class PairedBinary:
    """Tests of θ = (gains − losses)/n against a margin.

    Args:
        losses: Questions that only the baseline got right.
        gains: Questions that only the candidate got right.
        n: All questions, the concordant ones included.

    Raises:
        DataError: If the counts are negative or exceed ``n``, or ``n`` is 0.

    References:
        T. Tango, Equivalence test and confidence interval for the difference in proportions for
        the paired-sample design, Statistics in Medicine 17:891-908, 1998.
        R. L. Berger and D. D. Boos, P values maximized over a confidence set for the nuisance
        parameter, JASA 89:1012-1016, 1994.
        D. G. Bonett and R. M. Price, Adjusted Wald confidence interval for a difference of
        binomial proportions based on paired data, J. Educ. Behav. Stat. 37:479-488, 2012.

    Example:
        >>> test = PairedBinary(losses=10, gains=5, n=200)
        >>> round(test.p_pass(0.05), 4)
        0.1279
        >>> round(PairedBinary(losses=60, gains=10, n=500).p_fail(0.05), 5)
        0.00098
    """

    losses: int
    gains: int
    n: int

    def __post_init__(self) -> None:
        if self.n < 1 or self.losses < 0 or self.gains < 0 or self.losses + self.gains > self.n:
            raise DataError(
                f"losses={self.losses}, gains={self.gains}, n={self.n}: counts must be ≥ 0 and "
                "losses + gains ≤ n with n ≥ 1; give n as all questions, the concordant included"
            )

    @property
    def discordance(self) -> float:
        """Observed share of questions on which the two models differ (the flip rate)."""
        return (self.losses + self.gains) / self.n

    @property
    def estimate(self) -> float:
        """Observed θ."""
        return (self.gains - self.losses) / self.n

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin; tables are ordered by Tango's score statistic."""
        return _pvalue(self.losses, self.gains, self.n, _resolved(margin))

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin; tables are ordered by the Bonett-Price statistic."""
        # What loses beyond δ has, with the roles of the models exchanged, gained more than δ.
        return _pvalue(self.gains, self.losses, self.n, -_resolved(margin), fails=True)

    def standard_error(self, margin: float) -> float:
        """Return √(ψ/n) with the observed ψ."""
        return float(np.sqrt(self.discordance / self.n))


def tango(losses: Any, gains: Any, n: int, margin: float) -> Any:
    """Return Tango's score statistic of θ = −margin (his equations 4 and 5); large is better.

    The variance is taken at the most likely probability of a loss under θ = −margin, the larger
    root of 2n·q² + B·q + C = 0. Accepts numbers or arrays of counts.

    Example:
        >>> round(float(tango(10, 5, 200, 0.05)), 4)
        1.2071
    """
    b, c = np.asarray(losses, dtype=float), np.asarray(gains, dtype=float)
    linear = -b - c - (2 * n - c + b) * margin
    constant = b * margin * (1 + margin)
    root = np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0.0))
    variance = n * (2 * (root - linear) / (4 * n) - margin * (1 + margin))
    distance = c - b + n * margin
    # No variance is left only when nothing contradicts the margin at all or everything does.
    certain = np.where(distance > 0, np.inf, np.where(distance < 0, -np.inf, 0.0))
    # What rounding leaves of a vanished variance is small beside the terms that it is made of.
    usable = variance > 1e-12 * (np.abs(linear) + n * abs(margin))
    return np.where(usable, distance / np.sqrt(np.where(usable, variance, 1.0)), certain)


def bonett_price(losses: Any, gains: Any, n: int, margin: float) -> Any:
    """Return the paired t statistic of θ = −margin after adding one loss and one gain.

    Example:
        >>> round(float(bonett_price(60, 10, 500, 0.05)), 4)
        -3.0385
    """
    b, c = np.asarray(losses, dtype=float), np.asarray(gains, dtype=float)
    size = n + 2
    mean = (c - b) / size
    variance = (b + c + 2 - size * mean**2) / (size - 1)
    return (mean + margin) / np.sqrt(variance / size)


@lru_cache(maxsize=65536)
def _pvalue(losses: int, gains: int, n: int, margin: float, *, fails: bool = False) -> float:
    """Return the exact p-value of θ ≤ −margin, by the order of PASS or by that of FAIL."""
    order = bonett_price if fails else tango

    def statistic(losses: Floats, gains: Floats) -> Floats:
        return np.asarray(order(losses, gains, n, margin))

    return exact_pvalue(losses, gains, n, statistic, (margin / 2, 0.5))


def _resolved(margin: float) -> float:
    """Return a margin, or 0 for one that the arithmetic cannot tell from 0."""
    return margin if abs(margin) >= LEAST_MARGIN else 0.0
