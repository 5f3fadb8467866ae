"""Corpus metrics, which have no value for each sample: BLEU, a corpus F1, a correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evalguard.errors import DataError

GROUPS = 20
"""Groups that are left out in turn."""


def groups(clusters: list[str | None], count: int = GROUPS) -> list[list[int]]:
    """Deal samples to groups in their (frozen, random) order, keeping clusters together.

    Args:
        clusters: For each sample its cluster, or ``None`` where it stands alone.
        count: Number of groups.

    Returns:
        The indices of each group; fewer than ``count`` groups where there are fewer clusters.

    Example:
        >>> groups(["a", None, "a", None], count=2)
        [[0, 2, 3], [1]]
    """
    units: dict[object, list[int]] = {}
    for index, cluster in enumerate(clusters):
        units.setdefault(index if cluster is None else ("cluster", cluster), []).append(index)
    dealt: list[list[int]] = [[] for _ in range(min(count, len(units)))]
    for turn, members in enumerate(units.values()):
        dealt[turn % len(dealt)].extend(members)
    return dealt


@dataclass(frozen=True, slots=True)
class GroupJackknife:
    """Tests of a corpus metric's difference from its values with one group left out in turn.

    A bootstrap duplicates samples, which moves set metrics such as distinct-n by itself; leaving
    groups out does not. As in :class:`~evalguard.stats.units.UnitT`, a made-up loss and gain of
    the whole range keep the standard error above 0.

    Args:
        full: Oriented difference on all samples.
        partial: The same with each group left out in turn.
        n: Number of samples.
        bound: Greatest possible difference.
        scale: For a relative margin, the baseline's value without each group, as a share of its
            full value. An absolute margin when omitted.

    Raises:
        DataError: If a value is not finite.

    References:
        J. Shao and C. F. J. Wu, A general theory for jackknife variance estimation, Annals of
        Statistics 17:1176-1197, 1989.

    Example:
        >>> partial = tuple(0.02 + 0.002 * k for k in range(-10, 10))
        >>> round(GroupJackknife(full=0.02, partial=partial, n=500).p_pass(0.05), 4)
        0.0903
    """

    full: float
    partial: Sequence[float]
    n: int
    bound: float = 1.0
    scale: Sequence[float] | None = None

    def __post_init__(self) -> None:
        values = [self.full, *self.partial, *(self.scale or ())]
        if not np.isfinite(values).all():
            raise DataError("a corpus metric is NaN or infinite on all or part of the samples")

    @property
    def estimate(self) -> float:
        """Observed difference."""
        return self.full

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self._pvalue(margin, side=1.0)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._pvalue(margin, side=-1.0)

    def standard_error(self, margin: float) -> float:
        """Return √((G−1)/G·Σ(θ_g − θ̄)² + 2(bound/n)²); of fewer than two groups, the bound.

        A single unit says nothing of how the metric varies.
        """
        if len(self.partial) < 2:
            return self.bound
        values = np.asarray(self.partial) + margin * np.asarray(self.scale or 1.0)
        count = len(values)
        between = (count - 1) / count * float(np.sum((values - values.mean()) ** 2))
        return float(np.sqrt(between + 2 * (self.bound / self.n) ** 2))

    def _pvalue(self, margin: float, *, side: float) -> float:
        if len(self.partial) < GROUPS:
            return 1.0  # too few groups for a standard error worth its name
        t = (self.full + margin) / self.standard_error(margin)
        return float(special.stdtr(len(self.partial) - 1, -side * t))
