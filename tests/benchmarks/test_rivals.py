"""The rules of other gates: against scipy's own tests, and their error rates by enumeration."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.gate_of_gates import most_power
from benchmarks.rivals import Outcomes, evalproof, mlflow_compare, nemo_gate, point_rule, statgate
from evalguard.stats import power_paired


def table(losses, gains, n):
    both = n // 2
    return Outcomes(*(np.array([x]) for x in (both, losses, gains, n - both - losses - gains)))


def differences(losses, gains, n):
    return np.repeat([-1.0, 1.0, 0.0], [losses, gains, n - losses - gains])


def released(rule, n, psi, theta, margin):
    """Return the probability that a rule releases, by adding up every table."""
    pairs = np.repeat(np.arange(n + 1), np.arange(1, n + 2))
    losses = np.concatenate([np.arange(m + 1) for m in range(n + 1)])
    chance = stats.binom.pmf(pairs, n, psi) * stats.binom.pmf(
        losses, pairs, (psi - theta) / (2 * psi)
    )
    zeros = np.zeros_like(losses)
    found = Outcomes(zeros, losses, pairs - losses, n - pairs)
    return float(chance @ rule(found, margin).passed)


@pytest.mark.parametrize(("losses", "gains", "n"), [(6, 2, 60), (20, 35, 400), (1, 0, 12)])
def test_nemo_is_the_t_interval(losses, gains, n):
    values = differences(losses, gains, n)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    for margin, passed, failed in [
        (-low + 1e-3, True, False), (-low - 1e-3, False, False), (-high - 1e-3, False, True),
    ]:  # fmt: skip
        found = nemo_gate(table(losses, gains, n), float(margin))
        assert (bool(found.passed[0]), bool(found.failed[0])) == (passed, failed)


@pytest.mark.parametrize(("losses", "gains", "n"), [(9, 3, 120), (25, 40, 300)])
def test_statgate_is_scipys_bca_interval(losses, gains, n):
    values = differences(losses, gains, n)
    drawn = stats.bootstrap(
        (values,), np.mean, n_resamples=40_000, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    found = table(losses, gains, n)
    assert statgate(found, -drawn.low + 1.5 / n).passed[0]
    assert not statgate(found, -drawn.low - 1.5 / n).passed[0]
    assert statgate(found, -drawn.high - 1.5 / n).failed[0]


@pytest.mark.parametrize(
    ("rule", "setting", "rate"),  # n, ψ, θ, δ
    [
        (nemo_gate, (10, 0.05, -0.05, 0.05), 0.599),
        (nemo_gate, (100, 0.05, -0.05, 0.05), 0.118),
        (nemo_gate, (50, 0.01, -0.01, 0.01), 0.605),
        (statgate, (20, 0.05, -0.05, 0.05), 0.358),
        (evalproof, (100, 0.1, -0.1, 0.05), 0.058),
        (evalproof, (100, 0.2, -0.1, 0.05), 0.456),
    ],
)
def test_error_rates_by_enumeration(rule, setting, rate):
    assert released(rule, *setting) == pytest.approx(rate, abs=6e-4)


def test_mcnemar_is_scipys_binomial_test():
    for losses, gains in [(9, 2), (10, 1), (12, 3), (2, 9)]:
        significant = stats.binomtest(losses, losses + gains).pvalue < 0.05
        failed = mlflow_compare(table(losses, gains, 100), 0.05).failed[0]
        assert failed == (significant and losses > gains)


def test_a_point_rule_tolerates_the_margin_itself():
    assert point_rule(table(6, 1, 100), 0.05).passed[0]
    assert point_rule(table(7, 1, 100), 0.05).failed[0]
    assert point_rule(table(0, 0, 19), 0.05).failed[0]


@pytest.mark.parametrize(("n", "psi"), [(30, 0.1), (100, 0.01), (200, 0.05)])
def test_no_power_exceeds_the_bound(n, psi):
    bound, own = most_power(n, 0.1, psi), power_paired(n, 0.1, psi)
    assert own - 1e-4 <= bound <= own + 0.05


def test_the_bound_begins_where_no_loss_is_first_improbable():
    """Below ⌈ln 0.05 / ln 0.9⌉ = 29 questions no test can release models that never differ."""
    assert most_power(28, 0.1, 0.001) < 0.05 < most_power(29, 0.1, 0.001)
