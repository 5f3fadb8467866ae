"""The axis of the forest plots."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.reports.forest import forest
from evalguard.reports.forest_line import forest_line
from evalguard.reports.scale import Scale, fit_scale
from tests.reports import examples


@given(
    st.floats(-1, 1), st.floats(-1, 1), st.floats(0.001, 1), st.floats(0.001, 1), st.floats(0.01, 1)
)
def test_positions_keep_the_order_and_stay_within(first, second, low, high, knee):
    scale = Scale(low=-low, high=high, knee=knee)
    small, large = sorted((scale.position(first), scale.position(second)))
    assert 0 <= small <= large <= 1
    if first <= second:
        assert scale.position(first) <= scale.position(second)


def test_ends_of_the_axis():
    scale = Scale(low=-1.0, high=0.5, knee=0.1)
    assert scale.position(-1.0) == 0.0
    assert scale.position(0.5) == 1.0
    assert scale.position(9.0) == 1.0


def test_small_differences_share_a_linear_axis():
    scale = Scale(low=-0.06, high=0.06, knee=0.10)
    assert not scale.is_stretched
    assert abs(scale.position(-0.03) - 0.25) < 0.01


def test_margin_stays_legible_beside_a_total_loss():
    gates = examples.gate_results(examples.FORGETTING)
    scale = fit_scale(gates)
    assert scale.is_stretched
    assert scale.position(0.0) - scale.position(-0.05) > 0.03
    assert scale.position(-1.0) < 0.02


def test_ticks_are_apart_and_hold_zero():
    scale = fit_scale(examples.gate_results(examples.FORGETTING))
    ticks = scale.ticks("{:+.0f}".format, width=50)
    places = [scale.position(tick) for tick in ticks]
    assert 0.0 in ticks
    assert len(ticks) >= 5
    assert all(b - a >= 1 / 50 for a, b in pairwise(places))


@pytest.mark.parametrize("extent", [0.0004, 0.013, 0.36, 7.0, 4e5])
@pytest.mark.parametrize("margin", [None, 0.2])
def test_labels_of_an_axis_do_not_touch(extent, margin):
    gate = replace(
        examples.gate_results(examples.HEALTHY)[0],
        ci=(-extent, extent),
        delta=0.0,
        margin=margin,
        percent=False,
    )
    (axis,) = forest([gate])
    assert len(axis.ticks) >= 3
    characters = 354 / 7.2  # of the narrowest axis, on a phone
    for one, other in pairwise(axis.ticks):
        between = (other.at - one.at) / 100 * characters
        assert between > (len(one.label) + len(other.label)) / 2


def test_gates_without_figures_still_have_an_axis():
    gate = replace(examples.gate_results(examples.HEALTHY)[0], ci=None, delta=None, margin=None)
    scale = fit_scale([gate])
    assert scale.low < 0 < scale.high
    assert fit_scale([]).low < 0


def test_line_shows_the_point_left_of_the_margin_left_of_zero():
    gate = examples.gate_results(examples.SAFETY)[7]
    line = forest_line(gate, fit_scale([gate]), 40)
    assert len(line) == 40
    assert line.index("●") < line.index("┊") < line.index("│")


def test_a_wide_interval_is_wider_on_the_line():
    gate = replace(examples.gate_results(examples.HEALTHY)[1], delta=0.0)
    narrow, wide = replace(gate, ci=(-0.01, 0.01)), replace(gate, ci=(-0.04, 0.04))
    scale = fit_scale([narrow, wide])
    assert forest_line(wide, scale, 60).count("━") > forest_line(narrow, scale, 60).count("━")
