"""Planning: formulas against exact power, and exact power against simulation."""

import numpy as np
import pytest

from evalguard.errors import UsageError
from evalguard.stats import (
    PairedBinary,
    detectable_effect,
    expected_power,
    fewest_samples,
    power_paired,
    required_n,
    required_n_exact,
    required_n_paired,
)

# margin, discordance: n for 80 and for 90 % power with no change
TABLE = {
    (0.05, 0.05): (160, 212),
    (0.05, 0.10): (274, 362),
    (0.05, 0.20): (503, 698),
    (0.03, 0.05): (396, 526),
    (0.03, 0.10): (717, 993),
    (0.03, 0.20): (1404, 1946),
    (0.02, 0.05): (826, 1118),
    (0.02, 0.10): (1580, 2190),
    (0.02, 0.20): (3165, 4384),
}


def assert_power_at(design, sizes):
    for n, power in zip(sizes, (0.8, 0.9), strict=True):
        assert power - 0.003 <= power_paired(n, *design) <= power + 0.02


@pytest.mark.parametrize("design", [(0.05, 0.05), (0.05, 0.10), (0.03, 0.20), (0.02, 0.10)])
def test_exact_power_at_the_tabled_n(design):
    assert_power_at(design, TABLE[design])


@pytest.mark.slow
@pytest.mark.parametrize(("design", "sizes"), TABLE.items())
def test_exact_power_at_every_tabled_n(design, sizes):
    assert_power_at(design, sizes)


@pytest.mark.slow
@pytest.mark.parametrize(("design", "sizes"), TABLE.items())
def test_required_n_is_the_tabled_one(design, sizes):
    for n, power in zip(sizes, (0.8, 0.9), strict=True):
        found = required_n_exact(*design, power=power)
        assert found == pytest.approx(n, rel=0.025)
        assert power_paired(found, *design) >= power
        assert required_n(*design, power=power) == pytest.approx(n, rel=0.07)


@pytest.mark.parametrize(
    ("n", "margin", "psi", "effect"), [(120, 0.05, 0.1, -0.02), (80, -0.03, 0.2, 0.1)]
)
@pytest.mark.parametrize("fails", [False, True])
def test_exact_power_equals_simulation(n, margin, psi, effect, fails):
    rng = np.random.default_rng(6)
    shares = [(psi - effect) / 2, (psi + effect) / 2, 1 - psi]
    draws = rng.multinomial(n, shares, size=4000)
    rejected = 0
    for losses, gains, _ in draws.tolist():
        test = PairedBinary(losses, gains, n)
        rejected += (test.p_fail(margin) if fails else test.p_pass(margin)) <= 0.05
    exact = power_paired(n, margin, psi, effect=effect, verdict_fails=fails)
    assert rejected / 4000 == pytest.approx(exact, abs=0.025)


@pytest.mark.parametrize("effect", [0.0, 0.02])
def test_approximate_power_is_near_the_exact_one(effect):
    for n in (150, 300, 600):
        exact = power_paired(n, 0.05, 0.1, effect=effect)
        assert expected_power(n, 0.05, 0.1, effect=effect) == pytest.approx(exact, abs=0.04)


def test_detectable_effect_and_required_n_agree():
    """Where an unchanged model is just detectable, n is just about the required one."""
    n = required_n(0.05, 0.2)
    assert detectable_effect(0.05, (0.2 / n) ** 0.5) == pytest.approx(0.0, abs=0.002)


def test_clusters_multiply_n():
    assert required_n(0.05, 0.1, design_effect=2.0) == pytest.approx(
        2 * required_n(0.05, 0.1), abs=2
    )


def test_an_effect_at_the_margin_is_undecidable():
    with pytest.raises(UsageError, match="no number of samples"):
        required_n(0.05, 0.1, effect=-0.05)


def test_an_impossible_design_is_refused():
    with pytest.raises(UsageError, match="raise the discordance"):
        power_paired(100, 0.05, 0.1, effect=-0.2)


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("discordance", [0.005, 0.01, 0.03, 0.05, 0.1])
def test_the_advised_number_reaches_its_power_with_few_discordant_questions(margin, discordance):
    n = required_n_paired(margin, discordance, effect=0.0, alpha=0.05)
    assert power_paired(n, margin, discordance) >= 0.795


def test_no_discordant_question_needs_the_fewest_samples():
    assert required_n_paired(0.05, 0.0, effect=0.0, alpha=0.05) == fewest_samples(0.05)
