"""The tests against other people's: statsmodels for pairs and clusters, CJE for drawn labels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from cje import calibrated_mean_ci
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.weightstats import ttost_paired

from evalguard.stats import PairedBinary, PredictionPowered, UnitT, interval, paired_scores
from evalguard.stats.binary import tango


@pytest.mark.parametrize(("losses", "gains"), [(30, 18), (12, 5), (60, 61), (9, 0)])
def test_at_a_margin_of_zero_the_exact_test_is_mcnemars(losses, gains):
    """Unconditional, it lies between the score test and the one that conditions on the flips."""
    table = [[100, gains], [losses, 80]]
    n = 180 + losses + gains
    score = mcnemar(table, exact=False, correction=False)
    assert tango(losses, gains, n, 0.0) ** 2 == pytest.approx(score.statistic)
    conditional = mcnemar(table, exact=True).pvalue / 2
    found = PairedBinary(losses, gains, n).p_fail(0.0)
    if losses > gains:
        assert score.pvalue / 2 < found + 2e-3
        assert found < 1.15 * conditional
    else:
        assert found > 0.5


@pytest.mark.parametrize("shift", [-0.02, 0.0, 0.03])
def test_graded_scores_are_tested_as_by_two_one_sided_t_tests_and_never_more_easily(shift):
    rng = np.random.default_rng(1)
    before = rng.uniform(0.3, 0.7, 800)
    after = np.clip(before + rng.normal(shift, 0.2, 800), 0, 1)
    test = paired_scores(before, after, binary=False).difference()
    _, (_, above, _), (_, below, _) = ttost_paired(after, before, -0.04, 0.04)
    assert above <= test.p_pass(0.04) <= 2 * above + 0.002
    assert below <= test.p_fail(-0.04) <= 2 * below + 0.002


def clusters(sizes, seed=0):
    """Return differences of scores of questions, which share half of their spread in a cluster."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    shared = rng.normal(0, 0.15, len(sizes))[cluster]
    return np.clip(shared + rng.normal(0, 0.15, len(cluster)), -1, 1), cluster


def of_clusters(differences, cluster):
    sizes = np.bincount(cluster).astype(float)
    sums = np.asarray(np.bincount(cluster, weights=differences), dtype=np.float64)
    return UnitT(sums, sizes, low=-1, high=1)


def test_clusters_of_one_size_have_the_error_of_a_mixed_model():
    differences, cluster = clusters([5] * 300)
    frame = pd.DataFrame({"d": differences, "cluster": cluster})
    mixed = smf.mixedlm("d ~ 1", frame, groups="cluster").fit()
    test = of_clusters(differences, cluster)
    assert test.estimate == pytest.approx(mixed.fe_params["Intercept"])
    # The pseudo-observations add a little, and never take anything away.
    assert 1 <= test.standard_error(0.0) / mixed.bse_fe["Intercept"] < 1.04


@pytest.mark.parametrize("seed", range(3))
def test_unequal_clusters_have_the_error_of_estimating_equations(seed):
    """It lies between the plain sandwich and the one that is corrected for its bias."""
    sizes = np.random.default_rng(seed).geometric(0.15, 400)
    differences, cluster = clusters(sizes, seed)
    independent = sm.cov_struct.Independence()
    fitted = sm.GEE(differences, np.ones((len(cluster), 1)), cluster, cov_struct=independent)
    plain = float(fitted.fit(cov_type="robust").bse[0])
    corrected = float(fitted.fit(cov_type="bias_reduced").bse[0])
    test = of_clusters(differences, cluster)
    assert test.estimate == pytest.approx(differences.mean())
    assert plain < test.standard_error(0.0) < 1.03 * corrected


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("specificity", [0.9, 0.8])
def test_drawn_labels_of_differences_say_what_calibration_by_them_says(seed, specificity):
    """A judge of 0 and 1 calibrates to the mean label of each verdict, as CJE does it."""
    rng, n, drawn = np.random.default_rng(seed), 4000, 1000
    state = rng.random(n)
    truth = np.column_stack([state < 0.6, (state < 0.55) | (state > 0.98)])
    rates = ((0.85, 0.9), (0.85, specificity))
    seen = [
        np.where(truth[:, arm], rng.random(n) < se, rng.random(n) >= sp).astype(float)
        for arm, (se, sp) in enumerate(rates)
    ]
    chosen = np.zeros(n, dtype=bool)
    chosen[rng.choice(n, drawn, replace=False)] = True
    labels = np.where(chosen[:, None], truth.astype(float), np.nan)
    ours = PredictionPowered(paired_scores(*seen), labels, chosen).difference()
    # CJE takes one arm, with scores from 0 to 1.
    judged = (seen[1] - seen[0] + 1) / 2
    people = (labels[:, 1] - labels[:, 0] + 1) / 2
    theirs = calibrated_mean_ci(judged, people, chosen, alpha=0.1)
    estimate, width = 2 * theirs.estimate - 1, 2 * (theirs.ci[1] - theirs.ci[0])
    limits = interval(ours, margin=0.05, alpha=0.05)
    assert ours.estimate == pytest.approx(estimate, abs=0.15 * width)
    assert limits.high - limits.low == pytest.approx(width, rel=0.15)
