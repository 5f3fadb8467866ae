"""``evalguard power``: what a gate can detect with n samples, and how many it needs."""

from __future__ import annotations

import json
from typing import Any

import click

from evalguard.cli.margin_option import gate_from, margin_options
from evalguard.records import Margin

_EPILOG = """
\b
Examples:
  evalguard power --n 500 --max-drop 5pp --discordance 0.1
  evalguard power --n 500 --min-gain 2pp --effect 0.05
  evalguard power --n 500 --max-drop 5pp --looks 10
"""


@click.command(epilog=_EPILOG)
@click.option("--n", type=click.IntRange(min=1), required=True, help="Questions.")
@margin_options
@click.option(
    "--discordance",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.1,
    show_default=True,
    help="Share of questions on which the two models differ.",
)
@click.option(
    "--effect",
    type=click.FloatRange(-1, 1),
    help="True difference; 0, or twice the gain that is demanded, by default.",
)
@click.option(
    "--looks",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Looks with early stopping, which costs some of the level at the end.",
)
def command(
    n: int,
    max_drop: Margin | None,
    min_gain: Margin | None,
    confidence: float,
    as_json: bool,
    discordance: float,
    effect: float | None,
    looks: int,
) -> int:
    """Plan a gate on a binary metric: its power, detectable effect and the samples it needs."""
    gate = gate_from(max_drop, min_gain)
    demanded = gate.max_drop or gate.min_gain
    assert demanded is not None
    if demanded.unit in ("nats", "points"):
        raise click.UsageError(f"{demanded}, but the metric is right or wrong; give 5pp, say")
    if demanded.unit == "%":
        raise click.UsageError(
            f"{demanded} depends on the baseline's mean; multiply it and give the margin in pp"
        )
    margin = demanded.value if gate.max_drop else -demanded.value
    found = _figures(
        n,
        margin,
        discordance,
        effect=max(0.0, -2 * margin) if effect is None else effect,
        confidence=confidence,
        looks=looks,
    )
    if as_json:
        click.echo(json.dumps(found, indent=2, allow_nan=False))
    else:
        _show(found, str(demanded), is_drop=margin > 0)
    return 0


def _figures(
    n: int, margin: float, discordance: float, *, effect: float, confidence: float, looks: int
) -> dict[str, Any]:
    """Return every figure; exact at the discordance asked for, approximate around it."""
    from evalguard.gates.looks import LookPlan
    from evalguard.stats import (
        detectable_effect,
        expected_power,
        levels,
        power_paired,
        required_n,
        required_n_exact,
    )

    if effect <= -margin:
        raise click.UsageError(
            f"--effect {effect:g} is no better than the margin allows ({-margin:g}), so that PASS "
            "would be an error; give a greater one"
        )
    alpha = round(1 - confidence, 12)
    if looks > 1:
        alpha = levels([size / n for size in LookPlan(looks).sizes(n)], alpha)[-1]

    def design(share: float) -> dict[str, float]:
        return {
            "discordance": share,
            "power": expected_power(n, margin, share, effect=effect, alpha=alpha),
            "mde": detectable_effect(margin, (share / n) ** 0.5, alpha=alpha),
            "n_for_80": required_n(margin, share, effect=effect, alpha=alpha),
            "n_for_90": required_n(margin, share, effect=effect, alpha=alpha, power=0.9),
        }

    around = [discordance / 2, discordance, min(1.0, discordance * 2)]
    mde = detectable_effect(margin, (discordance / n) ** 0.5, alpha=alpha)
    return {
        "n": n,
        "margin": margin,
        "discordance": discordance,
        "effect": effect,
        "alpha": alpha,
        "power": power_paired(n, margin, discordance, effect=effect, alpha=alpha),
        "false_fail": power_paired(
            n, margin, discordance, effect=max(effect, 0.0), alpha=alpha, verdict_fails=True
        ),
        "mde": mde,
        "required_n": required_n_exact(margin, discordance, effect=effect, alpha=alpha),
        "underpowered": mde > max(0.0, -2 * margin),
        "table": [design(share) for share in around if share >= abs(effect)],
    }


def _show(found: dict[str, Any], demanded: str, *, is_drop: bool) -> None:
    demand = f"max-drop {demanded}" if is_drop else f"min-gain {demanded}"
    click.echo(
        f"{demand}, n = {found['n']}, the models differing on {found['discordance']:.1%} of the "
        f"questions, true difference {found['effect'] * 100:+.1f}pp:"
    )
    click.echo(f"  power       {found['power']:.1%}   (chance of PASS)")
    click.echo(f"  false FAIL  {found['false_fail']:.2%}")
    click.echo(f"  MDE         {found['mde'] * 100:+.2f}pp   (passes in 80 % of runs)")
    click.echo(f"  required n  {found['required_n']}   (for 80 % power)")
    if found["underpowered"]:
        click.secho(
            "  underpowered: "
            + (
                "even an unchanged model could not be relied on to pass"
                if is_drop
                else "even twice the demanded gain could not be relied on to pass"
            ),
            fg="yellow",
        )
    click.echo("\n  differing    power       MDE   n for 80 %   n for 90 %   (approximate)")
    for row in found["table"]:
        click.echo(
            f"  {row['discordance']:>9.1%} {row['power']:>8.1%} {row['mde'] * 100:>+7.2f}pp "
            f"{row['n_for_80']:>12} {row['n_for_90']:>12}"
        )
