"""A root and a monotone curve, held to scipy's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import interpolate, optimize, special

from evalguard.stats.numerics import find_root, monotone_curve

_FUNCTIONS = [
    lambda x: x**3 - 2 * x - 5,
    lambda x: math.exp(-x) - x / 7,
    lambda x: math.tanh(20 * (x - 0.3)),
    lambda x: float(special.ndtri(min(max(0.5 + x / 9, 1e-15), 1 - 1e-15))) - 0.4,
    lambda x: math.floor(3 * x) + 0.5,  # a jump
    lambda x: x**3 + x - 1,
    lambda x: x,
]


@pytest.mark.parametrize("function", _FUNCTIONS)
@pytest.mark.parametrize("bracket", [(-8.0, 30.0), (30.0, -8.0), (-1.0, 4.0)])
@pytest.mark.parametrize(("xtol", "rtol"), [(1e-12, 8.881784197001252e-16), (1e-5, 1e-9)])
def test_the_root_is_scipys_to_the_last_bit(function, bracket, xtol, rtol):
    low, high = bracket
    expected = optimize.brentq(function, low, high, xtol=xtol, rtol=rtol)

    assert find_root(function, low, high, xtol=xtol, rtol=rtol) == expected


@given(st.floats(-5, 5), st.floats(0.01, 50), st.floats(0.01, 5))
def test_roots_are_found_wherever_they_are(root, steepness, reach):
    def function(x: float) -> float:
        return math.atan(steepness * (x - root))

    found = find_root(function, root - reach, root + 2 * reach, xtol=1e-10)

    assert found == optimize.brentq(function, root - reach, root + 2 * reach, xtol=1e-10)
    assert found == pytest.approx(root, abs=1e-9)


def test_an_end_may_be_the_root():
    assert find_root(lambda x: x - 2, 2, 5, xtol=1e-9) == 2
    assert find_root(lambda x: x - 5, 2, 5, xtol=1e-9) == 5


def test_a_bracket_without_a_change_of_sign_is_refused():
    with pytest.raises(ValueError, match="change of sign"):
        find_root(lambda x: x**2 + 1, -1, 1, xtol=1e-9)


@pytest.mark.parametrize("where", [-1.0, 0.5])
def test_what_is_no_number_is_refused(where):
    with pytest.raises(ValueError, match="no number"):
        find_root(lambda x: math.nan if x >= where else x - 2, -1, 3, xtol=1e-9)


def test_a_root_that_is_not_reached_is_an_error():
    with pytest.raises(RuntimeError, match="100 steps"):
        find_root(lambda x: -1.0 if x < 0.1 else 1.0, 0, 1, xtol=0.0, rtol=0.0)


_POINTS = st.lists(st.integers(-20, 20), min_size=2, max_size=12)


@given(_POINTS, st.data())
def test_the_curve_is_scipys(rises, data):
    gaps = data.draw(st.lists(st.floats(0.05, 9), min_size=len(rises), max_size=len(rises)))
    x, y = np.cumsum(gaps), np.cumsum(rises)
    at = data.draw(st.floats(float(x[0]), float(x[-1])))

    expected = float(interpolate.PchipInterpolator(x, y)(at))
    assert monotone_curve(x.tolist(), y.tolist(), at) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(_POINTS.map(lambda rises: [abs(rise) for rise in rises]), st.data())
def test_the_curve_rises_where_the_points_do(rises, data):
    x, y = [float(at) for at in range(len(rises))], np.cumsum(rises).tolist()
    low, high = sorted(data.draw(st.tuples(*[st.floats(0, x[-1])] * 2)))

    assert monotone_curve(x, y, low) <= monotone_curve(x, y, high) + 1e-9


def test_the_curve_goes_through_its_points():
    x, y = [0.0, 1.0, 3.0, 3.5], [2.0, -1.0, 4.0, 4.0]

    assert [monotone_curve(x, y, at) for at in x] == pytest.approx(y)
