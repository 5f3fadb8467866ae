"""Rates behind an imperfect detector: arithmetic by hand, and the coverage of the interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.errors import DataError
from evalguard.stats import ConfidenceInterval, DetectorError, quantile

PERFECT = DetectorError(10**9, 10**9, 10**9, 10**9)


def test_rogan_and_gladen_by_hand():
    detector = DetectorError(hits=89, positives=98, rejections=94, negatives=98)
    assert (detector.sensitivity, detector.specificity) == (0.90, 0.95)
    assert detector.youden == pytest.approx(0.85)
    assert detector.rate(0.475) == pytest.approx((0.475 + 0.95 - 1) / 0.85)
    seen = 0.7 * 0.90 + 0.3 * 0.05
    assert detector.rate(seen) == pytest.approx(0.7)


def test_a_perfect_detector_changes_nothing():
    limits = ConfidenceInterval(-0.08, 0.01)
    delta, found = PERFECT.difference(-0.03, limits, alpha=0.05)
    assert PERFECT.rate(0.42) == pytest.approx(0.42)
    assert delta == pytest.approx(-0.03)
    assert found == pytest.approx(limits, abs=1e-6)


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.3), st.floats(0.001, 0.3), st.integers(60, 100))
def test_the_true_difference_is_greater_and_less_certain(seen, below, above, hits):
    detector = DetectorError(hits=hits, positives=100, rejections=90, negatives=100)
    limits = ConfidenceInterval(seen - below, seen + above)
    delta, found = detector.difference(seen, limits, alpha=0.05)
    assert abs(delta) >= abs(seen)
    assert found.low <= delta <= found.high
    if max(map(abs, found)) < 1:
        assert found.high - found.low >= limits.high - limits.low


@pytest.mark.parametrize("counts", [(5, 10, 5, 10), (0, 10, 10, 10), (10, 10, 0, 10)])
def test_a_detector_that_tells_nothing_is_refused(counts):
    with pytest.raises(DataError, match="tells nothing"):
        DetectorError(*counts)


@pytest.mark.parametrize(("before", "after"), [(0.95, 0.95), (0.95, 0.80), (0.6, 0.2)])
@pytest.mark.parametrize("examples", [60, 200])
def test_each_limit_holds_in_95_percent_of_runs(before, after, examples):
    """2,000 runs: 300 independent answers a model, Se 0.95, Sp 0.97; 93 % allow for 3 errors."""
    rng = np.random.default_rng(examples)
    sensitivity, specificity, n, runs = 0.95, 0.97, 300, 2000
    held = np.zeros(2)
    for _ in range(runs):
        detector = DetectorError(
            int(rng.binomial(examples, sensitivity)),
            examples,
            int(rng.binomial(examples, specificity)),
            examples,
        )
        shares = []
        for true in (before, after):
            seen = true * sensitivity + (1 - true) * (1 - specificity)
            shares.append(rng.binomial(n, seen) / n)
        difference = shares[1] - shares[0]
        spread = quantile(0.05) * np.sqrt(sum(p * (1 - p) for p in shares) / n)
        limits = ConfidenceInterval(difference - spread, difference + spread)
        _, found = detector.difference(difference, limits, alpha=0.05)
        held += [found.low <= after - before, after - before <= found.high]
    assert (held / runs > 0.93).all()
