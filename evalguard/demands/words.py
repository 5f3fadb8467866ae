"""How the sentences of a demand write an observed change and a p-value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """The observed change from baseline to candidate, for sentences in the metric's own scale.

    Attributes:
        estimate: Candidate − baseline, higher being better.
        low: Lower limit of its interval.
        high: Upper limit of its interval.
        percent: Whether scores read as percentages.
    """

    estimate: float
    low: float
    high: float
    percent: bool

    def signed(self, value: float) -> str:
        """Write a difference with its sign.

        Example:
            >>> Change(-0.018, -0.046, 0.01, percent=True).signed(-0.018)
            '−1.8 pp'
        """
        sign = "−" if value < 0 else "+"
        return f"{sign}{self.plain(abs(value))}"

    def plain(self, value: float) -> str:
        """Write a difference without its sign."""
        return f"{value * 100:.1f} pp" if self.percent else f"{value:.3g}"


def pvalue(value: float) -> str:
    """Write a p-value, such as ``p = 0.0485``."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}"
