"""A plain number as the value of a demand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from evalguard.errors import found

NUMBER: Mapping[str, Any] = {"type": "number"}
"""JSON schema of a number."""


def parse_number(value: Any) -> float:
    """Read a finite number, of numpy as well.

    Raises:
        ValueError: If it is none.

    Example:
        >>> parse_number(1)
        1.0
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"must be a number, {found(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number, {found(value)}")
    return number
