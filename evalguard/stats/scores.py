"""From two columns of scores to the tests of what is demanded of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from evalguard.errors import MeasurementError
from evalguard.stats.binary import PairedBinary
from evalguard.stats.margin import Imputed, MarginTest
from evalguard.stats.rate import BinaryRate
from evalguard.stats.ratio import PairedRatio
from evalguard.stats.units import UnitT

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PairedScores:
    """Scores of the same questions by two models, and which tests fit them.

    Which engine is used follows from what is declared alone: exact tests for independent binary
    questions of equal weight, hardened unit t tests for all others. A missing score is
    replaced to the candidate's disadvantage where PASS is tested and to its advantage where FAIL
    is; the question is never dropped. Build one with :func:`paired_scores`.

    Attributes:
        baseline: The baseline's scores, NaN where missing. Shape ``(n,)``.
        candidate: The candidate's scores, NaN where missing. Shape ``(n,)``.
        unit: Index of each question's independent unit. Shape ``(n,)``.
        weight: Weight of each question, 1 on average. Shape ``(n,)``.
        low: Least possible score.
        high: Greatest possible score.
        higher_is_better: Direction of the scores.
        binary: Whether scores are 0 or 1.
        clip: Difference beyond which a question counts no further.
    """

    baseline: Floats
    candidate: Floats
    unit: NDArray[np.intp]
    weight: Floats
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool = True
    binary: bool = True
    clip: float | None = None

    @property
    def known(self) -> Mask:
        """Which questions were measured on both sides."""
        return np.asarray(~(np.isnan(self.baseline) | np.isnan(self.candidate)))

    @property
    def units(self) -> int:
        """Number of independent units."""
        return int(self.unit.max()) + 1

    @property
    def effective_units(self) -> float:
        """Number of equal units that would weigh as these do: (Σ weight)²/Σ weight² (Kish)."""
        sizes = np.bincount(self.unit, weights=self.weight)
        return float(sizes.sum() ** 2 / np.sum(sizes**2))

    @property
    def exact(self) -> bool:
        """Whether the exact tests apply: to independent questions of equal weight scored 0 or 1."""
        counted = self.binary and (self.low, self.high) == (0.0, 1.0)
        return counted and self.units == len(self.unit) and bool(np.all(self.weight == 1.0))

    @property
    def span(self) -> float:
        """Greatest possible difference."""
        return self.clip if self.clip is not None else self.high - self.low

    @property
    def means(self) -> tuple[float, float]:
        """Mean of the baseline and of the candidate, over the questions measured on both sides."""
        kept = self.known
        weight = _kept(self.weight, kept)
        return (
            float(np.average(_kept(self.baseline, kept), weights=weight)),
            float(np.average(_kept(self.candidate, kept), weights=weight)),
        )

    def difference(self, *, relative: bool = False) -> MarginTest:
        """Return the test of candidate − baseline, higher being better.

        Args:
            relative: Let the margin move with the baseline: the margin that is passed to the
                test is a share of the baseline's mean, times that mean.
        """
        scale = self.means[0] if relative else None

        def test(baseline: Floats, candidate: Floats, kept: Mask) -> MarginTest:
            return self._paired(baseline, candidate, kept, scale)

        return self._imputed(test)

    def moved(self, share: float) -> MarginTest:
        """Return the unit test of the difference + a share of the baseline's own score.

        Args:
            share: Share ρ; negative where a gain is demanded.
        """

        def test(baseline: Floats, candidate: Floats, kept: Mask) -> MarginTest:
            values = self._oriented(baseline, candidate) + share * baseline
            ends = [value + share * x for value, x in self._corners(1.0)]
            return UnitT(
                sums=self._sums(values, kept),
                sizes=self._sums(np.ones_like(values), kept),
                low=min(ends),
                high=max(ends),
            )

        return self._imputed(test)

    def _imputed(self, test: Callable[[Floats, Floats, Mask], MarginTest]) -> MarginTest:
        """Return a test of the pairs, with missing scores replaced on each of its sides."""
        worst, best = self._worst_and_best()
        known, everything = self.known, np.ones(len(self.unit), dtype=bool)
        measured = test(_kept(self.baseline, known), _kept(self.candidate, known), known)
        if known.all():
            return measured
        return Imputed(
            worst=test(_filled(self.baseline, best), _filled(self.candidate, worst), everything),
            best=test(_filled(self.baseline, worst), _filled(self.candidate, best), everything),
            measured=measured,
        )

    def bound(self, *, least: bool) -> MarginTest:
        """Return the test of the candidate's mean alone.

        Args:
            least: Test the mean against a least value, which is −margin; otherwise its negative
                against the negative of a greatest value, which is the margin.
        """
        sign = 1.0 if least else -1.0

        def test(candidate: Floats, kept: Mask) -> MarginTest:
            return self._single(sign * candidate[kept], sign, kept)

        known = ~np.isnan(self.candidate)
        measured = test(self.candidate, known)
        if known.all():
            return measured
        bad, good = (self.low, self.high) if least else (self.high, self.low)
        everything = np.ones(len(self.unit), dtype=bool)
        return Imputed(
            worst=test(_filled(self.candidate, bad), everything),
            best=test(_filled(self.candidate, good), everything),
            measured=measured,
        )

    def unclipped_losses(self) -> BinaryRate:
        """Return the test of the share of questions whose loss does not exceed the clip."""
        kept = self.known
        loss = -self._oriented(self.baseline[kept], self.candidate[kept])
        within = loss <= (np.inf if self.clip is None else self.clip)
        return BinaryRate(int(within.sum()), len(loss))

    def losses_and_gains(self) -> tuple[int, int]:
        """Return on how many questions the candidate scores worse, and better."""
        kept = self.known
        difference = self._oriented(_kept(self.baseline, kept), _kept(self.candidate, kept))
        return int((difference < 0).sum()), int((difference > 0).sum())

    def _oriented(self, baseline: Floats, candidate: Floats) -> Floats:
        return (candidate - baseline) if self.higher_is_better else (baseline - candidate)

    def _worst_and_best(self) -> tuple[float, float]:
        return (self.low, self.high) if self.higher_is_better else (self.high, self.low)

    def _paired(
        self, baseline: Floats, candidate: Floats, kept: Mask, scale: float | None
    ) -> MarginTest:
        difference = self._oriented(baseline, candidate)
        if self.exact and scale is not None and scale > 0:
            return PairedRatio(
                losses=int((baseline > candidate).sum()),
                gains=int((candidate > baseline).sum()),
                both=int(((baseline == 1.0) & (candidate == 1.0)).sum()),
                n=len(baseline),
                scale=scale,
                higher_is_better=self.higher_is_better,
            )
        if self.exact:
            losses, gains = int((difference < 0).sum()), int((difference > 0).sum())
            return PairedBinary(losses, gains, len(difference))
        if self.clip is not None:
            difference = np.clip(difference, -self.clip, self.clip)
        return UnitT(
            sums=self._sums(difference, kept),
            sizes=self._sums(np.ones_like(difference), kept),
            low=-self.span,
            high=self.span,
            scale=None if scale is None else self._sums(baseline / scale, kept),
            corners=() if scale is None else self._corners(scale),
        )

    def _corners(self, scale: float) -> tuple[tuple[float, float], ...]:
        """Return the extremes of a question's difference with its baseline's score over a scale."""
        ends = (self.low, self.high)
        if self.clip is not None:
            return tuple((d, x / scale) for d, x in product((-self.clip, self.clip), ends))
        sign = 1.0 if self.higher_is_better else -1.0
        return tuple((sign * (y - x), x / scale) for x, y in product(ends, ends))

    def _single(self, values: Floats, sign: float, kept: Mask) -> MarginTest:
        if self.exact:
            return BinaryRate(int(np.abs(values).sum()), len(values), negated=sign < 0)
        ends = sorted((sign * self.low, sign * self.high))
        return UnitT(
            sums=self._sums(values, kept),
            sizes=self._sums(np.ones_like(values), kept),
            low=ends[0],
            high=ends[1],
        )

    def _sums(self, values: Floats, kept: Mask) -> Floats:
        """Return the weighted sum of each unit that has a kept question."""
        units, index = np.unique(self.unit[kept], return_inverse=True)
        sums = np.bincount(index, weights=values * self.weight[kept], minlength=len(units))
        return sums.astype(np.float64)


def paired_scores(
    baseline: Sequence[float | None] | Floats,
    candidate: Sequence[float | None] | Floats,
    *,
    clusters: Sequence[Hashable] | None = None,
    strata: Sequence[str] | None = None,
    low: float = 0.0,
    high: float = 1.0,
    higher_is_better: bool = True,
    binary: bool = True,
    clip: float | None = None,
) -> PairedScores:
    """Lay out two models' scores of the same questions.

    Args:
        baseline: The baseline's scores; ``None`` or NaN where one could not be measured.
        candidate: The candidate's scores of the same questions.
        clusters: For each question, its cluster; ``None`` where it stands alone. Questions of a
            cluster are not independent and make one unit together, whatever their strata.
        strata: For each question, its stratum. Every stratum then counts the same, however many
            questions it has; without strata every question counts the same.
        low: Least possible score.
        high: Greatest possible score.
        higher_is_better: Direction of the scores.
        binary: Whether scores are 0 or 1.
        clip: Difference beyond which a question counts no further.

    Raises:
        MeasurementError: If no question was measured on both sides.

    Example:
        >>> scores = paired_scores([1, 1, 0, None], [1, 0, 1, 1])
        >>> scores.losses_and_gains(), scores.difference().worst.losses
        ((1, 1), 1)
    """
    before, after = np.asarray(baseline, dtype=float), np.asarray(candidate, dtype=float)
    count = len(before)
    if not np.any(~(np.isnan(before) | np.isnan(after))):
        raise MeasurementError(f"none of {count} samples could be measured on both sides")
    codes: dict[Hashable, int] = {}
    unit = np.arange(count)
    if clusters is not None:
        # A question without a cluster gets a key that no cluster can have.
        keys = [(index,) if key is None else key for index, key in enumerate(clusters)]
        unit = np.array([codes.setdefault(key, len(codes)) for key in keys])
    weight: Floats = np.broadcast_to(1.0, count)  # a million ones in no memory
    if strata is not None:
        _, stratum, sizes = np.unique(list(strata), return_inverse=True, return_counts=True)
        weight = count / (len(sizes) * sizes[stratum].astype(float))
    return PairedScores(before, after, unit, weight, low, high, higher_is_better, binary, clip)


def _kept(values: Floats, kept: Mask) -> Floats:
    """Return the values of some questions, without a copy where these are all."""
    return values if kept.all() else values[kept]


def _filled(scores: Floats, value: float) -> Floats:
    return np.where(np.isnan(scores), value, scores)
