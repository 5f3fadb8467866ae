"""Early stopping: levels by what was really measured, verdicts that stand, futility."""

import dataclasses

import numpy as np
import pytest

from evalguard.errors import UsageError
from evalguard.gates.decide import decide, is_settled
from evalguard.gates.looks import LookPlan
from evalguard.records import Comparison, GateResult, Margin, ScoreKind, Verdict
from evalguard.stats import interval, levels, sequential_pvalue
from evalguard.stats.binary import PairedBinary
from tests.gates.build import ACC, compared, gate

PLAN = LookPlan()


def prefix(comparison: Comparison, n: int) -> Comparison:
    return dataclasses.replace(comparison, pairs=comparison.pairs[:n])


def drawn(seed: int, n: int, psi: float, theta: float, **options) -> Comparison:
    """Return a full run in random order with true discordance ψ and difference θ."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, p=[(psi - theta) / 2, (psi + theta) / 2, 1 - psi], size=n)
    baseline, candidate = (kind != 1).astype(int), (kind != 0).astype(int)
    return compared(baseline.tolist(), candidate.tolist(), **options)


def run(comparison: Comparison, sizes=None, plan: LookPlan = PLAN) -> list[GateResult]:
    """Look at growing prefixes until the gate is settled; return what each look said."""
    told: list[GateResult] = []
    for n in sizes or plan.sizes(comparison.n_planned):
        (result,) = decide(
            [prefix(comparison, n)], looks=plan, final=n == comparison.n_planned, previous=told[-1:]
        )
        told.append(result)
        if is_settled(result):
            break
    return told


def test_plan_of_few_samples_has_fewer_looks():
    assert LookPlan(10).sizes(4) == (1, 2, 3, 4)
    assert LookPlan(10).sizes(500) == tuple(range(50, 501, 50))
    assert LookPlan(1).sizes(7) == (7,)


@pytest.mark.parametrize("looks", [0, -1, 101])
def test_broken_plans_are_refused(looks):
    with pytest.raises(UsageError, match="expected 1…100"):
        LookPlan(looks)


def test_spending_early_stops_sooner_and_leaves_less_for_the_end():
    early = LookPlan(looks=20, spending="early")
    gained = [drawn(seed, 500, 0.1, 0.03) for seed in range(6)]
    soon, later = ([run(one, plan=plan)[-1] for one in gained] for plan in (early, PLAN))
    assert all(result.verdict is Verdict.PASS for result in (*soon, *later))
    assert sum(one.fraction_used for one in soon) < 0.95 * sum(one.fraction_used for one in later)
    assert all(one.alpha == levels(one.shares, spending="early")[-1] for one in soon)
    assert early.end_level(500, 0.05) < LookPlan(looks=20).end_level(500, 0.05)


def test_adjusted_pvalues_follow_early_spending():
    told = run(drawn(2, 500, 0.2, -0.15), plan=LookPlan(looks=20, spending="early"))
    assert told[-1].verdict is Verdict.FAIL
    for one in told:
        assert one.p_fail is not None
        overall = sequential_pvalue(one.p_fail, one.shares, spending="early")
        assert one.p_fail_adjusted == pytest.approx(overall)


def test_levels_follow_the_shares_really_measured():
    told = run(drawn(1, 400, 0.1, -0.04), sizes=(33, 150, 170, 400))
    shares = tuple(n / 400 for n in (33, 150, 170, 400))
    assert told[-1].shares == shares
    assert [result.alpha for result in told] == pytest.approx(levels(shares))
    assert [result.look for result in told] == [1, 2, 3, 4]
    assert [result.fraction_used for result in told] == list(shares)


def test_interval_is_repeated_at_the_level_of_the_look():
    result = run(drawn(1, 400, 0.1, -0.04), sizes=(100, 400))[0]
    assert result.losses is not None
    assert result.gains is not None
    test = PairedBinary(result.losses, result.gains, 100)
    assert result.ci == interval(test, margin=0.05, alpha=levels([0.25])[0])


@pytest.mark.parametrize("seed", range(25))
def test_the_last_look_says_what_a_fixed_run_at_its_level_says(seed):
    """At the margin, so that most runs get there; same p-values, same level, same verdict."""
    full = drawn(seed, 300, 0.12, (-0.05, -0.02, 0.0)[seed % 3])
    told = run(full)
    (fixed,) = decide([full], confidence_level=1 - levels(told[-1].shares)[-1])
    if told[-1].fraction_used == 1.0:
        assert told[-1].verdict is fixed.verdict
        assert (told[-1].p_pass, told[-1].p_fail) == (fixed.p_pass, fixed.p_fail)
        assert told[-1].alpha == pytest.approx(fixed.alpha)


def test_a_clear_pass_and_a_gross_fail_stop_early():
    better, worse = run(drawn(3, 500, 0.1, 0.05))[-1], run(drawn(4, 500, 0.25, -0.25))[-1]
    assert (better.verdict, worse.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert better.fraction_used <= 0.5
    assert worse.fraction_used <= 0.3


def test_a_verdict_once_given_stands():
    """Samples that come in after the decision, for other gates' sake, do not change it."""
    full = drawn(3, 500, 0.1, 0.05)
    decided = run(full)[-1]
    worse = compared([1] * 500, [0] * 500)
    assert decide([worse], looks=PLAN, previous=[decided]) == (decided,)


def test_undecided_gates_say_so():
    early = run(drawn(1, 400, 0.1, 0.0), sizes=(40, 400))[0]
    assert early.verdict is Verdict.INCONCLUSIVE
    assert early.reason.startswith("not decided yet")
    assert not is_settled(early)


