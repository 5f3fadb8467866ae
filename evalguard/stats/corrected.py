"""Tests of what is true, where a detector or a judge saw the scores: Rogan and Gladen's correction.

The labelled answers need not be those of the two models. Where answers drawn from both are
labelled, :mod:`evalguard.stats.powered` assumes less.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, dataclass, field

import numpy as np
from scipy import optimize, special

from evalguard.stats.detector import DetectorError, Floats, beliefs
from evalguard.stats.margin import P_FLOOR, MarginTest

FINEST = 0.002  # step in the margin below which the seen test's p-values are interpolated


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """Tests of a true difference, or of one arm's true rate, from the test of what was seen.

    A true difference of −δ is seen as −Jδ, so that θ ≤ −δ is tested as a seen difference of at most
    −Jδ. J is not known but estimated on labels, and the p-value is its mean over the confidence
    distribution of sensitivity and specificity, on the side that makes it larger. With normal
    estimates that is exactly Fieller's test; with few labels it keeps the distribution's tails. The
    interval follows by inversion, as of every other test.

    Args:
        seen: The test of what was seen, of scores of 0 and 1.
        error: How often the detector is right.
        error_difference: Bound on how much its error rates may differ between the two models'
            answers, or from those on the labelled ones. It moves the seen difference by no more.
        arm: 0 for a difference; for one arm's rate 1, and −1 for its negative.
        hardens: Whether a verdict must hold for what was seen as well, because the labels are of
            answers by other models.

    References:
        E. C. Fieller, Some problems in interval estimation, Journal of the Royal Statistical
        Society B 16:175-185, 1954.
        S. Weerahandi, Generalized confidence intervals, JASA 88:899-905, 1993 (p-values as means
        over what is known of a nuisance parameter).

    Example:
        >>> from evalguard.stats import PairedBinary
        >>> seen = PairedBinary(losses=30, gains=20, n=500)
        >>> judge = DetectorError(hits=95, positives=100, rejections=95, negatives=100)
        >>> test = Corrected(seen, judge)
        >>> round(seen.estimate, 4), round(test.estimate, 4)
        (-0.02, -0.0227)
        >>> round(seen.p_pass(0.05), 3), round(test.p_pass(0.05), 3)
        (0.021, 0.051)
    """

    seen: MarginTest
    error: DetectorError
    error_difference: float = 0.0
    arm: int = 0
    hardens: bool = False
    _known: dict[tuple[bool, float], float] = field(init=False, repr=False, default_factory=dict)

    @property
    def estimate(self) -> float:
        """True θ behind the seen one."""
        error = self.error
        value = (self.seen.estimate + self.arm * (error.specificity - 1)) / error.youden
        low, high = (-1.0, 1.0) if not self.arm else sorted((0.0, float(self.arm)))
        return min(high, max(low, value))

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self._pvalue(margin, self.error_difference, passing=True)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._pvalue(margin, self.error_difference, passing=False)

    def standard_error(self, margin: float) -> float:
        """Return the standard error of the estimate, the labels' own included."""
        seen = self.seen.standard_error(self._seen_margin(margin)) / self.error.youden
        return math.hypot(seen, self.label_error(margin))

    def label_error(self, margin: float) -> float:
        """Return the part of the standard error that no further question removes."""
        sensitivity, specificity = self.error.variances
        variance = margin**2 * sensitivity + (self.arm + margin) ** 2 * specificity
        return math.sqrt(variance) / self.error.youden

    def holds_up_to(
        self, margin: float, alpha: float, alpha_pass: float | None = None
    ) -> float | None:
        """Return the greatest difference between error rates at which a verdict still holds.

        Args:
            margin: Margin of the verdict.
            alpha: Level of FAIL.
            alpha_pass: Level of PASS; ``alpha`` if omitted.

        Returns:
            A bound of which the declared one is one value; ``None`` without a verdict.
        """
        return verdict_holds_up_to(self._pvalue, margin, self.error_difference, alpha, alpha_pass)

    def _seen_margin(self, margin: float) -> float:
        """Return the margin of what is seen that belongs to one of what is true."""
        error = self.error
        return margin * error.sensitivity + (self.arm + margin) * (error.specificity - 1)

    def _pvalue(self, margin: float, bound: float, *, passing: bool) -> float:
        # A smaller margin of what is seen makes PASS harder, a greater one FAIL.
        sensitivity, specificity, weights = beliefs(
            *astuple(self.error),
            sensitivity_low=(margin >= 0) is passing,
            specificity_low=(self.arm + margin >= 0) is passing,
        )
        seen = margin * sensitivity + (self.arm + margin) * (specificity - 1)
        seen = np.clip(seen - bound if passing else seen + bound, -1.0, 1.0)
        pvalues = special.ndtr(self._deviates(seen, passing=passing))
        pvalues[sensitivity + specificity <= 1] = 1.0  # such a detector tells nothing
        found = min(1.0, float(weights @ pvalues))
        if not self.hardens:
            return found
        return max(found, self._of(passing)(margin))

    def _deviates(self, margins: Floats, *, passing: bool) -> Floats:
        """Return the seen test's p-values on the normal scale.

        There they are close to linear in the margin, and are interpolated between steps of half a
        standard error.
        """
        step = max(self.seen.standard_error(0.0) / 2, FINEST)
        first, last = math.floor(margins.min() / step), math.ceil(margins.max() / step)
        grid = np.clip(np.arange(first, last + 1) * step, -1.0, 1.0)
        return np.interp(margins, grid, [self._deviate(float(at), passing) for at in grid])

    def _deviate(self, margin: float, passing: bool) -> float:
        key = (passing, margin)
        if key not in self._known:
            pvalue = self._of(passing)(margin)
            self._known[key] = float(special.ndtri(min(max(pvalue, P_FLOOR), 1 - P_FLOOR)))
        return self._known[key]

    def _of(self, passing: bool) -> Callable[[float], float]:
        return self.seen.p_pass if passing else self.seen.p_fail


def verdict_holds_up_to(
    pvalue: Callable[..., float],
    margin: float,
    declared: float,
    alpha: float,
    alpha_pass: float | None = None,
) -> float | None:
    """Return the greatest difference between error rates at which a verdict still holds.

    Args:
        pvalue: Of a margin, a bound on that difference, and whether PASS is tested (``passing``).
        margin: Margin of the verdict.
        declared: The bound that it was given by.
        alpha: Level of FAIL.
        alpha_pass: Level of PASS; ``alpha`` if omitted.

    Returns:
        A bound; ``None`` without a verdict.
    """
    for passing in (True, False):
        level = alpha if alpha_pass is None or not passing else alpha_pass

        def surplus(bound: float, passing: bool = passing, level: float = level) -> float:
            return pvalue(margin, bound, passing=passing) - level

        if surplus(declared) <= 0:
            if surplus(1.0) <= 0:
                return 1.0
            return float(optimize.brentq(surplus, declared, 1.0, xtol=1e-4))
    return None
