"""Scorers of well-formed output: JSON and YAML."""

from __future__ import annotations

import json
from typing import Any

from evalguard.records import Metric
from evalguard.scorers.extract import fenced
from evalguard.scorers.registry import scorer

MAX_STARTS = 200
"""Brackets at which an embedded JSON value is looked for, so that the work stays bounded."""


class Invalid:
    """The type of :data:`INVALID`."""


INVALID = Invalid()
"""What stands for a value that could not be read; ``None`` is a JSON value."""


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def parse_json(text: str) -> Any:
    """Return a text's JSON value, or :data:`INVALID`; NaN and Infinity are not JSON."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return INVALID


def find_json(text: str) -> Any:
    """Return the JSON value of the whole text, else of a fence, else the longest embedded one.

    Embedded values are objects and arrays only: every number in prose is JSON too.
    """
    for part in (text, *fenced(text, languages=("json", "jsonc"))):
        value = parse_json(part)
        if value is not INVALID:
            return value
    found, longest, end = INVALID, 0, 0
    starts = (index for index, sign in enumerate(text) if sign in "{[")
    for _, start in zip(range(MAX_STARTS), starts, strict=False):
        if start < end:
            continue
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if end - start > longest:
            found, longest = value, end - start
    return found


@scorer(name="json_valid", metrics=(Metric("json_valid"), Metric("json_valid_lenient")))
def json_valid(output: str) -> dict[str, float]:
    """Score 1 where the output is JSON.

    Strict: the whole output. Lenient: a fenced block or an object or array within prose will do.
    """
    strict = parse_json(output) is not INVALID
    lenient = strict or find_json(output) is not INVALID
    return {"json_valid": float(strict), "json_valid_lenient": float(lenient)}
