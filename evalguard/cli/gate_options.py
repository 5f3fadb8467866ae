"""The options by which a command reads one gate: its demands and the confidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from evalguard.demands import Demand, all_demands


def gate_options(kind: type[Any] = Demand) -> Callable[[Any], Any]:
    """Add an option for each demand, ``--confidence`` and ``--json`` to a command.

    The command gets the demands by their keys, as ``**demands``.

    Args:
        kind: Class of the demands that the command can take.
    """
    demands = [_option(demand) for demand in all_demands() if issubclass(demand, kind)]
    options = [
        *demands,
        click.option(
            "--confidence",
            type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
            default=0.95,
            show_default=True,
            help="One-sided confidence level.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ]

    def add(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def flag(key: str) -> str:
    """Return a demand's key as the command line writes it.

    Example:
        >>> flag("max_drop")
        'max-drop'
    """
    return key.replace("_", "-")


def _option(demand: type[Demand[Any]]) -> Callable[[Any], Any]:
    def read(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            return None if value is None else demand.parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from error

    return click.option(
        f"--{flag(demand.key)}",
        demand.key,
        type=float if demand.schema.get("type") == "number" else str,
        callback=read,
        metavar=demand.metavar,
        help=demand.option,
    )
