"""How many samples a gate needs, and what it can detect with those that it has."""

from __future__ import annotations

import math

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

    The normal approximation of the score test with a continuity correction; within 6 % of the
    exact figure.

    Args:
        margin: δ, negative for a gain.
        discordance: ψ, the share of questions on which the two models differ; for bounded scores
            the variance of the difference in units of the squared range.
        effect: True θ.
        alpha: One-sided level.
        power: Wanted probability of PASS; of FAIL where ``effect`` lies below ``-margin``.
        design_effect: 1 + (m̄ − 1)·ICC for clusters of mean size m̄.

    Raises:
        UsageError: If ``effect`` equals ``-margin``, which no number of samples decides.

    Example:
        >>> required_n(0.05, 0.10), required_n(0.05, 0.10, power=0.9)
        (282, 377)
    """
    distance = abs(margin + effect)
    if distance < 1e-12:
        raise UsageError(
            f"effect={effect:g} lies at the margin {margin:g} itself, where no number of samples "
            "decides; plan for another effect"
        )
    at_margin = math.sqrt(max(discordance - margin**2, 0.0))
    at_effect = math.sqrt(max(discordance - effect**2, 0.0))
    reach = quantile(alpha) * at_margin + quantile(1 - power) * at_effect
    plain = (reach / distance) ** 2
    corrected = plain / 4 * (1 + math.sqrt(1 + 4 / (plain * distance))) ** 2 if plain > 0 else 1.0
    least = fewest_samples(margin, alpha=alpha) if margin > 0 and effect > -margin else 1
    return max(math.ceil(corrected * design_effect), least)


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
        >>> round(expected_power(282, 0.05, 0.10), 3)
        0.8
    """
    distance = margin + effect
    if distance <= 0:
        return alpha
    size = n / design_effect
    if margin > 0 and size < fewest_samples(margin, alpha=alpha):
        return 0.0
    plain = size * max(0.0, 1 - 1 / (size * distance)) ** 2
    at_margin = math.sqrt(max(discordance - margin**2, 0.0))
    at_effect = math.sqrt(max(discordance - effect**2, 1e-12))
    reach = (math.sqrt(plain) * distance - quantile(alpha) * at_margin) / at_effect
    return float(special.ndtr(reach))
