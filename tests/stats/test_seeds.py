"""The test over questions and seeds: nested, harder than that of questions alone, and level."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from evalguard.errors import DataError
from evalguard.stats import (
    AcrossSeeds,
    Corrected,
    DetectorError,
    Imputed,
    across_seeds,
    interval,
    paired_scores,
)

MARGIN = 0.05


def questions(losses=12, gains=6, n=400):
    scores = np.full(n, 0.5)
    scores[:losses], scores[losses : losses + gains] = 0.0, 1.0
    return paired_scores(np.full(n, 0.5), scores, binary=False).difference()


def across(estimates, **data):
    return AcrossSeeds(questions(**data), tuple(estimates))


def test_it_is_never_easier_than_questions_alone_and_harder_the_wider_the_spread():
    alone = questions()
    found = [
        across(alone.estimate + np.array([-1, 0, 1]) * spread).p_pass(MARGIN)
        for spread in (0.0, 0.001, 0.01, 0.03, 0.1)
    ]
    assert found[0] == pytest.approx(alone.p_pass(MARGIN))
    assert found == sorted(found)
    assert found[1] > found[0]


def test_where_the_seeds_are_all_that_is_random_it_is_the_t_test_of_their_means():
    estimates = (-0.02, 0.0, 0.01, 0.02)
    test = across(estimates, losses=2, gains=4, n=100_000)
    t = (test.estimate + MARGIN) / (np.std(estimates, ddof=1) / 2)
    assert test.p_pass(MARGIN) == pytest.approx(stats.t.sf(t, 3), rel=0.05)


def test_swapping_the_models_swaps_the_sides():
    one = across((-0.03, 0.0, 0.01), losses=12, gains=6)
    other = across((0.03, 0.0, -0.01), losses=6, gains=12)
    assert one.p_pass(0.0) == pytest.approx(other.p_fail(0.0), abs=1e-6)


def test_the_p_values_are_monotone_in_the_margin_so_that_the_interval_agrees():
    test = across((-0.03, -0.01, 0.02))
    margins = np.linspace(-0.1, 0.1, 41)
    passing, failing = ([p(m) for m in margins] for p in (test.p_pass, test.p_fail))
    assert passing == sorted(passing, reverse=True)
    assert failing == sorted(failing)
    low, high = interval(test, margin=MARGIN, alpha=0.05)
    assert low < test.estimate < high
    assert test.p_pass(-low) == pytest.approx(0.05, abs=1e-3)
    assert test.p_fail(-high) == pytest.approx(0.05, abs=1e-3)


def test_few_seeds_say_little_and_more_would_decide():
    pair = across((-0.02, 0.01))
    assert pair.p_pass(MARGIN) > 0.05
    needed = pair.seeds_to_decide(MARGIN, alpha=0.05)
    assert 2 < needed < 10
    assert across((-0.3, 0.3), n=20).seeds_to_decide(MARGIN, alpha=0.05) is None


@pytest.mark.parametrize("estimates", [(), (0.0,), (0.0, float("nan")), (0.0, float("inf"))])
def test_estimates_that_allow_no_spread_are_refused(estimates):
    with pytest.raises(DataError, match="expected at least 2, all finite"):
        across(estimates)


def test_missing_scores_count_against_either_verdict():
    seeds = [paired_scores([1.0] * 100, [1.0] * 97 + [x] * 3, binary=False) for x in (0.0, 1.0)]
    mean = paired_scores([1.0] * 100, [1.0] * 97 + [0.5] * 2 + [None], binary=False)
    test = across_seeds(mean.difference(), [seed.difference() for seed in seeds])
    assert isinstance(test, Imputed)
    assert test.p_pass(0.2) > test.measured.p_pass(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("sd", [0.0, 0.01, 0.03])
def test_it_keeps_its_level_at_the_margin(seeds, sd):
    from benchmarks.awkward.seeds import crossed, draw

    rng, runs = np.random.default_rng(7), 1000
    said = [crossed(draw(-MARGIN, seeds, 500, sd, rng), -MARGIN) for _ in range(runs)]
    passed, failed, _ = np.mean(said, axis=0)
    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert passed <= most
    assert failed <= most


@pytest.mark.parametrize("lacking", [(0.0, 0.0, 0.0), (0.02, 0.0, 0.0), (0.01, 0.01, 0.03)])
def test_what_is_missing_counts_as_whatever_spreads_the_seeds_most(lacking):
    """The bound is at least the spread with each missing part all lost or all gained."""
    estimates, n = np.array([-0.01, 0.0, 0.01]), 400
    whole = questions()
    seeds = []
    for estimate, share in zip(estimates, lacking, strict=True):
        scores = np.full(n, 0.5 + estimate)
        scores[: round(share * n)] = np.nan
        seeds.append(paired_scores(np.full(n, 0.5), scores, binary=False).difference())
    test = across_seeds(Imputed(whole, whole, whole), seeds)
    assert isinstance(test, Imputed)
    assert isinstance(test.worst, AcrossSeeds)
    ends = [
        (one.worst.estimate, one.best.estimate) if isinstance(one, Imputed) else (one.estimate,)
        for one in seeds
    ]
    most = max(np.std(values, ddof=1) for values in product(*ends)) / np.sqrt(3)
    assert most <= test.worst.spread + 1e-12 <= 1.6 * most
    assert test.best == test.worst


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seeds", "apart", "runs", "own"),
    [(3, 0.0, 600, True), (3, 0.03, 600, True), (2, 0.03, 600, True), (5, 0.03, 400, True),
     (3, 0.03, 300, False)],
)  # fmt: skip
def test_error_rates_at_the_margin_of_what_a_judge_scores(seeds, apart, runs, own):
    """A judge of .85/.90 on 50 + 50 labels, which are the same for all seeds; 500 questions."""
    rng = np.random.default_rng(seeds * 100 + int(apart * 1000))
    n, delta, se, sp = 500, 0.05, 0.85, 0.90
    wrong = np.zeros(2)

    def judged(truth):
        return np.where(truth, rng.random(n) < se, rng.random(n) >= sp).astype(float)

    for _ in range(runs):
        error = DetectorError(rng.binomial(50, se), 50, rng.binomial(50, sp), 50)
        truth = rng.random(n) < 0.6
        before, common, after = judged(truth), rng.random(n), []
        for _ in range(seeds):
            theta = -delta + rng.normal(0, apart)
            psi = max(0.2, abs(theta))
            u = np.where(rng.random(n) < 0.5, common, rng.random(n))
            flipped = u < np.where(truth, (psi - theta) / 2 / 0.6, (psi + theta) / 2 / 0.4)
            after.append(judged(truth ^ flipped))
        pooled, *each = (
            Corrected(
                paired_scores(before, scores, binary=False).difference(), error, hardens=not own
            )
            for scores in (np.mean(after, axis=0), *after)
        )
        test = across_seeds(pooled, each)
        wrong += [test.p_pass(delta) <= 0.05, test.p_fail(delta) <= 0.05]
    assert (wrong / runs <= 0.05).all()
