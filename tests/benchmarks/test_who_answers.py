"""The simulation of who answers tells the base from a candidate, and a part from all (S4)."""

import pytest

pytest.importorskip("lm_eval")

from benchmarks.servers.who_answers import Server, passes

DRAWS = range(6)


def passed(**settings):
    return sum(passes(Server(**settings), seed) for seed in DRAWS)


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2, 0.5])
def test_the_base_never_passes_for_a_candidate(values, noise):
    assert passed(values=values, noise=noise, to_base=1.0, trusted=not values) == 0


@pytest.mark.parametrize("values", [False, True])
def test_the_base_on_another_server_does_not_either(values):
    assert passed(values=values, noise=0.1, to_base=1.0, apart=True, trusted=not values) == 0


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize(("noise", "change"), [(0.0, 1.0), (0.2, 1.0), (0.0, 0.3)])
def test_a_candidate_passes(values, noise, change):
    found = passed(values=values, noise=noise, change=change, trusted=not values)
    assert found >= len(DRAWS) - 1


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_part_is_seen_by_log_probabilities(noise):
    assert passed(values=True, noise=noise, to_base=0.7) <= 1


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_base_that_answers_without_log_probabilities_is_seen(noise):
    assert passed(values=True, noise=noise, change=0.3, unscored=True) <= 1


@pytest.mark.parametrize("to_base", [0.0, 0.05, 0.3, 0.7])
def test_texts_pass_nothing_that_nobody_vouches_for(to_base):
    assert passed(to_base=to_base) == 0


def test_a_part_is_seen_on_two_servers():
    assert passed(values=True, noise=0.05, to_base=0.7, apart=True) == 0


def test_a_tenth_of_other_answers_proves_no_candidate():
    assert passed(noise=0.2, change=0.1, trusted=True) == 0
