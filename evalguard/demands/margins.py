"""A margin with its unit as the value of a demand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from evalguard.errors import found
from evalguard.records import Margin

_MARGIN = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(pp|%|nats|points?)\s*")

MARGIN: Mapping[str, Any] = {
    "type": "string",
    "pattern": r"^\s*[0-9]*\.?[0-9]+\s*(pp|%|nats|points?)\s*$",
    "examples": ["5pp", "5%", "0.2 nats", "2 points"],
}
"""JSON schema of a margin."""


def parse_margin(value: Any) -> Margin:
    """Read a margin with its unit.

    Raises:
        ValueError: If the unit is missing, or the margin is not above 0, or is 100pp and more.

    Example:
        >>> parse_margin("0.5pp"), parse_margin("0.2 nats")
        (Margin(value=0.005, unit='pp'), Margin(value=0.2, unit='nats'))
    """
    if isinstance(value, Margin):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        shown = f"{value if abs(value) >= 1 else value * 100:g}"
        raise ValueError(
            f"{found(value)}, a margin without unit; write {shown}pp (percentage points of the "
            f"score) or {shown}% (of the baseline's mean)"
        )
    match = _MARGIN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            f"{found(value)}, which is not a margin; write 5pp (percentage points of the score) "
            "or 5% (of the baseline's mean); for a log-likelihood, 0.2 nats; for a score from 0 "
            "to 100, 2 points"
        )
    number, unit = float(match[1]), match[2]
    if not 0 < number < math.inf or (unit == "pp" and number >= 100):
        most = " and below 100pp" if unit == "pp" else ""
        raise ValueError(f"{found(value)}; a margin is above 0{most}")
    if unit == "nats":
        return Margin(number, "nats")
    if unit.startswith("point"):
        return Margin(number, "points")
    return Margin(float(f"{number / 100:.12g}"), "pp" if unit == "pp" else "%")
