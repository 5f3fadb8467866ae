"""The number that an answer comes to."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from evalguard.errors import MeasurementError
from evalguard.records import Metric
from evalguard.scorers.registry import scorer
from evalguard.scorers.targets import a_number

_NUMBER = re.compile(
    r"""
    (?<![\w^])(?<!\d\.)                    # not inside a word, a power or a number
    (?P<sign>[-+−]?)(?:[$€£¥]\s?)?(?P<inner_sign>[-−]?)
    (?P<digits>(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+)(?:\.\d+)?|\.\d+)
    (?P<exponent>[eE][-+]?\d{1,3}\b)?
    (?:\s?/\s?(?P<denominator>\d+(?:\.\d+)?)(?![\d/]))?
    (?P<percent>\s?(?:\\?%|percent\b|per\ cent\b))?
    """,
    re.X,
)
_MARKERS = (
    re.compile(r"\\boxed\{([^{}]*)\}"),
    re.compile(r"####([^\n]*)"),
    re.compile(
        r"^[ \t*_]*(?:the )?(?:final )?(?:answer|result|a)[*_]*[ \t]*[:=]([^\n]*)", re.I | re.M
    ),
    re.compile(r"\b(?:answer|result) is\b:?([^\n]*)", re.I),
)
"""What announces the final answer; an earlier kind goes before a later one."""

_UNIT = re.compile(r"[\s$€£¥*_`().!:=]*(?:[^\W\d]+|%|°C?|²|³)?[\s.!*_`()]*")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written.

    Attributes:
        value: Its value, percent sign aside.
        percent: Whether a percent sign follows it.
    """

    value: float
    percent: bool = False


def numbers(text: str) -> list[Number]:
    r"""Return the numbers of a text in order: 1,234.50, -3, .5, 2e3, 3/4, $7, 12 %.

    A comma separates thousands, a point the decimals. Words ("two"), powers and mixed fractions
    are not read.

    Example:
        >>> [number.value for number in numbers("16 - 3/4 of $1,234.50")]
        [16.0, 0.75, 1234.5]
    """
    return [number for match in _NUMBER.finditer(text) if (number := _read(match)) is not None]


def _read(match: re.Match[str]) -> Number | None:
    """Return the matched number; ``None`` where it has no finite value."""
    value = float(match["digits"].replace(",", "") + (match["exponent"] or ""))
    if match["denominator"]:
        denominator = float(match["denominator"])
        value = value / denominator if denominator else math.inf
    if not math.isfinite(value):
        return None
    negative = "-" in (signs := match["sign"] + match["inner_sign"]) or "−" in signs
    return Number(-value if negative else value, percent=match["percent"] is not None)


def final_number(text: str) -> Number | None:
    r"""Return the last number after the last answer marker; without a marker the last of all.

    Markers: ``\boxed{…}``, ``#### …``, ``A: …`` or ``Answer: …`` at a line's start,
    ``the answer is …``.
    """
    for marker in _MARKERS:
        for answer in reversed(marker.findall(text)):
            if found := numbers(answer):
                return found[-1]
    found = numbers(text)
    return found[-1] if found else None


def stated_number(text: str) -> Number | None:
    """Return the number where nothing else could be meant, else ``None``.

    That is: the text is one number with at most one unit, or its last answer marker announces
    such a text.
    """
    for marker in _MARKERS:
        if answers := marker.findall(text):
            return _alone(answers[-1])
    return _alone(text)


def _alone(text: str) -> Number | None:
    """Return the number that is, with at most one unit, the whole text."""
    matches = list(_NUMBER.finditer(text))
    if len(matches) != 1:
        return None
    rest = text[: matches[0].start()] + " " + text[matches[0].end() :]
    return _read(matches[0]) if _UNIT.fullmatch(rest) else None


@scorer(
    name="numeric",
    metrics=(Metric("numeric"), Metric("numeric_lenient")),
    check_target=a_number,
)
def numeric(
    output: str,
    target: str,
    *,
    tolerance: Annotated[float, Field(ge=0)] = 1e-6,
    relative_tolerance: Annotated[float, Field(ge=0)] = 0.0,
) -> dict[str, float]:
    """Score 1 where the output's number equals that of the target within a tolerance.

    Strict reads :func:`stated_number`, lenient :func:`final_number`. "12%" equals 12 and 0.12,
    but not "0.12%".

    Raises:
        MeasurementError: If the target holds no number.
    """
    right = final_number(target)
    if right is None:
        raise MeasurementError(f"the target {target[:80]!r} holds no number")

    def equal(found: Number | None) -> float:
        if found is None:
            return 0.0
        readings = [(found.value, right.value)]
        if found.percent and not right.percent:
            readings.append((found.value / 100, right.value))
        if right.percent and not found.percent:
            readings.append((found.value, right.value / 100))
        return float(
            any(
                math.isclose(a, b, abs_tol=tolerance, rel_tol=relative_tolerance)
                for a, b in readings
            )
        )

    lenient = equal(final_number(output))
    return {"numeric": min(equal(stated_number(output)), lenient), "numeric_lenient": lenient}
