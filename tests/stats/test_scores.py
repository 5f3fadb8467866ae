"""From columns of scores to tests: engines, missing scores, clusters and weights."""

import numpy as np
import pytest
from scipy import stats

from evalguard.errors import MeasurementError
from evalguard.stats import BinaryRate, Imputed, PairedBinary, UnitT, paired_scores


def test_independent_binary_scores_go_to_the_exact_test():
    scores = paired_scores([1, 1, 0, 0, 1], [1, 0, 1, 0, 0])
    assert scores.difference() == PairedBinary(losses=2, gains=1, n=5)
    assert scores.bound(least=True) == BinaryRate(successes=2, n=5)
    assert scores.bound(least=False) == BinaryRate(successes=2, n=5, negated=True)
    assert scores.means == (0.6, 0.4)


def test_direction_swaps_losses_and_gains():
    scores = paired_scores([1, 1, 0, 0, 1], [1, 0, 1, 0, 0], higher_is_better=False)
    assert scores.difference() == PairedBinary(losses=1, gains=2, n=5)


@pytest.mark.parametrize(
    "declared",
    [
        {"binary": False},
        {"clusters": ["a", "a", None, None, "b"]},
        {"strata": ["x", "x", "x", "y", "y"]},
    ],
)
def test_anything_else_goes_to_the_unit_test(declared):
    assert isinstance(
        paired_scores([1, 1, 0, 0, 1], [1, 0, 1, 0, 0], **declared).difference(), UnitT
    )


def test_clusters_of_one_stay_exact():
    scores = paired_scores([1, 0], [1, 1], clusters=["a", "b"])
    assert isinstance(scores.difference(), PairedBinary)


def test_missing_scores_count_against_each_verdict():
    """Three missing candidates and a missing baseline, each to the disadvantage of the claim."""
    baseline = [1, 1, 0, None, 1, 0]
    candidate = [None, 1, None, 1, 0, 1]
    test = paired_scores(baseline, candidate).difference()
    assert isinstance(test, Imputed)
    assert test.measured == PairedBinary(losses=1, gains=1, n=3)
    # Worst: the missing candidates are wrong (a loss and a tie), the missing baseline is right.
    assert test.worst == PairedBinary(losses=2, gains=1, n=6)
    # Best: the missing candidates are right (a tie and a gain), the missing baseline is wrong.
    assert test.best == PairedBinary(losses=1, gains=3, n=6)
    assert test.p_pass(0.3) == test.worst.p_pass(0.3)
    assert test.p_fail(0.3) == test.best.p_fail(0.3)


@pytest.mark.parametrize("least", [True, False])
def test_missing_scores_count_against_a_bound(least):
    test = paired_scores([1] * 4, [1, 0, 1, None]).bound(least=least)
    assert isinstance(test, Imputed)
    complete = [paired_scores([1] * 4, [1, 0, 1, filled]).bound(least=least) for filled in (0, 1)]
    worst, best = complete if least else complete[::-1]
    assert (test.worst, test.best) == (worst, best)


def test_nothing_measured_is_an_error():
    with pytest.raises(MeasurementError, match="none of 2 samples"):
        paired_scores([1, None], [None, 0])


def test_equal_weights_give_the_mean_over_strata():
    rng = np.random.default_rng(0)
    x, y = rng.random(100), rng.random(100)
    strata = ["large"] * 80 + ["small"] * 20
    scores = paired_scores(list(x), list(y), strata=strata, binary=False)
    difference = y - x
    expected = (difference[:80].mean() + difference[80:].mean()) / 2
    assert scores.difference().estimate == pytest.approx(expected)
    assert scores.means[0] == pytest.approx((x[:80].mean() + x[80:].mean()) / 2)


def test_equal_strata_weigh_as_if_there_were_none():
    rng = np.random.default_rng(1)
    x, y = list(rng.random(40)), list(rng.random(40))
    plain = paired_scores(x, y, binary=False).difference()
    weighted = paired_scores(x, y, binary=False, strata=["a", "b"] * 20).difference()
    assert weighted.p_pass(0.1) == pytest.approx(plain.p_pass(0.1))


def test_a_cluster_is_one_unit_whatever_its_strata():
    scores = paired_scores(
        [1] * 4, [0] * 4, clusters=["a", "a", "b", "b"], strata=["x", "y", "x", "x"]
    )
    assert scores.units == 2


def test_clipped_differences():
    x, y = [-1.0, -2.0, -3.0] * 5, [-1.5, -9.0, -2.0] * 5
    scores = paired_scores(x, y, low=-100, high=0, binary=False, clip=2.0)
    assert scores.difference().estimate == pytest.approx((-0.5 - 2.0 + 1.0) / 3)
    assert scores.span == 2.0
    assert scores.unclipped_losses() == BinaryRate(successes=10, n=15)


@pytest.mark.slow
def test_clip_protects_against_rare_catastrophes():
    """2 % of documents lose 10 nats: a plain t test misses them; clipped, the error is held."""
    rng = np.random.default_rng(9)
    replications = 2000
    plain = clipped = 0
    for _ in range(replications):
        noise = rng.normal(0, 0.05, 30)
        rare = np.where(rng.random(30) < 0.02, 10.0, 0.0) + noise
        found = stats.ttest_1samp(-rare, -0.15, alternative="greater").pvalue
        plain += 1 if found <= 0.05 else 0  # the true loss is 0.2 nats, beyond the margin
        # 15 % of documents lose 1 nat or more: with a clip of 1 that is the margin itself.
        often = np.where(rng.random(30) < 0.15, 1.0 + rng.exponential(5.0, 30), 0.0)
        test = paired_scores(
            [-3.0] * 30, list(-3.0 - often), low=-100, high=0, binary=False, clip=1.0
        ).difference()
        clipped += test.p_pass(0.15) <= 0.05
    assert plain / replications > 0.3
    assert clipped / replications <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / replications)


def pass_by_strata(sizes, shares, rng, replications):
    """Return the share of PASS with equal weights, strata losing the given shares."""
    strata = [str(index) for index, size in enumerate(sizes) for _ in range(size)]
    losing = np.repeat(shares, sizes)
    passed = 0
    for _ in range(replications):
        y = np.where(rng.random(len(strata)) < losing, 0.0, 1.0)
        test = paired_scores([1.0] * len(strata), list(y), strata=strata).difference()
        passed += test.p_pass(0.05) <= 0.05
    return passed / replications


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "shares"),
    [
        ([50] * 6, [0.05] * 6),
        ([100, 100, 30, 30], [0.05] * 4),
        ([200, 60, 20], [0.05] * 3),
        ([200, 60, 20], [0.0, 0.0, 0.15]),
        ([20, 20, 20, 500], [0.0, 0.1, 0.1, 0.0]),
        ([250] * 10 + [100] * 10, [0.05] * 20),
    ],
)
def test_false_pass_with_equal_weights(sizes, shares):
    found = pass_by_strata(sizes, shares, np.random.default_rng(2), 2500)
    assert found <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2500)


@pytest.mark.slow
def test_power_with_equal_weights():
    assert pass_by_strata([100] * 10, [0.01] * 10, np.random.default_rng(3), 300) > 0.95
