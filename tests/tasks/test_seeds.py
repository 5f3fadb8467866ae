"""Seeds of sampled requests."""

import pytest
from lm_eval.api.instance import Instance

from evalguard.tasks.base import seeded


def request(**settings):
    return Instance("generate_until", {}, ("Why?", {"max_gen_toks": 8, **settings}), 0)


def seed(instance, key="id", **numbers):
    return seeded(instance, key=key, **numbers).arguments[1].get("seed")


def test_each_repeat_and_each_draw_has_a_seed_of_its_own():
    sampled = request(do_sample=True, temperature=1.0)
    seeds = {seed(sampled, repeat=repeat, draw=draw) for repeat in range(5) for draw in range(3)}
    assert len(seeds) == 15
    assert seed(sampled, repeat=3) == seed(request(do_sample=True, top_p=0.9), repeat=3)
    assert seed(sampled) != seed(sampled, key="id-2"), "equal rows are drawn anew too"


def test_a_seed_that_is_given_is_kept_for_the_first_answer():
    given = request(do_sample=True, seed=7)
    assert seed(given) == 7
    assert len({seed(given), seed(given, repeat=1), seed(given, draw=1)}) == 3


@pytest.mark.parametrize(
    ("settings", "sampled"),
    [
        ({}, False),
        ({"temperature": 0.0}, False),
        ({"temperature": 0.7}, True),
        ({"do_sample": False, "temperature": 0.7}, False),
        ({"do_sample": True}, True),
    ],
)
def test_only_what_lm_eval_samples_gets_a_seed(settings, sampled):
    from lm_eval.models.utils import normalize_gen_kwargs

    assert bool(normalize_gen_kwargs(dict(settings))["do_sample"]) is sampled
    assert (seed(request(**settings), repeat=1) is not None) is sampled


def test_a_choice_stays_as_it_is():
    choice = Instance("loglikelihood", {}, ("Why?", " Because."), 0)
    assert seeded(choice, key="id", repeat=1, draw=1) is choice
