"""Corpus metrics: groups, and intervals that cover where a bootstrap does not."""

from itertools import pairwise

import numpy as np
import pytest

from evalguard.errors import DataError
from evalguard.stats import GroupJackknife, groups, interval


def test_groups_deal_every_sample_once():
    dealt = groups([None] * 103)
    assert len(dealt) == 20
    assert sorted(index for group in dealt for index in group) == list(range(103))
    assert {len(group) for group in dealt} == {5, 6}


def test_clusters_stay_together():
    dealt = groups([f"passage {index // 4}" for index in range(100)], count=5)
    assert all({index // 4 for index in group} & {i // 4 for i in other} == set()
               for group in dealt for other in dealt if group is not other)  # fmt: skip


def test_standard_error_of_a_mean_is_the_usual_one():
    """For a mean, leaving out single samples gives s/√n."""
    values = np.random.default_rng(0).normal(size=40)
    partial = [float(np.delete(values, index).mean()) for index in range(40)]
    test = GroupJackknife(float(values.mean()), partial, [1] * 40, low=-0.05, high=-0.05)
    assert test.standard_error(0.05) == pytest.approx(values.std(ddof=1) / np.sqrt(40))


def test_equal_parts_keep_a_standard_error():
    """Identical outputs on both sides: the made-up samples keep certainty away."""
    small = GroupJackknife(0.0, [0.0] * 20, [1] * 20)
    large = GroupJackknife(0.0, [0.0] * 20, [1] * 500)
    assert small.p_pass(0.05) > 0.05 > large.p_pass(0.05)


def test_few_groups_decide_nothing():
    test = GroupJackknife(0.5, [0.5] * 19, [1] * 500)
    assert test.p_pass(0.05) == test.p_fail(0.05) == 1.0


@pytest.mark.parametrize("partial", [[], [0.2], [0.2, 0.2], [0.1, 0.3, -1.0]])
def test_a_unit_or_two_have_a_standard_error_and_decide_nothing(partial):
    test = GroupJackknife(0.2, partial, [1] * max(1, len(partial)), low=-2.0, high=2.0)
    assert 0 < test.standard_error(0.05) <= 4
    assert interval(test, margin=0.05, alpha=0.05, low=-2.0, high=2.0) == (-2.0, 2.0)


def test_relative_margin_moves_with_the_baseline():
    test = GroupJackknife(0.0, [0.0] * 20, [1] * 500, scale=list(np.linspace(0.9, 1.1, 20)))
    assert test.standard_error(0.1) > GroupJackknife(0.0, [0.0] * 20, [1] * 500).standard_error(0.1)


def test_clustered_samples_may_hide_more():
    """Of 500 samples in clusters of 25, a loss is missed as easily as of 20 units."""
    assert GroupJackknife(0.0, [0.0] * 20, [25] * 20).p_pass(0.05) == pytest.approx(0.95**20)
    assert GroupJackknife(0.0, [0.0] * 20, [1] * 500).p_pass(0.05) < 1e-4


def test_identical_parts_pass_from_the_n_of_the_exact_test():
    assert GroupJackknife(0.0, [0.0] * 20, [1] * 59).p_pass(0.05) <= 0.05
    assert GroupJackknife(0.0, [0.0] * 20, [1] * 58).p_pass(0.05) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("n", "margin"), [(200, 0.02), (200, 0.05), (500, 0.02), (500, 0.05)])
def test_false_pass_where_a_few_samples_lose_everything(n, margin):
    rng, runs, passed = np.random.default_rng(6), 4000, 0
    for _ in range(runs):
        x = np.where(rng.random(n) < 0.02, -1.0, (0.02 - margin) / 0.98)
        sums, counts = np.bincount(np.arange(n) % 20, weights=x), np.bincount(np.arange(n) % 20)
        partial = ((x.sum() - sums) / (n - counts)).tolist()
        passed += GroupJackknife(float(x.mean()), partial, [1] * n).p_pass(margin) <= 0.05
    assert passed / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_nan_is_refused():
    with pytest.raises(DataError, match="NaN"):
        GroupJackknife(0.0, [float("nan")] * 20, [1] * 100)


def distinct_2(words):
    bigrams = [pair for sample in words for pair in pairwise(sample)]
    return len(set(bigrams)) / len(bigrams)


@pytest.mark.slow
def test_coverage_of_a_set_metric():
    """Distinct-2 over a corpus: the jackknife's 90 % interval covers where a bootstrap misses."""
    rng = np.random.default_rng(5)
    vocabulary, samples, length = 40, 100, 12

    def corpus():
        weight = 1 / np.arange(1, vocabulary + 1)
        return rng.choice(vocabulary, p=weight / weight.sum(), size=(samples, length)).tolist()

    truth = float(np.mean([distinct_2(corpus()) for _ in range(400)]))
    covered = bootstrap_covered = 0
    replications = 300
    for _ in range(replications):
        words = corpus()
        full = distinct_2(words)
        dealt = groups([None] * samples)
        partial = [
            distinct_2([sample for index, sample in enumerate(words) if index not in set(group)])
            for group in dealt
        ]
        low, high = interval(
            GroupJackknife(full, partial, [1] * samples, low=0.0),
            margin=-full, alpha=0.05, low=0.0, high=1.0,
        )  # fmt: skip
        covered += low <= truth <= high
        resampled = [
            distinct_2([words[index] for index in rng.integers(0, samples, samples)])
            for _ in range(100)
        ]
        low, high = np.quantile(resampled, [0.05, 0.95])
        bootstrap_covered += low <= truth <= high
    assert covered / replications >= 0.85
    assert bootstrap_covered / replications < 0.5
