"""Exact unconditional p-values of tables of losses and gains, for any ordering of the tables.

Of ``n`` questions ``b`` are lost and ``c`` gained; ψ is the unknown probability that a question is
either. A hypothesis about two proportions, on its boundary, makes a line of the probability of a
loss: u + vψ. What is left unknown is ψ alone, and the p-value is the greatest one over all ψ that
the data leave plausible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evalguard.stats.rate import clopper_pearson

GAMMA = 1e-5  # probability spent on the confidence set of ψ, added to the p-value
N_PSI = 70  # values of ψ over which the maximum is taken
TIE = 1e-10  # tables whose statistics differ by rounding alone count as equally extreme
NEGLIGIBLE = 1e-9  # a number of discordant pairs less likely than this counts as extreme
REACH = 6.5  # standard deviations within which all other numbers of pairs lie

Floats = NDArray[np.float64]
Statistic = Callable[[Any, Any], Any]


def exact_pvalue(
    losses: int, gains: int, n: int, statistic: Statistic, line: tuple[float, float]
) -> float:
    """Return γ + the greatest probability, over plausible ψ, of a table at least as extreme.

    For each number of discordant pairs the extreme tables are all those with at most some number
    of losses, so the sum over tables is one over binomial tails.

    Args:
        losses: b.
        gains: c.
        n: All questions.
        statistic: Of losses and gains; large values contradict the hypothesis, values above 0 lie
            on the other side of it. Falls with every loss at a fixed number of pairs.
        line: u and v: with probability u + vψ a question is lost, at the boundary.

    References:
        R. L. Berger and D. D. Boos, P values maximized over a confidence set for the nuisance
        parameter, JASA 89:1012-1016, 1994.
    """
    observed = float(statistic(losses, gains))
    start, slope = line
    # Neither a loss nor a gain may have a probability below 0.
    least = max(0.0, -start / slope, start / (1 - slope))
    low, high = least, 1.0
    if observed > 0:
        low = max(low, float(clopper_pearson(losses + gains, n, GAMMA / 2, low=True)))
        high = float(clopper_pearson(losses + gains, n, 1 - GAMMA / 2, low=False))
    if low > high:
        return GAMMA if observed > 0 else 1.0  # no plausible ψ lies on the boundary
    # Where the data agree with the hypothesis no verdict is in reach, and taking every ψ keeps the
    # p-value monotone in the table: the plausible ones move with each discordant pair.
    psi = np.linspace(low, high, N_PSI)

    def pvalue(psi: Floats) -> float:
        beyond = _extreme(psi, n, statistic, observed - TIE, line)
        return min(1.0, GAMMA + 1.0 + float(beyond.max()))

    # There the first ψ alone often makes every table extreme, and no other adds to a p-value of 1.
    if observed <= 0 and pvalue(psi[:1]) == 1.0:
        return 1.0
    return pvalue(psi)


def _extreme(
    psi: Floats, n: int, statistic: Statistic, bound: float, line: tuple[float, float]
) -> Floats:
    """Return, for each ψ, the probability of a statistic of at least ``bound``, less 1."""
    start, slope = line
    row, pairs = _reachable_pairs(n, psi)
    present = np.bincount(pairs.astype(np.intp)) > 0
    known = np.flatnonzero(present).astype(np.float64)
    index = (np.cumsum(present) - 1)[pairs.astype(np.intp)]
    log_choose = (
        special.gammaln(n + 1) - special.gammaln(known + 1) - special.gammaln(n - known + 1)
    )
    weight = np.exp(
        log_choose[index] + special.xlogy(pairs, psi[row]) + special.xlog1py(n - pairs, -psi[row])
    )
    followed = weight > NEGLIGIBLE
    row, pairs, weight, index = row[followed], pairs[followed], weight[followed], index[followed]
    most = most_losses(statistic, bound, known)[index]
    half = np.full_like(psi, 0.5)  # at ψ = 0, where there is no pair to be lost
    loss = np.divide(start + slope * psi, psi, out=half, where=psi > 0).clip(0.0, 1.0)[row]
    below = special.bdtr(np.clip(most, 0.0, pairs), pairs.astype(np.intp), loss)
    tail = np.where(most < 0, 0.0, below)
    # What is not followed up counts as extreme, so that the p-value can only be too great.
    return np.asarray(np.bincount(row, weights=weight * (tail - 1), minlength=len(psi)), np.float64)


def most_losses(statistic: Statistic, bound: float, pairs: Floats) -> Floats:
    """Return, for each number of pairs, the most losses whose statistic is at least ``bound``.

    −1 stands for none. The statistic falls with every loss at a fixed number of pairs, which is
    what bisection needs.
    """
    low, high = np.full_like(pairs, -1), pairs.copy()
    while (searched := low < high).any():
        middle = np.maximum(np.ceil((low + high) / 2), 0.0)
        keep = statistic(middle, pairs - middle) >= bound
        low = np.where(searched & keep, middle, low)
        high = np.where(searched & ~keep, middle - 1, high)
    return low


def _reachable_pairs(n: int, psi: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return which ψ and which number of discordant pairs may matter, for each such combination."""
    reach = REACH * np.sqrt(n * psi * (1 - psi)) + 12
    first = np.maximum(0, np.floor(n * psi - reach)).astype(np.intp)
    last = np.minimum(n, np.ceil(n * psi + reach)).astype(np.intp)
    count = last - first + 1
    row = np.repeat(np.arange(len(psi)), count)
    begin = np.repeat(np.cumsum(count) - count, count)
    return row, (first[row] + np.arange(len(row)) - begin).astype(np.float64)
