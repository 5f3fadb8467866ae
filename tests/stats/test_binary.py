"""Engine A: figures of its specification, brute force, size and monotonicity."""

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalguard.errors import DataError
from evalguard.stats import PairedBinary, fewest_samples, power_paired, rejection_edge
from evalguard.stats.binary import bonett_price, tango
from evalguard.stats.exact import GAMMA, N_PSI, TIE


@pytest.mark.parametrize(
    ("losses", "gains", "n", "expected"),
    [(10, 5, 200, 0.1279), (30, 20, 500, 0.0210), (0, 0, 59, 0.0485), (0, 0, 58, 0.0511)],
)
def test_p_pass_figures(losses, gains, n, expected):
    assert PairedBinary(losses, gains, n).p_pass(0.05) == pytest.approx(expected, abs=5e-5)


def test_p_fail_figure():
    assert PairedBinary(60, 10, 500).p_fail(0.05) == pytest.approx(0.00098, abs=5e-6)


@pytest.mark.parametrize(("margin", "least"), [(0.02, 149), (0.05, 59), (0.10, 29)])
def test_least_n_without_a_discordant_pair(margin, least):
    assert PairedBinary(0, 0, least).p_pass(margin) <= 0.05
    assert PairedBinary(0, 0, least - 1).p_pass(margin) > 0.05
    assert fewest_samples(margin) == least == np.ceil(np.log(0.05) / np.log(1 - margin))


def test_tango_satisfies_its_own_likelihood_equation():
    """The variance rests on the loss probability that maximises the likelihood at the margin."""
    b, c, n, margin = 14, 6, 120, 0.07

    def log_likelihood(loss):
        return b * np.log(loss) + c * np.log(loss - margin) + (n - b - c) * np.log(
            1 - 2 * loss + margin
        )  # fmt: skip

    grid = np.linspace(margin + 1e-6, (1 + margin) / 2 - 1e-6, 400_001)
    loss = grid[np.argmax(log_likelihood(grid))]
    expected = (c - b + n * margin) / np.sqrt(n * (2 * loss - margin - margin**2))
    assert tango(b, c, n, margin) == pytest.approx(expected, rel=1e-4)


def test_tango_is_mcnemar_at_margin_zero():
    assert tango(12, 5, 90, 0.0) == pytest.approx((5 - 12) / np.sqrt(17))


@pytest.mark.parametrize(
    ("losses", "gains", "n", "confidence", "limits"),
    [
        (7, 1, 21, 0.95, (-0.517, -0.026)),  # Bentur et al., in Fagerland et al. 2014, table V
        (16, 6, 161, 0.95, (-0.1240, -0.0054)),  # Cavo et al., by R's contingencytables
        (25, 28, 618, 0.90, (-0.0148, 0.0247)),  # by R's PropCIs
    ],
)
def test_tango_inverts_to_published_intervals(losses, gains, n, confidence, limits):
    z = stats.norm.isf((1 - confidence) / 2)
    margins = np.linspace(-0.2, 0.8, 40_001)
    statistic = np.array([tango(losses, gains, n, margin) for margin in margins])
    accepted = -margins[np.abs(statistic) <= z]
    assert (accepted.min(), accepted.max()) == pytest.approx(limits, abs=6e-4 if n < 100 else 1e-4)


def test_bonett_price_is_the_paired_t_with_one_loss_and_one_gain_added():
    differences = np.array([-1] * 8 + [1] * 4 + [0] * 30)
    expected = stats.ttest_1samp(differences, -0.05).statistic
    assert bonett_price(7, 3, 40, 0.05) == pytest.approx(expected)


def brute_force(losses, gains, n, margin, fail):
    """Add up the trinomial probabilities of all extreme tables, one table at a time."""
    statistic = bonett_price if fail else tango
    sign = -1 if fail else 1
    observed = sign * statistic(losses, gains, n, margin)
    pairs = losses + gains
    low, high = abs(margin), 1.0
    if observed > 0:
        least = stats.beta.ppf(GAMMA / 2, pairs, n - pairs + 1) if pairs else 0.0
        low = max(low, least)
        high = stats.beta.ppf(1 - GAMMA / 2, pairs + 1, n - pairs) if pairs < n else 1.0
    if low > high:
        return GAMMA
    worst = 0.0
    for psi in np.linspace(low, high, N_PSI):
        loss, gain = (psi + margin) / 2, (psi - margin) / 2
        total = sum(
            stats.multinomial.pmf([b, c, n - b - c], n, [loss, gain, 1 - psi])
            for b, c in product(range(n + 1), repeat=2)
            if b + c <= n and sign * statistic(b, c, n, margin) >= observed - TIE
        )
        worst = max(worst, total)
    return min(1.0, worst + GAMMA)


