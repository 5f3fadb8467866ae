"""A relative margin behind a judge: the false alarms of both models cancel in no ratio."""

import numpy as np
import pytest
from scipy import stats

from evalguard.gates.corrected import CorrectedTests
from evalguard.stats import CorrectedRatio, DetectorError, interval, paired_scores

PERFECT = DetectorError(10**9, 10**9, 10**9, 10**9)


def seen(rng, rates, n, sensitivity=1.0, specificity=1.0):
    """Return scores of a judge of two models with these true rates, the same questions hard."""
    u = rng.random(n)
    return paired_scores(
        *(
            np.where(u < rate, rng.random(n) < sensitivity, rng.random(n) >= specificity) * 1.0
            for rate in rates
        )
    )


@pytest.mark.parametrize("share", [0.1, -0.2])
def test_a_judge_known_to_be_perfect_changes_little(share):
    scores = seen(np.random.default_rng(0), (0.5, 0.52), 1500)
    seen_test = scores.difference(relative=True)
    test = CorrectedTests(scores, PERFECT, 0.0, hardens=False).difference(relative=True)
    margin = share * scores.means[0]
    assert isinstance(test, CorrectedRatio)
    assert test.estimate == pytest.approx(seen_test.estimate, abs=1e-6)
    assert test.p_pass(margin) == pytest.approx(seen_test.p_pass(margin), abs=0.02)
    assert test.p_fail(margin) == pytest.approx(seen_test.p_fail(margin), abs=0.02)


@pytest.mark.parametrize(
    ("rates", "gain"), [((0.1, 0.2), 1.0), ((0.2, 0.1), -0.5), ((0.05, 0.15), 2.0)]
)
def test_at_the_margin_the_labels_of_the_judge_count_as_well(rates, gain):
    rng, runs, verdicts = np.random.default_rng(1), 60, np.zeros(2)
    for _ in range(runs):
        scores = seen(rng, rates, 800, 0.85, 0.9)
        judge = DetectorError(rng.binomial(50, 0.85), 50, rng.binomial(50, 0.9), 50)
        tests = CorrectedTests(scores, judge, 0.0, hardens=False)
        if tests.means[0] <= 0:
            continue  # no baseline to be relative to: the gate is an error
        test, margin = tests.difference(relative=True), -gain * tests.means[0]
        verdicts += test.p_pass(margin) <= 0.05, test.p_fail(margin) <= 0.05
    for wrong in verdicts.astype(int).tolist():
        assert stats.binomtest(wrong, runs, 0.05, alternative="greater").pvalue > 0.001


def test_error_rates_that_may_differ_and_shipped_rates_only_harden():
    scores = seen(np.random.default_rng(2), (0.6, 0.6), 2000, 0.9, 0.9)
    judge = DetectorError(180, 200, 180, 200)
    plain = CorrectedTests(scores, judge, 0.0, hardens=False).difference(relative=True)
    margin = 0.2 * judge.rate(scores.means[0])
    assert isinstance(plain, CorrectedRatio)
    assert plain.p_pass(margin) <= 0.05
    wider = CorrectedTests(scores, judge, 0.02, hardens=True).difference(relative=True)
    assert wider.p_pass(margin) > plain.p_pass(margin)
    bound = plain.holds_up_to(margin, 0.05)
    assert bound is not None
    at = CorrectedTests(scores, judge, bound, hardens=False).difference(relative=True)
    assert at.p_pass(margin) == pytest.approx(0.05, abs=0.005)
    low, high = interval(plain, margin=margin, alpha=0.05)
    assert low >= -margin
    assert low <= plain.estimate <= high
