"""Before anything runs: what each gate can detect with its samples, and how many it needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evalguard.demands import Design, Need, demands_of
from evalguard.demands.power import POWER
from evalguard.demands.registry import check_gate
from evalguard.errors import ConfigError, Problem, UsageError
from evalguard.gates.looks import LookPlan
from evalguard.records import Gate, Metric, one_sided_error

DISCORDANCE = 0.1
"""Assumed share of samples on which two models differ, where no run has told it."""

BASELINE = 0.5
"""Assumed mean of a baseline that has not run yet, as a share of the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """What one gate can be expected to decide.

    Where a gate demands several things, the figures are those of the demand that needs most.

    Attributes:
        gate: The gate.
        n: Samples that are planned.
        mde: Least true difference (or mean, for a bound) that passes in 80 % of runs.
        power: Chance that a good candidate passes: an unchanged one for a tolerated drop, one that
            gains twice what is asked for a gain, a perfect one for a bound.
        required_n: Samples at which it passes in 80 % of runs; ``None`` where no number is enough.
        required_n_jointly: The same with all guards together passing in 80 % of runs.
        message: All this in a sentence.
    """

    gate: Gate
    n: int
    mde: float
    power: float
    required_n: int | None
    required_n_jointly: int | None
    message: str

    @property
    def underpowered(self) -> bool:
        """Whether a good candidate passes in less than 80 % of runs."""
        return self.required_n is None or self.required_n > self.n


def plan_gate(
    gate: Gate,
    metric: Metric,
    n: int,
    *,
    discordance: float = DISCORDANCE,
    baseline: float | None = None,
    confidence_level: float = 0.95,
    looks: LookPlan | None = None,
    guards: int = 1,
    design_effect: float = 1.0,
) -> GatePlan:
    """Say what a gate can be expected to decide with ``n`` samples.

    Args:
        gate: The gate.
        metric: What it measures.
        n: Samples that are planned.
        discordance: Assumed share of samples on which the models differ; for a bounded metric the
            mean squared difference in units of its squared range.
        baseline: The baseline's mean where it is known; a relative margin needs it, and half the
            range is assumed without it.
        confidence_level: Confidence of each side.
        looks: Set when the run looks before its end, which costs some of the level there.
        guards: Number of guards that must all pass.
        design_effect: 1 + (m̄ − 1)·ICC for clusters of mean size m̄.

    Raises:
        ConfigError: If the gate demands something that its metric cannot have.
        UsageError: If ``n`` is below 1 or ``discordance`` lies outside (0, 1].

    Example:
        >>> from evalguard.records import Margin
        >>> gate = Gate(name="recall", suite="qa", metric="acc", max_drop=Margin(0.05, "pp"))
        >>> plan = plan_gate(gate, Metric("acc"), 200)
        >>> plan.underpowered, round(plan.mde, 4), plan.required_n
        (True, 0.009, 274)
    """
    if n < 1 or not 0 < discordance <= 1:
        raise UsageError(
            f"n={n}, discordance={discordance}: expected n ≥ 1 and 0 < discordance ≤ 1"
        )
    check_gate(gate, metric)
    alpha = one_sided_error(confidence_level)
    if looks is not None:
        alpha = looks.end_level(n, alpha)
    assumed = metric.low + BASELINE * (metric.high - metric.low) if baseline is None else baseline
    design = Design(
        where=f"{gate.suite}/{gate.metric}",
        n=n,
        baseline=assumed,
        discordance=discordance,
        alpha=alpha,
        power_jointly=1 - (1 - POWER) / max(guards, 1),
        design_effect=design_effect,
    )
    needs = [demand.need(metric, design) for demand in demands_of(gate)]
    worst = max(needs, key=lambda need: math.inf if need.required_n is None else need.required_n)
    return GatePlan(
        gate=gate,
        n=n,
        mde=worst.mde,
        power=worst.power,
        required_n=worst.required_n,
        required_n_jointly=worst.required_n_jointly,
        message=_message(gate, worst, design),
    )


def check_power(
    plans: Sequence[GatePlan], *, on_underpowered: Literal["error", "warn"]
) -> tuple[str, ...]:
    """Refuse gates that cannot certify a good candidate, or return a warning for each.

    Raises:
        ConfigError: With every underpowered gate at once, where ``on_underpowered`` is ``error``.
    """
    weak = [plan for plan in plans if plan.underpowered]
    if weak and on_underpowered == "error":
        raise ConfigError(
            Problem(plan.gate.source, f"{plan.gate.name}: underpowered", plan.message)
            for plan in weak
        )
    return tuple(plan.message for plan in weak)


def _message(gate: Gate, need: Need, design: Design) -> str:
    name = f"{gate.name} ({need.demand})"
    if need.required_n is None:
        return f"{name}: no sample size can show it; relax the requirement"
    message = (
        f"{name}: with {design.n} samples {need.good} passes in about {need.power:.0%} of runs"
    )
    if need.required_n > design.n:
        message += f"; plan at least {need.required_n} samples for {POWER:.0%}, or widen the margin"
    if not need.on_discordance:
        return message
    return f"{message} (assuming that the models differ on {design.discordance:.0%} of the samples)"
