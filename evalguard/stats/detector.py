"""How often a detector or a judge is right, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evalguard.errors import DataError
from evalguard.stats.rate import clopper_pearson

Floats = NDArray[np.float64]

NODES = 33  # of each rate's distribution; a p-value of 0.05 changes by less than 1e-4 with more
REACH = 4.5  # normal deviates that they span, for the small levels of early looks


@dataclass(frozen=True, slots=True)
class DetectorError:
    """Sensitivity and specificity of a detector, counted on labelled examples.

    With sensitivity Se and specificity Sp, a true rate π is seen as π·Se + (1 − π)·(1 − Sp), and a
    true difference θ as J·θ with Youden's J = Se + Sp − 1, where the detector errs equally often on
    both models' answers.

    The point estimates are (right + 1)/(examples + 2), as of Lang and Reiczigel. What is known of a
    rate is its confidence distribution, whose quantiles are the limits of Clopper and Pearson:
    Beta(right, wrong + 1) of the lower ones, Beta(right + 1, wrong) of the upper ones. By these, a
    detector without an error on 20 examples is not known to be perfect.

    Args:
        hits: Positive examples that it found.
        positives: Positive examples.
        rejections: Negative examples that it passed over.
        negatives: Negative examples.

    Raises:
        DataError: If the counts do not fit each other, or the detector is no better than a coin.

    References:
        W. J. Rogan and B. Gladen, Estimating prevalence from the results of a screening test,
        American Journal of Epidemiology 107:71-76, 1978.
        Z. Lang and J. Reiczigel, Confidence limits for prevalence of disease adjusted for estimated
        sensitivity and specificity, Preventive Veterinary Medicine 113:13-22, 2014.
        M. Xie and K. Singh, Confidence distribution, the frequentist distribution estimator of a
        parameter: a review, International Statistical Review 81:3-39, 2013.

    Example:
        >>> detector = DetectorError(hits=88, positives=98, rejections=94, negatives=98)
        >>> round(detector.sensitivity, 2), round(detector.specificity, 2)
        (0.89, 0.95)
        >>> round(detector.rate(0.89), 3), round(detector.rate(0.05), 3)
        (1.0, 0.0)
    """

    hits: int
    positives: int
    rejections: int
    negatives: int

    def __post_init__(self) -> None:
        if not (0 <= self.hits <= self.positives and 0 <= self.rejections <= self.negatives):
            raise DataError(
                f"{self.hits} of {self.positives} and {self.rejections} of {self.negatives}: "
                "expected 0 ≤ right ≤ examples"
            )
        if self.youden <= 0:
            raise DataError(
                f"a detector that finds {self.hits} of {self.positives} and passes over "
                f"{self.rejections} of {self.negatives} carries no information"
            )

    @property
    def sensitivity(self) -> float:
        """Probability that a positive is found."""
        return (self.hits + 1) / (self.positives + 2)

    @property
    def specificity(self) -> float:
        """Probability that a negative is passed over."""
        return (self.rejections + 1) / (self.negatives + 2)

    @property
    def youden(self) -> float:
        """Youden's J, by which a difference shrinks."""
        return self.sensitivity + self.specificity - 1

    @property
    def variances(self) -> tuple[float, float]:
        """Variance of the sensitivity and of the specificity."""
        counts = ((self.sensitivity, self.positives), (self.specificity, self.negatives))
        sensitivity, specificity = (rate * (1 - rate) / (n + 3) for rate, n in counts)
        return sensitivity, specificity

    def rate(self, seen: float) -> float:
        """Return the true rate behind a seen one, within 0 and 1."""
        return min(1.0, max(0.0, (seen + self.specificity - 1) / self.youden))


def beliefs(
    hits: float,
    positives: float,
    rejections: float,
    negatives: float,
    *,
    sensitivity_low: bool,
    specificity_low: bool,
) -> tuple[Floats, Floats, Floats]:
    """Return what counts tell of sensitivity and specificity, as values with weights.

    Args:
        hits: Positive examples that were found.
        positives: Positive examples.
        rejections: Negative examples that were passed over.
        negatives: Negative examples.
        sensitivity_low: Whether by the lower limits of the sensitivity, else by the upper ones.
        specificity_low: The same of the specificity.

    Returns:
        Sensitivities, specificities, and weights that sum to 1, each of shape ``(NODES ** 2,)``.
    """
    deviates = np.linspace(-REACH, REACH, NODES)
    shares, weights = special.ndtr(deviates), np.exp(-(deviates**2) / 2)
    weights /= weights.sum()
    first = clopper_pearson(hits, positives, shares, low=sensitivity_low)
    second = clopper_pearson(rejections, negatives, shares, low=specificity_low)
    return np.repeat(first, NODES), np.tile(second, NODES), np.outer(weights, weights).ravel()
