"""The tests of what is true, where a judge or rules that err have scored the answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalguard.errors import DataError, MeasurementError
from evalguard.records import Comparison
from evalguard.stats import (
    Corrected,
    CorrectedRatio,
    DetectorError,
    Imputed,
    MarginTest,
    PairedScores,
    PredictionPowered,
)

MISSING_LABELS_ALLOWED = 0.05
"""Share of the drawn questions that may lack a label; they count against either verdict."""


@dataclass(frozen=True, slots=True)
class CorrectedTests:
    """Tests of true rates, by how often the judge or the rules are right on labelled answers.

    Attributes:
        scores: What was seen.
        error: How often that is right.
        error_difference: Bound on how differently on the two models' answers.
        hardens: Whether a verdict must hold for what was seen as well.
    """

    scores: PairedScores
    error: DetectorError
    error_difference: float
    hardens: bool

    @property
    def means(self) -> tuple[float, float]:
        """True rate of the baseline and of the candidate, estimated."""
        baseline, candidate = map(self.error.rate, self.scores.means)
        return baseline, candidate

    def difference(self, *, relative: bool = False) -> MarginTest:
        """Return the test of candidate − baseline, higher being better."""
        seen = self.scores.difference(relative=relative)
        if not relative:
            return self._of(seen)
        return CorrectedRatio(
            seen,
            self.scores.moved,
            self.error,
            self.scores.means[0],
            self.error_difference,
            self.hardens,
        )

    def bound(self, *, least: bool) -> MarginTest:
        """Return the test of the candidate's rate alone."""
        return self._of(self.scores.bound(least=least), arm=1 if least else -1)

    def unclipped_losses(self) -> MarginTest:
        """Return the test of the losses within the clip, which rates do not have."""
        return self.scores.unclipped_losses()

    def _of(self, seen: MarginTest, arm: int = 0) -> MarginTest:
        if isinstance(seen, Imputed):
            return Imputed(*(self._of(one, arm) for one in (seen.worst, seen.best, seen.measured)))
        return Corrected(seen, self.error, self.error_difference, arm=arm, hardens=self.hardens)


def true_tests(
    comparison: Comparison, scores: PairedScores
) -> PairedScores | PredictionPowered | CorrectedTests:
    """Return the tests of what is true of a comparison: of the scores themselves, if they are.

    Raises:
        MeasurementError: If too few of the questions drawn for labels have any, the detector is no
            better than a coin, or the gate bounds errors of which nothing is known.
    """
    gate, rates = comparison.gate, comparison.metric.detector
    if comparison.labels:
        return _powered(comparison, scores)
    if rates is not None:
        try:
            error = DetectorError(rates.hits, rates.positives, rates.rejections, rates.negatives)
        except DataError as problem:
            raise MeasurementError(f"{gate.suite}/{gate.metric}: {problem}") from problem
        return CorrectedTests(
            scores,
            error,
            gate.error_difference,
            hardens=not rates.own,
        )
    if gate.error_difference:
        raise MeasurementError(
            f"{gate.suite}/{gate.metric}: 'error_difference' bounds the errors of a judge or of "
            "rules whose error rates are known, and no such rates are known for this metric; "
            "remove it"
        )
    return scores


def _powered(comparison: Comparison, scores: PairedScores) -> PredictionPowered:
    """Return the tests by labels of the drawn questions."""
    gate, found = comparison.gate, comparison.labels
    drawn = np.array([one is not None for one in found])
    labels = np.array([(None, None) if one is None else one for one in found], dtype=float)
    lacking = int(np.isnan(labels[drawn]).any(axis=1).sum())
    if lacking > MISSING_LABELS_ALLOWED * drawn.sum():
        raise MeasurementError(
            f"{gate.suite}/{gate.metric}: of the {drawn.sum()} questions drawn for labels, "
            f"{lacking} lack the label of an answer. Label the present answers: "
            f"evalguard label {gate.suite}"
        )
    return PredictionPowered(scores, labels, drawn)
