"""Cohen's kappa: how far two people, or a judge and people, agree beyond chance."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from evalguard.errors import DataError
from evalguard.stats.detector import beliefs
from evalguard.stats.margin import ConfidenceInterval

Rate = TypeVar("Rate", float, NDArray[np.float64])


def cohen_kappa(
    hits: float, positives: float, rejections: float, negatives: float, *, alpha: float = 0.05
) -> tuple[float, ConfidenceInterval]:
    """Return kappa of a judge with labels of yes and no, and its two-sided interval.

    Kappa is (p_o - p_e)/(1 - p_e), with the share of agreement p_o and the share p_e that two
    judges of these rates would reach by chance. It rises with the judge's sensitivity and
    specificity, and its limits are quantiles over what is known of these: the lower limits of
    Clopper and Pearson for the lower one, the upper for the upper. So a judge without an error on
    ten labels of either kind has an interval, too, unlike with the large-sample standard error of
    Fleiss, Cohen and Everitt (1969).

    Args:
        hits: Answers labelled yes to which the judge says yes.
        positives: Answers labelled yes.
        rejections: Answers labelled no to which the judge says no.
        negatives: Answers labelled no.
        alpha: 1 - confidence.

    Raises:
        DataError: If only one label occurs, where nothing can be said of agreement.

    References:
        J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
        Measurement 20:37-46, 1960.
        C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the
        case of the binomial, Biometrika 26:404-413, 1934.

    Example:
        >>> value, ci = cohen_kappa(20, 25, 15, 25)  # Cohen's 2 x 2 textbook case
        >>> round(value, 2), round(ci.low, 2), round(ci.high, 2)
        (0.4, 0.09, 0.64)
        >>> value, ci = cohen_kappa(10, 10, 10, 10)
        >>> round(value, 2), round(ci.low, 2), round(ci.high, 2)
        (1.0, 0.53, 1.0)
    """
    if not positives or not negatives:
        raise DataError("all labelled answers have the same label; label some with the other")
    share = positives / (positives + negatives)
    limits = []
    for low in (True, False):
        sensitivity, specificity, weights = beliefs(
            hits, positives, rejections, negatives, sensitivity_low=low, specificity_low=low
        )
        kappas = _kappa(share, sensitivity, specificity)
        order = np.argsort(kappas)
        below = np.cumsum(weights[order]) - weights[order] / 2
        limits.append(float(np.interp(alpha / 2 if low else 1 - alpha / 2, below, kappas[order])))
    kappa = _kappa(share, hits / positives, rejections / negatives)
    return kappa, ConfidenceInterval(*limits)


def _kappa(share: float, sensitivity: Rate, specificity: Rate) -> Rate:
    """Return kappa from both rates and the share of answers labelled yes."""
    said = share * sensitivity + (1 - share) * (1 - specificity)
    observed = share * sensitivity + (1 - share) * specificity
    chance = share * said + (1 - share) * (1 - said)
    return (observed - chance) / (1 - chance)
