"""How many samples a gate needs, and what it can detect with those that it has."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import special

from evalguard.errors import UsageError


def detectable_effect(
    margin: float, standard_error: float, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the least true θ that passes with the given power.

    Above 0 it means that even an unchanged model could not be relied on to pass.

    Args:
        margin: δ.
        standard_error: Of the estimate of θ; √(ψ/n) for binary questions.
        alpha: One-sided level.
        power: Wanted probability of PASS.

    Example:
        >>> round(detectable_effect(0.05, (0.1 / 200) ** 0.5), 4)
        0.0056
    """
    return -margin + (quantile(alpha) + quantile(1 - power)) * standard_error


def quantile(alpha: float) -> float:
    """Return the upper quantile of the normal distribution, such as 1.645 for 0.05."""
    return float(-special.ndtri(alpha))


def fewest_samples(margin: float, *, alpha: float = 0.05) -> int:
    """Return the n below which not even a sample without one discordant pair passes.

    Example:
        >>> [fewest_samples(margin) for margin in (0.02, 0.05, 0.10)]
        [149, 59, 29]
    """
    if margin >= 1:
        return 1
    return max(1, math.ceil(math.log(alpha) / math.log1p(-abs(margin)) - 1e-9))


def required_n(
    margin: float,
    discordance: float,
    *,
    effect: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
    design_effect: float = 1.0,
) -> int:
    """Return the number of samples at which a gate passes with the given power.

    The normal approximation of the score test, with the variance that the test itself would
    estimate at the margin. From ten discordant questions on, the exact power at this n is 0.77 or
    more where 0.8 is wanted.

    Args:
        margin: δ, negative for a gain.
        discordance: ψ, the share of questions on which the two models differ; for bounded scores
            the variance of the difference in units of the squared range.
        effect: True θ.
        alpha: One-sided level.
        power: Wanted probability of PASS; of FAIL where ``effect`` lies below ``-margin``.
        design_effect: 1 + (m̄ − 1)·ICC for clusters of mean size m̄.

    Raises:
        UsageError: If ``effect`` equals ``-margin``, which no number of samples decides, or is
            impossible at this discordance.

    References:
        T. Tango, Equivalence test and confidence interval for the difference in proportions for
        the paired-sample design, Statistics in Medicine 17:891-908, 1998.

    Example:
        >>> required_n(0.05, 0.10), required_n(0.05, 0.10, power=0.9)
        (274, 374)
    """
    distance = abs(margin + effect)
    if distance < 1e-12:
        raise UsageError(
            f"effect={effect:g} lies at the margin {margin:g} itself, where no number of samples "
            "decides; plan for another effect"
        )
    passes = effect > -margin
    at_margin, at_effect = _spreads(margin, discordance, effect, passes=passes)
    reach = quantile(alpha) * at_margin + quantile(1 - power) * at_effect
    plain = (reach / distance) ** 2
    if plain > 0 and passes and margin < 0:  # a gain is shown by few tables, in wide steps
        plain *= (1 + math.sqrt(1 + 4 / (plain * distance))) ** 2 / 4
    least = fewest_samples(margin, alpha=alpha) if margin > 0 and passes else 1
    return max(math.ceil(plain * design_effect), least)


def expected_power(
    n: int,
    margin: float,
    discordance: float,
    *,
    effect: float = 0.0,
    alpha: float = 0.05,
    design_effect: float = 1.0,
) -> float:
    """Return the probability of PASS by the approximation of :func:`required_n`.

    Example:
        >>> round(expected_power(274, 0.05, 0.10), 2)
        0.8
    """
    distance = margin + effect
    if distance <= 0:
        return alpha
    size = n / design_effect
    if margin > 0 and discordance <= abs(effect) and size < fewest_samples(margin, alpha=alpha):
        return 0.0
    if margin < 0:
        size *= max(0.0, 1 - 1 / (size * distance)) ** 2
    at_margin, at_effect = _spreads(margin, discordance, effect, passes=True)
    reach = math.sqrt(size) * distance - quantile(alpha) * at_margin
    return float(special.ndtr(reach / max(at_effect, 1e-6)))


def least_effect(
    power_at: Callable[[float], float], *, low: float, high: float, power: float = 0.8
) -> float | None:
    """Return the least θ at which a gate passes with the given power, to four digits.

    Args:
        power_at: Probability of PASS at a θ, which must not fall with it.
        low: Least possible θ.
        high: Greatest possible θ.
        power: Wanted probability.

    Returns:
        θ; ``low`` where every possible one is enough, ``None`` where none is.

    Example:
        >>> round(least_effect(lambda theta: expected_power(274, 0.05, 0.1, effect=theta),
        ...                    low=-0.1, high=0.1), 3)
        0.0
    """
    if power_at(high) < power:
        return None
    if power_at(low) >= power:
        return low
    while high - low > 5e-5:
        middle = (low + high) / 2
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return high


def _spreads(
    margin: float, discordance: float, effect: float, *, passes: bool
) -> tuple[float, float]:
    """Return √n times the standard error that the test takes at the margin, and the true one."""
    if effect**2 > discordance * (1 + 1e-9):  # or as much, up to rounding
        raise UsageError(
            f"effect={effect:g} is impossible where the models differ on {discordance:g} of the "
            "samples; raise the discordance"
        )
    true = math.sqrt(max(discordance - effect**2, 0.0))
    if not passes:
        return true, true
    losses = max(discordance - effect, 0.0) / 2
    linear = -discordance - (2 - effect) * margin
    root = math.sqrt(max(linear**2 - 8 * losses * margin * (1 + margin), 0.0))
    return math.sqrt(max((root - linear) / 2 - margin * (1 + margin), 0.0)), true
