"""A test over questions and seeds: of what one recipe trains on average, not of one adapter.

Seeds see the same questions, so that neither questions nor seeds alone are independent units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evalguard.errors import DataError
from evalguard.stats.margin import Imputed, MarginTest, normal_score

LEAST_SEEDS = 2
"""Trainings from which a spread between them can be estimated."""

MOST_SEEDS = 100  # a greater number of trainings is of no use

_LEVEL = 0.05  # at which the standard error is made to fit Student's quantile
_PRECISION = 1e-7  # of a normal score


@dataclass(frozen=True, slots=True)
class AcrossSeeds:
    """Tests of the mean over all questions and all trainings by one recipe.

    Of d seen above the margin, questions may take away h, the half width of their own interval at
    level α, and seeds t·s/√S, with s the standard deviation of the S seeds' estimates and t
    Student's quantile with S − 1 degrees of freedom: PASS needs d² ≥ h² + t²s²/S.

    The squared error of d is at most A + B, A the variance of the mean of the seeds, and B that
    over questions; what is random in both is counted twice. With estimates of both, and F the
    distribution of a squared normal score, concave, F(w·x + (1 − w)·y) ≥ wF(x) + (1 − w)F(y), so
    that the level holds for any A and B and any degrees of freedom. Satterthwaite's approximation
    takes a spread that happens to look small for a small one, and does not hold it for few seeds.

    Args:
        questions: Test of the mean over seeds, question by question.
        estimates: θ of each seed, in the scale of ``questions``. Shape ``(seeds,)``.
        unknown: By how much the standard deviation of the seeds may be greater than that of
            ``estimates``, as scores are missing: the length of the changes over √(S − 1).

    Raises:
        DataError: If there are fewer than two seeds, or an estimate is not finite.

    References:
        S. Banerjee, Approximate confidence interval for linear functions of means of k populations
        when the population variances are not equal, Sankhyā 22:357-358, 1960 (the half width).
        A. C. Cameron, J. B. Gelbach and D. L. Miller, Robust inference with multiway clustering,
        Journal of Business & Economic Statistics 29:238-249, 2011, and A. B. Owen, The pigeonhole
        bootstrap, Annals of Applied Statistics 1:386-411, 2007 (variances of crossed units).

    Example:
        >>> from evalguard.stats import paired_scores
        >>> mean = paired_scores([1.0] * 400, [1.0] * 394 + [0.5] * 6, binary=False).difference()
        >>> alike, apart = (-0.01, -0.0075, -0.005), (-0.04, -0.0075, 0.025)
        >>> tests = [AcrossSeeds(mean, estimates) for estimates in (alike, apart)]
        >>> [round(test.p_pass(0.05), 3) for test in tests]
        [0.001, 0.077]
    """

    questions: MarginTest
    estimates: tuple[float, ...]
    unknown: float = 0.0

    def __post_init__(self) -> None:
        if len(self.estimates) < LEAST_SEEDS or not np.isfinite(self.estimates).all():
            raise DataError(
                f"seeds: found the estimates {self.estimates}; expected at least {LEAST_SEEDS}, "
                "all finite"
            )

    @property
    def estimate(self) -> float:
        """Mean over questions and seeds."""
        return self.questions.estimate

    @property
    def spread(self) -> float:
        """Standard error of the mean over seeds, what is random in each question included."""
        deviation = float(np.std(self.estimates, ddof=1)) + self.unknown
        return deviation / math.sqrt(len(self.estimates))

    def p_pass(self, margin: float) -> float:
        """Return the p-value of θ ≤ −margin."""
        return self._pvalue(self.questions.p_pass, margin, 1.0)

    def p_fail(self, margin: float) -> float:
        """Return the p-value of θ ≥ −margin."""
        return self._pvalue(self.questions.p_fail, margin, -1.0)

    def standard_error(self, margin: float) -> float:
        """Return the standard error whose normal limit at 5 % is as wide as that of the test."""
        freedom = len(self.estimates) - 1
        wider = special.stdtrit(freedom, _LEVEL) / special.ndtri(_LEVEL)
        return math.hypot(self.questions.standard_error(margin), float(wider) * self.spread)

    def seeds_to_decide(self, margin: float, *, alpha: float, power: float = 0.8) -> int | None:
        """Return how many seeds would decide on these questions, if what was seen is true.

        Args:
            margin: δ.
            alpha: One-sided level.
            power: Wanted probability of a verdict.

        Returns:
            The number, more than there are; ``None`` where no number of them would.
        """
        distance = abs(self.estimate + margin)
        error, seeds = self.questions.standard_error(margin), len(self.estimates)
        variance = seeds * self.spread**2
        for count in range(seeds + 1, MOST_SEEDS + 1):
            t = float(special.stdtrit(count - 1, alpha))
            half = math.hypot(special.ndtri(alpha) * error, t * math.sqrt(variance / count))
            chance = float(special.ndtri(power)) * math.hypot(error, math.sqrt(variance / count))
            if distance >= half + chance:
                return count
        return None

    def _pvalue(self, of_questions: Callable[[float], float], margin: float, side: float) -> float:
        distance, alone = side * (self.estimate + margin), of_questions(margin)
        if distance <= 0 or alone >= 0.5:
            return max(alone, 0.5)
        spread, freedom = self.spread, len(self.estimates) - 1
        if spread == 0.0:
            return alone

        def surplus(score: float) -> float:
            """Return what is left of the questions' score at the level of a score."""
            t = float(special.stdtrit(freedom, special.ndtr(score)))
            left = distance**2 - (t * spread) ** 2
            if left < 0:
                return -score - 1.0
            return normal_score(of_questions(side * math.sqrt(left) - self.estimate)) - score

        # At score 0 nothing is taken away; no score is above that of the questions alone.
        highest = normal_score(alone)
        if surplus(highest) >= 0:
            return alone
        found = optimize.brentq(surplus, 0.0, highest, xtol=_PRECISION)
        return float(special.ndtr(-max(found - _PRECISION, 0.0)))


def across_seeds(questions: MarginTest, seeds: Sequence[MarginTest]) -> MarginTest:
    """Return the test over questions and seeds; with missing scores, that of each side.

    What is missing may make seeds more unlike than those that were measured are: each verdict must
    hold for the largest spread that is possible.

    Args:
        questions: Test of the mean over seeds, question by question.
        seeds: The same test of each seed by itself.
    """
    estimates = tuple(seed.estimate for seed in seeds)
    if isinstance(questions, Imputed):
        unknown = math.hypot(*map(_reach, seeds)) / math.sqrt(len(seeds) - 1)
        return Imputed(
            worst=AcrossSeeds(questions.worst, estimates, unknown),
            best=AcrossSeeds(questions.best, estimates, unknown),
            measured=AcrossSeeds(questions.measured, estimates),
        )
    return AcrossSeeds(questions, estimates)


def _reach(seed: MarginTest) -> float:
    """Return by how much what is missing of a seed may change its estimate."""
    if not isinstance(seed, Imputed):
        return 0.0
    ends = seed.worst.estimate, seed.best.estimate
    return max(abs(end - seed.estimate) for end in ends)
