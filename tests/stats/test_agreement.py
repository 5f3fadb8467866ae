import numpy as np
import pytest

from evalguard.errors import DataError
from evalguard.stats import cohen_kappa


def test_perfect_agreement():
    kappa, ci = cohen_kappa(20, 20, 30, 30)
    assert (kappa, ci.low, ci.high) == (1, 1, 1)


def test_a_judge_that_always_says_yes_agrees_by_chance_alone():
    kappa, ci = cohen_kappa(20, 20, 0, 30)
    assert kappa == pytest.approx(0)
    assert ci.low <= 0 <= ci.high


def test_agreement_below_chance_is_negative():
    assert cohen_kappa(2, 20, 3, 20)[0] < -0.5


def test_one_label_alone_tells_nothing():
    with pytest.raises(DataError, match="one label only"):
        cohen_kappa(10, 10, 0, 0)


@pytest.mark.parametrize(
    "shares", [(0.4, 0.1, 0.2, 0.3), (0.45, 0.05, 0.05, 0.45), (0.1, 0.05, 0.1, 0.75)]
)
def test_the_standard_error_is_that_of_repeated_labelling(shares):
    """Shares of: labelled and said yes; yes, said no; no, said yes; both no."""
    n = 400
    draws = np.random.default_rng(0).multinomial(n, shares, size=4000)
    kappas = [cohen_kappa(a, a + b, d, c + d)[0] for a, b, c, d in draws]
    a, b, c, d = (round(n * share) for share in shares)
    _, ci = cohen_kappa(a, a + b, d, c + d)
    assert (ci.high - ci.low) / 2 / 1.96 == pytest.approx(np.std(kappas), rel=0.06)
