"""The interval: it belongs to the verdict, and it covers."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from evalguard.stats import BinaryRate, PairedBinary, UnitT, interval


@st.composite
def tables(draw, most=150):
    n = draw(st.integers(10, most))
    losses = draw(st.integers(0, n // 2))
    gains = draw(st.integers(0, n // 2))
    return PairedBinary(losses, gains, n)


@st.composite
def unit_tests(draw):
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    return UnitT(np.clip(rng.normal(rng.uniform(-0.3, 0.3), 0.3, rng.integers(10, 60)), -1, 1))


@given(
    st.one_of(tables(), unit_tests()),
    st.floats(-0.3, 0.3),
    st.sampled_from([0.2, 0.05, 0.01, 0.001]),
)
@example(PairedBinary(losses=0, gains=6, n=12), 9.6e-306, 0.2)
@example(PairedBinary(losses=3, gains=9, n=40), -2e-200, 0.05)
@example(PairedBinary(losses=0, gains=6, n=12), 5e-324, 0.2)
@settings(max_examples=80, deadline=None)
def test_verdict_and_interval_agree(test, margin, alpha):
    low, high = interval(test, margin=margin, alpha=alpha)
    assert (low >= -margin) == (test.p_pass(margin) <= alpha)
    assert (high <= -margin) == (test.p_fail(margin) <= alpha)


@given(st.one_of(tables(), unit_tests()))
@settings(max_examples=40, deadline=None)
def test_a_higher_level_widens(test):
    narrow = interval(test, margin=0.05, alpha=0.1)
    wide = interval(test, margin=0.05, alpha=0.01)
    assert wide.low <= narrow.low + 2e-5
    assert wide.high >= narrow.high - 2e-5
    assert narrow.low <= test.estimate + 1e-9 <= narrow.high + 2e-9


@given(unit_tests())
@settings(max_examples=40, deadline=None)
def test_swapping_the_arms_mirrors_the_interval(test):
    swapped = UnitT(-test.sums)
    low, high = interval(test, margin=0.05, alpha=0.05)
    mirrored = interval(swapped, margin=0.05, alpha=0.05)
    assert mirrored.low == pytest.approx(-high, abs=1e-4)
    assert mirrored.high == pytest.approx(-low, abs=1e-4)


def test_limits_reject_just_outside_and_not_just_inside():
    test = PairedBinary(10, 5, 200)
    low, high = interval(test, margin=0.05, alpha=0.05)
    assert test.p_pass(-(low - 2e-4)) <= 0.05 < test.p_pass(-(low + 2e-4))
    assert test.p_fail(-(high + 2e-4)) <= 0.05 < test.p_fail(-(high - 2e-4))


def test_upper_limit_covers_values_left_unrejected_beyond_a_gap():
    """The FAIL test at this level rejects θ = 0.078 but not θ = 0.085: both lie inside."""
    test = PairedBinary(7, 4, 100)
    assert test.p_fail(-0.078) <= 0.005 < test.p_fail(-0.085)
    assert interval(test, margin=0.03, alpha=0.005).high > 0.085


@pytest.mark.parametrize(
    ("n", "psi", "theta"),
    [
        (30, 0.15, -0.08),
        *(pytest.param(*design, marks=pytest.mark.slow)
          for design in [(40, 0.15, 0.0), (40, 0.15, 0.05), (60, 0.3, -0.1), (80, 0.1, 0.02)]),
    ],
)  # fmt: skip
def test_enumerated_coverage(n, psi, theta):
    """Each limit misses the true difference in at most 5 % of all tables, weighted."""
    loss, gain = (psi - theta) / 2, (psi + theta) / 2
    missed_low = missed_high = 0.0
    for b in range(n + 1):
        for c in range(n + 1 - b):
            weight = stats.multinomial.pmf([b, c, n - b - c], n, [loss, gain, 1 - psi])
            if weight < 1e-6:
                continue
            low, high = interval(PairedBinary(b, c, n), margin=0.05, alpha=0.05)
            missed_low += weight * (low > theta)
            missed_high += weight * (high < theta)
    assert missed_low <= 0.0501
    assert missed_high <= 0.0501


@pytest.mark.parametrize("n", [43, 59, 200, 800])
def test_interval_of_an_unchanged_model_holds_zero(n):
    low, high = interval(PairedBinary(0, 0, n), margin=0.1, alpha=0.0255)
    assert low < 0 < high


def test_a_bound_has_the_clopper_pearson_limits():
    low, high = interval(BinaryRate(3, 3), margin=-0.5, alpha=0.05, low=0.0, high=1.0)
    assert low == pytest.approx(0.05 ** (1 / 3), abs=1e-4)
    assert high == 1.0  # nothing above is ruled out: the limit is that of the scale


@pytest.mark.parametrize("margin", [1e-13, 1e-100, 9.6e-306, 5e-324, -1e-200])
@pytest.mark.parametrize("table", [(0, 6, 12), (3, 9, 40), (10, 5, 1200)])
def test_a_margin_too_small_to_compute_with_is_none(table, margin):
    test = PairedBinary(*table)
    assert test.p_pass(margin) == test.p_pass(0.0) == pytest.approx(test.p_pass(1e-9), abs=1e-6)
    assert test.p_fail(margin) == test.p_fail(0.0) == pytest.approx(test.p_fail(1e-9), abs=1e-6)
