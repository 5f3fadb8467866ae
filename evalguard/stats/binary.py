"""Engine A: one binary score for each independent question, by an exact unconditional test.

Of ``n`` questions the candidate loses ``b`` that the baseline gets right and gains ``c``. The
probability ψ that the two disagree on a question is unknown, and the p-value is the greatest one
over all ψ that the data leave plausible (Berger and Boos).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evalguard.errors import DataError

EXACT_LIMIT = 1000
"""Greatest number of questions for the exact p-value; the asymptotic one is used above."""

GAMMA = 1e-5  # probability spent on the confidence set of ψ, added to the p-value
N_PSI = 70  # values of ψ over which the maximum is taken
LEAST_MARGIN = 1e-12  # a smaller one is lost in the products that the statistics are made of
TIE = 1e-10  # tables whose statistics differ by rounding alone count as equally extreme
NEGLIGIBLE = 1e-9  # a number of discordant pairs less likely than this counts as extreme

Floats = NDArray[np.float64]
Statistic = Callable[[Any, Any, int, float], Any]


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
        margin = _resolved(margin)
        if self.n > EXACT_LIMIT:
            return float(special.ndtr(-tango(self.losses, self.gains, self.n, margin)))
        return _exact_pvalue(self.losses, self.gains, self.n, margin, False)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin; tables are ordered by the Bonett-Price statistic."""
        margin = _resolved(margin)
        if self.n > EXACT_LIMIT:
            statistic = bonett_price(self.losses, self.gains, self.n, margin)
            return float(special.stdtr(self.n + 1, statistic))
        return _exact_pvalue(self.losses, self.gains, self.n, margin, True)

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
def _exact_pvalue(losses: int, gains: int, n: int, margin: float, fail: bool) -> float:
    """Return γ + the greatest probability, over plausible ψ, of a table at least as extreme.

    At θ = −δ a discordant pair is a loss with probability (ψ + δ)/(2ψ). For each number of
    discordant pairs the extreme tables are all those with at most (PASS) or at least (FAIL) some
    number of losses, so the sum over tables is one over binomial tails.
    """
    statistic = bonett_price if fail else tango
    observed = float(statistic(losses, gains, n, margin))
    low, high = abs(margin), 1.0
    if observed < 0 if fail else observed > 0:
        plausible = _plausible_discordance(losses + gains, n)
        low, high = max(low, plausible[0]), plausible[1]
        if low > high:
            return GAMMA  # no plausible ψ allows a difference as great as the margin
    # Where the data lie on the wrong side of the margin, no verdict is in reach, and taking every
    # ψ keeps the p-value monotone in the table: the plausible ones move with each discordant pair.
    psi = np.linspace(low, high, N_PSI)[:, None]
    pairs = _reachable_pairs(n, low, high)
    # For FAIL, the tables with a statistic above the observed one are those not as extreme.
    most = most_losses(statistic, observed + (TIE if fail else -TIE), n, margin, pairs)

    log_choose = (
        special.gammaln(n + 1) - special.gammaln(pairs + 1) - special.gammaln(n - pairs + 1)
    )
    weight = np.exp(log_choose + special.xlogy(pairs, psi) + special.xlog1py(n - pairs, -psi))
    row, column = np.nonzero(weight > NEGLIGIBLE)
    half = np.full_like(psi, 0.5)  # at ψ = 0, where there is no pair to be lost
    loss = np.divide(psi + margin, 2 * psi, out=half, where=psi > 0).clip(0.0, 1.0)[row, 0]
    tail = _binomial_tail(most[column], pairs[column], loss, fail)
    followed = weight[row, column]
    # What is not followed up counts as extreme, so that the p-value can only be too great.
    sums = np.bincount(row, weights=followed * tail - followed, minlength=N_PSI)
    return float(min(1.0, GAMMA + 1.0 + sums.max()))


def _plausible_discordance(pairs: int, n: int) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of ψ at confidence 1 − γ."""
    low = special.betaincinv(pairs, n - pairs + 1, GAMMA / 2) if pairs else 0.0
    high = special.betaincinv(pairs + 1, n - pairs, 1 - GAMMA / 2) if pairs < n else 1.0
    return float(low), float(high)


def _reachable_pairs(n: int, low: float, high: float) -> Floats:
    """Return the numbers of discordant pairs that are not negligible for some ψ in the range."""
    least = n * low - 7.5 * np.sqrt(n * low * (1 - low)) - 12
    most = n * high + 7.5 * np.sqrt(n * high * (1 - high)) + 12
    return np.arange(max(0, int(least)), min(n, int(most) + 1) + 1, dtype=float)


def most_losses(statistic: Statistic, bound: float, n: int, margin: float, pairs: Floats) -> Floats:
    """Return, for each number of pairs, the most losses whose statistic is at least ``bound``.

    −1 stands for none. Both statistics fall with every loss at a fixed number of pairs, which is
    what bisection needs.
    """
    low, high = np.full_like(pairs, -1), pairs.copy()
    for _ in range(int(np.log2(n + 1)) + 2):
        middle = np.maximum(np.ceil((low + high) / 2), 0.0)
        keep = statistic(middle, pairs - middle, n, margin) >= bound
        searched = low < high
        low = np.where(searched & keep, middle, low)
        high = np.where(searched & ~keep, middle - 1, high)
    return low


def _binomial_tail(most: Floats, pairs: Floats, loss: Floats, fail: bool) -> Floats:
    """Return P(losses ≤ most), or for FAIL P(losses > most), of ``pairs`` at ``loss``."""
    inner = np.clip(most, 0.0, pairs)
    if fail:
        above = special.bdtrc(inner, pairs.astype(np.intp), loss)
        return np.where(most < 0, 1.0, above)
    below = special.bdtr(inner, pairs.astype(np.intp), loss)
    return np.where(most < 0, 0.0, below)


def _resolved(margin: float) -> float:
    """Return a margin, or 0 for one that the arithmetic cannot tell from 0."""
    return margin if abs(margin) >= LEAST_MARGIN else 0.0
