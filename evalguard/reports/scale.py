"""The axis of differences that the forest plots share, in the terminal and in HTML.

A margin of 2 pp and a loss of 100 pp must both be legible on it, so the axis is stretched around
zero: a difference x stands at asinh(x / knee), which is nearly linear up to the knee and
logarithmic far beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import asinh

from evalguard.figures import threshold
from evalguard.records import GateResult

_ROUND_STEPS = (1.0, 2.0, 5.0)
_DEFAULT_EXTENT = 0.05


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps differences to positions between 0 (left end) and 1 (right end).

    Attributes:
        low: Difference at the left end; below 0.
        high: Difference at the right end; above 0.
        knee: Up to about here the axis is linear.
    """

    low: float
    high: float
    knee: float

    def position(self, value: float) -> float:
        """Return where a difference stands, from 0 to 1; beyond the ends, the end."""
        left, right = asinh(self.low / self.knee), asinh(self.high / self.knee)
        place = (asinh(value / self.knee) - left) / (right - left)
        return min(1.0, max(0.0, place))

    @property
    def is_stretched(self) -> bool:
        """Whether the axis is visibly not linear."""
        return max(-self.low, self.high) > 2 * self.knee

    def ticks(self, label: Callable[[float], str], *, width: int = 46) -> tuple[float, ...]:
        """Return round differences to label, zero among them, whose labels do not touch.

        Args:
            label: Writes a difference.
            width: Characters that fit on the axis.
        """
        marks = [0.0]
        for end in (self.low, self.high):
            last = 0.0
            for magnitude in _round_magnitudes(abs(end)):
                value = magnitude if end > 0 else -magnitude
                gap = (len(label(value)) + len(label(last))) / 2 + 1
                if abs(self.position(value) - self.position(last)) * width >= gap:
                    marks.append(value)
                    last = value
        return tuple(sorted(marks))


def fit_scale(gates: Iterable[GateResult]) -> Scale:
    """Return the scale on which all figures of some gates are legible."""
    measured = [gate for gate in gates if gate.ci is not None]
    margins = [abs(mark) for gate in measured if (mark := threshold(gate))]
    values = [value for gate in measured for value in _figures(gate)]
    extent = max((abs(value) for value in values), default=_DEFAULT_EXTENT) or _DEFAULT_EXTENT
    knee = 2 * max(margins, default=extent / 2)
    # Zero never stands at the very end, so that both sides can be told apart.
    low = min([*values, -extent / 8])
    high = max([*values, extent / 8])
    return Scale(low=low * 1.05, high=high * 1.05, knee=knee)


def _figures(gate: GateResult) -> Sequence[float]:
    assert gate.ci is not None
    optional = (gate.delta, threshold(gate))
    return [*gate.ci, *(value for value in optional if value is not None)]


def _round_magnitudes(end: float) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten from 1e-4 up to ``end``."""
    magnitudes = [step * 10.0**power for power in range(-4, 7) for step in _ROUND_STEPS]
    return [magnitude for magnitude in magnitudes if magnitude <= end]
