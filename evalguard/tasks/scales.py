"""Scores on a scale, as people and judges write them: 7, 7.5, 8/10, 8 out of 10, 80 %."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER = r"[-+]?(?!0*[1-9]\d*,\d{3}(?!\d))(?:\d+(?:[.,]\d+)?|[.]\d+)"
"""A number with a decimal point or comma; "1,000" can be a thousand or one, so it is none."""

_SCORE = re.compile(
    rf"(?P<value>{NUMBER})\s*(?:(?:/|out of|of|von|sur|de)\s*(?P<top>{NUMBER})|(?P<percent>[%％]))?"
    r"\s*(?:points?|stars?|punkte|分|点|점)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of scores.

    Attributes:
        low: Worst score.
        high: Best score.
        pass_from: Score from which an answer passes; ``None`` where two scores are compared.
    """

    low: float
    high: float
    pass_from: float | None = None

    def share(self, score: float) -> float:
        """Return where a score lies on the scale, from 0 to 1."""
        return (score - self.low) / (self.high - self.low)

    @property
    def threshold(self) -> float | None:
        """Where passing begins, from 0 to 1."""
        return None if self.pass_from is None else self.share(self.pass_from)

    def read(self, text: str) -> float | None:
        """Return the score that a text is; ``None`` where it is none, or lies outside the scale.

        A total must be the top of the scale: 4/5 is no score from 1 to 10.

        Example:
            >>> scale = Scale(1, 10, pass_from=7)
            >>> [scale.read(text) for text in ("7", "9/10", "7,5", "4/5", "11", "good")]
            [7.0, 9.0, 7.5, None, None, None]
        """
        found = _SCORE.fullmatch(text.strip())
        if found is None:
            return None
        value = number_of(found["value"])
        if found["top"] and number_of(found["top"]) != self.high:
            return None
        if found["percent"]:
            if self.low != 0:
                return None
            value *= self.high / 100
        return value if self.low <= value <= self.high else None

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


def number_of(text: str) -> float:
    """Return a number that is written with a decimal point or comma."""
    return float(text.replace(",", "."))
