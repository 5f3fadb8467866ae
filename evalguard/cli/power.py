"""``evalguard power``: what a gate can detect with n samples, and how many it needs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from evalguard.cli.gate_options import flag, gate_options
from evalguard.demands import Difference

if TYPE_CHECKING:
    from evalguard.gates.power_analysis import PowerAnalysis

_EPILOG = """
\b
Examples:
  evalguard power --n 500 --max-drop 5pp --discordance 0.1
  evalguard power --n 500 --min-gain 2pp --effect 0.05
  evalguard power --n 500 --max-drop 5pp --looks 10
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--n", type=click.IntRange(min=1), required=True, help="Sample size: number of questions."
)
@gate_options(Difference)
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
    help="True difference; default: 0, or twice the required gain.",
)
@click.option(
    "--looks",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Number of interim analyses (group-sequential); each spends part of α.",
)
def command(
    n: int,
    confidence: float,
    as_json: bool,
    discordance: float,
    effect: float | None,
    looks: int,
    **demands: Any,
) -> int:
    """Plan a gate on a binary metric: power, minimum detectable effect, sample size."""
    from evalguard import api

    found = api.power(
        n,
        discordance=discordance,
        effect=effect,
        looks=looks,
        confidence_level=confidence,
        **demands,
    )
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, allow_nan=False))
    else:
        given = {key: value for key, value in demands.items() if value is not None}
        _show(found, ", ".join(f"{flag(key)} {value}" for key, value in given.items()))
    return 0


def _show(found: PowerAnalysis, demand: str) -> None:
    click.echo(
        f"{demand}, n = {found.n}, the models differing on {found.discordance:.1%} of the "
        f"questions, true difference {found.effect * 100:+.1f}pp:"
    )
    click.echo(f"  power       {found.power:.1%}   (chance of PASS)")
    click.echo(f"  false FAIL  {found.false_fail:.2%}")
    if found.mde is None:
        click.echo("  detects     nothing   (no possible difference passes in 80 % of runs)")
    else:
        click.echo(
            f"  detects     {found.mde * 100:+.2f}pp   (smallest that passes in 80 % of runs)"
        )
    click.echo(f"  required n  {found.required_n}   (for 80 % power)")
    if found.margin > found.discordance:
        click.echo(
            f"  note        models that differ on {found.discordance:.1%} of the questions cannot "
            "lose the margin"
        )
    if found.underpowered:
        click.secho(
            "  underpowered: "
            + (
                "even an unchanged model could not be relied on to pass"
                if found.margin > 0
                else "even twice the required gain could not be relied on to pass"
            ),
            fg="yellow",
        )
    click.echo("\n  differing    power    detects   n for 80 %   n for 90 %")
    for row in found.table:
        detects = "–" if row.mde is None else f"{row.mde * 100:+.2f}pp"
        click.echo(
            f"  {row.discordance:>9.1%} {row.power:>8.1%} {detects:>10} "
            f"{row.n_for_80:>12} {row.n_for_90:>12}"
        )
