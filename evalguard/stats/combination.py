"""One test of several stages, each on samples of its own, with weights fixed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evalguard.errors import DataError
from evalguard.stats.margin import MarginTest, normal_score


def combined_pvalue(pvalues: Sequence[float], weights: Sequence[float]) -> float:
    """Return the inverse-normal combination of one-sided p-values of independent samples.

    Its level holds whatever the size of a later stage was made to depend on, as long as the weights
    do not depend on it.

    Args:
        pvalues: One for each stage. Shape ``(stages,)``.
        weights: Share of the information of each stage, fixed before its samples are seen: 1 for a
            whole stage, the share of its samples for one that is under way. Shape ``(stages,)``.

    Raises:
        DataError: If there is no stage, a weight is not above 0, or a p-value lies outside 0…1.

    References:
        W. Lehmacher and G. Wassmer, Adaptive sample size calculations in group sequential trials,
        Biometrics 55:1286-1290, 1999.

    Example:
        >>> round(combined_pvalue([0.1, 0.1], [1, 1]), 4)
        0.035
        >>> round(combined_pvalue([0.1], [1]), 4)
        0.1
    """
    p, w = np.asarray(pvalues, dtype=float), np.asarray(weights, dtype=float)
    if not len(p) or p.shape != w.shape or not (w > 0).all() or not ((p >= 0) & (p <= 1)).all():
        raise DataError(f"p-values {pvalues} with weights {weights}: expected 0…1, and one above 0")
    scores = np.array([normal_score(one) for one in p])
    return float(special.ndtr(-np.sum(np.sqrt(w) * scores) / np.sqrt(w.sum())))


def conditional_level(pvalue: float, stages: int, level: float) -> float:
    """Return the level at which the samples of a further stage alone would reject.

    Args:
        pvalue: Combined p-value of the stages so far.
        stages: Their number; the further one has the weight of each of them.
        level: Level of the combined p-value at the end of the further stage.

    Example:
        >>> further = conditional_level(0.1, 1, 0.0021)
        >>> round(further, 4), round(combined_pvalue([0.1, further], [1, 1]), 4)
        (0.0028, 0.0021)
    """
    score, goal = normal_score(pvalue), normal_score(level)
    return float(special.ndtr(np.sqrt(stages) * score - np.sqrt(stages + 1) * goal))


@dataclass(frozen=True, slots=True)
class Combined:
    """Tests of θ against a margin from stages with samples of their own.

    Args:
        stages: The test of each stage.
        weights: As in :func:`combined_pvalue`.
        pooled: The test on all samples together, for the estimate and its standard error alone.
        scales: By what each stage multiplies the margin: its baseline's mean over that of all
            samples where the margin is relative; all 1 when omitted.
    """

    stages: Sequence[MarginTest]
    weights: Sequence[float]
    pooled: MarginTest
    scales: Sequence[float] | None = None

    @property
    def estimate(self) -> float:
        """θ over the samples of all stages."""
        return self.pooled.estimate

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return combined_pvalue(
            [test.p_pass(scale * margin) for test, scale in self._scaled()], self.weights
        )

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return combined_pvalue(
            [test.p_fail(scale * margin) for test, scale in self._scaled()], self.weights
        )

    def standard_error(self, margin: float) -> float:
        """Return the standard error over all samples."""
        return self.pooled.standard_error(margin)

    def _scaled(self) -> list[tuple[MarginTest, float]]:
        return list(zip(self.stages, self.scales or [1.0] * len(self.stages), strict=True))
