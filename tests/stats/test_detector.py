"""Rates behind an imperfect detector: arithmetic by hand, and what is known of them."""

import numpy as np
import pytest
from scipy.stats import binomtest

from evalguard.errors import DataError
from evalguard.stats import DetectorError
from evalguard.stats.detector import beliefs
from evalguard.stats.rate import clopper_pearson


def test_rogan_and_gladen_by_hand():
    detector = DetectorError(hits=89, positives=98, rejections=94, negatives=98)
    assert (detector.sensitivity, detector.specificity) == (0.90, 0.95)
    assert detector.youden == pytest.approx(0.85)
    assert detector.rate(0.475) == pytest.approx((0.475 + 0.95 - 1) / 0.85)
    seen = 0.7 * 0.90 + 0.3 * 0.05
    assert detector.rate(seen) == pytest.approx(0.7)


def test_the_example_of_brucellosis():
    """R's epiR: 23 of 150 cows positive, Se .96 and Sp .89, so that 5.1 % are infected."""
    detector = DetectorError(hits=9599, positives=9998, rejections=8899, negatives=9998)
    assert detector.rate(23 / 150) == pytest.approx(0.051, abs=5e-4)


@pytest.mark.parametrize("counts", [(5, 10, 5, 10), (0, 10, 10, 10), (10, 10, 0, 10)])
def test_a_detector_that_tells_nothing_is_refused(counts):
    with pytest.raises(DataError, match="carries no information"):
        DetectorError(*counts)


@pytest.mark.parametrize("counts", [(11, 10, 5, 10), (10, 10, -1, 10)])
def test_counts_that_do_not_fit_are_refused(counts):
    with pytest.raises(DataError, match="expected 0 ≤ right ≤ examples"):
        DetectorError(*counts)


def test_quantiles_of_a_rate_are_the_limits_of_clopper_and_pearson():
    limits = binomtest(17, 20).proportion_ci(0.9, method="exact")
    shares = np.array([0.05, 0.95])
    assert clopper_pearson(17, 20, shares, low=True)[0] == pytest.approx(limits.low)
    assert clopper_pearson(17, 20, shares, low=False)[1] == pytest.approx(limits.high)
    assert clopper_pearson(20, 20, shares, low=False).tolist() == [1, 1]
    assert clopper_pearson(0, 20, shares, low=True).tolist() == [0, 0]


def test_what_is_known_of_both_rates_has_their_means():
    sensitivity, specificity, weights = beliefs(
        40, 50, 45, 50, sensitivity_low=True, specificity_low=False
    )
    assert weights.sum() == pytest.approx(1)
    assert weights @ sensitivity == pytest.approx(40 / 51, abs=1e-3)
    assert weights @ specificity == pytest.approx(46 / 51, abs=1e-3)
