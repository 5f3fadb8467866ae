"""Encode what a sample adds to a corpus metric as JSON, keeping tuples, arrays and sets apart.

lm-eval's metrics pass any Python value to their aggregation; the store holds JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from evalguard.errors import MeasurementError


def encode(value: Any) -> Any:  # noqa: PLR0911 - one return a type
    """Return a value as JSON data from which :func:`decode` makes an equal one.

    Raises:
        MeasurementError: If it holds anything other than numbers, texts, lists, tuples, sets,
            mappings and numpy values.

    Example:
        >>> encode((1, float("nan")))
        {'tuple': [1, {'float': 'nan'}]}
    """
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        plain = value.tolist()
        return {"array": encode(plain)} if isinstance(plain, list) else encode(plain)
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return float(value) if math.isfinite(value) else {"float": str(float(value))}
        case list():
            return [encode(item) for item in value]
        case tuple():
            return {"tuple": [encode(item) for item in value]}
        case set() | frozenset():
            return {"set": sorted((encode(item) for item in value), key=repr)}
        case dict():
            return {"dict": [[encode(key), encode(item)] for key, item in value.items()]}
    raise MeasurementError(f"gave {value!r:.80}, a {type(value).__name__}, which cannot be stored")


def decode(data: Any) -> Any:
    """Return the value that :func:`encode` was given; numpy scalars come back as plain numbers."""
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    [(kind, held)] = data.items()
    return _MADE_OF[kind](held)


def _array(held: Any) -> Any:
    import numpy as np

    return np.asarray(decode(held))


_MADE_OF: Mapping[str, Callable[[Any], Any]] = {
    "float": float,
    "tuple": lambda held: tuple(decode(item) for item in held),
    "set": lambda held: {decode(item) for item in held},
    "dict": lambda held: {decode(key): decode(item) for key, item in held},
    "array": _array,
}
