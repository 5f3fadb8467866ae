"""The options by which a command reads one gate: its margin and the confidence."""

from __future__ import annotations

from typing import Any

import click

from evalguard.records import Gate, Margin


def read_margin(ctx: click.Context, param: click.Parameter, value: str | None) -> Margin | None:
    """Read a margin with its unit: ``5pp`` (of the score) or ``5%`` (of the baseline's mean)."""
    from evalguard.config.thresholds import parse_margin

    if value is None:
        return None
    try:
        return parse_margin(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def margin_options(function: Any) -> Any:
    """Add ``--max-drop``, ``--min-gain``, ``--confidence`` and ``--json`` to a command."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--confidence",
            type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
            default=0.95,
            show_default=True,
            help="Confidence of each side.",
        ),
        click.option(
            "--min-gain", callback=read_margin, metavar="MARGIN", help="Gain that must be shown."
        ),
        click.option(
            "--max-drop",
            callback=read_margin,
            metavar="MARGIN",
            help="Tolerated drop: 5pp of the score, or 5% of the baseline's mean.",
        ),
    ):
        function = option(function)
    return function


def gate_from(
    max_drop: Margin | None,
    min_gain: Margin | None,
    *,
    least: float | None = None,
    greatest: float | None = None,
    weights: Any = "size",
) -> Gate:
    """Return the gate that the options describe.

    Raises:
        click.UsageError: If they demand nothing, or a drop and a gain at once.
    """
    if max_drop is not None and min_gain is not None:
        raise click.UsageError("--max-drop and --min-gain exclude each other; give one")
    if all(demand is None for demand in (max_drop, min_gain, least, greatest)):
        raise click.UsageError("nothing is demanded; give --max-drop 5pp, for example")
    return Gate(
        name="gate",
        suite="scores",
        metric="score",
        max_drop=max_drop,
        min_gain=min_gain,
        min=least,
        max=greatest,
        source="command line",
        weights=weights,
    )