@pytest.mark.parametrize(
    ("losses", "gains", "n", "margin"),
    [(0, 0, 8, 0.1), (2, 1, 9, 0.1), (1, 3, 10, 0.05), (4, 0, 10, 0.2), (1, 2, 9, -0.1)],
)
@pytest.mark.parametrize("fail", [False, True])
def test_equals_brute_force(losses, gains, n, margin, fail):
    test = PairedBinary(losses, gains, n)
    found = test.p_fail(margin) if fail else test.p_pass(margin)
    assert found == pytest.approx(brute_force(losses, gains, n, margin, fail), abs=1e-6)


@pytest.mark.parametrize("margin", [0.05, -0.03])
def test_monotone_in_every_table_at_n_60(margin):
    """Adding a loss never makes PASS likelier nor FAIL less likely, and a gain the reverse."""
    n = 60
    p_pass, p_fail = np.full((n + 2, n + 2), np.nan), np.full((n + 2, n + 2), np.nan)
    for b, c in product(range(n + 1), repeat=2):
        if b + c <= n:
            test = PairedBinary(b, c, n)
            p_pass[b, c], p_fail[b, c] = test.p_pass(margin), test.p_fail(margin)
    for b, c in product(range(n + 1), repeat=2):
        if b + c < n:
            assert p_pass[b + 1, c] >= p_pass[b, c] - 1e-9, (b, c)
            assert p_pass[b, c + 1] <= p_pass[b, c] + 1e-9, (b, c)
            assert p_fail[b + 1, c] <= p_fail[b, c] + 1e-9, (b, c)
            assert p_fail[b, c + 1] >= p_fail[b, c] - 1e-9, (b, c)


def size(n, margin, *, fail, steps=300):
    """Return the greatest probability of a false verdict over every ψ, by enumeration."""
    edge = rejection_edge(n, margin, 0.05, n, fail=fail)
    pairs = np.arange(n + 1)
    worst = 0.0
    for psi in np.linspace(abs(margin), 1, steps):
        loss = (psi + margin) / (2 * psi)
        if fail:
            tail = np.where(edge > pairs, 0.0, stats.binom.sf(edge - 1, pairs, loss))
        else:
            tail = np.where(edge < 0, 0.0, stats.binom.cdf(edge, pairs, loss))
        worst = max(worst, float(stats.binom.pmf(pairs, n, psi) @ tail))
    return worst


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("n", [8, 20, 59, 100])
def test_enumerated_size(n, fail):
    assert size(n, 0.05, fail=fail) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("margin", [0.02, 0.05, 0.1, -0.02])
def test_enumerated_size_up_to_500(margin, fail):
    sizes = [*range(8, 61, 4), 75, 100, 120, 149, 150, 200, 250, 300, 400, 500]
    worst = max(size(n, margin, fail=fail) for n in sizes)
    assert 0.04 < worst <= 0.05  # it is used up, and never exceeded


def size_of_few(n, margin, psi, *, fail):
    """Return the probability of a false verdict at one ψ, by the tables that are likely there."""
    spread = 5 * np.sqrt(n * psi * (1 - psi))
    first, last = max(0, int(n * psi - spread) - 6), min(n, int(n * psi + spread) + 12)
    edge = rejection_edge(n, margin, 0.05, last, first=first, fail=fail)
    pairs, loss = np.arange(first, last + 1), (psi + margin) / (2 * psi)
    if fail:
        tail = np.where(edge > pairs, 0.0, stats.binom.sf(edge - 1, pairs, loss))
    else:
        tail = np.where(edge < 0, 0.0, stats.binom.cdf(edge, pairs, loss))
    return float(stats.binom.pmf(pairs, n, psi) @ tail)


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize(
    ("n", "margin", "psi"),
    [(1500, -0.002, 0.002), (1500, -0.002, 0.004), (1500, 0.001, 0.003), (20_000, 0.0002, 0.0005)],
)
def test_enumerated_size_where_few_of_many_questions_are_discordant(n, margin, psi, fail):
    """A normal approximation passes .083 of models at the first of these."""
    assert size_of_few(n, margin, psi, fail=fail) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize(
    ("n", "margins"),
    [
        (1500, (-0.5, -0.05, -0.002, 0.001, 0.01, 0.2)),
        (5000, (-0.05, -0.0005, 0.002, 0.01)),
        (20_000, (-0.002, -0.0002, 0.0002, 0.001, 0.002)),
    ],
)
def test_enumerated_size_up_to_20000(n, margins, fail):
    for margin in margins:
        for psi in {abs(margin), 1.5 * abs(margin), 0.001, 0.002, 0.005, 0.01}:
            if abs(margin) <= psi:
                assert size_of_few(n, margin, psi, fail=fail) <= 0.05, (margin, psi)


