"""One model under two names is told from two models, against the noise of a server (S4)."""

import itertools
import random

import pytest
from scipy.stats import binomtest

from evalguard.engines.endpoint.identity import (
    ALPHA,
    Levels,
    beyond_own_noise,
    differ,
    may_differ,
    pvalue,
)
from evalguard.engines.endpoint.side_by_side import Asked, side_by_side
from evalguard.engines.endpoint.who_answers import asking_both
from tests.engines import questions


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


@pytest.mark.parametrize("vary", [0.05, 0.3, 0.7])
def test_the_pvalue_is_no_smaller_than_a_pvalue(vary):
    """Under one model it falls below any level in at most that share of draws."""
    draw = random.Random(0)

    def answers():
        return [[str(draw.random() < vary and draw.random()) for _ in range(3)] for _ in range(6)]

    found = [pvalue(answers(), answers()) for _ in range(300)]
    for level in (0.5, 0.1, 0.01):
        assert binomtest(sum(p <= level for p in found), 300, level).proportion_ci().low <= level


@pytest.mark.parametrize("prompts", range(1, 9))
def test_the_pvalue_is_exact_where_every_prompt_is_divided_as_far_as_it_can_be(prompts):
    one, two = [["a"] * 3] * prompts, [["b"] * 3] * prompts
    same = [["c"] * 3] * 5
    assert pvalue(one + same, two + same) == pytest.approx(0.1**prompts)
    assert pvalue(one, one) == 1


@pytest.mark.parametrize("tasks", [1, 7, 200])
def test_levels_of_all_tasks_and_ways_add_up_to_less_than_the_total(tasks):
    levels = Levels()
    every = [levels.of("v2", str(task)) for task in range(tasks)]
    assert 3 * sum(every) < ALPHA
    assert levels.of("v3", "0") == every[0] == levels.of("v2", "0")


@pytest.mark.parametrize(("varied", "told"), [(0, True), (3, True), (30, False)])
def test_answers_are_held_to_what_the_base_varies(varied, told):
    assert beyond_own_noise(60, 200, varied=varied, repeated=100, level=1e-4) is told


def test_both_models_are_asked_in_one_mixed_order_with_seeds_of_their_own():
    seen: list[Asked] = []

    def ask(asked):
        seen.extend(asked)
        return [f"{one.of_base} {one.request.args[0]}" for one in asked]

    few = [questions.generation(f"q {place}") for place in range(8)]
    rows = side_by_side(few, ask, repeats=3, draw=random.Random(0))
    assert rows == [([f"True q {n}"] * 3, [f"False q {n}"] * 3) for n in range(8)]
    assert len(seen) == 48
    turns = sum(one.of_base != two.of_base for one, two in itertools.pairwise(seen))
    assert turns > 12
    assert all([one.repeat for one in seen].count(repeat) == 16 for repeat in range(3))


def test_two_servers_are_asked_in_turns():
    calls: list[tuple[str, list[int]]] = []

    def server(name):
        def ask(named):
            calls.append((name, [repeat for _, _, repeat in named]))
            return [f"{model} {one.args[0]}" for model, one, _ in named]

        return ask

    one = questions.generation("q")
    ask = asking_both(server("own"), server("other"), ("v2", "base"), together=False)
    asked = [Asked(of_base, one, repeat) for of_base in (True, False) for repeat in (0, 1)]
    assert ask(asked) == ["base q", "base q", "v2 q", "v2 q"]
    assert calls == [("own", [0]), ("other", [0]), ("own", [1]), ("other", [1])]
