"""Looks: levels, p-values over looks, and conditional power."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalguard.errors import DataError
from evalguard.stats import conditional_power, levels, sequential_pvalue

TENTHS = [k / 10 for k in range(1, 11)]


def test_levels_of_ten_looks():
    """The listed figures come from a coarser grid and lie up to 0.5 % (and rounding) below."""
    listed = [0.00045, 0.00077, 0.00132, 0.00224, 0.00374, 0.00617, 0.01004, 0.01619, 0.02589,
              0.04104]  # fmt: skip
    assert levels(TENTHS) == pytest.approx(listed, rel=0.006, abs=1e-5)


def test_levels_of_three_looks_are_those_of_gsdesign():
    """Its default design, α = 0.025 with the same spending: upper bounds 3.01, 2.55, 2.00."""
    z = stats.norm.isf(levels([1 / 3, 2 / 3, 1], 0.025))
    assert z == pytest.approx([3.0107, 2.5465, 1.9992], abs=5e-5)


def test_one_look_at_the_end_spends_everything():
    assert levels([1.0]) == pytest.approx((0.05,), rel=1e-9)


def test_spending_early_is_that_of_gamma_minus_two():
    """At the first look the level is what may be spent: α(1 − e^{2t})/(1 − e²)."""
    shares = [0.25, 0.5, 1.0]
    early, late = levels(shares, spending="early"), levels(shares)
    assert early[0] == pytest.approx(0.05 * np.expm1(0.5) / np.expm1(2.0), rel=1e-9)
    assert early[0] > late[0]
    assert early[1] > late[1]
    assert early[2] < late[2]
    assert levels([1.0], spending="early") == levels([1.0])


@pytest.mark.slow
@pytest.mark.parametrize("spending", ["late", "early"])
@pytest.mark.parametrize("shares", [TENTHS, [0.07, 0.31, 0.33, 0.8, 1.0], [0.5, 0.501, 1.0]])
def test_levels_hold_the_error(shares, spending):
    """Scores of a run without any difference cross the levels in 5 % of two million runs."""
    rng = np.random.default_rng(8)
    steps = np.sqrt(np.diff([0.0, *shares]))
    bounds = stats.norm.isf(levels(shares, spending=spending))
    crossed = sum(
        int((np.cumsum(rng.standard_normal((250_000, len(shares))) * steps, axis=1)
             / np.sqrt(shares) >= bounds).any(axis=1).sum())
        for _ in range(8)
    )  # fmt: skip
    assert crossed / 2_000_000 == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 2_000_000))


@pytest.mark.parametrize("shares", [[], [0.0, 0.5], [0.5, 0.5], [0.6, 0.4], [0.5, 1.2]])
def test_broken_shares_are_refused(shares):
    with pytest.raises(DataError, match="shares"):
        levels(shares)


@given(st.floats(1e-9, 0.999), st.integers(1, 10), st.sampled_from(["late", "early"]))
@settings(max_examples=200, deadline=None)
def test_sequential_pvalue_agrees_with_the_level(pvalue, looks, spending):
    shares = TENTHS[:looks]
    overall = sequential_pvalue(pvalue, shares, spending=spending)
    assert (overall <= 0.05) == (pvalue <= levels(shares, spending=spending)[-1])


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.1])
@pytest.mark.parametrize("looks", [1, 4, 10])
def test_sequential_pvalue_is_exact_at_alpha(looks, alpha):
    """The table is interpolated, the decision is not: a hair on either side of the level."""
    shares = TENTHS[:looks]
    level = levels(shares, alpha)[-1]
    assert sequential_pvalue(level, shares, alpha) <= alpha
    assert sequential_pvalue(level * (1 + 1e-12), shares, alpha) > alpha


@given(st.floats(1e-12, 1.0), st.floats(1e-12, 1.0))
@settings(max_examples=100, deadline=None)
def test_sequential_pvalue_is_monotone(one, other):
    small, great = sorted((one, other))
    assert sequential_pvalue(small, TENTHS[:6]) <= sequential_pvalue(great, TENTHS[:6])


@pytest.mark.parametrize("overall", [0.05 / 12, 0.01, 0.2])
def test_sequential_pvalue_inverts_the_levels(overall):
    """At any other overall level too, as Holm's adjustment needs it."""
    level = levels(TENTHS[:7], overall)[-1]
    assert sequential_pvalue(level, TENTHS[:7]) == pytest.approx(overall, rel=0.01)


@pytest.mark.slow
def test_conditional_power_is_the_share_of_runs_that_get_there():
    """Simulate the second half of a run whose trend is what the first half showed."""
    rng = np.random.default_rng(4)
    for pvalue in (0.5, 0.2, 0.05):
        z = stats.norm.isf(pvalue)
        drift = z / np.sqrt(0.5)
        end = z * np.sqrt(0.5) + drift * 0.5 + rng.standard_normal(400_000) * np.sqrt(0.5)
        reached = float(np.mean(end >= stats.norm.isf(0.0412)))
        assert conditional_power(pvalue, 0.5, 0.0412) == pytest.approx(reached, abs=0.003)
