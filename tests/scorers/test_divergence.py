"""Token KL against arithmetic done by hand."""

import numpy as np
import pytest

from evalguard.scorers.divergence import token_kl


def test_it_is_the_mean_of_each_tokens_divergence():
    before = np.log([[0.5, 0.5], [0.25, 0.75]])
    after = np.log([[0.9, 0.1], [0.25, 0.75]])
    by_hand = (0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1) + 0.0) / 2
    assert token_kl(before, after) == pytest.approx(by_hand)


def test_it_is_directed_and_never_negative():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 40, 7))
    before, after = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    assert token_kl(before, after) > 0
    assert token_kl(before, after) != pytest.approx(token_kl(after, before))
    assert token_kl(before, before) == 0.0


def test_a_token_that_the_baseline_never_gives_costs_nothing():
    with np.errstate(divide="ignore"):
        before = np.log([[1.0, 0.0]])
    assert token_kl(before, np.log([[0.5, 0.5]])) == pytest.approx(np.log(2))


def test_a_token_that_only_the_baseline_gives_costs_much_and_stays_finite():
    with np.errstate(divide="ignore"):
        after = np.log([[1.0, 0.0]])
    assert 1000 < token_kl(np.log([[0.5, 0.5]]), after) < np.inf


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.log([[0.5, 0.5]]), np.log([[0.3, 0.3, 0.4]])),
        (np.log([[0.5, 0.5]]), np.array([[np.nan, 0.0]])),
        (np.log([[0.5, 0.5]]), np.array([[0.0, 0.0]])),
    ],
)
def test_what_is_no_distribution_is_refused(before, after):
    with pytest.raises(ValueError, match="distribution"):
        token_kl(before, after)
