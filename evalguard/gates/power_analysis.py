"""Power analysis of a gate on a binary metric, before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass

from evalguard.demands import Difference
from evalguard.errors import UsageError
from evalguard.gates.looks import LookPlan
from evalguard.records import one_sided_error
from evalguard.stats import (
    Spending,
    detectable_effect_paired,
    power_paired,
    required_n_exact,
    required_n_paired,
)


@dataclass(frozen=True, slots=True)
class Design:
    """What a gate can show at one discordance.

    Attributes:
        discordance: Share of the questions on which the two models differ.
        power: Probability of PASS (exact).
        mde: Minimum detectable effect: the least true difference that passes in 80 % of runs
            (exact power); ``None`` where no effect possible at this discordance does.
        n_for_80: Questions for a power of 80 %; exact at the assumed discordance, about 3 % off
            around it.
        n_for_90: Questions for a power of 90 %, about 3 % off.
    """

    discordance: float
    power: float
    mde: float | None
    n_for_80: int
    n_for_90: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerAnalysis:
    """What a gate can show with a number of questions, and how many it needs.

    Attributes:
        n: Questions.
        margin: Tolerated drop as a fraction; below 0 for a required gain.
        discordance: Share of the questions on which the two models differ.
        effect: True difference, candidate − baseline.
        alpha: Level of the test; with several looks, of the last one.
        power: Probability of PASS (exact).
        false_fail: Probability of FAIL at this effect, or at no effect if it is negative.
        mde: Minimum detectable effect: the least true difference that passes in 80 % of runs
            (exact power); ``None`` where no effect possible at this discordance does.
        required_n: Questions for a power of 80 % (exact).
        underpowered: Whether even an unchanged model, or one that gains twice the required amount,
            cannot be relied on to pass.
        table: The same at half of the discordance, at the discordance, and at twice as much.
    """

    n: int
    margin: float
    discordance: float
    effect: float
    alpha: float
    power: float
    false_fail: float
    mde: float | None
    required_n: int
    underpowered: bool
    table: tuple[Design, ...]


def analyse_power(
    demand: Difference,
    *,
    n: int,
    discordance: float,
    effect: float | None = None,
    confidence_level: float = 0.95,
    looks: int = 1,
    spending: Spending = "late",
) -> PowerAnalysis:
    """Return every figure of a planned gate.

    Args:
        demand: A demand on the difference, in percentage points.
        n: Questions.
        discordance: Share of the questions on which the two models differ.
        effect: True difference; default: 0, or twice the required gain.
        confidence_level: Confidence of each side.
        looks: Number of interim analyses (group-sequential); each spends part of α.
        spending: How early α is spent, as in the project file.

    Raises:
        UsageError: If the margin is not in percentage points, the effect is not better than the
            margin or impossible at the discordance, or a number is out of its range.
    """
    margin = demand.margin_of_binary()
    good = max(0.0, -2 * margin)
    effect = good if effect is None else effect
    check_design(n, margin, discordance, effect, confidence_level=confidence_level, looks=looks)
    alpha = LookPlan(looks, spending=spending).end_level(n, one_sided_error(confidence_level))

    def design(share: float) -> Design:
        exactly = required_n_exact if share == discordance else required_n_paired
        return Design(
            discordance=share,
            power=power_paired(n, margin, share, effect=effect, alpha=alpha),
            mde=detectable_effect_paired(n, margin, share, alpha=alpha),
            n_for_80=exactly(margin, share, effect=effect, alpha=alpha),
            n_for_90=required_n_paired(margin, share, effect=effect, alpha=alpha, power=0.9),
        )

    around = dict.fromkeys([discordance / 2, discordance, min(1.0, discordance * 2)])
    table = tuple(design(share) for share in around if share >= abs(effect))
    planned = next(row for row in table if row.discordance == discordance)
    return PowerAnalysis(
        n=n,
        margin=margin,
        discordance=discordance,
        effect=effect,
        alpha=alpha,
        power=planned.power,
        false_fail=power_paired(
            n, margin, discordance, effect=max(effect, 0.0), alpha=alpha, verdict_fails=True
        ),
        mde=planned.mde,
        required_n=planned.n_for_80,
        underpowered=planned.mde is None or planned.mde > good,
        table=table,
    )


def check_effect(effect: float, margin: float) -> None:
    """Refuse to plan for an effect that is not better than the margin.

    Raises:
        UsageError: If that is so.
    """
    if effect <= -margin:
        raise UsageError(
            f"an effect of {effect:g} is not better than the margin ({-margin:g}), so a PASS would "
            "be wrong; give a larger effect"
        )


def check_design(
    n: int,
    margin: float,
    discordance: float,
    effect: float,
    *,
    confidence_level: float,
    looks: int = 1,
) -> None:
    """Refuse what cannot be planned.

    Raises:
        UsageError: If the effect is not better than the margin or larger than the discordance, or
            a number is out of its range.
    """
    _check_ranges(n, discordance, confidence_level, looks)
    check_effect(effect, margin)
    if abs(effect) > discordance:
        raise UsageError(
            f"a true difference of {effect * 100:+g}pp is impossible where the models differ on "
            f"{discordance:.1%} of the questions: it takes at least {abs(effect):.1%}; raise the "
            "discordance, or give another effect"
        )


def _check_ranges(n: int, discordance: float, confidence_level: float, looks: int) -> None:
    for name, value, fits, expected in (
        ("n", n, n >= 1, "1 or more"),
        ("discordance", discordance, 0 < discordance <= 1, "above 0 and at most 1"),
        ("confidence_level", confidence_level, 0.5 < confidence_level < 1, "above 0.5, below 1"),
        ("looks", looks, 1 <= looks <= 100, "1 to 100"),
    ):
        if not fits:
            raise UsageError(f"{name}={value}: expected {expected}")
