"""Plans: what is underpowered, by how much, and what happens to it."""

import numpy as np
import pytest

from evalguard.errors import ConfigError, UsageError
from evalguard.gates.decide import decide
from evalguard.gates.looks import LookPlan
from evalguard.gates.plan import check_power, plan_gate
from evalguard.records import DetectorRates, Margin, Metric, ScoreKind, Verdict
from evalguard.stats import PairedRatio, power_paired, required_n
from tests.gates.build import ACC, counted, gate


@pytest.mark.parametrize(("n", "underpowered"), [(150, True), (273, True), (274, False)])
def test_a_drop_is_planned_for_an_unchanged_model(n, underpowered):
    plan = plan_gate(gate(), ACC, n)
    assert plan.underpowered is underpowered
    assert plan.required_n == required_n(0.05, 0.1) == 274
    assert plan.power == pytest.approx(power_paired(n, 0.05, 0.1), abs=0.04)
    assert power_paired(n, 0.05, 0.1, effect=plan.mde) == pytest.approx(0.8, abs=0.02)
    assert ("plan at least 274 samples" in plan.message) is underpowered


def test_fewer_differences_need_fewer_samples():
    assert plan_gate(gate(), ACC, 200, discordance=0.05).underpowered is False


def test_a_gain_is_planned_for_twice_as_much():
    plan = plan_gate(gate(min_gain=Margin(0.05, "pp")), ACC, 500)
    assert plan.required_n == required_n(-0.05, 0.1, effect=0.1)
    assert plan.mde > 0.05
    assert "gains twice as much" in plan.message


@pytest.mark.parametrize(("demand", "least"), [({"min": 0.95}, 59), ({"max": 0.1}, 29)])
def test_a_bound_is_planned_for_a_perfect_candidate(demand, least):
    enough, short = plan_gate(gate(**demand), ACC, least), plan_gate(gate(**demand), ACC, least - 1)
    assert (enough.underpowered, enough.power) == (False, 1.0)
    assert (short.underpowered, short.power) == (True, 0.0)
    assert enough.required_n == least


def test_a_perfect_least_value_can_never_be_shown():
    plan = plan_gate(gate(min=1.0), ACC, 10_000)
    assert plan.required_n is None
    assert plan.underpowered
    assert "no sample size can show it" in plan.message


def test_the_demand_that_needs_most_is_told():
    plan = plan_gate(gate(max_drop=Margin(0.05, "pp"), min=0.999), ACC, 500)
    assert plan.required_n == 2995
    assert "min 0.999" in plan.message


def test_relative_margins_rest_on_the_baseline():
    relative = gate(max_drop=Margin(0.1, "%"))
    assumed, known = plan_gate(relative, ACC, 500), plan_gate(relative, ACC, 500, baseline=0.9)
    assert assumed == plan_gate(relative, ACC, 500, baseline=0.5)
    assert known.required_n is not None
    assert assumed.required_n is not None
    assert known.required_n < assumed.required_n  # a share of 0.9 is a wider margin


def test_ranges_scale():
    ten = Metric("acc", ScoreKind.BOUNDED, 0, 10)
    half_a_point = gate(max_drop=Margin(0.5, "points"))
    assert plan_gate(half_a_point, ten, 300).required_n == required_n(0.05, 0.1)


def test_rules_that_see_a_part_of_a_difference_need_more_samples():
    rules = Metric("acc", detector=DetectorRates(85, 100, 90, 100))
    plain, seen = plan_gate(gate(), ACC, 500), plan_gate(gate(), rules, 500)
    assert plain.required_n is not None
    assert seen.required_n == pytest.approx(plain.required_n / 0.75**2, rel=0.1)
    assert seen.mde == pytest.approx(-0.05 + (plain.mde + 0.05) / 0.75, abs=5e-4)


def test_looks_guards_and_clusters_cost_samples():
    plain = plan_gate(gate(), ACC, 300)
    looks = plan_gate(gate(), ACC, 300, looks=LookPlan(10))
    guards = plan_gate(gate(), ACC, 300, guards=12)
    clusters = plan_gate(gate(), ACC, 300, design_effect=2.2)
    assert plain.required_n is not None
    assert looks.required_n is not None
    assert plain.required_n < looks.required_n < plain.required_n * 1.1
    assert guards.required_n == plain.required_n
    assert guards.required_n_jointly == required_n(0.05, 0.1, power=1 - 0.2 / 12)
    assert clusters.required_n == pytest.approx(2.2 * plain.required_n, rel=0.01)


def test_underpowered_gates_are_refused_or_warned_about():
    plans = [plan_gate(gate(str(n)), ACC, n) for n in (50, 100, 900)]
    assert check_power(plans, on_underpowered="warn") == (plans[0].message, plans[1].message)
    with pytest.raises(ConfigError) as caught:
        check_power(plans, on_underpowered="error")
    assert [problem.key for problem in caught.value.problems] == [
        "50: underpowered",
        "100: underpowered",
    ]
    assert check_power(plans[2:], on_underpowered="error") == ()


def test_a_plan_that_holds_is_not_flagged_afterwards():
    """A run of the planned size with the planned discordance passes, unflagged."""
    plan = plan_gate(gate(), ACC, 400)
    (result,) = decide([counted(20, 20, 400)])
    assert not plan.underpowered
    assert result.verdict is Verdict.PASS
    assert "underpowered" not in result.flags


@pytest.mark.parametrize("broken", [{"n": 0}, {"discordance": 0.0}, {"discordance": 1.1}])
def test_broken_designs_are_refused(broken):
    with pytest.raises(UsageError, match="expected n ≥ 1"):
        plan_gate(gate(), ACC, broken.get("n", 100), discordance=broken.get("discordance", 0.1))


def test_broken_gates_are_refused():
    with pytest.raises(ConfigError, match="150pp, but differences of acc count up to 100pp"):
        plan_gate(gate(max_drop=Margin(1.5, "pp")), ACC, 100)


@pytest.mark.parametrize(
    ("demand", "baseline"),
    [({"min_gain": Margin(1.0, "%")}, 0.2), ({"min_gain": Margin(0.2, "%")}, 0.3),
     ({"max_drop": Margin(0.2, "%")}, 0.5)],
)  # fmt: skip
def test_a_relative_margin_is_planned_with_the_variance_of_its_ratio(demand, baseline):
    """The planned number of samples reaches the power, which counts of pairs alone would not."""
    ((key, margin),) = demand.items()
    n = plan_gate(gate(**demand), ACC, 100, baseline=baseline).required_n
    assert n is not None
    delta = baseline * (margin.value if key == "max_drop" else -margin.value)
    theta = max(0.0, -2 * delta)
    psi = max(0.1, theta)
    losses, gains = (psi - theta) / 2, (psi + theta) / 2
    both = baseline - losses
    rng = np.random.default_rng(3)
    runs = rng.multinomial(n, [losses, gains, both, 1 - losses - gains - both], size=600)
    passed = sum(
        PairedRatio(b, c, a, n, scale=(a + b) / n).p_pass(delta / baseline * (a + b) / n) <= 0.05
        for b, c, a, _ in runs.tolist()
    )
    assert passed / 600 >= 0.8 - 3 * np.sqrt(0.16 / 600)
