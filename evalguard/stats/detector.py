"""From what an imperfect detector says to what is true: rates and their difference."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalguard.errors import DataError
from evalguard.stats.margin import ConfidenceInterval
from evalguard.stats.planning import quantile


@dataclass(frozen=True, slots=True)
class DetectorError:
    """How often a detector of refusals, say, is right, counted on labelled examples.

    With sensitivity Se and specificity Sp, a true rate π is seen as p = π·Se + (1 − π)·(1 − Sp),
    so π = (p + Sp − 1)/J with Youden's J = Se + Sp − 1, and a true difference is the seen one over
    J. That holds where the detector errs equally often on both models' answers, which nobody can
    know from the scores; hence the verdict rests on what was seen, and this stands beside it.

    Se and Sp are taken as (right + 1)/(examples + 2), and so is their variance, as Lang and
    Reiczigel do: a detector without an error on 40 examples is not known to be perfect.

    Args:
        hits: Positive examples that it found.
        positives: Positive examples.
        rejections: Negative examples that it passed over.
        negatives: Negative examples.

    Raises:
        DataError: If the detector is no better than a coin.

    References:
        W. J. Rogan and B. Gladen, Estimating prevalence from the results of a screening test,
        American Journal of Epidemiology 107:71-76, 1978.
        Z. Lang and J. Reiczigel, Confidence limits for prevalence of disease adjusted for estimated
        sensitivity and specificity, Preventive Veterinary Medicine 113:13-22, 2014.
        A. Donner and G. Zou, Closed-form confidence intervals for functions of the normal mean and
        standard deviation, Statistical Methods in Medical Research 21:347-359, 2012 (the interval
        recovers each side's variance from the limits of what was seen).

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
        if self.youden <= 0:
            raise DataError(
                f"a detector that finds {self.hits} of {self.positives} and passes over "
                f"{self.rejections} of {self.negatives} tells nothing"
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

    def rate(self, seen: float) -> float:
        """Return the true rate behind a seen one, within 0 and 1."""
        return min(1.0, max(0.0, (seen + self.specificity - 1) / self.youden))

    def difference(
        self, seen: float, limits: ConfidenceInterval, *, alpha: float
    ) -> tuple[float, ConfidenceInterval]:
        """Return the true difference behind a seen one, and its interval.

        Args:
            seen: Seen difference of two rates.
            limits: Its limits, each at level ``alpha``.
            alpha: Level of each limit.
        """
        estimate = seen / self.youden
        own = quantile(alpha) * abs(estimate) * math.sqrt(self._variance()) / self.youden
        low = estimate - math.hypot((seen - limits.low) / self.youden, own)
        high = estimate + math.hypot((limits.high - seen) / self.youden, own)
        return _within(estimate), ConfidenceInterval(_within(low), _within(high))

    def _variance(self) -> float:
        """Return the variance of J."""
        counts = ((self.sensitivity, self.positives), (self.specificity, self.negatives))
        return sum(share * (1 - share) / (n + 2) for share, n in counts)


def _within(difference: float) -> float:
    return min(1.0, max(-1.0, difference))
