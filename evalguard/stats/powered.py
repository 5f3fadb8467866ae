"""Tests of what is true, by labels of a random part of both models' answers: prediction-powered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from evalguard.errors import DataError, MeasurementError
from evalguard.stats.margin import Imputed, MarginTest
from evalguard.stats.scores import PairedScores
from evalguard.stats.units import UnitT

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_DRAWN = 10
"""Fewer labelled questions than this decide nothing."""

FOLDS = 5  # of the units, on the other four of which λ is tuned


@dataclass(frozen=True, slots=True, eq=False)
class PredictionPowered:
    """A judge's scores of all answers, corrected by people's labels of some questions' answers.

    Of N questions, n were drawn at random, and people labelled the answers of both models. With the
    judge's scores F and the labels Y, or their differences, the estimate is the mean of Y − λF over
    the drawn plus λ times the mean of F over all. It is unbiased whatever errors the judge makes on
    either model, and however many; a good judge only makes it precise. λ is tuned for the least
    variance on the labels of other questions; 0 leaves the judge out.

    The test is :class:`~evalguard.stats.UnitT` of the drawn questions, with values that have this
    mean and its variance. So n labels tell no more about rare errors of the judge than n questions
    do about rare losses: without any error among them, PASS takes ⌈ln α/ln(1 − δ)⌉ drawn
    questions. A question that was drawn and has no label counts against PASS with the worst one,
    and against FAIL with the best.

    Args:
        scores: What the judge saw, of all questions.
        labels: People's labels of the baseline's and of the candidate's answers, as scores; NaN
            where there is none. Shape ``(N, 2)``.
        drawn: Which questions were drawn, independently of any answer. Shape ``(N,)``.

    Raises:
        DataError: If the shapes differ.
        MeasurementError: If fewer than ten questions were drawn, scored and labelled.

    References:
        A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan and T. Zrnic, Prediction-powered
        inference, Science 382:669-674, 2023.
        A. N. Angelopoulos, J. C. Duchi and T. Zrnic, PPI++: efficient prediction-powered inference,
        arXiv:2311.01453, 2023 (power tuning).

    Example:
        >>> from evalguard.stats import paired_scores
        >>> seen = paired_scores([1.0] * 300, [1.0] * 300)
        >>> labels, drawn = np.ones((300, 2)), np.arange(300) < 100
        >>> labels[:4, 1] = 0.0  # four losses that the judge did not see
        >>> test = PredictionPowered(seen, labels, drawn).difference()
        >>> round(test.estimate, 3), round(test.p_pass(0.1), 2)
        (-0.04, 0.03)
    """

    scores: PairedScores
    labels: Floats
    drawn: Mask

    def __post_init__(self) -> None:
        n = len(self.scores.unit)
        if self.labels.shape != (n, 2) or self.drawn.shape != (n,):
            raise DataError(
                f"expected labels of shape {(n, 2)} and drawn of {(n,)}; "
                f"got {self.labels.shape} and {self.drawn.shape}"
            )
        found = int((self.drawn & self._known).sum())
        if found < FEWEST_DRAWN:
            raise MeasurementError(
                f"both answers to {found} of the questions drawn for labels have been scored and "
                f"labelled, and {FEWEST_DRAWN} are needed"
            )

    @property
    def means(self) -> tuple[float, float]:
        """True mean of the baseline and of the candidate, estimated."""
        seen, labels = self._filled(None)
        tuned, low, high = self._tuned(_differences), self.scores.low, self.scores.high
        baseline, candidate = (
            self._of_drawn(seen[:, arm], labels[:, arm], tuned, self._known)[0] for arm in (0, 1)
        )
        return min(high, max(low, baseline)), min(high, max(low, candidate))

    def difference(self, *, relative: bool = False) -> MarginTest:
        """Return the test of candidate − baseline, higher being better.

        Args:
            relative: Let the margin move with the baseline: the margin that is passed to the
                test is a share of the baseline's true mean, times that mean.
        """
        scores, tuned = self.scores, self._tuned(_differences)
        sign = 1.0 if scores.higher_is_better else -1.0
        ends = (scores.low, scores.high)[:: int(sign)]

        def test(fill: tuple[float, float] | None, kept: Mask) -> MarginTest:
            seen, labels = self._filled(fill)
            both = sign * _differences(seen), sign * _differences(labels)
            mean, values = self._of_drawn(*both, tuned, kept)
            limits = self._ends(both[0], tuned, kept, (-scores.span, scores.span))
            if not relative:
                return self._unit_test(mean + values, kept, limits)
            baseline, moved = self._of_drawn(seen[:, 0], labels[:, 0], tuned, kept)
            of_baseline = self._ends(seen[:, 0], tuned, kept, (scores.low, scores.high))
            return self._unit_test(
                mean + values,
                kept,
                limits,
                scale=(baseline + moved) / baseline,
                corners=[(d, x / baseline) for d, x in product(limits, of_baseline)],
            )

        return self._imputed(test, (ends[1], ends[0]))

    def bound(self, *, least: bool) -> MarginTest:
        """Return the test of the candidate's true mean alone.

        Args:
            least: Test the mean against a least value, which is −margin; otherwise its negative
                against the negative of a greatest value, which is the margin.
        """
        sign, tuned = (1.0 if least else -1.0), self._tuned(lambda pairs: pairs[:, 1])
        low, high = self.scores.low, self.scores.high

        def test(fill: tuple[float, float] | None, kept: Mask) -> MarginTest:
            seen, labels = self._filled(fill)
            mean, values = self._of_drawn(seen[:, 1], labels[:, 1], tuned, kept)
            low_end, high_end = self._ends(seen[:, 1], tuned, kept, (low, high))
            limits = (low_end, high_end) if least else (-high_end, -low_end)
            return self._unit_test(sign * (mean + values), kept, limits)

        return self._imputed(test, (high, low) if least else (low, high))

    def unclipped_losses(self) -> MarginTest:
        """Return the test of the share of questions whose loss does not exceed the clip."""
        return self.scores.unclipped_losses()

    @property
    def _seen(self) -> Floats:
        return np.column_stack([self.scores.baseline, self.scores.candidate])

    @property
    def _known(self) -> Mask:
        """Which questions are scored on both sides and, where drawn, labelled on both."""
        labelled = ~np.isnan(self.labels).any(axis=1)
        return np.asarray(self.scores.known & (labelled | ~self.drawn))

    def _filled(self, fill: tuple[float, float] | None) -> tuple[Floats, Floats]:
        """Return scores and labels, where missing replaced by a score of each arm."""
        seen, labels = self._seen, self.labels
        if fill is None:
            return seen, labels
        return np.where(np.isnan(seen), fill, seen), np.where(np.isnan(labels), fill, labels)

    def _tuned(self, of: Callable[[Floats], Floats]) -> Floats:
        """Return the λ of least variance of each drawn question, within 0 and 1: cov(Y, F)/var(F).

        It is tuned on the units of other folds, so that the estimate stays unbiased.
        """
        labelled = self._known & self.drawn
        seen, fold = of(self._seen), self.scores.unit % FOLDS
        spread = float(np.var(seen[self.scores.known]))
        tuned = np.ones(len(seen))
        for index in range(FOLDS if spread > 0.0 else 0):
            others = labelled & (fold != index)
            of_seen, of_labels = seen[others], of(self.labels[others])
            shared = float(np.mean((of_seen - of_seen.mean()) * of_labels)) if others.any() else 0.0
            tuned[fold == index] = min(1.0, max(0.0, shared / spread))
        return tuned

    def _of_drawn(
        self, seen: Floats, labels: Floats, tuned: Floats, kept: Mask
    ) -> tuple[float, Floats]:
        """Return the estimate, and the drawn questions' deviations, which have its variance.

        The variance is that of the mean of Y − λF over the drawn and that of the mean of F over
        all, each of sums over units. The second is put into the deviations as those of F among the
        drawn, scaled to it.
        """
        scores, chosen = self.scores, kept & self.drawn
        weight, drawn = scores.weight[chosen], self.drawn[kept]
        errors = labels[chosen] - tuned[chosen] * seen[chosen]
        factor = float(np.average(tuned[chosen], weights=weight))
        mean = float(np.average(seen[kept], weights=scores.weight[kept]))
        estimate = float(np.average(errors, weights=weight)) + factor * mean
        of_drawn = factor * (seen[chosen] - np.average(seen[chosen], weights=weight))
        wanted = _variance(factor * (seen[kept] - mean), scores.weight[kept], scores.unit[kept])
        present = _variance(of_drawn, weight, scores.unit[chosen])
        if present > 0.0 and not drawn.all():
            of_drawn *= np.sqrt(wanted / present)
        return estimate, errors - np.average(errors, weights=weight) + of_drawn

    def _ends(
        self, seen: Floats, tuned: Floats, kept: Mask, ends: tuple[float, float]
    ) -> tuple[float, float]:
        """Return the limits of what one drawn question may say of the mean, by Y − λF + λF̄.

        A question that the judge takes for a gain and people for a loss counts more than a loss: it
        also raised the mean of what the judge saw.
        """
        known, factor = seen[kept], float(tuned[kept & self.drawn].max())
        mean = float(np.average(known, weights=self.scores.weight[kept]))
        low, high = ends
        return low - factor * (float(known.max()) - mean), high + factor * (
            mean - float(known.min())
        )

    def _unit_test(
        self,
        values: Floats,
        kept: Mask,
        limits: tuple[float, float],
        *,
        scale: Floats | None = None,
        corners: Sequence[tuple[float, float]] = (),
    ) -> UnitT:
        chosen = kept & self.drawn
        _, unit = np.unique(self.scores.unit[chosen], return_inverse=True)
        weight = self.scores.weight[chosen]

        def summed(of: Floats) -> Floats:
            return np.bincount(unit, weights=of * weight).astype(np.float64)

        return UnitT(
            sums=summed(values),
            sizes=summed(np.ones_like(values)),
            low=limits[0],
            high=limits[1],
            scale=None if scale is None else summed(scale),
            corners=corners,
        )

    def _imputed(
        self,
        test: Callable[[tuple[float, float] | None, Mask], MarginTest],
        worst: tuple[float, float],
    ) -> MarginTest:
        known, everything = self._known, np.ones(len(self.drawn), dtype=bool)
        measured = test(None, known)
        if known.all():
            return measured
        best = worst[1], worst[0]
        return Imputed(test(worst, everything), test(best, everything), measured)


def _differences(pairs: Floats) -> Floats:
    return np.asarray(pairs[:, 1] - pairs[:, 0])


def _variance(centred: Floats, weight: Floats, unit: NDArray[np.intp]) -> float:
    """Return the variance of a weighted mean of centred values that depend within units."""
    sums = np.bincount(unit, weights=weight * centred)
    return float(np.sum(sums**2) / weight.sum() ** 2)