def test_at_margin_zero_the_order_is_that_of_mcnemar():
    """Beside scipy's exact binomial test of as many gains as losses, given the pairs."""
    for losses, gains, n in [(3, 12, 400), (40, 75, 5000), (300, 380, 50_000)]:
        conditional = stats.binomtest(gains, losses + gains, alternative="greater").pvalue
        asymptotic = stats.norm.sf((gains - losses) / np.sqrt(losses + gains))
        found = PairedBinary(losses, gains, n).p_pass(0.0)
        assert found == pytest.approx(asymptotic, rel=0.1)
        assert found <= conditional  # which pays for what it conditions on


def test_two_one_sided_tests_come_near_those_of_t_on_many_questions():
    losses, gains, n, margin = 2600, 2500, 50_000, 0.004
    values = np.repeat([-1.0, 1.0, 0.0], [losses, gains, n - losses - gains])
    test = PairedBinary(losses, gains, n)
    above = stats.ttest_1samp(values, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(values, -margin, alternative="less").pvalue
    assert test.p_pass(margin) == pytest.approx(above, rel=0.05)
    assert test.p_fail(margin) == pytest.approx(below, abs=0.002)


@given(st.integers(1001, 100_000), st.integers(0, 60), st.integers(0, 60), st.floats(-0.02, 0.02))
@settings(max_examples=40, deadline=None)
def test_one_more_loss_never_helps_at_any_n(n, losses, gains, margin):
    one, other = PairedBinary(losses, gains, n), PairedBinary(losses + 1, gains, n)
    # Up to γ, the p-value where no plausible ψ is on the boundary.
    assert other.p_pass(margin) >= one.p_pass(margin) - GAMMA
    assert other.p_fail(margin) <= one.p_fail(margin) + GAMMA


@pytest.mark.parametrize(
    ("n", "psi", "least"),
    [(200, 0.1, 0.69), (500, 0.1, 0.96), (1000, 0.1, 0.998), (500, 0.2, 0.79)],
)
def test_power_with_no_change(n, psi, least):
    assert power_paired(n, 0.05, psi) >= least


@pytest.mark.parametrize("psi", [0.05, 0.1, 0.2])
def test_false_fail_with_no_change(psi):
    assert power_paired(50, 0.05, psi, verdict_fails=True) <= 0.005
    assert power_paired(200, 0.05, psi, verdict_fails=True) <= 0.001


@pytest.mark.parametrize(
    ("losses", "gains", "n"), [(0, 0, 43), (0, 0, 200), (5, 3, 59), (2, 9, 120)]
)
def test_monotone_in_the_margin(losses, gains, n):
    """Where a verdict could lie, up to the jumps of a discrete test."""
    test = PairedBinary(losses, gains, n)
    margins = np.linspace(-0.9, 0.9, 61)
    p_pass = np.minimum([test.p_pass(margin) for margin in margins], 0.5)
    p_fail = np.minimum([test.p_fail(margin) for margin in margins], 0.5)
    assert np.all(np.diff(p_pass) <= 0.01)
    assert np.all(np.diff(p_fail) >= -0.01)
    assert p_pass[0] == p_fail[-1] == 0.5


def test_a_gain_is_not_shown_by_models_that_agree():
    """No plausible ψ allows a gain of 10 points here; that must not read as evidence for it."""
    assert PairedBinary(0, 0, 200).p_pass(-0.1) == pytest.approx(1.0)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_pvalues_are_probabilities(data):
    n = data.draw(st.integers(1, 300))
    losses = data.draw(st.integers(0, n))
    gains = data.draw(st.integers(0, n - losses))
    margin = data.draw(st.floats(-0.9, 0.9))
    test = PairedBinary(losses, gains, n)
    assert 0 < test.p_pass(margin) <= 1
    assert 0 < test.p_fail(margin) <= 1
    # A table cannot show both sides of a margin.
    assert test.p_pass(margin) + test.p_fail(margin) > 0.5


@pytest.mark.parametrize("counts", [(0, 0, 0), (-1, 0, 5), (0, -1, 5), (3, 3, 5)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(DataError, match="counts must be"):
        PairedBinary(*counts)


def test_one_pvalue_takes_less_than_100_ms():
    cases = [PairedBinary(110, 90, 1000), PairedBinary(60, 40, 1000), PairedBinary(5, 5, 1000)]
    for case in cases:
        for method in (case.p_pass, case.p_fail):
            started = time.process_time()
            method(0.0512)  # a margin that no other test has asked for
            assert time.process_time() - started < 0.1


def test_a_vanishing_margin_is_as_good_as_none():
    test = PairedBinary(losses=0, gains=6, n=12)
    assert test.p_pass(4e-97) == pytest.approx(test.p_pass(0.0))
