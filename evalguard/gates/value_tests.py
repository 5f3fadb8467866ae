"""Tests where single scores are not known: of a corpus metric, and of counts alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from evalguard.errors import MeasurementError, UsageError
from evalguard.records import CorpusValues, Metric
from evalguard.stats import GroupJackknife, MarginTest, PairedBinary


@dataclass(frozen=True, slots=True)
class CorpusTests:
    """Tests of one value for all samples together, by its jackknife groups.

    Attributes:
        corpus: The values of both models.
        metric: The corpus metric.
        sizes: Number of samples in each cluster.
    """

    corpus: CorpusValues
    metric: Metric
    sizes: tuple[int, ...]

    @property
    def span(self) -> float:
        """Greatest possible difference."""
        return self.metric.high - self.metric.low

    def difference(self, *, relative: bool = False) -> GroupJackknife:
        """Return the test of candidate − baseline; a relative margin moves with the groups."""
        corpus, sign = self.corpus, 1.0 if self.metric.higher_is_better else -1.0
        sides = zip(corpus.baseline_without, corpus.candidate_without, strict=True)
        scale = [x / corpus.baseline for x in corpus.baseline_without] if relative else None
        return GroupJackknife(
            full=sign * (corpus.candidate - corpus.baseline),
            partial=[sign * (after - before) for before, after in sides],
            sizes=self.sizes,
            low=-self.span,
            high=self.span,
            scale=scale,
            corners=self._corners(sign) if relative else (),
        )

    def _corners(self, sign: float) -> list[tuple[float, float]]:
        ends = (self.metric.low, self.metric.high)
        return [(sign * (y - x), x / self.corpus.baseline) for x, y in product(ends, ends)]

    def bound(self, *, least: bool) -> GroupJackknife:
        """Return the test of the candidate's value, or of its negative."""
        corpus, sign = self.corpus, 1.0 if least else -1.0
        without = [sign * value for value in corpus.candidate_without]
        low, high = sorted((sign * self.metric.low, sign * self.metric.high))
        return GroupJackknife(sign * corpus.candidate, without, self.sizes, low, high)

    def unclipped_losses(self) -> MarginTest:
        """Refuse: a corpus metric has no loss of a single sample.

        Raises:
            MeasurementError: Always.
        """
        raise MeasurementError(
            f"{self.metric.name} is a corpus metric, which has no losses per sample"
        )


@dataclass(frozen=True, slots=True)
class CountTests:
    """Tests of counts of losses and gains."""

    losses: int
    gains: int
    n: int

    def difference(self, *, relative: bool = False) -> PairedBinary:
        """Return the test of candidate − baseline.

        Raises:
            UsageError: If the margin is a share of the baseline's mean.
            DataError: If the counts do not fit each other.
        """
        if relative:
            raise needs_scores()
        return PairedBinary(self.losses, self.gains, self.n)

    def bound(self, *, least: bool) -> MarginTest:
        """Refuse: the candidate's mean is not known.

        Raises:
            UsageError: Always.
        """
        raise needs_scores()

    def unclipped_losses(self) -> MarginTest:
        """Refuse: the size of a loss is not known.

        Raises:
            UsageError: Always.
        """
        raise needs_scores()


def needs_scores() -> UsageError:
    """Return the error of a demand that counts say nothing of."""
    return UsageError(
        "counts of losses and gains do not determine the scores themselves; give a margin in "
        "pp, or the scores of both models"
    )
