"""A margin relative to the baseline's true mean, where a detector or a judge saw the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
from scipy import special

from evalguard.stats.corrected import verdict_holds_up_to
from evalguard.stats.detector import DetectorError, beliefs
from evalguard.stats.margin import P_FLOOR, MarginTest

STEPS = 9  # of the specificity, between which the seen test's p-values are interpolated


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedRatio:
    """Tests of a true ratio, in terms of the margin that it stands for.

    True rates x and y are seen as Jx + c and Jy + c, with the rate c = 1 − Sp of false alarms. So y
    = x − ρx where the seen rates keep y − x + ρx = ρc: J drops out, and what is not known is c. The
    p-value is its mean over the confidence distribution of Sp, as in
    :class:`~evalguard.stats.Corrected`.

    Args:
        seen: The test of what was seen, its margin relative.
        moved: For a share ρ, the test of the seen difference + ρ times the baseline's seen score.
        error: How often the detector is right.
        baseline: The baseline's mean as seen.
        error_difference: Bound on how much error rates differ between the models' answers.
        hardens: Whether a verdict must hold for what was seen as well.

    References:
        W. J. Rogan and B. Gladen, Estimating prevalence from the results of a screening test,
        American Journal of Epidemiology 107:71-76, 1978.
    """

    seen: MarginTest
    moved: Callable[[float], MarginTest]
    error: DetectorError
    baseline: float
    error_difference: float = 0.0
    hardens: bool = False

    @property
    def estimate(self) -> float:
        """True θ behind the seen one."""
        return min(1.0, max(-1.0, self.seen.estimate / self.error.youden))

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin, a share of the baseline's estimated true mean."""
        return self._pvalue(margin, self.error_difference, passing=True)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._pvalue(margin, self.error_difference, passing=False)

    def standard_error(self, margin: float) -> float:
        """Return the standard error of the distance from the margin, the labels' own included."""
        share = self._share(margin)
        seen = self.moved(share).standard_error(-share * (1 - self.error.specificity))
        return float(np.hypot(seen, share * self.error.variances[1] ** 0.5)) / self.error.youden

    def holds_up_to(
        self, margin: float, alpha: float, alpha_pass: float | None = None
    ) -> float | None:
        """Return the greatest difference between error rates at which a verdict still holds."""
        return verdict_holds_up_to(self._pvalue, margin, self.error_difference, alpha, alpha_pass)

    def _share(self, margin: float) -> float:
        return margin / self.error.rate(self.baseline)

    def _pvalue(self, margin: float, bound: float, *, passing: bool) -> float:
        share = self._share(margin)
        sensitivity, specificity, weights = beliefs(
            *astuple(self.error),
            sensitivity_low=True,
            specificity_low=(share >= 0) is passing,  # a smaller margin makes PASS harder
        )
        test = self.moved(share)
        tested = test.p_pass if passing else test.p_fail
        bound = -bound if passing else bound
        known = np.linspace(specificity.min(), specificity.max(), STEPS)
        found = np.array([tested(share * (sp - 1) + bound) for sp in known.tolist()])
        scores = special.ndtri(np.clip(found, P_FLOOR, 1 - P_FLOOR))
        pvalues = special.ndtr(np.interp(specificity, known, scores))
        pvalues[sensitivity + specificity <= 1] = 1.0  # such a detector tells nothing
        pvalue = min(1.0, float(weights @ pvalues))
        if not self.hardens:
            return pvalue
        of_seen = self.seen.p_pass if passing else self.seen.p_fail
        return max(pvalue, of_seen(share * self.baseline))
