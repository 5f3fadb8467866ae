"""Corpus metrics, which have no value for each sample: BLEU, a corpus F1, a correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalguard.errors import DataError
from evalguard.stats.hardened import ROUNDING, Missed, Seen, pvalue, seen, worst_distance

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
    units = _members(clusters)
    dealt: list[list[int]] = [[] for _ in range(min(count, len(units)))]
    for turn, members in enumerate(units):
        dealt[turn % len(dealt)].extend(members)
    return dealt


def cluster_sizes(clusters: Sequence[str | None]) -> tuple[int, ...]:
    """Return the number of samples in each cluster, 1 for each that stands alone.

    Example:
        >>> cluster_sizes(["a", None, "a", None])
        (2, 1, 1)
    """
    return tuple(map(len, _members(clusters)))


def _members(clusters: Sequence[str | None]) -> list[list[int]]:
    units: dict[object, list[int]] = {}
    for index, cluster in enumerate(clusters):
        units.setdefault(index if cluster is None else ("cluster", cluster), []).append(index)
    return list(units.values())


@dataclass(frozen=True, slots=True, eq=False)
class GroupJackknife:
    """Tests of a corpus metric's difference from its values with one group left out in turn.

    A bootstrap duplicates samples, which moves set metrics such as distinct-n by itself; leaving
    groups out does not. The groups' pseudo-values are tested as the units of
    :class:`~evalguard.stats.units.UnitT` are, and what was not seen is counted in
    samples: one that is lost altogether moves the metric by its share of the whole range.

    Args:
        full: Oriented difference on all samples.
        partial: The same with each group left out in turn.
        sizes: Number of samples in each cluster, 1 where a sample stands alone.
        low: Least possible difference.
        high: Greatest possible difference.
        scale: For a relative margin, the baseline's value without each group, as a share of its
            full value. An absolute margin when omitted.
        corners: As of :class:`~evalguard.stats.units.UnitT`, of the metric on one sample.

    Raises:
        DataError: If a value is not finite.

    References:
        J. Shao and C. F. J. Wu, A general theory for jackknife variance estimation, Annals of
        Statistics 17:1176-1197, 1989.

    Example:
        >>> partial = tuple(0.02 + 0.002 * k for k in range(-10, 10))
        >>> round(GroupJackknife(full=0.02, partial=partial, sizes=[1] * 500).p_pass(0.05), 4)
        0.0902
    """

    full: float
    partial: Sequence[float]
    sizes: Sequence[int]
    low: float = -1.0
    high: float = 1.0
    scale: Sequence[float] | None = None
    corners: Sequence[tuple[float, float]] = ()

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
        """Return √((G−1)/G·Σ(θ_g − θ̄)²), the pseudo-observations included.

        Of fewer than two groups, which say nothing about how the metric varies, half of the range.
        """
        if len(self.partial) < 2:
            return (self.high - self.low) / 2
        return max(self._seen(margin, side).padded for side in (1.0, -1.0))

    def _worst(self, margin: float, side: float) -> float:
        corners = self.corners or ((self.low, 1.0), (self.high, 1.0))
        return worst_distance(corners, margin, side=side)

    def _seen(self, margin: float, side: float) -> Seen:
        values = np.asarray(self.partial) + margin * np.asarray(self.scale or 1.0)
        count = len(values)
        residuals = side * (count - 1) * (values.mean() - values)
        residuals[np.abs(residuals) <= ROUNDING * count] = 0.0
        lost = max(self._worst(margin, side), 0.0) * count / len(self.sizes)
        # A whole unit, not a part of one: twenty groups tell little of how skewed they are.
        return seen(residuals, np.ones(count), pseudo=lost, freedom=count - 1)

    def _pvalue(self, margin: float, *, side: float) -> float:
        if len(self.partial) < GROUPS:
            return 1.0  # too few groups for a standard error worth its name
        return pvalue(
            side * (self.full + margin),
            self._seen(margin, side),
            worst=self._worst(margin, side),
            missed=Missed(np.asarray(self.sizes, dtype=float)),
        )
