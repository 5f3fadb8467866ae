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
        ValueError: If the unit is missing, or the margin is not above 0, or above 100 of a hundred.

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
    percent = float(match[1])
    if match[2] == "nats" and percent > 0:
        return Margin(percent, "nats")
    if match[2].startswith("point") and percent > 0:
        return Margin(percent, "points")
    if not 0 < percent <= 100:
        raise ValueError(f"{found(value)}; a margin is above 0 and at most 100{match[2]}")
    return Margin(float(f"{percent / 100:.12g}"), "pp" if match[2] == "pp" else "%")
