"""Servers without a fault are seldom refused, and those with one are."""

import pytest
from scipy.stats import binom

pytest.importorskip("lm_eval")

from benchmarks.servers import false_alarms
from evalguard.engines.endpoint.identity import LEVEL, NOISE, beyond_noise


@pytest.mark.parametrize(
    ("check", "settings"),
    [
        (false_alarms.greedy, {}),
        (false_alarms.likelihoods, {}),
        (false_alarms.apart, {}),
        (false_alarms.apart, {"labels": True}),
        (false_alarms.mixed, {}),
        (false_alarms.rerouted, {}),
        (false_alarms.rerouted, {"labels": True}),
        (false_alarms.judge, {}),
    ],
)
def test_a_server_without_noise_is_never_refused(check, settings):
    alarms, _, _ = false_alarms.rate(check, 10, settings)
    assert alarms == 0


@pytest.mark.parametrize(
    ("check", "settings"),
    [
        (false_alarms.draws, {"peak": 1.0}),
        (false_alarms.greedy, {"noise": 1.0}),
        (false_alarms.likelihoods, {"noise": 1.0}),
        (false_alarms.apart, {"noise": 0.5, "labels": True}),
        (false_alarms.judge, {"noise": 0.8}),
    ],
)
def test_a_fault_is_seen(check, settings):
    alarms, _, _ = false_alarms.rate(check, 50, settings)
    assert alarms > 25


@pytest.mark.parametrize("asked", range(1, 41))
def test_the_test_keeps_its_level_and_is_the_sharpest_that_does(asked):
    def tail(changed: int) -> float:
        """Return the probability of as many changed answers or more."""
        return float(binom.sf(changed - 1, asked, NOISE))

    fewest = next(n for n in range(asked + 2) if beyond_noise(n, asked))
    assert tail(fewest) < LEVEL <= tail(fewest - 1)
