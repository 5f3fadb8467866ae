"""One model under two names is told from two models, against the noise of a server (S4)."""

import random

import pytest

from evalguard.engines.endpoint.identity import differ, may_differ


def texts(seed: int, *, vary: float) -> list[list[str]]:
    """Four answers to each of eight prompts; a share of them ends in a word of its own."""
    draw = random.Random(seed)
    return [
        [
            f"The answer to {prompt} is known"
            + (f" {draw.random()}" if draw.random() < vary else "")
            for _ in range(4)
        ]
        for prompt in range(8)
    ]


def logs(seed: int, *, noise: float, shift: float = 0.0) -> list[list[float]]:
    draw = random.Random(seed)
    return [
        [-30.0 - prompt - shift + draw.gauss(0, noise) for _ in range(4)] for prompt in range(8)
    ]


@pytest.mark.parametrize("vary", [0.05, 0.3, 1.0])
def test_a_noisy_fallback_is_seldom_taken_for_two_models(vary):
    taken = sum(differ(texts(seed, vary=vary), texts(1000 + seed, vary=vary)) for seed in range(20))
    assert taken <= 1


def test_rounding_is_no_difference_and_a_shift_above_it_is():
    same = sum(differ(logs(s, noise=0.01), logs(500 + s, noise=0.01)) for s in range(20))
    assert same <= 1
    assert differ(logs(1, noise=0.01), logs(2, noise=0.01, shift=0.2))


def test_a_model_that_answers_otherwise_is_another():
    other = [[text.replace("known", "forty-two") for text in row] for row in texts(3, vary=1.0)]
    assert differ(texts(4, vary=1.0), other)


def test_without_noise_one_difference_is_looked_into_and_proves_nothing():
    base = [["same"] * 4 for _ in range(8)]
    other = [["same"] * 4 for _ in range(7)] + [["else"] * 4]
    assert may_differ(base, other)
    assert not may_differ(base, base)
    assert not differ(base, other)
