"""Looking before the end, and extending a run after it: how much of α each look may spend.

The error α is spent along the share t of the planned samples by the Hwang-Shih-DeCani function,
by default with γ = −4: little at first, most at the end. The level of each look follows from the
shares at which looks were actually taken, by the recursion of Armitage, McPherson and Rowe.

What a design keeps in reserve pays for extensions. The share counts on past 1: from 1 to 2 through
the first extension, from 2 to 3 through the second, however many samples each has. A look there
combines the p-values of the stages (:mod:`~evalguard.stats.combination`) with fixed weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, optimize, special

from evalguard.errors import DataError
from evalguard.stats.margin import normal_score

MOST_STAGES = 6
"""Most stages of a gate: the planned samples and five extensions; little of α is left then."""

Spending = Literal["late", "early"]
"""How α is spent: ``late`` keeps nearly all of the power of one look at the end, ``early`` stops
sooner and costs about a point of it."""

GAMMAS: Mapping[Spending, float] = {"late": -4.0, "early": -2.0}
LOWEST_Z = -8.0  # where the density of the test statistic is cut off
FULL = 1 - 1e-9  # shares above it are the last look
LEVEL_NODES = special.ndtr(np.linspace(-6.0, 3.0, 28))  # overall levels of the p-value's table

Floats = NDArray[np.float64]


def stage_of(share: float) -> int:
    """Return the stage that a share lies in: 1 for the planned samples, 2 for the first extension.

    Example:
        >>> [stage_of(share) for share in (0.1, 1.0, 1.2, 2.0)]
        [1, 1, 2, 2]
    """
    return max(math.ceil(share - 1e-9), 1)


def spent(share: float, alpha: float, reserve: float = 0.0, spending: Spending = "late") -> float:
    """Return the part of α that may be spent by a share of the samples.

    Args:
        share: Share of the planned samples; above 1, the extensions' share on top of 1.
        alpha: One-sided error over all looks together.
        reserve: Part of α that the planned samples leave for extensions; each extension spends
            half of what is left.
        spending: How early it is spent.

    References:
        I. K. Hwang, W. J. Shih and J. S. DeCani, Group sequential designs using a family of type
        I error probability spending functions, Statistics in Medicine 9:1439-1445, 1990.

    Example:
        >>> round(spent(0.5, 0.05), 5), spent(1.0, 0.05)
        (0.00596, 0.05)
        >>> [round(spent(share, 0.05, 0.04), 4) for share in (1, 2, 3)]
        [0.048, 0.049, 0.0495]
        >>> round(spent(0.5, 0.05, spending="early"), 5)
        0.01345
    """
    before = stage_of(share) - 1
    gamma = GAMMAS[spending]
    within = np.expm1(-gamma * (share - before)) / np.expm1(-gamma)
    if not before:
        return float(alpha * (1 - reserve) * within)
    left = alpha * reserve * 0.5 ** (before - 1)
    return float(alpha - left + left / 2 * within)


def levels(
    shares: Sequence[float],
    alpha: float = 0.05,
    *,
    reserve: float = 0.0,
    spending: Spending = "late",
) -> tuple[float, ...]:
    """Return the one-sided level of each look.

    Args:
        shares: Share of the planned samples at each look, increasing; at most 1 without a reserve,
            with one up to 1 more for each extension.
        alpha: One-sided error over all looks together.
        reserve: Part of α that is left for extensions.
        spending: How early α is spent.

    Raises:
        DataError: If the shares do not increase within (0, 1], or α or the reserve is out of range.

    References:
        K. K. G. Lan and D. L. DeMets, Discrete sequential boundaries for clinical trials,
        Biometrika 70:659-663, 1983.

    Example:
        >>> [round(level, 4) for level in levels([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])]
        [0.0005, 0.0008, 0.0013, 0.0023, 0.0038, 0.0062, 0.0101, 0.0163, 0.026, 0.0412]
        >>> [round(level, 4) for level in levels([1, 2], reserve=0.04)]
        [0.048, 0.0037]
    """
    times = tuple(float(share) for share in shares)
    if not times or any(b <= a for a, b in zip((0.0, *times), times, strict=False)):
        raise DataError(f"looks at shares {times}: expected increasing shares above 0")
    if not 0 < alpha < 1 or not 0 <= reserve < 1:
        raise DataError(
            f"alpha {alpha}, reserve {reserve}: expected 0 < alpha < 1, 0 ≤ reserve < 1"
        )
    most = MOST_STAGES if reserve else 1
    if times[-1] > most + 1e-12:
        raise DataError(f"looks at shares {times}: expected shares ≤ {most}")
    return tuple(_state(times[: k + 1], alpha, reserve, spending).level for k in range(len(times)))


def sequential_pvalue(
    pvalue: float,
    shares: Sequence[float],
    alpha: float = 0.05,
    *,
    reserve: float = 0.0,
    spending: Spending = "late",
) -> float:
    """Return the least overall α at which the last look, with this p-value, would have stopped.

    It may be compared with α, and adjusted over many gates, like any other p-value, whatever the
    number of looks. It is ≤ ``alpha`` exactly when ``pvalue`` is ≤ the level of the look.

    Args:
        pvalue: One-sided p-value at the last of the looks.
        shares: Shares of all looks so far.
        alpha: The overall level that will be decided at.
        reserve: Part of α that is left for extensions.
        spending: How early α is spent.

    References:
        A. Liu and K. M. Anderson, On adaptive extensions of group sequential trials for clinical
        investigations, JASA 103:1621-1630, 2008.

    Example:
        >>> round(sequential_pvalue(0.00374, [0.1, 0.2, 0.3, 0.4, 0.5]), 3)
        0.05
        >>> sequential_pvalue(0.02, [1.0])
        0.02
    """
    times = tuple(float(share) for share in shares)
    if len(times) == 1 and times[0] >= FULL and not reserve:
        return pvalue
    nodes, reached = _level_table(times, reserve, spending)
    score = -normal_score(pvalue)
    if score <= reached[0]:
        # Below the table the level is proportional to α to within a few per cent.
        overall = float(special.ndtr(nodes[0]) * pvalue / special.ndtr(reached[0]))
    elif score >= reached[-1]:
        overall = 1.0
    else:
        overall = float(special.ndtr(interpolate.PchipInterpolator(reached, nodes)(score)))
    # The table is interpolated; at α itself the level of the look decides, exactly.
    if pvalue <= levels(times, alpha, reserve=reserve, spending=spending)[-1]:
        return min(overall, alpha)
    return max(overall, math.nextafter(alpha, 1.0))


def conditional_power(
    pvalue: float, share: float, final_level: float, *, drift: float | None = None
) -> float:
    """Return the chance of a p-value ≤ ``final_level`` at the end.

    Args:
        pvalue: One-sided p-value at this look.
        share: Share of the planned samples at this look, below 1.
        final_level: Level of the last look.
        drift: Expected score of the whole run, (θ + δ) in standard errors at its end, for the θ
            that the rest of the run is assumed to show. By default the trend so far continues.

    References:
        C. Jennison and B. W. Turnbull, Group Sequential Methods with Applications to Clinical
        Trials, Chapman & Hall 2000, section 10.2.

    Example:
        >>> round(conditional_power(0.5, 0.5, 0.0412), 4)
        0.007
        >>> round(conditional_power(0.01, 0.5, 0.0412), 3)
        0.986
        >>> round(conditional_power(0.5, 0.5, 0.0412, drift=2.5), 3)
        0.246
    """
    score = float(special.ndtri(1 - min(max(pvalue, 1e-15), 1 - 1e-15)))
    goal = float(special.ndtri(1 - final_level))
    # score/√t is the trend of the score at the end, √(1−t) what is still open about it.
    trend = score / np.sqrt(share) if drift is None else drift
    expected = score * np.sqrt(share) + trend * (1 - share)
    return float(special.ndtr((expected - goal) / np.sqrt(1 - share)))


class _State(NamedTuple):
    """A look: its level, and the density of its score where no look has stopped yet."""

    level: float
    nodes: Floats
    mass: Floats  # density times quadrature weight


@lru_cache(maxsize=8192)
def _state(times: tuple[float, ...], alpha: float, reserve: float, spending: Spending) -> _State:
    now, before = times[-1], times[-2] if len(times) > 1 else 0.0
    spend = spent(now, alpha, reserve, spending) - spent(before, alpha, reserve, spending)
    step = now - before
    if not before:
        level, limit = spend, float(special.ndtri(1 - spend)) if spend > 1e-15 else 8.0
        nodes, weights = _nodes(limit, 1.0)
        return _State(level, nodes, weights * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi))

    last = _state(times[:-1], alpha, reserve, spending)
    drift, spread = last.nodes * np.sqrt(before), np.sqrt(step)

    def overspent(limit: float) -> float:
        crossing = special.ndtr((drift - limit * np.sqrt(now)) / spread)
        return float(last.mass @ crossing) - spend

    limit = float(optimize.brentq(overspent, LOWEST_Z, 30.0, xtol=1e-12))
    nodes, weights = _nodes(limit, spread / np.sqrt(now))
    kernel = np.exp(-(((nodes[:, None] * np.sqrt(now) - drift) / spread) ** 2) / 2)
    density = kernel @ last.mass * np.sqrt(now / step / (2 * np.pi))
    return _State(float(special.ndtr(-limit)), nodes, weights * density)


def _nodes(limit: float, spread: float) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre nodes below ``limit``, dense enough for a step of that spread."""
    count = int(min(1200, max(48, np.ceil(3 * (limit - LOWEST_Z) / spread))))
    points, weights = _legendre(count)
    half = (limit - LOWEST_Z) / 2
    return LOWEST_Z + half * (points + 1), half * weights


@lru_cache(maxsize=1024)
def _legendre(count: int) -> tuple[Floats, Floats]:
    points, weights = special.roots_legendre(count)
    return points, weights


@lru_cache(maxsize=1024)
def _level_table(
    times: tuple[float, ...], reserve: float, spending: Spending
) -> tuple[Floats, Floats]:
    """Return overall levels and the level of the last look at each, as normal scores."""
    reached = np.array(
        [_state(times, float(level), reserve, spending).level for level in LEVEL_NODES]
    )
    score = special.ndtri(reached)
    rising = np.append(True, np.diff(score) > 0)
    return special.ndtri(LEVEL_NODES)[rising], score[rising]
