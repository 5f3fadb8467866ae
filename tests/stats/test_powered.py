"""Prediction-powered tests: unbiased whatever the judge does, hardened for few labels."""

import numpy as np
import ppi_py
import pytest
from scipy import stats

from evalguard.errors import DataError, MeasurementError
from evalguard.stats import Imputed, PredictionPowered, interval, paired_scores
from evalguard.stats.scores import PairedScores


def judged(
    n=1000, drawn=200, *, effect=-0.05, errors=((0.85, 0.9), (0.85, 0.8)), seed=0, cluster=1
):
    """Return what a judge saw, people's labels of the drawn, and which were drawn."""
    rng = np.random.default_rng(seed)
    state = np.repeat(rng.random(n // cluster), cluster)
    truth = np.column_stack(
        [state < 0.6, ((state < 0.6) & (state >= 0.05 - effect / 2)) | (state > 0.95 - effect / 2)]
    )
    seen = [
        np.where(truth[:, arm], rng.random(n) < se, rng.random(n) >= sp)
        for arm, (se, sp) in enumerate(errors)
    ]
    chosen = np.zeros(n, dtype=bool)
    chosen[rng.choice(n, drawn, replace=False)] = True
    scores = paired_scores(*np.array(seen, dtype=float), clusters=list(np.arange(n) // cluster))
    return scores, np.where(chosen[:, None], truth.astype(float), np.nan), chosen


def test_with_every_answer_labelled_the_judge_plays_no_part():
    scores, labels, drawn = judged(drawn=1000)
    test = PredictionPowered(scores, labels, drawn)
    truth = labels[:, 1].mean() - labels[:, 0].mean()
    assert test.difference().estimate == pytest.approx(truth, abs=1e-3)
    assert test.means == pytest.approx(tuple(labels.mean(axis=0)), abs=1e-3)
    assert test.bound(least=True).estimate == pytest.approx(labels[:, 1].mean(), abs=1e-3)
    assert test.bound(least=False).estimate == pytest.approx(-labels[:, 1].mean(), abs=1e-3)


def test_the_estimate_is_unbiased_where_the_judge_hides_the_loss():
    off = ((0.85, 0.9), (0.9, 0.8))
    estimates, seen = [], []
    for seed in range(300):
        scores, labels, drawn = judged(n=600, drawn=60, errors=off, seed=seed)
        estimates.append(PredictionPowered(scores, labels, drawn).difference().estimate)
        seen.append(scores.difference().estimate)
    error = np.std(estimates) / np.sqrt(300)
    assert np.mean(estimates) == pytest.approx(-0.05, abs=3.5 * error)
    assert np.mean(seen) > 0


def test_a_factor_tuned_on_few_labels_does_not_bias_the_estimate():
    """Tuned on the very questions that it corrects, it would shrink the loss to 4.1 pp."""
    estimates = []
    for seed in range(800):
        scores, labels, drawn = judged(n=300, drawn=20, errors=((0.98, 0.98),) * 2, seed=seed)
        estimates.append(PredictionPowered(scores, labels, drawn).difference().estimate)
    assert np.mean(estimates) == pytest.approx(-0.05, abs=3 * np.std(estimates) / np.sqrt(800))


@pytest.mark.parametrize("cluster", [1, 5])
def test_the_standard_error_is_that_of_repeated_draws(cluster):
    found = []
    for seed in range(300):
        sample = judged(drawn=500, errors=((0.98, 0.98),) * 2, seed=seed, cluster=cluster)
        test = PredictionPowered(*sample).difference()
        found.append((test.estimate, test.standard_error(0.05)))
    estimates, errors = np.transpose(found)
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.15)


def test_a_good_judge_makes_the_interval_narrower_and_a_useless_one_costs_little():
    widths = []
    for errors in (((0.99, 0.99),) * 2, ((0.5, 0.5),) * 2):
        found = []
        for seed in range(20):
            scores, labels, drawn = judged(errors=errors, seed=seed)
            found.append(PredictionPowered(scores, labels, drawn).difference().standard_error(0.05))
        widths.append(np.mean(found))
    alone = []
    for seed in range(20):
        _, labels, drawn = judged(seed=seed)
        own = paired_scores(*labels[drawn].T, binary=False)
        alone.append(own.difference().standard_error(0.05))
    assert widths[0] < 0.8 * np.mean(alone)
    assert widths[1] < 1.1 * np.mean(alone)


@pytest.mark.parametrize(("drawn", "passes"), [(58, False), (59, True)])
def test_without_any_error_seen_as_many_labels_are_needed_as_questions_without_a_loss(
    drawn, passes
):
    """⌈ln .05/ln .95⌉ = 59 of 100,000 questions: fewer cannot have met a rare error."""
    n = 100_000
    scores = paired_scores([1.0] * n, [1.0] * n)
    chosen = np.arange(n) < drawn
    labels = np.where(chosen[:, None], np.ones((n, 2)), np.nan)
    test = PredictionPowered(scores, labels, chosen).difference()
    assert test.p_pass(0.05) <= 0.05 or not passes
    assert test.p_pass(0.05) > 0.05 or passes


def test_a_drawn_question_without_a_label_counts_against_either_verdict():
    scores, labels, drawn = judged(drawn=400, effect=0.0)
    whole = PredictionPowered(scores, labels, drawn).difference()
    labels[np.flatnonzero(drawn)[:10], 1] = np.nan
    partly = PredictionPowered(scores, labels, drawn)
    test = partly.difference()
    assert isinstance(test, Imputed)
    assert test.p_pass(0.05) > whole.p_pass(0.05)
    assert test.p_fail(-0.02) > whole.p_fail(-0.02)


def test_a_missing_score_counts_against_either_verdict():
    scores, labels, drawn = judged(drawn=400, effect=0.0)
    whole = PredictionPowered(scores, labels, drawn).difference()
    lost = np.flatnonzero(~drawn)[:20]
    candidate = scores.candidate.copy()
    candidate[lost] = np.nan
    holed = PairedScores(scores.baseline, candidate, scores.unit, scores.weight)
    test = PredictionPowered(holed, labels, drawn).difference()
    assert test.p_pass(0.05) > whole.p_pass(0.05)


def test_swapping_the_arms_flips_the_sign():
    scores, labels, drawn = judged()
    forth = PredictionPowered(scores, labels, drawn).difference()
    swapped = paired_scores(scores.candidate, scores.baseline)
    back = PredictionPowered(swapped, labels[:, ::-1], drawn).difference()
    assert back.estimate == pytest.approx(-forth.estimate)


def test_verdict_and_interval_agree():
    for seed in range(10):
        scores, labels, drawn = judged(seed=seed)
        test = PredictionPowered(scores, labels, drawn).difference()
        found = interval(test, margin=0.05, alpha=0.05)
        assert (found.low >= -0.05) == (test.p_pass(0.05) <= 0.05)
        assert found.low <= test.estimate <= found.high


def test_clusters_widen_the_interval():
    scores, labels, drawn = judged(cluster=5, seed=3)
    alone = paired_scores(scores.baseline, scores.candidate)
    together, apart = (
        PredictionPowered(one, labels, drawn).difference() for one in (scores, alone)
    )
    assert together.estimate == pytest.approx(apart.estimate, abs=0.01)
    assert together.standard_error(0.05) > apart.standard_error(0.05)


def test_too_few_labels_and_other_shapes_are_refused():
    scores, labels, drawn = judged(drawn=9)
    with pytest.raises(MeasurementError, match="both answers to 9 of the questions"):
        PredictionPowered(scores, labels, drawn)
    with pytest.raises(DataError, match="expected labels of shape"):
        PredictionPowered(scores, labels[:, :1], drawn)


def test_the_estimate_and_its_error_are_those_of_ppi_py():
    """The drawn are part of all N here, apart from the others there; λ is scaled to match."""
    scores, labels, drawn = judged(n=4000, drawn=1000)
    test = PredictionPowered(scores, labels, drawn).difference()
    seen = scores.candidate - scores.baseline
    truth = labels[drawn, 1] - labels[drawn, 0]
    parts = truth, seen[drawn], seen[~drawn]
    theirs = float(ppi_py.ppi_mean_pointestimate(*parts).item())
    low, high = (float(one.item()) for one in ppi_py.ppi_mean_ci(*parts, alpha=0.1))
    ours = interval(test, margin=0.05, alpha=0.05)
    assert test.estimate == pytest.approx(theirs, abs=0.1 * (high - low))
    assert ours.high - ours.low == pytest.approx(high - low, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [20, 50, 200])
@pytest.mark.parametrize("cluster", [1, 5])
def test_error_rates_at_the_margin(drawn, cluster):
    """2,000 runs of a judge that is 10 pp less specific on the candidate's answers."""
    passed = failed = 0
    for seed in range(2000):
        scores, labels, chosen = judged(drawn=drawn, seed=seed, cluster=cluster)
        test = PredictionPowered(scores, labels, chosen).difference()
        passed += test.p_pass(0.05) <= 0.05
        failed += test.p_fail(0.05) <= 0.05
    assert passed / 2000 <= 0.065
    assert failed / 2000 <= 0.065


@pytest.mark.parametrize("drawn", [12, 15, 18])
def test_losses_that_the_judge_takes_for_gains_are_missed_no_more_often_than_they_are(drawn):
    rng, passed, runs, margin = np.random.default_rng(3), 0, 300, 0.1
    for _ in range(runs):
        u, sign = rng.random(1000), rng.choice([-1.0, 1.0], 1000)
        truth = np.where(u < 0.5, sign, np.where(u > 1 - margin, -1.0, 0.0))
        seen = np.where(u < 0.5, sign, np.where(u > 1 - margin, 1.0, 0.0))
        chosen = np.arange(1000) < drawn
        labels = np.column_stack([truth < 0, truth > 0]).astype(float)
        labels[~chosen] = np.nan
        scores = paired_scores((seen < 0).astype(float), (seen > 0).astype(float))
        test = PredictionPowered(scores, labels, chosen).difference()
        passed += test.p_pass(margin) <= 0.05
    assert stats.binomtest(passed, runs, 0.05, alternative="greater").pvalue > 0.001
