"""Stages of an extended gate: combination, levels beyond the planned samples, error over them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalguard.errors import DataError
from evalguard.stats import (
    Combined,
    Corrected,
    DetectorError,
    PairedBinary,
    combined_pvalue,
    conditional_level,
    interval,
    levels,
    sequential_pvalue,
)
from evalguard.stats.sequential import MOST_STAGES, spent

pvalues = st.floats(1e-12, 1 - 1e-12)
TENTHS = [k / 10 for k in range(1, 11)]


def test_two_stages_are_stouffers_method():
    expected = stats.combine_pvalues([0.03, 0.2, 0.6], method="stouffer").pvalue
    assert combined_pvalue([0.03, 0.2, 0.6], [1, 1, 1]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("p", "z"),
    [((6.846828e-05, 6.846828e-05), 5.3932972), ((0.90410354, 0.68487854), -1.2633725)],
)
def test_two_stages_have_the_statistic_that_rpact_gives(p, z):
    """The inverse normal statistics in the tests of R's rpact, of two halves of the information."""
    assert stats.norm.isf(combined_pvalue(p, [1, 1])) == pytest.approx(z, abs=1e-6)


def test_weights_are_shares_of_the_information():
    expected = stats.combine_pvalues([0.03, 0.2], method="stouffer", weights=[1, 0.5**0.5]).pvalue
    assert combined_pvalue([0.03, 0.2], [1, 0.5]) == pytest.approx(expected)


@given(st.lists(pvalues, min_size=1, max_size=4), st.integers(0, 3), st.floats(0, 1))
@settings(deadline=None)
def test_the_combination_is_monotone(p, index, by):
    worse = list(p)
    index %= len(p)
    worse[index] += (1 - worse[index]) * by
    weights = [1.0] * len(p)
    assert combined_pvalue(p, weights) <= combined_pvalue(worse, weights) + 1e-15


@pytest.mark.parametrize(
    ("p", "weights"), [([], []), ([0.5], [0]), ([1.5], [1]), ([np.nan], [1]), ([0.1, 0.2], [1])]
)
def test_broken_stages_are_refused(p, weights):
    with pytest.raises(DataError, match="expected"):
        combined_pvalue(p, weights)


@given(pvalues, pvalues, st.integers(1, MOST_STAGES - 1))
@settings(max_examples=60, deadline=None)
def test_the_level_that_is_left_is_where_the_combination_rejects(first, second, stages):
    level = levels([*range(1, stages + 2)], reserve=0.02)[-1]
    left = conditional_level(first, stages, level)
    combined = combined_pvalue([first, second], [stages, 1])
    assert (second < left) == (combined < level) or combined == pytest.approx(level, rel=1e-6)


@given(st.floats(0, 0.5), st.floats(0.01, 0.2))
@settings(max_examples=100, deadline=None)
def test_what_is_spent_grows_and_never_exceeds_alpha(reserve, alpha):
    shares = np.arange(1, 10 * MOST_STAGES + 1) / 10
    reached = [spent(share, alpha, reserve) for share in shares]
    assert np.diff(reached).min() >= -1e-15  # but for rounding
    assert reached[-1] <= alpha
    assert reached[9] == pytest.approx(alpha * (1 - reserve))


def test_a_reserve_of_nothing_changes_nothing():
    assert levels(TENTHS, reserve=0.0) == levels(TENTHS)
    with pytest.raises(DataError, match="shares ≤ 1"):
        levels([1.0, 2.0])


@pytest.mark.parametrize("reserve", [0.02, 0.1])
def test_levels_are_nested(reserve):
    """What a smaller α rejects, a greater one does too: sequential p-values rest on that."""
    shares = [*TENTHS, 1.5, 2.0, 3.0]
    strict, lax = levels(shares, 0.01, reserve=reserve), levels(shares, 0.05, reserve=reserve)
    assert all(one < other for one, other in zip(strict, lax, strict=True))
    small = [sequential_pvalue(p, shares, reserve=reserve) for p in (1e-6, 1e-4, 1e-3, 0.01, 0.2)]
    assert small == sorted(small)


