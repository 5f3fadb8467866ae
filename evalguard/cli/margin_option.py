"""The options by which a command reads one gate: its margin and the confidence."""

from __future__ import annotations

from typing import Any

import click

from evalguard.records import Margin


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
            "--min-gain",
            callback=read_margin,
            metavar="MARGIN",
            help="Required improvement (superiority margin).",
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
