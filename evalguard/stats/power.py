"""Exact power of the paired binary tests, by adding up every table that they reject."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evalguard.errors import UsageError
from evalguard.stats.binary import PairedBinary, bonett_price, tango
from evalguard.stats.exact import most_losses
from evalguard.stats.planning import least_effect, quantile, required_n

FEW_DISCORDANT = 10  # expected discordant questions, below which the power climbs in wide teeth
MANY_QUESTIONS = 1000  # above, and with many discordant ones, the edge is the asymptotic one:
MANY_DISCORDANT = 50  # it moves the power by less than a point, and an exact one takes long
REACH = 5.0  # standard deviations of the discordant pairs added up; 1e-6 is left out


def power_paired(
    n: int,
    margin: float,
    discordance: float,
    *,
    effect: float = 0.0,
    alpha: float = 0.05,
    verdict_fails: bool = False,
) -> float:
    """Return the exact probability of PASS (or FAIL) on ``n`` independent binary questions.

    Above 1,000 questions with more than 50 discordant ones expected, which tables are rejected is
    taken from the normal approximation; that moves the power by less than a point.

    Args:
        n: Questions.
        margin: δ, negative for a gain.
        discordance: ψ, the share of questions on which the two models differ.
        effect: True θ; at ``-margin`` the result is the size of the test.
        alpha: One-sided level.
        verdict_fails: Return the probability of FAIL instead.

    Raises:
        UsageError: If no trinomial has this discordance and effect.

    Example:
        >>> round(power_paired(200, 0.05, 0.1), 3)
        0.695
        >>> power_paired(60, 0.05, 0.1, effect=-0.05) <= 0.05
        True
    """
    if not abs(effect) <= discordance <= 1:
        raise UsageError(
            f"effect={effect:g}, discordance={discordance:g}: models that differ by {effect:g} "
            f"differ on at least {abs(effect):g} of the questions; raise the discordance"
        )
    middle, spread = n * discordance, math.sqrt(n * discordance * (1 - discordance))
    first = max(0, int(middle - REACH * spread) - 6)
    last = min(n, int(middle + REACH * spread) + 12)
    many = n > MANY_QUESTIONS and middle > MANY_DISCORDANT
    find = asymptotic_edge if many else rejection_edge
    edge = find(n, margin, alpha, last, first=first, fail=verdict_fails)
    pairs = np.arange(first, last + 1)
    weight = np.exp(
        special.gammaln(n + 1)
        - special.gammaln(pairs + 1)
        - special.gammaln(n - pairs + 1)
        + special.xlogy(pairs, discordance)
        + special.xlog1py(n - pairs, -discordance)
    )
    loss = (discordance - effect) / (2 * discordance) if discordance else 0.5
    if verdict_fails:
        # bdtrc is P(losses > k): the edge is the least number of losses that is rejected.
        tail = np.where(edge == 0, 1.0, special.bdtrc(np.maximum(edge - 1.0, 0), pairs, loss))
        tail = np.where(edge > pairs, 0.0, tail)
    else:
        tail = np.where(edge < 0, 0.0, special.bdtr(np.maximum(edge, 0.0), pairs, loss))
    return float(weight @ tail)


def rejection_edge(
    n: int, margin: float, alpha: float, last: int, *, first: int = 0, fail: bool = False
) -> NDArray[np.int64]:
    """Return where the rejected tables end, for each number of discordant pairs.

    Args:
        n: Questions.
        margin: δ.
        alpha: One-sided level.
        last: Greatest number of discordant pairs.
        first: Least number of them.
        fail: Whether FAIL is tested instead of PASS.

    Returns:
        For PASS the most losses that still pass (−1: none does); for FAIL the fewest losses that
        fail (one more than the pairs: none does). Shape ``(last − first + 1,)``.
    """
    most = asymptotic_edge(n, margin, alpha, last, first=first, fail=fail)
    if fail:  # in terms of gains, of which the fewest are the most extreme
        most = np.arange(first, last + 1) - most
    found = np.array(_exact_edge(n, margin, alpha, (first, last, int(most[0])), fail))
    return np.arange(first, last + 1) - found if fail else found


@lru_cache(maxsize=256)
def _exact_edge(
    n: int, margin: float, alpha: float, reach: tuple[int, int, int], fail: bool
) -> tuple[int, ...]:
    """Walk along the edge from a guess of where it begins: the most losses (or gains) rejected.

    It moves by at most a few from one number of pairs to the next. The p-values are monotone in
    the losses at a given number of pairs, so one step is enough to know which side of the edge a
    table lies on.
    """

    def rejected(most: int, pairs: int) -> bool:
        if fail:
            return PairedBinary(pairs - most, most, n).p_fail(margin) <= alpha
        return PairedBinary(most, pairs - most, n).p_pass(margin) <= alpha

    first, last, edge = reach
    edges: list[int] = []
    for pairs in range(first, last + 1):
        edge = min(edge, pairs)
        while edge < pairs and rejected(edge + 1, pairs):
            edge += 1
        while edge >= 0 and not rejected(edge, pairs):
            edge -= 1
        edges.append(edge)
    return tuple(edges)


def asymptotic_edge(
    n: int, margin: float, alpha: float, last: int, *, first: int = 0, fail: bool = False
) -> NDArray[np.int64]:
    """Return what :func:`rejection_edge` does, for the normal and the t distribution."""
    pairs = np.arange(first, last + 1, dtype=float)
    if fail:
        critical = -float(special.stdtrit(n + 1, alpha))
        gains = most_losses(lambda c, b: bonett_price(c, b, n, -margin), critical, pairs)
        return (pairs - gains).astype(np.int64)
    return most_losses(lambda b, c: tango(b, c, n, margin), quantile(alpha), pairs).astype(np.int64)


def required_n_exact(
    margin: float,
    discordance: float,
    *,
    effect: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
) -> int:
    """Return the number of questions from which on the exact power reaches ``power``.

    The power of an exact test climbs in teeth; the search is fine to one per cent.

    Example:
        >>> required_n_exact(0.05, 0.05)
        158
    """

    def reached(size: int) -> float:
        return power_paired(size, margin, discordance, effect=effect, alpha=alpha)

    n = required_n(margin, discordance, effect=effect, alpha=alpha, power=power)
    # Power is normal in √n: move along that curve to where it would reach the goal.
    goal = quantile(alpha) + quantile(1 - power)
    score = quantile(alpha) + quantile(1 - min(max(reached(n), 0.01), 1 - 1e-9))
    n = max(1, math.ceil(n * (goal / score) ** 2))
    step = max(1, n // 100)
    n += 3 * step  # above the last tooth, from where the search comes down
    while reached(n) < power:
        n += step
    while n > step and reached(n - step) >= power:
        n -= step
    return n


def required_n_paired(
    margin: float, discordance: float, *, effect: float, alpha: float, power: float = 0.8
) -> int:
    """Return the number of questions for a power, exact where few of them are discordant.

    With fewer than ten discordant questions :func:`required_n` reaches a power of 0.61 or more
    where 0.8 is wanted; the exact figure takes up to a second.

    Example:
        >>> required_n_paired(0.1, 0.02, effect=0.0, alpha=0.05)
        46
        >>> required_n_paired(0.1, 0.2, effect=0.0, alpha=0.05)
        134
    """
    n = required_n(margin, discordance, effect=effect, alpha=alpha, power=power)
    if effect <= -margin or not 0 < n * discordance < FEW_DISCORDANT:
        return n
    share = max(discordance, abs(effect))
    return max(n, required_n_exact(margin, share, effect=effect, alpha=alpha, power=power))


def detectable_effect_paired(
    n: int, margin: float, discordance: float, *, alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """Return the least true θ that passes with the given exact power.

    Args:
        n: Questions.
        margin: δ, negative for a gain.
        discordance: ψ; θ lies between −ψ and ψ.
        alpha: One-sided level.
        power: Wanted probability of PASS.

    Returns:
        θ; −ψ where every one that is possible passes, ``None`` where none does.

    Example:
        >>> round(detectable_effect_paired(200, 0.05, 0.1), 4)
        0.0075
        >>> detectable_effect_paired(50, 0.05, 0.01) is None
        True
    """

    def power_at(effect: float) -> float:
        return power_paired(n, margin, discordance, effect=effect, alpha=alpha)

    return least_effect(power_at, low=-discordance, high=discordance, power=power)
