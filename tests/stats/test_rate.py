"""Bounds on one arm: the exact binomial tests of scipy, in both directions."""

import numpy as np
import pytest
from scipy import stats

from evalguard.errors import DataError
from evalguard.stats import BinaryRate


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (7, 7), (93, 100), (1, 1), (470, 500)])
@pytest.mark.parametrize("bound", [0.5, 0.9, 0.95])
def test_equals_binomtest(successes, n, bound):
    least, greatest = BinaryRate(successes, n), BinaryRate(successes, n, negated=True)
    above = stats.binomtest(successes, n, bound, alternative="greater").pvalue
    below = stats.binomtest(successes, n, bound, alternative="less").pvalue
    assert least.p_pass(-bound) == pytest.approx(above) == greatest.p_fail(bound)
    assert least.p_fail(-bound) == pytest.approx(below) == greatest.p_pass(bound)


def test_a_perfect_score_is_never_shown():
    assert BinaryRate(1000, 1000).p_pass(-1.0) == 1.0
    assert BinaryRate(999, 1000).p_fail(-1.0) == 0.0


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(DataError, match="successes"):
        BinaryRate(successes, n)


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize("n", [8, 59, 400])
def test_enumerated_size(n, negated):
    """No share at the bound passes, or fails, in more than 5 % of runs."""
    successes = np.arange(n + 1)
    for bound in np.linspace(0.01, 0.99, 50):
        margin = bound if negated else -bound
        tests = [BinaryRate(int(one), n, negated=negated) for one in successes]
        chance = stats.binom.pmf(successes, n, bound)
        for side in ("p_pass", "p_fail"):
            rejected = [getattr(test, side)(margin) <= 0.05 for test in tests]
            assert chance @ np.array(rejected) <= 0.05 + 1e-12
