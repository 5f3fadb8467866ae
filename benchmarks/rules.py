"""Ways to decide a gate from paired binary outcomes: this engine's, and what others use.

Each rule takes arrays of tables and returns which of them it passes and which it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evalguard.stats import rejection_edge

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

ALPHA = 0.05
RESAMPLES = 2000


class Tables(NamedTuple):
    """Outcomes of many runs of n questions; arrays of shape ``(runs,)``."""

    n: int
    losses: Ints
    gains: Ints
    both_right: Ints


class Decisions(NamedTuple):
    """Which runs are passed and which are failed; the others are left undecided."""

    passed: Mask
    failed: Mask


Rule = Callable[[Tables, float], Decisions]


def evalguard(tables: Tables, margin: float, alpha: float = ALPHA) -> Decisions:
    """This project's engine, by the edges of what its exact tests reject."""
    pairs = tables.losses + tables.gains
    passing, failing = edges(tables.n, margin, alpha, int(pairs.max()))
    return Decisions(tables.losses <= passing[pairs], tables.losses >= failing[pairs])


def edges(n: int, margin: float, alpha: float, most_pairs: int) -> tuple[Ints, Ints]:
    """Return the most losses that pass and the fewest that fail, by discordant pairs."""
    # Rounded up, so that runs of many draws share one walk along the edge.
    last = min(n, int(np.ceil((most_pairs + 1) / 16) * 16))
    return _edges(n, margin, alpha, last)


@lru_cache(maxsize=512)
def _edges(n: int, margin: float, alpha: float, last: int) -> tuple[Ints, Ints]:
    return (
        rejection_edge(n, margin, alpha, last),
        rejection_edge(n, margin, alpha, last, fail=True),
    )


def point_estimate(tables: Tables, margin: float) -> Decisions:
    """Fail when the observed drop exceeds the margin, as a threshold on the difference does."""
    failed = (tables.losses - tables.gains) / tables.n > margin + 1e-12
    return Decisions(~failed, failed)


def unpaired_z(tables: Tables, margin: float) -> Decisions:  # the margin plays no part in it
    """Fail on a significant drop by lm-eval's two-sided z test of two standard errors."""
    before = (tables.both_right + tables.losses) / tables.n
    after = (tables.both_right + tables.gains) / tables.n
    spread = (before * (1 - before) + after * (1 - after)) / (tables.n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (after - before) / np.sqrt(spread)
    failed = np.nan_to_num(z) < -stats.norm.isf(ALPHA / 2)
    return Decisions(~failed, failed)


def mcnemar(tables: Tables, margin: float) -> Decisions:  # the margin plays no part in it
    """Fail on a significant drop by the exact two-sided McNemar test."""
    pairs = tables.losses + tables.gains
    fewer = np.minimum(tables.losses, tables.gains)
    pvalue = np.minimum(1.0, 2 * stats.binom.cdf(fewer, pairs, 0.5))
    failed = (pvalue <= ALPHA) & (tables.losses > tables.gains)
    return Decisions(~failed, failed)


def bootstrap(tables: Tables, margin: float) -> Decisions:
    """Compare one-sided percentile limits of a paired bootstrap with the margin."""
    kinds, inverse = np.unique(
        np.stack([tables.losses, tables.gains], axis=1), axis=0, return_inverse=True
    )
    low, high = np.array([_bootstrap_limits(b, c, tables.n) for b, c in kinds.tolist()]).T
    passed, failed = (low > -margin), (high < -margin)
    return Decisions(passed[inverse.ravel()], failed[inverse.ravel()])


@lru_cache(maxsize=200_000)
def _bootstrap_limits(losses: int, gains: int, n: int) -> tuple[float, float]:
    rng = np.random.default_rng([losses, gains, n])
    shares = [losses / n, gains / n, max(0.0, 1 - (losses + gains) / n)]
    drawn = rng.multinomial(n, shares, size=RESAMPLES)
    low, high = np.quantile((drawn[:, 1] - drawn[:, 0]) / n, [ALPHA, 1 - ALPHA])
    return float(low), float(high)


RULES: dict[str, Rule] = {
    "EvalGuard": evalguard,
    "point estimate": point_estimate,
    "unpaired z (lm-eval)": unpaired_z,
    "exact McNemar": mcnemar,
    "paired bootstrap": bootstrap,
}
