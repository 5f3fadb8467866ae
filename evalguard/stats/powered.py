"""Tests of what is true, by labels of a random part of both models' answers: prediction-powered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalguard.errors import DataError, MeasurementError
from evalguard.stats.margin import Imputed, MarginTest
from evalguard.stats.scores import PairedScores

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_DRAWN = 10
"""Fewer labelled questions than this decide nothing."""

FOLDS = 5  # of the units, on the other four of which λ is tuned


@dataclass(frozen=True, slots=True, eq=False)
class PredictionPowered:
    """A judge's scores of all answers, corrected by people's labels of some questions' answers.

    Of N questions, n were drawn at random, and people labelled the answers of both models. Each
    question then counts as λF + (N/n)·1{drawn}·(Y − λF), with the judge's score F and the label Y,
    or their differences. The mean of these is unbiased whatever errors the judge makes on either
    model, and however many; a good judge only makes it precise. λ is tuned for the least variance
    on the labels of other questions; 0 leaves the judge out.

    The values go into :class:`~evalguard.stats.UnitT` with N/n as the weight of the heaviest
    question. So n labels know no more of rare errors of the judge than n questions do of rare
    losses: without any error among them, PASS takes ⌈ln α/ln(1 − δ)⌉ drawn questions. A question
    that was drawn and has no label counts against PASS with the worst one, and against FAIL with
    the best.

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
        low, high = self.scores.low, self.scores.high
        measured = self._powered(self._tuned(_differences), *self._filled(None), self._known)
        baseline, candidate = measured.means
        return min(high, max(low, baseline)), min(high, max(low, candidate))

    def difference(self, *, relative: bool = False) -> MarginTest:
        """Return the test of candidate − baseline, higher being better.

        Args:
            relative: Let the margin move with the baseline: the margin that is passed to the
                test is a share of the baseline's true mean, times that mean.
        """
        worst, best = self.scores.worst_and_best
        return self._imputed(
            self._tuned(_differences),
            lambda scores: scores.difference(relative=relative),
            (best, worst),
        )

    def bound(self, *, least: bool) -> MarginTest:
        """Return the test of the candidate's true mean alone.

        Args:
            least: Test the mean against a least value, which is −margin; otherwise its negative
                against the negative of a greatest value, which is the margin.
        """
        low, high = self.scores.low, self.scores.high
        return self._imputed(
            self._tuned(lambda pairs: pairs[:, 1]),
            lambda scores: scores.bound(least=least),
            (high, low) if least else (low, high),
        )

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

    def _tuned(self, of: Callable[[Floats], Floats]) -> Floats:
        """Return the λ of least variance of each question, within 0 and 1: cov(Y, F)/var(F).

        It is tuned on the units of other folds, so that the estimate stays unbiased; questions that
        were not drawn have the mean of the drawn ones.
        """
        labelled = self._known & self.drawn
        seen, fold = of(self._seen), self.scores.unit % FOLDS
        spread = float(np.var(seen[self.scores.known]))
        tuned = np.ones(len(seen))
        if spread <= 0.0:
            return tuned
        for index in range(FOLDS):
            others = labelled & (fold != index)
            of_seen, of_labels = seen[others], of(self.labels[others])
            shared = float(np.mean((of_seen - of_seen.mean()) * of_labels)) if others.any() else 0.0
            tuned[fold == index] = min(1.0, max(0.0, shared / spread))
        tuned[~self.drawn] = tuned[labelled].mean()
        return tuned

    def _filled(self, fill: tuple[float, float] | None) -> tuple[Floats, Floats]:
        """Return scores and labels, where missing replaced by a score of each arm."""
        seen, labels = self._seen, self.labels
        if fill is None:
            return seen, labels
        return np.where(np.isnan(seen), fill, seen), np.where(np.isnan(labels), fill, labels)

    def _powered(self, tuned: Floats, seen: Floats, labels: Floats, kept: Mask) -> PairedScores:
        """Return what each kept question counts for."""
        seen, labels, tuned = seen[kept], labels[kept], tuned[kept]
        drawn = self.drawn[kept]
        inflation = len(drawn) / int(drawn.sum())
        values = tuned[drawn].mean() * seen
        values[drawn] += inflation * (labels[drawn] - tuned[drawn, None] * seen[drawn])
        return replace(
            self.scores,
            baseline=values[:, 0],
            candidate=values[:, 1],
            unit=self.scores.unit[kept],
            weight=self.scores.weight[kept],
            binary=False,
            heaviest=inflation,
        )

    def _imputed(
        self,
        tuned: Floats,
        test: Callable[[PairedScores], MarginTest],
        worst: tuple[float, float],
    ) -> MarginTest:
        known, everything = self._known, np.ones(len(self.drawn), dtype=bool)
        measured = test(self._powered(tuned, *self._filled(None), known))
        if known.all():
            return measured
        best = worst[1], worst[0]
        return Imputed(
            worst=test(self._powered(tuned, *self._filled(worst), everything)),
            best=test(self._powered(tuned, *self._filled(best), everything)),
            measured=measured,
        )


def _differences(pairs: Floats) -> Floats:
    return np.asarray(pairs[:, 1] - pairs[:, 0])