@pytest.mark.parametrize("reserve", [0.02, 0.1])
def test_extensions_chosen_by_the_data_hold_the_error(reserve):
    """Whoever extends looks at the score first, and takes few or many samples accordingly."""
    runs, rng = 1_000_000, np.random.default_rng(9)
    shares = [0.5, 1.0, 2.0, 3.0]
    bounds = np.asarray(stats.norm.isf(levels(shares, reserve=reserve)))
    half, rest = rng.standard_normal((2, runs))
    rejected = half >= bounds[0]
    total = (half + rest) / np.sqrt(2)
    rejected |= total >= bounds[1]
    for stage, bound in enumerate(bounds[2:], start=2):
        # The score of an extension is standard normal whatever its size: that is all it takes.
        total = (np.sqrt(stage - 1) * total + rng.standard_normal(runs)) / np.sqrt(stage)
        rejected |= total >= bound
    assert rejected.mean() == pytest.approx(spent(3.0, 0.05, reserve), abs=3 * 0.05**0.5 / 1000)


def test_the_interval_of_stages_agrees_with_their_test():
    stages = [PairedBinary(12, 6, 200), PairedBinary(7, 9, 250)]
    test = Combined(stages, [1, 1], PairedBinary(19, 15, 450))
    for alpha in (0.002, 0.03, 0.2):
        limits = interval(test, margin=0.05, alpha=alpha)
        assert (limits.low >= -0.05) == (test.p_pass(0.05) <= alpha)
        assert (limits.high <= -0.05) == (test.p_fail(0.05) <= alpha)
        assert limits.low <= test.estimate <= limits.high
    assert test.estimate == pytest.approx(-4 / 450)


@given(pvalues, st.floats(0.001, 0.1))
@settings(max_examples=100, deadline=None)
def test_an_extension_never_passes_for_free(first, reserve):
    """What is left undecided passes only on new samples that show it at a level below 5 %."""
    planned, further = levels([1.0, 2.0], reserve=reserve)
    left = conditional_level(first, 1, further)
    if first > planned:
        assert left < 0.05
    assert left <= conditional_level(first / 2, 1, further)


@pytest.mark.slow
def test_error_of_an_extension_of_judged_scores():
    """One judge and one set of labels for both stages, the second as long as the first suggests."""
    rng, runs, delta, se, sp = np.random.default_rng(7), 1500, 0.05, 0.85, 0.90
    first, last = levels((1.0, 2.0), 0.05, reserve=0.02)

    def seen(n):
        """Return losses and gains as the judge sees them, at the margin, of ψ = .1."""
        before = rng.random(n) < 0.6
        flipped = rng.random(n) < np.where(before, 0.075 / 0.6, 0.025 / 0.4)
        scores = [
            np.where(truth, rng.random(n) < se, rng.random(n) >= sp)
            for truth in (before, before ^ flipped)
        ]
        return int((scores[0] & ~scores[1]).sum()), int((~scores[0] & scores[1]).sum()), n

    wrong = np.zeros(2)
    for _ in range(runs):
        error = DetectorError(rng.binomial(50, se), 50, rng.binomial(50, sp), 50)
        one = PairedBinary(*seen(300))
        test = Corrected(one, error)
        pvalues = test.p_pass(delta), test.p_fail(delta)
        level = first
        if min(pvalues) > first:
            more = 100 if pvalues[0] > 0.5 else 1000 if pvalues[0] < 0.2 else 300
            other = PairedBinary(*seen(more))
            test = Corrected(Combined([one, other], [1, 1], one), error)
            pvalues, level = (test.p_pass(delta), test.p_fail(delta)), last
        wrong += np.array(pvalues) <= level
    assert (wrong / runs <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / runs)).all()
