"""Power analysis of a gate that is pooled over several suites, before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalguard.demands import Difference
from evalguard.demands.power import POWER
from evalguard.errors import UsageError
from evalguard.gates.pilot import size_for_power
from evalguard.gates.pooled import FEWEST
from evalguard.gates.power_analysis import check_design
from evalguard.stats import required_n
from evalguard.stats.simulated import RUNS, Suites


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledAnalysis:
    """What a gate on the mean over several suites can show, scored 0 or 1.

    Attributes:
        sizes: Questions of each suite.
        n: Questions of all suites.
        effective_n: Questions of equal weight that would weigh as these do; the fewer, the more a
            small suite weighs.
        weights: Whether every suite counts the same, or every question.
        margin: Tolerated drop as a fraction; below 0 for a required gain.
        discordance: Share of the questions on which the two models differ.
        effect: True difference, candidate − baseline, of each suite.
        alpha: Level of the test.
        power: Share of simulated runs that PASS.
        required_n: Questions for a power of 80 %, to 5 %, over suites of the same proportions;
            ``None`` where 200,000 are not enough.
        runs: Simulated runs of each size.
    """

    sizes: tuple[int, ...]
    n: int
    effective_n: float
    weights: Literal["size", "equal"]
    margin: float
    discordance: float
    effect: float
    alpha: float
    power: float
    required_n: int | None
    runs: int


def analyse_pooled(
    demand: Difference,
    *,
    sizes: Sequence[int],
    discordance: float,
    effect: float | None = None,
    weights: Literal["size", "equal"] = "equal",
    confidence_level: float = 0.95,
    runs: int = RUNS,
    seed: int = 0,
    on_run: Callable[[], None] | None = None,
) -> PooledAnalysis:
    """Simulate runs of the pooled gate's own test.

    Args:
        demand: A demand on the difference, in percentage points.
        sizes: Questions of each suite.
        discordance: Share of the questions on which the two models differ.
        effect: True difference of each suite; default: 0, or twice the required gain.
        weights: Weight suites equally, or by size.
        confidence_level: Confidence of each side.
        runs: Simulated runs of each size.
        seed: Seed of the simulation.
        on_run: Called after each simulated run.

    Raises:
        UsageError: If there are fewer than two suites, the margin is not in percentage points, the
            effect is not better than the margin or impossible at the discordance, or a number is
            out of its range.
    """
    if len(sizes) < FEWEST:
        raise UsageError(f"n={list(sizes)}: a pooled gate has {FEWEST} suites or more")
    margin = demand.margin_of_binary()
    effect = max(0.0, -2 * margin) if effect is None else effect
    for size in sizes:
        check_design(size, margin, discordance, effect, confidence_level=confidence_level)
    suites = Suites(tuple(sizes), discordance, equal=weights == "equal")
    n, alpha = sum(sizes), round(1 - confidence_level, 12)

    def power_at(size: int) -> float:
        rng = np.random.default_rng([seed, size])
        return suites.power(
            size, margin, effect=effect, alpha=alpha, runs=runs, rng=rng, on_run=on_run
        )

    guess = required_n(margin, discordance, effect=effect, alpha=alpha, power=POWER)
    return PooledAnalysis(
        sizes=suites.sizes,
        n=n,
        effective_n=suites.effective,
        weights=weights,
        margin=margin,
        discordance=discordance,
        effect=effect,
        alpha=alpha,
        power=power_at(n),
        required_n=size_for_power(power_at, guess * n / suites.effective),
        runs=runs,
    )
