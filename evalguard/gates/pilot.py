"""Power analysis from a pilot, of graded, clustered, weighted and judged scores too."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evalguard.demands import Difference
from evalguard.demands.power import POWER
from evalguard.gates.evidence import scores_of
from evalguard.gates.looks import LookPlan
from evalguard.gates.power_analysis import check_effect
from evalguard.records import Metric, SamplePair
from evalguard.stats import (
    PairedScores,
    power_paired,
    quantile,
    required_n_paired,
    upper_discordance,
)
from evalguard.stats.simulated import RUNS, Pilot

USUAL_SIZES = 7  # simulated, more or less, in search of the one for a power
MOST_N = 200_000  # a greater number of samples is not simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotAnalysis:
    """What a gate can show with samples like those of a pilot.

    Attributes:
        pilot: Samples of the pilot.
        units: Its independent units.
        differing: Share of its samples on which the two models differ.
        n: Samples that are planned.
        margin: Tolerated drop on the scale of the scores; below 0 for a required gain.
        effect: True difference, candidate − baseline.
        alpha: Level of the test; with several looks, of the last one.
        power: Chance of PASS with ``n`` samples: exact for independent scores of 0 and 1 at the
            upper 80 % limit of the share that differs, else the share of simulated runs.
        required_n: Samples for a power of 80 %; ``None`` where 200,000 are not enough.
        runs: Simulated runs of each size; 0 where the power is exact.
    """

    pilot: int
    units: int
    differing: float
    n: int
    margin: float
    effect: float
    alpha: float
    power: float
    required_n: int | None
    runs: int


def analyse_pilot(
    demand: Difference,
    pairs: Sequence[SamplePair],
    metric: Metric,
    *,
    n: int | None = None,
    effect: float | None = None,
    weights: Literal["size", "equal"] = "size",
    confidence_level: float = 0.95,
    looks: int = 1,
    runs: int = RUNS,
    seed: int = 0,
    on_run: Callable[[], None] | None = None,
) -> PilotAnalysis:
    """Simulate runs of the gate's own test on samples drawn from a pilot.

    Args:
        demand: A demand on the difference.
        pairs: The pilot: scores of two models on the same questions.
        metric: What was measured.
        n: Samples that are planned; as many as the pilot has by default.
        effect: True difference on the scale of the scores; default: 0, or twice the required gain.
        weights: Weight the tasks by their size, or equally.
        confidence_level: Confidence of each side.
        looks: Number of interim analyses; each spends part of α.
        runs: Simulated runs of each size.
        seed: Seed of the simulation.
        on_run: Called after each simulated run.

    Raises:
        UsageError: If the effect is not better than the margin, or impossible on such pairs.
        MeasurementError: If no pair has both scores.
    """
    scores = scores_of(pairs, metric, weights)
    margin = demand.margin(scores.means[0], metric.name)
    effect = max(0.0, -2 * margin) if effect is None else effect
    check_effect(effect, margin)
    n = len(pairs) if n is None else n
    alpha = LookPlan(looks).end_level(n, round(1 - confidence_level, 12))
    pilot = Pilot(scores, relative=demand.relative)

    def power_at(size: int) -> float:
        rng = np.random.default_rng([seed, size])
        return pilot.power(
            size, margin, effect=effect, alpha=alpha, runs=runs, rng=rng, on_run=on_run
        )

    if scores.exact:
        losses, gains = scores.losses_and_gains()
        psi = max(upper_discordance(losses + gains, int(scores.known.sum())), abs(effect))
        power = power_paired(n, margin, psi, effect=effect, alpha=alpha)
        needed = required_n_paired(margin, psi, effect=effect, alpha=alpha)
        return _analysis(scores, n, margin, effect, alpha, power=power, required_n=needed, runs=0)
    error = scores.difference(relative=demand.relative).standard_error(margin)
    guess = len(pairs) * ((quantile(alpha) + quantile(1 - POWER)) * error / (margin + effect)) ** 2
    required = size_for_power(power_at, guess)
    return _analysis(
        scores, n, margin, effect, alpha, power=power_at(n), required_n=required, runs=runs
    )


def _analysis(
    scores: PairedScores, n: int, margin: float, effect: float, alpha: float, **found: Any
) -> PilotAnalysis:
    pilot = len(scores.unit)
    return PilotAnalysis(
        pilot=pilot,
        units=scores.units,
        differing=sum(scores.losses_and_gains()) / pilot,
        n=n,
        margin=margin,
        effect=effect,
        alpha=alpha,
        **found,
    )


def size_for_power(power_at: Callable[[int], float], guess: float) -> int | None:
    """Return the least size for a power of 80 %, to a twentieth; ``None`` above 200,000.

    Args:
        power_at: Power at a size.
        guess: About that size; bracketed from there, then halved.
    """
    if guess > MOST_N:
        return None
    low, high = 0, max(2, math.ceil(guess))
    while power_at(high) < POWER:
        if high >= MOST_N:
            return None
        low, high = high, min(2 * high, MOST_N)
    while not low:
        half = max(high // 2, 1)
        low, high = (0, half) if half > 1 and power_at(half) >= POWER else (half, high)
    while high > low + max(1, low // 20):
        middle = min(max(round(math.sqrt(low * high)), low + 1), high - 1)
        low, high = (low, middle) if power_at(middle) >= POWER else (middle, high)
    return high
