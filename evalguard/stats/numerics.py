"""A root of a function and a monotone curve through points, as scipy computes them.

``scipy.optimize`` and ``scipy.interpolate`` take longer to import than a whole decision takes;
these are the two functions that every decision needs of them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

_MAX_STEPS = 100


def find_root(
    function: Callable[[float], float],
    low: float,
    high: float,
    *,
    xtol: float,
    rtol: float = 8.881784197001252e-16,
) -> float:
    """Return where a continuous function changes sign, the same value as ``scipy.optimize.brentq``.

    Args:
        function: Has opposite signs at ``low`` and ``high``, or is 0 at one of them.
        low: One end of the bracket; may be the greater one.
        high: The other end.
        xtol: Absolute error of the root.
        rtol: Error relative to the root, added to it.

    Raises:
        ValueError: If the signs at the ends are the same, or a value is no number.
        RuntimeError: If 100 steps are not enough.

    References:
        R. P. Brent, Algorithms for Minimization Without Derivatives, Prentice-Hall 1973, chapter 4.

    Example:
        >>> round(find_root(lambda x: x**2 - 2, 0, 2, xtol=1e-12), 9)
        1.414213562
    """
    before, here = float(low), float(high)
    f_before, f_here = _value(function, before), _value(function, here)
    if f_before == 0:
        return before
    if f_here == 0:
        return here
    if (f_before > 0) == (f_here > 0):
        raise ValueError(f"no change of sign between {low} and {high}")
    across, f_across = before, f_before
    earlier = step = here - before  # the last step but one, and the last one
    for _ in range(_MAX_STEPS):
        if f_before != 0 and f_here != 0 and (f_before > 0) != (f_here > 0):
            across, f_across = before, f_before
            earlier = step = here - before
        if abs(f_across) < abs(f_here):
            before, here, across = here, across, here
            f_before, f_here, f_across = f_here, f_across, f_here
        delta = (xtol + rtol * abs(here)) / 2
        half = (across - here) / 2
        if f_here == 0 or abs(half) < delta:
            return here
        tried = math.inf
        if abs(earlier) > delta and abs(f_here) < abs(f_before):
            tried = _interpolated((before, f_before), (here, f_here), (across, f_across))
        if 2 * abs(tried) < min(abs(earlier), 3 * abs(half) - delta):
            earlier, step = step, tried
        else:
            earlier = step = half
        before, f_before = here, f_here
        if abs(step) > delta:
            here += step
        else:
            here += delta if half > 0 else -delta
        f_here = _value(function, here)
    raise RuntimeError(f"no root found between {low} and {high} in {_MAX_STEPS} steps")


def _value(function: Callable[[float], float], at: float) -> float:
    value = float(function(at))
    if math.isnan(value):
        raise ValueError(f"the function is no number at {at}")
    return value


def _interpolated(
    before: tuple[float, float], here: tuple[float, float], across: tuple[float, float]
) -> float:
    """Return the step from ``here`` to the root of a secant, or of an inverse quadratic."""
    (x0, f0), (x, f), (x1, f1) = before, here, across
    if x0 == x1:
        return -f * (x - x0) / (f - f0)
    slope0, slope1 = (f0 - f) / (x0 - x), (f1 - f) / (x1 - x)
    return -f * (f1 * slope1 - f0 * slope0) / (slope1 * slope0 * (f1 - f0))


def monotone_curve(x: Sequence[float], y: Sequence[float], at: float) -> float:
    """Return a curve through points that rises and falls only as they do.

    The value is that of ``scipy.interpolate.PchipInterpolator(x, y)(at)``.

    Args:
        x: At least two increasing positions.
        y: The value at each.
        at: Where the curve is wanted, between the first and the last of ``x``.

    References:
        F. N. Fritsch and J. Butland, A method for constructing local monotone piecewise cubic
        interpolants, SIAM J. Sci. Stat. Comput. 5:300-304, 1984.

    Example:
        >>> monotone_curve([0.0, 1.0, 2.0], [0.0, 0.0, 8.0], 1.5)
        2.5
    """
    left = min(max(bisect_right(x, at) - 1, 0), len(x) - 2)
    width = float(x[left + 1] - x[left])
    rise = float(y[left + 1] - y[left]) / width
    slope, next_slope = _slope(x, y, left), _slope(x, y, left + 1)
    t = float(at - x[left])
    bend = (slope + next_slope - 2 * rise) / width
    cubic, square = bend / width, (rise - slope) / width - bend
    return float(y[left]) + t * (slope + t * (square + t * cubic))


def _slope(x: Sequence[float], y: Sequence[float], index: int) -> float:
    """Return the slope of the curve at one of its points."""
    last = len(x) - 1
    if last == 1:
        return float(y[1] - y[0]) / float(x[1] - x[0])
    if index in (0, last):
        first, second = ((0, 1), (1, 2)) if index == 0 else ((last - 1, last), (last - 2, last - 1))
        return _end_slope(*_piece(x, y, first), *_piece(x, y, second))
    (width0, rise0), (width1, rise1) = (
        _piece(x, y, (index - 1, index)),
        _piece(x, y, (index, index + 1)),
    )
    if rise0 * rise1 <= 0:
        return 0.0
    weight0, weight1 = 2 * width1 + width0, width1 + 2 * width0
    return (weight0 + weight1) / (weight0 / rise0 + weight1 / rise1)


def _piece(x: Sequence[float], y: Sequence[float], ends: tuple[int, int]) -> tuple[float, float]:
    """Return the width of a piece, and how steeply the points rise over it."""
    low, high = ends
    width = float(x[high] - x[low])
    return width, float(y[high] - y[low]) / width


def _end_slope(width0: float, rise0: float, width1: float, rise1: float) -> float:
    """Return the slope at an end from the piece there and the one beside it."""
    slope = ((2 * width0 + width1) * rise0 - width0 * rise1) / (width0 + width1)
    if slope * rise0 <= 0:
        return 0.0
    if rise0 * rise1 <= 0 and abs(slope) > 3 * abs(rise0):
        return 3 * rise0
    return slope
