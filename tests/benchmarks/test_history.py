"""The test that benchmarks/history.py measures is what it claims: tails, strata, and a bound."""

import numpy as np
import pytest

from benchmarks.history import (
    MARGIN,
    Levels,
    Seen,
    Strata,
    _at_margin,
    adversarial,
    by_baseline,
    draw,
    least_share,
    tail,
)
from evalguard.stats import levels

SIGNS = np.array([1.0, -1.0, 1.0, -1.0])
SEEN = Seen(
    np.array([[1.0, 0.0, 4.0, 3.0]]),
    np.array([[25.0, 75.0, 8.0, 8.0]]),
    np.array([[115.0, 305.0, 40.0, 40.0]]),
)


def test_a_tail_is_that_of_drawn_runs():
    """At the most likely rates under the hypothesis, with the shares of strata drawn as well."""
    pvalue, _ = tail(SEEN, SIGNS, MARGIN)
    share = SEEN.total[0] / 500
    likely = _at_margin(SEEN.flips, SEEN.asked, share * SIGNS, MARGIN)[0]
    assert share @ (SIGNS * likely) == pytest.approx(-MARGIN)
    rng = np.random.default_rng(3)
    rates = rng.binomial(SEEN.asked[0].astype(int), likely, (400_000, 4)) / SEEN.asked[0]
    shares = rng.multinomial(500, share, 400_000) / 500
    drawn = rates @ (share * SIGNS) + (shares - share) @ (SIGNS * likely)
    observed = float((SEEN.flips / SEEN.asked)[0] @ (share * SIGNS))
    assert pvalue[0] > (drawn >= observed - 1e-9).mean()  # the correction only adds
    assert pvalue[0] == pytest.approx((drawn >= observed - 0.25 * 5 / 500).mean(), rel=0.1)


def test_unasked_strata_join_those_below():
    flips = np.array([[1.0, 2.0, 0.0, 0.0]])
    asked, total = np.array([[10.0, 11.0, 4.0, 0.0]]), np.array([[10.0, 11.0, 6.0, 5.0]])
    merged = Seen(flips, asked, total).merged()
    assert merged.asked.tolist() == [[10, 11, 4, 0]]
    assert merged.total.tolist() == [[10, 16, 6, 0]]


def test_levels_of_runs_are_those_of_the_engine():
    own = Levels(1)
    shares = (0.1, 0.35, 0.7, 1.0)
    found = [own.look(np.array([0]), np.array([share]))[0] for share in shares]
    assert found == pytest.approx(levels(shares, spending="early"), rel=2e-3)


def test_what_is_asked_adds_up():
    strata = adversarial()["right"]
    assert strata.weight @ (strata.signs * strata.flips) == pytest.approx(-MARGIN)
    for first in (False, True):
        looks = draw(strata, 4, np.random.default_rng(1), first=first, known=0.5)
        assert (looks[-1].asked.sum(axis=1) == 500).all()
        assert all((one.asked <= one.total).all() for one in looks)
        assert abs(looks[4].asked.sum(axis=1) - 125).max() <= 6


def test_the_least_share_falls_with_what_is_known():
    strata = Strata(np.array([0.25, 0.6, 0.05, 0.1]), np.array([0.01, 0.005, 0.8, 0.4]))
    assert 0 < least_share(strata, 0.95) < least_share(by_baseline(strata), 0.95)
    assert least_share(strata, 0.8) < least_share(strata, 0.95)
