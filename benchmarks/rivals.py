"""The published decision rules of other gates, written from their descriptions.

Each takes counts of many runs and returns which of them it releases and which it blocks. Where a
tool counts only the questions that both models answered, so do the counts that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from benchmarks.rules import Decisions, Ints

Floats = NDArray[np.float64]

FEWEST_PAIRS = 10  # of NeMo
SMALLEST_HOLDOUT = 20  # of adaptergate
EXACT_PAIRS = 25  # discordant pairs from which on mlflow uses χ²


class Outcomes(NamedTuple):
    """Questions of many runs by who got them right; arrays of shape ``(runs,)``."""

    both: Ints
    losses: Ints
    gains: Ints
    neither: Ints

    @property
    def n(self) -> Ints:
        """Questions that both models answered."""
        return self.both + self.losses + self.gains + self.neither

    @property
    def delta(self) -> Floats:
        """Candidate − baseline."""
        return (self.gains - self.losses) / self.n

    @property
    def spread(self) -> Floats:
        """Standard deviation of the paired differences."""
        squares = self.losses + self.gains - self.n * self.delta**2
        return np.asarray(np.sqrt(np.maximum(squares, 0.0) / np.maximum(self.n - 1, 1)))


def nemo_gate(found: Outcomes, margin: float) -> Decisions:
    """Compare a two-sided 95 % t interval of the paired differences with the tolerated drop.

    GO where the whole interval is within ``max_drop``, NO-GO where it is all beyond. Fewer than ten
    pairs decide nothing; a question that one model lost is not a pair.

    Source: NVIDIA-NeMo/Evaluator 0.3, ``nel gate``: docs, tutorials/quality-gate, and
    ``src/nemo_evaluator/engine/gate.py``.
    """
    reach = special.stdtrit(found.n - 1, 0.975) * found.spread / np.sqrt(found.n)
    enough = found.n >= FEWEST_PAIRS
    low, high = np.round(found.delta - reach, 6), np.round(found.delta + reach, 6)
    return Decisions(enough & (low >= -margin), enough & (high < -margin))


def statgate(found: Outcomes, margin: float) -> Decisions:
    """Compare a two-sided 95 % BCa bootstrap interval of the mean difference with the margin.

    The bootstrap distribution itself stands for its 10,000 draws: it is the one of the sum of n
    differences, each drawn from those observed, by the n-th power of its Fourier transform.

    Source: yashchimata/statgate, README and ``core/bootstrap.py``, ``verdict.py``. B. Efron, Better
    bootstrap confidence intervals, JASA 82:171-185, 1987.
    """
    tables = np.stack([found.losses, found.gains, found.n], axis=1)
    kinds, index = np.unique(tables, axis=0, return_inverse=True)
    low, high = np.empty(len(kinds)), np.empty(len(kinds))
    for n in np.unique(kinds[:, 2]):
        for rows in np.array_split(np.flatnonzero(kinds[:, 2] == n), 1 + len(kinds) // 2000):
            low[rows], high[rows] = _bca(kinds[rows, 0], kinds[rows, 1], int(n))
    return Decisions((low > -margin)[index.ravel()], (high < -margin)[index.ravel()])


def _bca(losses: Ints, gains: Ints, n: int) -> tuple[Floats, Floats]:
    """Return the limits of tables of one n."""
    size = 1 << int(np.ceil(np.log2(2 * n + 2)))
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    p, q = losses[:, None] / n, gains[:, None] / n
    below = np.fft.irfft((1 - p - q + p / turn + q * turn) ** n, size, axis=1)
    # Sums −n … n stand at 0 … n and, the negative ones, at the end.
    mass = np.concatenate([below[:, size - n :], below[:, : n + 1]], axis=1).clip(0)
    cumulated = mass.cumsum(axis=1)
    rows, seen = np.arange(len(losses)), gains - losses
    at = seen + n
    centre = np.clip(cumulated[rows, at] - mass[rows, at] / 2, 1e-4, 1 - 1e-4)
    bias = special.ndtri(centre)
    mean = seen / n
    second = (losses + gains) / n - mean**2
    third = (gains - losses) / n - 3 * mean * (losses + gains) / n + 2 * mean**3
    constant = second <= 1e-15
    skewness = np.divide(third, second**1.5, out=np.zeros_like(mean), where=~constant)
    acceleration = skewness / (6 * np.sqrt(n))
    limits = []
    for z in (special.ndtri(0.025), special.ndtri(0.975)):
        share = special.ndtr(bias + (bias + z) / (1 - acceleration * (bias + z)))
        value = (cumulated < share[:, None]).sum(axis=1) - n
        limits.append(np.where(constant, mean, value / n))
    return limits[0], limits[1]


def evalproof(found: Outcomes, margin: float) -> Decisions:
    """Block a drop that is both at least the tolerance and significant by the exact McNemar test.

    Source: evalproof on PyPI: "gates CI only when a drop is both larger than your tolerance and
    statistically significant", exact McNemar for pass/fail.
    """
    failed = (-found.delta >= margin - 1e-12) & (_exact_mcnemar(found) <= 0.05)
    return Decisions(~failed, failed)


def mlflow_compare(found: Outcomes, margin: float) -> Decisions:  # the margin plays no part in it
    """Block a significant drop by McNemar's test: exact below 25 discordant pairs, else χ².

    Source: mlflow 3.18, ``mlflow.genai.compare_evaluations``, docs/genai/eval-monitor. It states
    significance and gates nothing; "no significant drop" is what a user would release on.
    """
    pairs = found.losses + found.gains
    distance = np.maximum(np.abs(found.losses - found.gains) - 1.0, 0.0)
    statistic = np.divide(distance**2, pairs, out=np.zeros(len(pairs)), where=pairs > 0)
    pvalue = np.where(pairs < EXACT_PAIRS, _exact_mcnemar(found), special.chdtrc(1, statistic))
    failed = (pvalue < 0.05) & (found.losses > found.gains)
    return Decisions(~failed, failed)


def point_rule(found: Outcomes, margin: float) -> Decisions:
    """Reject when the observed drop exceeds the tolerance; fewer than 20 questions are refused.

    Source: OriginalKazdov/adaptergate, ``gating/regression_gate.py``; ``soup ship`` of
    MakazhanAlpamys/Soup compares point estimates with a threshold alike.
    """
    failed = (found.delta < -margin - 1e-12) | (found.n < SMALLEST_HOLDOUT)
    return Decisions(~failed, failed)


def lm_eval_z(found: Outcomes, margin: float) -> Decisions:  # the margin plays no part in it
    """Block a significant drop by the two-sided z test of two standard errors, unpaired.

    Source: EleutherAI/lm-evaluation-harness, ``scripts/model_comparator.py``.
    """
    before, after = (found.both + found.losses) / found.n, (found.both + found.gains) / found.n
    variance = (before * (1 - before) + after * (1 - after)) / np.maximum(found.n - 1, 1)
    distance = after - before
    z = np.divide(distance, np.sqrt(variance), out=np.zeros_like(distance), where=variance > 0)
    failed = z < -stats.norm.isf(0.025)
    return Decisions(~failed, failed)


def _exact_mcnemar(found: Outcomes) -> Floats:
    """Return the two-sided p-value of as many losses as gains."""
    pairs = found.losses + found.gains
    tail = special.bdtr(np.minimum(found.losses, found.gains).astype(float), pairs, 0.5)
    return np.asarray(np.minimum(1.0, 2 * tail))


Rival = Callable[[Outcomes, float], Decisions]

RIVALS: dict[str, Rival] = {
    "NeMo `nel gate`": nemo_gate,
    "statgate (BCa)": statgate,
    "evalproof": evalproof,
    "mlflow (McNemar)": mlflow_compare,
    "point rule (Soup, adaptergate)": point_rule,
    "lm-eval (z)": lm_eval_z,
}


def nemo_clustered(sums: Floats, size: int, margin: float) -> Decisions:
    """Compare the cluster-robust 95 % interval of ``nel gate`` with the tolerated drop.

    Args:
        sums: Sum of the differences of each cluster, shape ``(runs, clusters)``.
        size: Questions of a cluster.
        margin: δ.

    Source: ``clustered_ci`` in NVIDIA-NeMo/Evaluator, after E. Miller, Adding Error Bars to Evals,
    arXiv:2411.00640.
    """
    clusters = sums.shape[1]
    n = clusters * size
    mean = sums.sum(axis=1) / n
    residual = sums - size * mean[:, None]
    error = np.sqrt(clusters / (clusters - 1) * (residual**2).sum(axis=1)) / n
    reach = stats.norm.isf(0.025) * error
    return Decisions(mean - reach >= -margin, mean + reach < -margin)
