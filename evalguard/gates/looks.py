"""When a run looks at its gates before the end, and what each look may spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalguard.errors import UsageError
from evalguard.records import GateResult, Verdict
from evalguard.stats import Spending, conditional_level, levels, sequential_pvalue, stage_of

FUTILE = "futile"
"""Flag of a gate for which neither verdict has a chance left."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """Looks at equal shares of the planned samples, and what is kept for an extension.

    The error of the verdicts holds for any number of looks, at whatever shares they are really
    taken; the plan only proposes where.

    Args:
        looks: Number of looks, the one at the end included.
        futility: Also stop where PASS is out of reach and FAIL is not likely; the gate then stays
            INCONCLUSIVE.
        reserve: Part of α that the planned samples do not spend, so that a gate that is left
            INCONCLUSIVE may be extended.
        spending: How early α is spent.

    Raises:
        UsageError: If ``looks`` lies outside 1…100, or ``reserve`` outside 0…0.5.

    Example:
        >>> LookPlan(looks=4).sizes(90)
        (23, 45, 68, 90)
    """

    looks: int = 10
    futility: bool = False
    reserve: float = 0.0
    spending: Spending = "late"

    def __post_init__(self) -> None:
        if not 0 <= self.reserve <= 0.5:
            raise UsageError(f"reserve={self.reserve}: expected 0…0.5; 0.02 is a good choice")
        if not 1 <= self.looks <= 100:
            raise UsageError(f"looks={self.looks}: expected 1…100; 10 is a good choice")

    def sizes(self, n_planned: int) -> tuple[int, ...]:
        """Return the number of samples at each look; fewer looks where there are few samples."""
        sizes = (math.ceil(n_planned * k / self.looks) for k in range(1, self.looks + 1))
        return tuple(dict.fromkeys(sizes))

    def end_level(self, n_planned: int, alpha: float) -> float:
        """Return the level of the last look at the planned samples, of a total error α."""
        shares = [size / n_planned for size in self.sizes(n_planned)]
        return levels(shares, alpha, reserve=self.reserve, spending=self.spending)[-1]


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a gate.

    Attributes:
        shares: Share of the planned samples at each look so far, this one included; above 1 in
            an extension.
        looks: Number of looks planned.
        alpha: One-sided error over all looks.
        level: Level of FAIL at this look.
        end_level: Level of FAIL at the look at the end of the stage.
        alpha_pass: One-sided error of PASS over all looks.
        level_pass: Level of PASS at this look.
        end_level_pass: Level of PASS at the look at the end of the stage.
        sharing: Number of candidates that share ``alpha`` of PASS.
        ended: Whether no more samples will come.
        decides: Whether a verdict may be given: always at the end, before it only with a plan.
        futility: Whether to say so where more samples are futile.
        reserve: Part of α that the planned samples leave for extensions.
        spending: How early α is spent.
    """

    shares: tuple[float, ...]
    looks: int
    alpha: float
    level: float
    end_level: float
    alpha_pass: float
    level_pass: float
    end_level_pass: float
    sharing: int
    ended: bool
    decides: bool
    futility: bool
    reserve: float = 0.0
    spending: Spending = "late"

    @property
    def stage(self) -> int:
        """The stage that it looks at, from 1; the first extension is 2."""
        return stage_of(self.shares[-1])

    def left(self, pvalue: float, *, passing: bool) -> float:
        """Return the level at which the samples of an extension alone would decide.

        Args:
            pvalue: One-sided p-value of all samples so far, at the end of a stage.
            passing: Whether it is that of PASS.

        References:
            H.-H. Müller and H. Schäfer, A general statistical principle for changing a design any
            time during the course of a trial, Statistics in Medicine 23:2497-2508, 2004 (the
            conditional rejection probability).
        """
        end = float(self.stage + 1)
        alpha = self.alpha_pass if passing else self.alpha
        spent = levels((*self.shares, end), alpha, reserve=self.reserve, spending=self.spending)
        level = spent[-1]
        return conditional_level(pvalue, self.stage, level)

    def overall(self, pvalue: float) -> float:
        """Return a p-value of this look as one that may be compared with ``alpha``."""
        if self.looks == 1 and not self.reserve:
            return pvalue
        return sequential_pvalue(
            pvalue, self.shares, self.alpha, reserve=self.reserve, spending=self.spending
        )


def take_look(
    plan: LookPlan | None,
    share: float,
    earlier: GateResult | None,
    *,
    alpha: float,
    final: bool,
    candidates: int = 1,
) -> Look:
    """Return the look at a share of the planned samples, after those that were taken before.

    Args:
        plan: The plan of looks; ``None`` for one decision at the end, at the full level.
        share: Share of the planned samples that is measured; above 1 in an extension.
        earlier: The gate's result at its last look.
        alpha: One-sided error over all looks.
        final: Whether no more samples will come.
        candidates: Number of candidates among which PASS shares ``alpha``.
    """
    alpha_pass = alpha / candidates
    end = float(stage_of(share))
    ended = final or share >= end
    past = () if earlier is None else earlier.shares
    if not past and (plan is None or (plan.looks == 1 and not plan.reserve)):
        own = (alpha, alpha, alpha, alpha_pass, alpha_pass, alpha_pass)
        return Look((share,), 1, *own, candidates, ended, ended, futility=False)
    plan = plan or LookPlan(looks=1, reserve=0.0)
    # A look at samples already looked at spends nothing new: it is the same look again. At fewer
    # of them than at the last look nothing is decided: that look has spent what this one would.
    again = bool(past) and share < past[-1]
    shares = past if past and share <= past[-1] else (*past, share)
    ahead = () if shares[-1] >= end else (end,)
    every = (*shares, *ahead)
    of_looks = levels(every, alpha, reserve=plan.reserve, spending=plan.spending)
    of_pass = levels(every, alpha_pass, reserve=plan.reserve, spending=plan.spending)
    return Look(
        shares,
        plan.looks,
        alpha,
        level=of_looks[len(shares) - 1],
        end_level=of_looks[-1],
        alpha_pass=alpha_pass,
        level_pass=of_pass[len(shares) - 1],
        end_level_pass=of_pass[-1],
        sharing=candidates,
        ended=ended,
        decides=not again and (ended or plan.looks > 1),
        futility=plan.futility,
        reserve=plan.reserve,
        spending=plan.spending,
    )


def is_settled(result: GateResult) -> bool:
    """Return whether no more of the samples asked for can change a gate's verdict.

    A suite may stop as soon as all of its gates are settled.
    """
    return (
        result.verdict is not Verdict.INCONCLUSIVE
        or FUTILE in result.flags
        or result.fraction_used >= 1.0
    )


def is_extended(earlier: GateResult, share: float) -> bool:
    """Return whether a share lies in a stage after the one that left a gate undecided."""
    undecided = earlier.verdict is Verdict.INCONCLUSIVE and bool(earlier.shares)
    return undecided and share > stage_of(earlier.shares[-1])
