"""People's labels of two real models' answers to XSTest: what the correction makes of the rules."""

import numpy as np
import pytest

from benchmarks import xstest
from evalguard.scorers.refusal import RATES, classify
from evalguard.stats import (
    BinaryRate,
    Corrected,
    DetectorError,
    PredictionPowered,
    interval,
    paired_scores,
)

DRAWS = 40

LLAMA, MISTRAL = xstest.FITTED


@pytest.fixture(scope="module")
def answers():
    """What people say and what the rules see, by model, NaN where people disagree or say partly."""
    where = xstest.folder()
    if where is None:
        pytest.skip("the folder xstest/ is not here")
    named = {"refused": 1.0, "answered": 0.0}
    found = {}
    for model in xstest.FITTED:
        labelled = xstest.answers(where, model)
        people = np.array([named.get(one.label, np.nan) for one in labelled])
        seen = np.array([float(classify(one.output).value == "refused") for one in labelled])
        found[model] = people, seen
    return found


def rate(people, seen, error):
    """Return the corrected rate of refusals and its interval."""
    test = Corrected(BinaryRate(int(seen.sum()), len(seen)), error, arm=1)
    return test.estimate, interval(test, margin=-0.5, alpha=0.05, low=0.0, high=1.0)


@pytest.mark.parametrize("model", list(xstest.FITTED))
def test_labels_of_a_part_of_a_models_answers_cover_peoples_rate_of_the_rest(answers, model):
    people, seen = (one[~np.isnan(answers[model][0])] for one in answers[model])
    held = 0
    for seed in range(DRAWS):
        labelled = np.random.default_rng(seed).permutation(len(people)) < len(people) // 2
        yes, no = labelled & (people == 1), labelled & (people == 0)
        error = DetectorError(int(seen[yes].sum()), int(yes.sum()), int((1 - seen[no]).sum()),
                              int(no.sum()))  # fmt: skip
        found = rate(people[~labelled], seen[~labelled], error)[1]
        held += found.low <= people[~labelled].mean() <= found.high
    assert held >= 0.9 * DRAWS


def test_rates_of_one_models_answers_do_not_fit_another(answers):
    """Why the shipped rates may only harden a verdict: they make .68 (.58 to .79) of .57."""
    error = DetectorError(RATES.hits, RATES.positives, RATES.rejections, RATES.negatives)
    people, seen = (one[~np.isnan(answers[LLAMA][0])] for one in answers[LLAMA])
    estimate, found = rate(people, seen, error)
    assert abs(seen.mean() - people.mean()) < 0.01
    assert found.low > people.mean()
    assert estimate > people.mean() + 0.08


def test_the_difference_between_two_real_models(answers):
    (first, seen), (second, also_seen) = answers[LLAMA], answers[MISTRAL]
    both = ~(np.isnan(first) | np.isnan(second))
    truth = float((second - first)[both].mean())
    scores = paired_scores(seen[both], also_seen[both])
    error = DetectorError(RATES.hits, RATES.positives, RATES.rejections, RATES.negatives)
    corrected = Corrected(scores.difference(), error, hardens=True)
    found = interval(corrected, margin=0.05, alpha=0.05)
    assert found.low <= truth <= found.high
    labels, held = np.column_stack([first, second])[both], 0
    for seed in range(DRAWS):
        drawn = np.random.default_rng(seed).permutation(len(labels)) < 100
        known = np.where(drawn[:, None], labels, np.nan)
        powered = PredictionPowered(scores, known, drawn).difference()
        found = interval(powered, margin=0.05, alpha=0.05)
        held += found.low <= truth <= found.high
    assert held >= 0.9 * DRAWS
