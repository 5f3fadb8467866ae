"""One row of a forest plot in characters: ``━━●━┊──│``."""

from __future__ import annotations

from evalguard.figures import threshold
from evalguard.records import GateResult
from evalguard.reports.scale import Scale

INTERVAL, POINT, ZERO, MARGIN = "━", "●", "│", "┊"
_GROUND = "·"
LEGEND = f"{INTERVAL}{POINT}{INTERVAL} one-sided bounds   {MARGIN} margin   {ZERO} no change"


def forest_line(gate: GateResult, scale: Scale, width: int) -> str:
    """Draw a gate's interval against its margin and zero.

    Args:
        gate: The gate; without an interval only the axis is drawn.
        scale: The axis that all rows share.
        width: Number of characters, at least 10.
    """
    cells = [_GROUND] * width

    def cell(value: float) -> int:
        return min(width - 1, int(scale.position(value) * width))

    cells[cell(0.0)] = ZERO
    if gate.ci is not None:
        first, last = (cell(end) for end in gate.ci)
        cells[first : last + 1] = [INTERVAL] * (last + 1 - first)
    mark = threshold(gate)
    if mark is not None:
        cells[cell(mark)] = MARGIN
    if gate.delta is not None:
        cells[cell(gate.delta)] = POINT
    return "".join(cells)
