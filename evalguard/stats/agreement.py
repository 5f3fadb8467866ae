"""Cohen's kappa: how far two people, or a judge and people, agree beyond chance."""

from __future__ import annotations

import math

from evalguard.errors import DataError
from evalguard.stats.margin import ConfidenceInterval
from evalguard.stats.planning import quantile


def cohen_kappa(
    hits: float, positives: int, rejections: float, negatives: int, *, alpha: float = 0.05
) -> tuple[float, ConfidenceInterval]:
    """Return kappa of a judge with labels of yes and no, and its two-sided interval.

    Kappa is (p_o - p_e)/(1 - p_e), with the share of agreement p_o and the share p_e that two
    judges of these rates would reach by chance.

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
        J. L. Fleiss, J. Cohen and B. S. Everitt, Large sample standard errors of kappa and weighted
        kappa, Psychological Bulletin 72:323-327, 1969, equation 13.

    Example:
        >>> value, ci = cohen_kappa(20, 25, 15, 25)  # Cohen's 2 x 2 textbook case
        >>> round(value, 2), round(ci.low, 2), round(ci.high, 2)
        (0.4, 0.15, 0.65)
    """
    if not positives or not negatives:
        raise DataError("the labelled answers hold one label only; label some the other way")
    n = positives + negatives
    yes_yes, no_no = hits / n, rejections / n
    yes_no, no_yes = (positives - hits) / n, (negatives - rejections) / n
    label, said = (positives / n, negatives / n), (yes_yes + no_yes, yes_no + no_no)
    observed = yes_yes + no_no
    chance = label[0] * said[0] + label[1] * said[1]
    kappa = (observed - chance) / (1 - chance)
    spread = 1 - kappa
    agree = sum(
        share * (1 - (label[i] + said[i]) * spread) ** 2 for i, share in enumerate((yes_yes, no_no))
    )
    # A cell of label i and verdict j counts with the share of verdict i and of label j.
    differ = spread**2 * (yes_no * (said[0] + label[1]) ** 2 + no_yes * (said[1] + label[0]) ** 2)
    variance = agree + differ - (kappa - chance * spread) ** 2
    half = quantile(alpha / 2) * math.sqrt(max(variance, 0.0) / n) / (1 - chance)
    return kappa, ConfidenceInterval(max(kappa - half, -1.0), min(kappa + half, 1.0))
