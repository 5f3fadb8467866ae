"""How many samples a demand needs, and what it can show with those that are planned."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evalguard.records import Metric, ScoreKind

POWER = 0.8
"""Wanted share of runs in which a good candidate passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A planned run, as a demand needs to know it.

    Attributes:
        where: Suite and metric, for messages.
        n: Samples that are planned.
        baseline: The baseline's mean, or what is assumed of it.
        discordance: Assumed share of samples on which the models differ.
        alpha: Level of the test at the end.
        power_jointly: Power of one gate at which all guards pass in 80 % of runs.
        design_effect: 1 + (m̄ − 1)·ICC for clusters of mean size m̄.
    """

    where: str
    n: int
    baseline: float
    discordance: float
    alpha: float
    power_jointly: float
    design_effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a demand needs of a run.

    Attributes:
        demand: The demand in words.
        good: The candidate that it is planned for, in words.
        mde: Smallest true θ that passes in 80 % of runs; infinite where none does.
        power: Chance that the good candidate passes.
        required_n: Samples at which it passes in 80 % of runs; ``None`` if no number is enough.
        required_n_jointly: The same with all guards together passing in 80 % of runs.
        on_discordance: Whether the figures rest on the assumed discordance.
    """

    demand: str
    good: str
    mde: float
    power: float
    required_n: int | None
    required_n_jointly: int | None
    on_discordance: bool


def need_of_difference(demand: str, margin: float, metric: Metric, design: Design) -> Need:
    """Plan a demand on the difference for an unchanged model, or one that gains twice as much.

    Args:
        demand: The demand in words.
        margin: δ, negative for a gain.
        metric: What is measured.
        design: The planned run.
    """
    from evalguard.stats import expected_power, least_effect, required_n

    span = metric.greatest_difference / metric.shrinkage
    delta = margin / span
    good = "an unchanged model" if margin > 0 else "a candidate that gains twice as much"
    effect = max(0.0, -2 * delta)
    if effect > 1:
        return _hopeless(demand, good, math.inf, on_discordance=True)
    # Models whose means differ by an effect differ on at least that share of the samples.
    discordance = max(design.discordance, effect, abs(delta))
    alone, jointly = (
        required_n(
            delta,
            discordance,
            effect=effect,
            alpha=design.alpha,
            power=power,
            design_effect=design.design_effect,
        )
        for power in (POWER, design.power_jointly)
    )

    def power_at(true: float) -> float:
        return expected_power(
            design.n,
            delta,
            discordance,
            effect=true,
            alpha=design.alpha,
            design_effect=design.design_effect,
        )

    # Scores of 0 and 1 that differ on a share ψ differ by ψ in their mean at most, others by √ψ.
    most = discordance if metric.kind is ScoreKind.BINARY else math.sqrt(discordance)
    detected = least_effect(power_at, low=-most, high=most, power=POWER)
    return Need(
        demand=demand,
        good=good,
        mde=math.inf if detected is None else detected * span,
        power=power_at(effect),
        required_n=alone,
        required_n_jointly=jointly,
        on_discordance=True,
    )


def need_of_bound(
    demand: str, bound: float, perfect: float, metric: Metric, design: Design
) -> Need:
    """Plan a demand on the candidate alone; from a certain n on, a perfect one always passes.

    Args:
        demand: The demand in words.
        bound: The bound on the candidate's mean.
        perfect: The mean of a perfect candidate.
        metric: What is measured.
        design: The planned run.
    """
    from evalguard.stats import detectable_effect, fewest_samples

    span = metric.high - metric.low
    tolerated = abs(perfect - bound) / span
    good = "a perfect candidate"
    side = 1.0 if perfect > bound else -1.0
    if tolerated == 0.0:
        return _hopeless(demand, good, bound, on_discordance=False)
    error = math.sqrt(tolerated * (1 - tolerated) / design.n * design.design_effect)
    least = math.ceil(fewest_samples(tolerated, alpha=design.alpha) * design.design_effect)
    return Need(
        demand=demand,
        good=good,
        mde=bound + side * (detectable_effect(0.0, error, alpha=design.alpha) * span),
        power=float(design.n >= least),
        required_n=least,
        required_n_jointly=least,
        on_discordance=False,
    )


def _hopeless(demand: str, good: str, mde: float, *, on_discordance: bool) -> Need:
    """Return the need of a demand that no sample size can show."""
    return Need(
        demand=demand,
        good=good,
        mde=mde,
        power=0.0,
        required_n=None,
        required_n_jointly=None,
        on_discordance=on_discordance,
    )