def test_looking_again_at_the_same_samples_spends_nothing():
    full = drawn(1, 400, 0.1, -0.03)
    first = run(full, sizes=(200, 400))[0]
    (again,) = decide([prefix(full, 200)], looks=PLAN, final=False, previous=[first])
    assert again == first


def test_the_end_before_its_time():
    """A run cut short is decided with what its share may spend, and not with all of α."""
    full = drawn(1, 400, 0.1, 0.0)
    (cut,) = decide([prefix(full, 200)], looks=PLAN, final=True)
    assert cut.alpha == pytest.approx(levels([0.5])[0])
    assert not cut.reason.startswith("not decided yet")


def test_an_early_look_at_samples_without_scores_waits():
    full = compared([1] * 300, [None] * 5 + [1] * 295)
    told = run(full, sizes=(5, 300))
    assert told[0].verdict is Verdict.INCONCLUSIVE
    assert told[0].shares == ()
    assert told[1].verdict is Verdict.PASS


def test_futility_stops_without_a_verdict():
    """At the margin, where 120 samples show nothing: PASS is soon out of reach."""
    plan = LookPlan(futility=True)
    stopped = [run(drawn(seed, 120, 0.3, -0.05), plan=plan)[-1] for seed in range(6)]
    futile = [result for result in stopped if "futile" in result.flags]
    assert futile
    assert all(result.verdict is Verdict.INCONCLUSIVE for result in futile)
    assert all(0.2 <= result.fraction_used < 1 for result in futile)
    assert all("PASS is out of reach" in result.reason for result in futile)
    without = [run(drawn(seed, 120, 0.3, -0.05))[-1] for seed in range(6)]
    assert not any("futile" in result.flags for result in without)


@pytest.mark.parametrize("seed", range(12))
def test_futility_passes_nothing_and_fails_nothing_more(seed):
    """What it stops had no verdict yet; whatever else it decides is what the run decides."""
    full = drawn(seed, 300, 0.12, (-0.05, -0.1, 0.0)[seed % 3])
    stopped, whole = run(full, plan=LookPlan(futility=True))[-1], run(full)[-1]
    assert stopped.verdict in (whole.verdict, Verdict.INCONCLUSIVE)
    if "futile" not in stopped.flags:
        assert stopped == whole


def test_an_improved_candidate_is_not_called_futile():
    full = drawn(3, 300, 0.2, 0.03)
    assert run(full, plan=LookPlan(futility=True)) == run(full)


def test_a_failed_gate_frees_its_share_of_the_error():
    """Holm over looks: once one gate has failed, the other is tested alone."""
    gross = drawn(4, 200, 0.3, -0.3, of=gate("gross"))
    mild = drawn(7, 200, 0.2, -0.12, of=gate("mild"))
    sizes = (100, 200)
    first = decide([prefix(c, sizes[0]) for c in (gross, mild)], looks=PLAN, final=False)
    assert first[0].verdict is Verdict.FAIL
    assert not is_settled(first[1])
    second = decide([gross, mild], looks=PLAN, previous=first)
    assert second[0] == first[0]
    alone = decide([mild], looks=PLAN, previous=first[1:])[0]
    assert second[1].p_fail_adjusted == alone.p_fail_adjusted


def test_gates_of_different_sizes_look_at_their_own_shares():
    short, long = compared([1] * 80, [1] * 80, of=gate("short")), drawn(1, 400, 0.2, -0.04)
    told = decide([short, prefix(long, 80)], looks=PLAN, final=False)
    assert [result.fraction_used for result in told] == [1.0, 0.2]
    assert is_settled(told[0])
    assert not is_settled(told[1])


def test_looks_work_for_graded_and_clustered_scores():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.3, 0.8, 600)
    y = np.clip(x + rng.normal(0.03, 0.1, 600), 0, 1)
    metric = dataclasses.replace(ACC, kind=ScoreKind.BOUNDED)
    clusters = [str(index // 3) for index in range(600)]
    full = compared(x.tolist(), y.tolist(), metric=metric, clusters=clusters)
    told = run(full)
    assert told[-1].verdict is Verdict.PASS
    assert told[-1].fraction_used < 0.8


@pytest.mark.parametrize("demand", [{"min": 0.9}, {"min_gain": Margin(0.01, "pp")}])
def test_looks_work_for_other_demands(demand):
    told = run(drawn(2, 500, 0.12, 0.11, of=gate(**demand)))
    assert told[-1].verdict is Verdict.PASS
    assert told[-1].fraction_used < 1


@pytest.mark.parametrize("theta", [-0.2, -0.06, 0.0])
@pytest.mark.parametrize("seed", range(4))
def test_looks_without_figures_lead_to_the_same_results(seed, theta):
    whole = [drawn(seed * 10 + k, 200, 0.3, theta, of=gate(f"g{k}")) for k in range(3)]
    told: dict[bool, tuple[GateResult, ...]] = {True: (), False: ()}
    for n in PLAN.sizes(200):
        for brief, before in list(told.items()):
            final = n == 200
            told[brief] = decide(
                [prefix(one, n) for one in whole],
                looks=PLAN,
                final=final,
                previous=before,
                brief=brief and not final,
            )
        for short, full in zip(told[True], told[False], strict=True):
            assert (short.verdict, short.shares, is_settled(short)) == (
                full.verdict,
                full.shares,
                is_settled(full),
            )
            assert short == full or (short.ci is None and not is_settled(full))
    assert told[True] == told[False]
