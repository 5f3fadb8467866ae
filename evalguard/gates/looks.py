"""When a run looks at its gates before the end, and what each look may spend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalguard.errors import UsageError
from evalguard.records import GateResult, Verdict
from evalguard.stats import levels, sequential_pvalue

FUTILE = "futile"
"""Flag of a gate for which neither verdict has a chance left."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """Looks at equal shares of the planned samples.

    The error of the verdicts holds for any number of looks, at whatever shares they are really
    taken; the plan only proposes where.

    Args:
        looks: Number of looks, the one at the end included.
        futility: Also stop where neither verdict has a 5 % chance left; the gate then stays
            INCONCLUSIVE.

    Raises:
        UsageError: If ``looks`` lies outside 1…100.

    Example:
        >>> LookPlan(looks=4).sizes(90)
        (23, 45, 68, 90)
    """

    looks: int = 10
    futility: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.looks <= 100:
            raise UsageError(f"looks={self.looks}: expected 1…100; 10 is a good choice")

    def sizes(self, n_planned: int) -> tuple[int, ...]:
        """Return the number of samples at each look; fewer looks where there are few samples."""
        sizes = (math.ceil(n_planned * k / self.looks) for k in range(1, self.looks + 1))
        return tuple(dict.fromkeys(sizes))


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a gate.

    Attributes:
        shares: Share of the planned samples at each look so far, this one included.
        looks: Number of looks planned.
        alpha: One-sided error over all looks.
        level: Level of this look.
        end_level: Level of the look at the end.
        ended: Whether no more samples will come.
        decides: Whether a verdict may be given: always at the end, before it only with a plan.
        futility: Whether to say so where going on is futile.
    """

    shares: tuple[float, ...]
    looks: int
    alpha: float
    level: float
    end_level: float
    ended: bool
    decides: bool
    futility: bool

    def overall(self, pvalue: float) -> float:
        """Return a p-value of this look as one that may be compared with ``alpha``."""
        return sequential_pvalue(pvalue, self.shares, self.alpha) if self.looks > 1 else pvalue


def take_look(
    plan: LookPlan | None,
    share: float,
    earlier: GateResult | None,
    *,
    alpha: float,
    final: bool,
) -> Look:
    """Return the look at a share of the planned samples, after those that were taken before.

    Args:
        plan: The plan of looks; ``None`` for one decision at the end, at the full level.
        share: Share of the planned samples that is measured.
        earlier: The gate's result at its last look.
        alpha: One-sided error over all looks.
        final: Whether no more samples will come.
    """
    ended = final or share >= 1.0
    if plan is None or plan.looks == 1:
        return Look((share,), 1, alpha, alpha, alpha, ended, ended, False)
    past = () if earlier is None else earlier.shares
    # A look at samples already looked at spends nothing new: it is the same look again.
    shares = past if past and share <= past[-1] else (*past, share)
    level = levels(shares, alpha)[-1]
    end = level if shares[-1] >= 1.0 else levels((*shares, 1.0), alpha)[-1]
    return Look(shares, plan.looks, alpha, level, end, ended, True, plan.futility)


def is_settled(result: GateResult) -> bool:
    """Return whether more samples can no longer change a gate's verdict.

    A suite may stop as soon as all of its gates are settled.
    """
    return (
        result.verdict is not Verdict.INCONCLUSIVE
        or FUTILE in result.flags
        or result.fraction_used >= 1.0
    )
