"""Relative margins on binary questions: the likelihood, brute force, size, symmetry."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from evalguard.errors import DataError
from evalguard.stats import PairedBinary, PairedRatio, paired_scores
from evalguard.stats.exact import GAMMA
from evalguard.stats.ratio import ratio_score


def probabilities(psi, ratio):
    """Return the probabilities of a loss and a gain where y = ratio·x, given that one is right."""
    return (psi * ratio + 1 - ratio) / (1 + ratio), (psi + ratio - 1) / (1 + ratio)


@pytest.mark.parametrize("ratio", [0.6, 0.95, 1.0, 1.2, 3.0])
def test_the_score_rests_on_the_most_likely_discordance(ratio):
    b, c, n = 14, 9, 120

    def against(psi):
        loss, gain = probabilities(psi, ratio)
        return -(b * np.log(loss) + c * np.log(gain) + (n - b - c) * np.log(1 - psi))

    least = max(1 - ratio, (ratio - 1) / ratio, 0.0)
    psi = optimize.minimize_scalar(
        against, bounds=(least + 1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-10}
    ).x
    expected = ((n - b) - ratio * (n - c)) / np.sqrt(ratio * n * psi)
    assert ratio_score(b, c, n, ratio) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("losses", "gains", "either", "limits"),
    [
        (7, 1, 9, (0.065, 0.907)),  # Bentur et al., in Fagerland et al. 2014
        (16, 6, 81, (0.7476, 0.9876)),  # Cavo et al., by R's contingencytables
    ],
)
def test_the_score_inverts_to_published_intervals(losses, gains, either, limits):
    """Of the ratio of 65 to 75 right answers of Cavo et al., and of 2 to 8 of Bentur et al."""
    ratios = np.linspace(0.05, 1.2, 23_001)
    scores = np.array([ratio_score(losses, gains, either, ratio) for ratio in ratios])
    accepted = ratios[np.abs(scores) <= stats.norm.isf(0.025)]
    assert (accepted.min(), accepted.max()) == pytest.approx(
        limits, abs=6e-4 if either < 10 else 1e-4
    )


def test_a_ratio_of_one_is_mcnemar():
    assert ratio_score(12, 5, 90, 1.0) == pytest.approx((5 - 12) / np.sqrt(17))


def brute_force(losses, gains, n, ratio):
    """Add up every table at least as extreme, at many more values of ψ than the test takes."""
    observed = ratio_score(losses, gains, n, ratio)
    least, most = max(1 - ratio, (ratio - 1) / ratio, 0.0), 1.0
    if observed > 0:
        pairs = losses + gains
        least = max(least, stats.beta.ppf(GAMMA / 2, pairs, n - pairs + 1) if pairs else 0.0)
        most = stats.beta.ppf(1 - GAMMA / 2, pairs + 1, n - pairs) if pairs < n else 1.0
    worst = 0.0
    for psi in np.linspace(least, most, 400):
        loss, gain = probabilities(psi, ratio)
        shares = np.clip([loss, gain, 1 - psi], 0, 1)
        worst = max(worst, sum(
            stats.multinomial.pmf([b, c, n - b - c], n, shares / shares.sum())
            for b, c in product(range(n + 1), repeat=2)
            if b + c <= n and ratio_score(b, c, n, ratio) >= observed - 1e-10
        ))  # fmt: skip
    return worst


@pytest.mark.parametrize(
    ("losses", "gains", "n", "share"),
    [(0, 0, 8, 0.2), (1, 2, 9, 0.1), (2, 4, 9, -0.5), (3, 0, 8, 0.3), (1, 5, 8, -1.0)],
)
def test_equals_brute_force(losses, gains, n, share):
    test = PairedRatio(losses, gains, n - losses - gains, n + 7, scale=0.4)
    assert test.p_pass(0.4 * share) == pytest.approx(
        brute_force(losses, gains, n, 1 - share), abs=2e-3
    )
    assert test.p_fail(0.4 * share) == pytest.approx(
        brute_force(gains, losses, n, 1 / (1 - share)), abs=2e-3
    )


def size(n, ratio):
    """Return the greatest chance of showing y > ratio·x where it is equal, over every ψ."""
    edge, edges = -1, []
    for pairs in range(n + 1):

        def shown(losses, pairs=pairs):
            test = PairedRatio(losses, pairs - losses, n - pairs, n, scale=1.0)
            return test.p_pass(1 - ratio) <= 0.05

        edge = min(edge, pairs)
        while edge < pairs and shown(edge + 1):
            edge += 1
        while edge >= 0 and not shown(edge):
            edge -= 1
        edges.append(edge)
    every, worst = np.arange(n + 1), 0.0
    for psi in np.linspace(max(1 - ratio, (ratio - 1) / ratio, 1e-9), 1, 200):
        loss = min(1.0, probabilities(psi, ratio)[0] / psi)
        tail = np.where(np.array(edges) < 0, 0.0, stats.binom.cdf(edges, every, loss))
        worst = max(worst, float(stats.binom.pmf(every, n, psi) @ tail))
    return worst


@pytest.mark.parametrize("ratio", [0.5, 0.95, 1.05, 1.5, 3.0])
@pytest.mark.parametrize("n", [8, 40])
def test_enumerated_size(n, ratio):
    assert size(n, ratio) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.5, 0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.2, 1.5, 2.0, 3.0])
def test_enumerated_size_up_to_400(ratio):
    assert 0.045 < max(size(n, ratio) for n in (15, 60, 150, 400)) <= 0.05


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_exchanging_the_models_exchanges_the_verdicts(data):
    n = data.draw(st.integers(1, 200))
    b = data.draw(st.integers(0, n))
    c = data.draw(st.integers(0, n - b))
    ratio = data.draw(st.floats(0.2, 4))
    one = PairedRatio(b, c, n - b - c, n, scale=1.0)
    other = PairedRatio(c, b, n - b - c, n, scale=1.0)
    assert one.p_pass(1 - ratio) == pytest.approx(other.p_fail(1 - 1 / ratio), abs=1e-9)
    assert 0 < one.p_pass(1 - ratio) <= 1
    # A table cannot show both sides of a margin.
    assert one.p_pass(1 - ratio) + one.p_fail(1 - ratio) > 0.5


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60), st.floats(-1.5, 0.8))
@settings(max_examples=60, deadline=None)
def test_monotone_in_the_table(losses, gains, both, share):
    def p_pass(b, c):
        return PairedRatio(b, c, both + 60 - b - c, 200, scale=0.5).p_pass(0.5 * share)

    # Up to γ, the p-value where no plausible ψ is on the boundary.
    assert p_pass(losses + 1, gains) >= p_pass(losses, gains) - GAMMA
    assert p_pass(losses, gains + 1) <= p_pass(losses, gains) + GAMMA


def test_without_a_loss_the_baselines_right_answers_count():
    """⌈ln 0.05 / ln 0.95⌉ = 59 questions that both get right show that 5 % is not lost."""
    assert PairedRatio(0, 0, 59, 1000, scale=0.059).p_pass(0.05 * 0.059) <= 0.05
    assert PairedRatio(0, 0, 58, 1000, scale=0.058).p_pass(0.05 * 0.058) > 0.05


def test_nothing_is_shown_of_models_that_are_never_right():
    test = PairedRatio(0, 0, 0, 50, scale=0.5)
    assert test.p_pass(0.1) == test.p_fail(0.1) == 1.0


def test_a_drop_of_more_than_everything_is_impossible():
    test = PairedRatio(10, 0, 10, 50, scale=0.4)
    assert test.p_pass(0.5) <= 1e-4
    assert test.p_fail(0.5) == 1.0


@pytest.mark.parametrize("higher", [True, False])
def test_scores_are_tested_in_their_direction(higher):
    """Of a rate of errors, 20 % more is what a drop of 20 % means."""
    baseline, candidate = [1] * 40 + [0] * 60, [1] * 30 + [0] * 60 + [1] * 10
    scores = paired_scores(baseline, candidate, higher_is_better=higher)
    test = scores.difference(relative=True)
    assert test == PairedRatio(10, 10, 30, 100, scale=0.4, higher_is_better=higher)
    same = PairedRatio(10, 10, 30, 100, scale=0.4)
    expected = same.p_pass(0.08) if higher else same.p_fail(-0.08)
    assert test.p_pass(0.08) == expected


def test_an_absolute_margin_stays_the_same():
    scores = paired_scores([1, 1, 0, 0], [1, 0, 1, 0])
    assert scores.difference(relative=False) == PairedBinary(1, 1, 4)


@pytest.mark.parametrize(
    ("losses", "gains", "both", "n"), [(-1, 0, 0, 5), (3, 3, 3, 8), (0, 0, 0, 0)]
)
def test_impossible_counts_are_refused(losses, gains, both, n):
    with pytest.raises(DataError, match="counts must be"):
        PairedRatio(losses, gains, both, n, scale=0.5)


def test_a_baseline_of_nothing_is_refused():
    with pytest.raises(DataError, match="scale > 0"):
        PairedRatio(0, 3, 0, 5, scale=0.0)
