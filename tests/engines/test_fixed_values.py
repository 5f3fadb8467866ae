"""One model is told from another by log-probabilities of fixed prompts, beyond noise (S4)."""

import random

import pytest

from evalguard.engines.endpoint.fixed_values import is_as_before, is_one_model


def values(model: str, *, noise: float = 0.0, seed: int = 0, prompts: int = 8):
    """Return two log-probabilities of each prompt."""
    draw = random.Random(f"{model} {seed}")
    return [
        [-5 * random.Random(f"{model} {at}").random() - 0.01 + draw.gauss(0, noise) for _ in "12"]
        for at in range(prompts)
    ]


@pytest.mark.parametrize("noise", [0.0, 1e-4, 0.01, 0.05])
def test_a_name_stands_for_the_model_of_before_but_not_for_another(noise):
    before = values("v1", noise=noise)
    days = range(1, 200)
    again = sum(is_as_before(values("v1", noise=noise, seed=day), before) for day in days)
    assert again >= 0.99 * len(days)
    others = sum(is_as_before(values(f"v{day + 1}", noise=noise), before) for day in days)
    assert others <= 0.05 * len(days)


def test_a_model_that_differs_a_little_is_another_where_nothing_varies():
    before = values("v1")
    near = [[one - 0.01 for one in row] for row in before]
    assert not is_as_before(near, before)
    assert not is_one_model(near, before)
    assert is_one_model(values("v1"), before)


def test_an_answer_that_turns_on_a_near_tie_is_no_other_model():
    before = values("v1")
    tie = [[row[0] - 1.0, row[1]] if at == 3 else row for at, row in enumerate(before)]
    other_day = [[one - 1.0 for one in row] if at == 3 else row for at, row in enumerate(before)]
    assert is_as_before(tie, before)
    assert is_as_before(other_day, before)
    assert not is_one_model(other_day, before)


@pytest.mark.parametrize("lost", [3, 6])
def test_prompts_without_values_are_left_out(lost):
    before = values("v1")
    now = [[] if at < lost else row for at, row in enumerate(before)]
    assert is_as_before(now, before) is (lost < 5)
    assert is_one_model(now, before) is (lost < 3)


def test_what_is_certain_is_alike_for_any_two_models_but_is_as_before():
    certain = [[-1e-6, -2e-6]] * 8
    assert not is_one_model(certain, certain)
    assert is_as_before(certain, certain)


@pytest.mark.parametrize("noise", [1e-3, 0.02])
def test_two_names_of_one_model_are_told_through_noise_and_two_models_apart(noise):
    found = sum(
        is_one_model(values("v1", noise=noise), values("v1", noise=noise, seed=day))
        for day in range(100)
    )
    assert found >= 98
    assert not any(
        is_one_model(values("v1", noise=noise), values(f"v{day}", noise=noise))
        for day in range(2, 100)
    )
