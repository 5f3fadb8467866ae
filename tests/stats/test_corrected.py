"""The correction for a detector's errors: by hand, against the whole mean, and its error rates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalguard.stats import BinaryRate, Corrected, DetectorError, Imputed, PairedBinary, interval
from evalguard.stats.detector import beliefs

PERFECT = DetectorError(10**9, 10**9, 10**9, 10**9)
JUDGE = DetectorError(43, 50, 45, 50)
SEEN = PairedBinary(losses=120, gains=90, n=1200)


def test_a_detector_known_to_be_perfect_changes_nothing():
    test = Corrected(SEEN, PERFECT)
    assert test.estimate == pytest.approx(SEEN.estimate)
    for margin in (-0.02, 0.0, 0.03, 0.05, 0.1):
        assert test.p_pass(margin) == pytest.approx(SEEN.p_pass(margin), rel=0.05, abs=1e-6)
        assert test.p_fail(margin) == pytest.approx(SEEN.p_fail(margin), rel=0.05, abs=1e-6)


@pytest.mark.parametrize("margin", [-0.05, 0.02, 0.05, 0.08])
@pytest.mark.parametrize("passing", [True, False])
def test_the_p_value_is_the_mean_over_what_is_known_of_the_detector(margin, passing):
    low = (margin >= 0) is passing
    sensitivity, specificity, weights = beliefs(
        43, 50, 45, 50, sensitivity_low=low, specificity_low=low
    )
    seen = SEEN.p_pass if passing else SEEN.p_fail
    youden = sensitivity + specificity - 1
    finely = np.linspace(youden.min(), youden.max(), 120)
    mean = weights @ np.interp(youden, finely, [seen(one * margin) for one in finely])
    test = Corrected(SEEN, JUDGE)
    assert (test.p_pass if passing else test.p_fail)(margin) == pytest.approx(mean, rel=0.03)


def test_one_arms_rate_is_held_against_what_a_bound_looks_like():
    """Seen .86 of 1,000 with Se .95, Sp .98: true (.86 + .98 − 1)/.93 = .903."""
    error = DetectorError(9499, 9998, 9799, 9998)
    least = Corrected(BinaryRate(860, 1000), error, arm=1)
    most = Corrected(BinaryRate(860, 1000, negated=True), error, arm=-1)
    assert least.estimate == pytest.approx((0.86 + 0.98 - 1) / 0.93, abs=1e-3)
    assert most.estimate == pytest.approx(-least.estimate)
    assert least.p_pass(-0.88) < 0.05 < least.p_pass(-0.90)
    assert least.p_fail(-0.93) < 0.05 < least.p_fail(-0.91)
    assert most.p_pass(0.93) < 0.05 < most.p_pass(0.91)


@settings(max_examples=25)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(60, 100), st.integers(60, 100))
def test_verdict_and_interval_agree(losses, gains, hits, rejections):
    test = Corrected(
        PairedBinary(losses, gains, 1500), DetectorError(hits, 100, rejections, 100), 0.005
    )
    found = interval(test, margin=0.05, alpha=0.05)
    assert (found.low >= -0.05) == (test.p_pass(0.05) <= 0.05)
    assert (found.high <= -0.05) == (test.p_fail(0.05) <= 0.05)
    assert found.low <= test.estimate <= found.high


@settings(deadline=None, max_examples=15)
@given(st.floats(-0.2, 0.2), st.floats(0.001, 0.2), st.floats(0.0, 0.1))
def test_p_values_fall_with_the_margin_and_rise_with_the_bound(margin, more, bound):
    tests = Corrected(SEEN, JUDGE, bound), Corrected(SEEN, JUDGE, bound + 0.01)
    # Up to the interpolation of an exact test's p-values, which move in steps near 1.
    step = 1e-3
    assert tests[0].p_pass(margin + more) <= tests[0].p_pass(margin) + step
    assert tests[0].p_fail(margin + more) >= tests[0].p_fail(margin) - step
    assert tests[1].p_pass(margin) >= tests[0].p_pass(margin) - step
    assert tests[1].p_fail(margin) >= tests[0].p_fail(margin) - step


def test_fewer_labels_make_either_verdict_harder():
    better, worse = PairedBinary(60, 60, 1200), PairedBinary(220, 60, 1200)
    for few, many in ((10, 40), (40, 160), (160, 640)):
        tests = [DetectorError(k * 9 // 10, k, k * 9 // 10, k) for k in (few, many)]
        assert Corrected(better, tests[0]).p_pass(0.05) > Corrected(better, tests[1]).p_pass(0.05)
        assert Corrected(worse, tests[0]).p_fail(0.05) > Corrected(worse, tests[1]).p_fail(0.05)


def test_rates_of_other_answers_only_harden():
    gain = PairedBinary(10, 190, 1200)  # seen +15 pp; truly more, if the judge misses as many
    own, other = (Corrected(gain, JUDGE, hardens=hardens) for hardens in (False, True))
    assert own.p_pass(-0.15) < 0.05 < other.p_pass(-0.15) == gain.p_pass(-0.15)
    drop = Corrected(SEEN, JUDGE, hardens=True)
    assert drop.p_pass(0.05) > SEEN.p_pass(0.05)
    assert drop.p_fail(0.05) >= SEEN.p_fail(0.05)


def test_a_verdict_holds_up_to_a_difference_of_the_error_rates():
    good = Corrected(PairedBinary(40, 60, 1200), JUDGE)
    bound = good.holds_up_to(0.05, 0.05)
    assert bound is not None
    assert Corrected(good.seen, JUDGE, bound - 0.001).p_pass(0.05) <= 0.05
    assert Corrected(good.seen, JUDGE, bound + 0.001).p_pass(0.05) > 0.05
    assert Corrected(SEEN, JUDGE).holds_up_to(0.03, 0.05) is None


def test_the_labels_own_error_shrinks_with_labels_and_not_with_questions():
    few, many = Corrected(SEEN, JUDGE), Corrected(SEEN, DetectorError(430, 500, 450, 500))
    twice = Corrected(PairedBinary(240, 180, 2400), JUDGE)
    assert many.label_error(0.05) < few.label_error(0.05) / 2
    assert twice.label_error(0.05) == few.label_error(0.05)
    assert few.standard_error(0.05) > few.label_error(0.05) > 0


@pytest.mark.slow
@pytest.mark.parametrize("labels", [10, 50])
@pytest.mark.parametrize("n", [301, 1001])
def test_error_rates_at_the_margin(n, labels):
    """300 runs, Se .85, Sp .9, a true drop of 5 pp: at most .05 and 3 standard errors."""
    rng = np.random.default_rng(n + labels)
    passed = failed = runs = 0
    while (runs := runs + 1) <= 300:
        error = DetectorError(
            int(rng.binomial(labels, 0.85)), labels, int(rng.binomial(labels, 0.9)), labels
        )
        both, lost, gained, none = rng.multinomial(n, [0.525, 0.075, 0.025, 0.375])
        before = np.repeat([True, True, False, False], [both, lost, gained, none])
        after = np.repeat([True, False, True, False], [both, lost, gained, none])
        seen = [
            np.where(one, rng.random(n) < 0.85, rng.random(n) >= 0.9) for one in (before, after)
        ]
        losses, gains = int((seen[0] & ~seen[1]).sum()), int((~seen[0] & seen[1]).sum())
        test = Corrected(PairedBinary(losses, gains, n), error)
        passed += test.p_pass(0.05) <= 0.05
        failed += test.p_fail(0.05) <= 0.05
    assert passed / 300 <= 0.088
    assert failed / 300 <= 0.088


def test_missing_samples_keep_their_two_cases():
    cases = Imputed(PairedBinary(60, 40, 600), PairedBinary(40, 60, 600), PairedBinary(50, 50, 600))
    worst, best = Corrected(cases.worst, JUDGE), Corrected(cases.best, JUDGE)
    assert worst.p_pass(0.05) > best.p_pass(0.05)
    assert best.p_fail(0.05) > worst.p_fail(0.05)
