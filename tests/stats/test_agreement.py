import numpy as np
import pytest
from scipy.stats import binom

from evalguard.errors import DataError
from evalguard.stats import cohen_kappa


def test_perfect_agreement():
    kappa, ci = cohen_kappa(20, 20, 30, 30)
    assert (kappa, ci.high) == (1, 1)
    assert 0.7 < ci.low < 0.9


def test_a_judge_that_always_says_yes_agrees_by_chance_alone():
    kappa, ci = cohen_kappa(20, 20, 0, 30)
    assert kappa == pytest.approx(0)
    assert ci.low <= 0 <= ci.high


def test_agreement_below_chance_is_negative():
    assert cohen_kappa(2, 20, 3, 20)[0] < -0.5


def test_one_label_alone_tells_nothing():
    with pytest.raises(DataError, match="the same label"):
        cohen_kappa(10, 10, 0, 0)


@pytest.mark.parametrize("right", [0.7, 0.8, 0.9, 0.95, 0.98, 0.995])
@pytest.mark.parametrize(("positives", "negatives"), [(10, 10), (25, 25), (10, 40)])
def test_the_interval_holds_kappa_however_few_the_labels(right, positives, negatives):
    """By enumeration: at least 95 %; the large-sample interval in 33 % at .98 on 10 + 10."""
    share = positives / (positives + negatives)
    said = share * right + (1 - share) * (1 - right)
    chance = share * said + (1 - share) * (1 - said)
    kappa, held = (right - chance) / (1 - chance), 0.0
    for hits in range(positives + 1):
        for rejections in range(negatives + 1):
            ci = cohen_kappa(hits, positives, rejections, negatives)[1]
            chances = np.asarray(binom.pmf([hits, rejections], [positives, negatives], right))
            held += chances.prod() * (ci.low <= kappa + 1e-9 and kappa <= ci.high + 1e-9)
    assert held >= 0.95


def test_many_labels_give_the_large_sample_interval():
    kappa, ci = cohen_kappa(800, 1000, 850, 1000)
    assert kappa == pytest.approx(0.65)
    error = np.sqrt((0.8 * 0.2 + 0.85 * 0.15) / 1000)  # with labels of either kind fixed
    assert (ci.high - ci.low) / 2 / 1.96 == pytest.approx(error, rel=0.05)


def admitted(labels, right, least=0.5):
    """Return the chance that a judge's lower limit reaches a bound, by enumeration."""
    chances = np.asarray(binom.pmf(range(labels + 1), labels, right))
    return sum(
        chances[hits] * chances[rejections]
        for hits in range(labels + 1)
        for rejections in range(labels + 1)
        if cohen_kappa(hits, labels, rejections, labels)[1].low >= least
    )


def test_the_lower_limit_admits_good_judges_and_no_bad_ones():
    assert admitted(25, 0.95) > 0.95
    assert admitted(10, 0.7) < 0.001
    assert admitted(25, 0.7) < 0.001
