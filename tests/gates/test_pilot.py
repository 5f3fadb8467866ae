"""Power from a pilot: the engine's own test on samples drawn from it."""

import dataclasses

import numpy as np
import pytest

from evalguard.demands.difference import MaxDrop, MinGain
from evalguard.errors import UsageError
from evalguard.gates.pilot import analyse_pilot
from evalguard.records import Margin, Metric, ScoreKind
from evalguard.stats import power_paired, upper_discordance
from tests.gates.build import ACC, compared

DROP = MaxDrop(Margin(0.05, "pp"))
GRADED = Metric("acc", ScoreKind.BOUNDED)


def pilot(n=120, spread=0.2, clusters=None, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.2, 0.8, n)
    y = np.clip(x + rng.normal(0, spread, n), 0, 1)
    return compared(x.tolist(), y.tolist(), metric=GRADED, clusters=clusters).pairs


def binary(losses, gains, n):
    both = [1] * (n - losses - gains)
    before, after = [1] * losses + [0] * gains + both, [0] * losses + [1] * gains + both
    return compared(before, after).pairs


def test_of_binary_scores_it_is_exact_at_the_upper_limit_of_the_discordance():
    found = analyse_pilot(DROP, binary(7, 5, 120), ACC, n=150)
    psi = upper_discordance(12, 120)
    assert found.power == power_paired(150, 0.05, psi)
    assert found.required_n is not None
    assert power_paired(found.required_n, 0.05, psi) >= 0.78
    assert (found.differing, found.runs) == (0.1, 0)


def test_graded_scores_at_the_margin_pass_as_often_as_the_test_errs():
    found = analyse_pilot(DROP, pilot(), GRADED, n=150, effect=-0.0499, runs=1000)
    assert found.power <= 0.05 + 3 * (0.05 * 0.95 / 1000) ** 0.5
    assert found.required_n is None


@pytest.mark.slow
def test_the_required_number_reaches_the_power():
    found = analyse_pilot(DROP, pilot(), GRADED, n=60)
    assert found.required_n is not None
    assert found.required_n > 60
    again = analyse_pilot(DROP, pilot(), GRADED, n=found.required_n, seed=9, runs=1000)
    assert 0.75 <= again.power <= 0.9
    fewer = analyse_pilot(DROP, pilot(), GRADED, n=round(0.7 * found.required_n), runs=1000)
    assert fewer.power < 0.78


@pytest.mark.slow
def test_more_spread_and_clusters_need_more_samples():
    """Questions of a cluster that differ alike are worth one."""
    narrow, wide = (
        analyse_pilot(DROP, pilot(spread=spread), GRADED).required_n for spread in (0.1, 0.3)
    )
    assert narrow is not None
    assert wide is not None
    assert narrow < wide
    single = pilot(n=120)
    alike = tuple(
        dataclasses.replace(pair, sample_id=f"{pair.sample_id}-{copy}", cluster=pair.sample_id)
        for pair in single
        for copy in range(4)
    )
    one = analyse_pilot(DROP, single, GRADED, n=200).power
    four = analyse_pilot(DROP, alike, GRADED, n=800).power
    assert four <= one + 0.05


def test_a_seed_gives_the_same_figures():
    assert analyse_pilot(DROP, pilot(), GRADED, seed=3) == analyse_pilot(
        DROP, pilot(), GRADED, seed=3
    )


def test_an_impossible_effect_is_refused():
    with pytest.raises(UsageError, match=r"an effect of 0\.4 is impossible"):
        analyse_pilot(MinGain(Margin(0.2, "pp")), pilot(), GRADED)
    with pytest.raises(UsageError, match="not better than the margin"):
        analyse_pilot(DROP, pilot(), GRADED, effect=-0.06)
