"""Servers without a fault are seldom refused, and those with one are."""

import random

import pytest

pytest.importorskip("lm_eval")

from benchmarks.servers import false_alarms
from evalguard.engines.endpoint.probes import LEVEL, NOISE, beyond_noise


@pytest.mark.parametrize(
    ("check", "settings"),
    [
        (false_alarms.draws, {"peak": 0.3}),
        (false_alarms.greedy, {"noise": NOISE}),
        (false_alarms.likelihoods, {"noise": NOISE}),
        (false_alarms.apart, {"noise": NOISE}),
        (false_alarms.apart, {"noise": NOISE / 2, "labels": True}),
        (false_alarms.mixed, {"noise": NOISE}),
    ],
)
def test_the_rate_is_that_of_the_level(check, settings):
    _, low, _ = false_alarms.rate(check, 300, settings)
    assert low <= LEVEL


@pytest.mark.parametrize(
    ("check", "settings"),
    [
        (false_alarms.draws, {"peak": 1.0}),
        (false_alarms.greedy, {"noise": 1.0}),
        (false_alarms.likelihoods, {"noise": 1.0}),
        (false_alarms.apart, {"noise": 0.5, "labels": True}),
    ],
)
def test_a_fault_is_seen(check, settings):
    alarms, _, _ = false_alarms.rate(check, 50, settings)
    assert alarms > 25


@pytest.mark.parametrize("asked", range(1, 41))
def test_the_test_keeps_its_level_and_is_the_sharpest_that_does(asked):
    draw = random.Random(asked)
    fewest = next(n for n in range(asked + 2) if beyond_noise(n, asked))
    runs = 4000
    found = sum(sum(draw.random() < NOISE for _ in range(asked)) >= fewest for _ in range(runs))
    assert found / runs < LEVEL + 0.006
    assert not beyond_noise(fewest - 1, asked)
