"""Verdicts: every kind of demand, missing samples, many gates, figures and reasons."""

import dataclasses
import re
from collections import Counter

import numpy as np
import pytest

from evalguard import scorers
from evalguard.errors import ConfigError, DataError, UsageError
from evalguard.gates.compare import compare
from evalguard.gates.decide import decide, decide_counts, error_result
from evalguard.records import (
    DetectorRates,
    GateResult,
    Margin,
    Metric,
    ScoreKind,
    Verdict,
    from_json,
    to_json,
)
from evalguard.stats import PairedBinary, power_paired
from tests.gates.build import compared, counted, gate, samples

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR


def one(comparison, **options):
    (result,) = decide([comparison], **options)
    return result


@pytest.mark.parametrize(
    ("losses", "gains", "n", "verdict"),
    [(30, 20, 500, PASS), (60, 10, 500, FAIL), (10, 5, 200, INCONCLUSIVE)],
)
def test_verdict_and_figures_of_a_binary_metric(losses, gains, n, verdict):
    result = one(counted(losses, gains, n))
    test = PairedBinary(losses, gains, n)
    assert result.verdict is verdict
    assert result.p_pass == test.p_pass(0.05)
    assert result.p_fail == result.p_fail_adjusted == test.p_fail(0.05)
    assert (result.losses, result.gains, result.n, result.units) == (losses, gains, n, n)
    assert result.flip_rate == pytest.approx((losses + gains) / n)
    assert result.delta == pytest.approx((gains - losses) / n)
    assert result.baseline == pytest.approx((n - gains) / n)
    assert result.candidate == pytest.approx((n - losses) / n)
    assert result.margin == 0.05
    assert result.mde is not None
    power = power_paired(n, 0.05, (losses + gains) / n, effect=result.mde)
    assert power == pytest.approx(0.8, abs=0.03)
    assert result.ci is not None
    assert (result.ci[0] >= -0.05) == (verdict is PASS)
    assert (result.ci[1] <= -0.05) == (verdict is FAIL)
    assert (result.look, result.looks, result.fraction_used, result.alpha) == (1, 1, 1.0, 0.05)
    assert result.method == "exact unconditional test"
    assert result.requirement == "max_drop 5pp"
    assert from_json(GateResult, to_json(result)) == result


def test_lower_is_better_flips_every_sign():
    metric = Metric("acc", higher_is_better=False)
    better, worse = one(counted(60, 10, 500, metric=metric)), one(counted(10, 60, 500))
    assert better.delta == worse.delta == pytest.approx(0.1)
    assert better.verdict is PASS
    assert "improved" in better.flags
    assert one(counted(10, 60, 500, metric=metric)).verdict is FAIL


def test_relative_margin_is_a_share_of_the_baseline():
    """80 right of 400 leave 5 % of 0.2 as the margin: one point."""
    baseline = [1] * 80 + [0] * 320
    result = one(compared(baseline, baseline, of=gate(max_drop=Margin(0.05, "%"))))
    assert result.margin == pytest.approx(0.01)
    # Only the 80 say anything of a ratio: none of them is lost with probability 0.95**80 = 0.0165.
    assert result.p_pass == pytest.approx(0.0177, abs=5e-5)
    assert "5% of the baseline (1.0 pp)" in result.reason


def test_too_few_right_answers_for_a_relative_margin_are_flagged():
    """50 right answers without a loss cannot show that 5 % of them are not lost; 59 could."""
    baseline = [1] * 50 + [0] * 50
    result = one(compared(baseline, baseline, of=gate(max_drop=Margin(0.05, "%"))))
    assert result.verdict is INCONCLUSIVE
    assert "underpowered" in result.flags
    assert result.required_n >= 118


def test_relative_margin_of_nothing_is_an_error():
    result = one(compared([0] * 50, [0] * 50, of=gate(max_drop=Margin(0.05, "%"))))
    assert result.verdict is ERROR
    assert "give it in pp" in result.reason


@pytest.mark.parametrize(
    ("losses", "gains", "verdict"), [(5, 60, PASS), (20, 38, INCONCLUSIVE), (60, 5, FAIL)]
)
def test_gain_must_be_shown(losses, gains, verdict):
    result = one(counted(losses, gains, 400, of=gate(min_gain=Margin(0.05, "pp"))))
    assert result.verdict is verdict
    assert result.margin == -0.05
    assert result.p_pass == PairedBinary(losses, gains, 400).p_pass(-0.05)


@pytest.mark.parametrize(("right", "verdict"), [(200, PASS), (192, INCONCLUSIVE), (175, FAIL)])
def test_least_value_of_the_candidate(right, verdict):
    candidate = [1] * right + [0] * (200 - right)
    result = one(compared([1] * 200, candidate, of=gate(min=0.95)))
    assert result.verdict is verdict
    assert result.margin is None
    assert result.requirement == "min 0.95"


@pytest.mark.parametrize(("ones", "verdict"), [(0, PASS), (8, INCONCLUSIVE), (25, FAIL)])
def test_greatest_value_of_the_candidate(ones, verdict):
    metric = Metric("acc", higher_is_better=False)
    candidate = [1] * ones + [0] * (200 - ones)
    result = one(compared([0] * 200, candidate, of=gate(max=0.05), metric=metric))
    assert result.verdict is verdict


def test_bounds_of_a_graded_metric():
    metric = Metric("acc", ScoreKind.BOUNDED, 1, 10)
    scores = list(np.random.default_rng(0).uniform(7, 9, 100))
    for of, verdict in [(gate(min=7), PASS), (gate(min=8.9), FAIL), (gate(max=9), PASS)]:
        assert one(compared(scores, scores, of=of, metric=metric)).verdict is verdict


def test_every_demand_must_hold():
    """The drop is fine, the least value is not: the reason names which one decided."""
    both = gate(max_drop=Margin(0.05, "pp"), min=0.95)
    low = [1] * 180 + [0] * 20
    result = one(compared(low, low, of=both))
    assert result.verdict is FAIL
    assert result.reason.startswith("the candidate's mean is below 0.95")
    assert result.p_pass > 0.05 > PairedBinary(0, 0, 200).p_pass(0.05)  # of the least value
    undecided = [1] * 192 + [0] * 8
    result = one(compared(undecided, undecided, of=both))
    assert result.verdict is INCONCLUSIVE
    assert result.reason.startswith("a mean of 0.96 does not show min 0.95 (p = ")
    high = [1] * 200
    assert one(compared(high, high, of=both)).verdict is PASS


def test_two_demands_are_two_chances_to_fail():
    """The loss alone is shown at 5 %; with a second demand it has to be shown at 2.5 %."""
    losing = counted(22, 3, 200)
    alone = one(losing)
    assert alone.verdict is FAIL
    assert alone.p_fail is not None
    both = one(counted(22, 3, 200, of=gate(max_drop=Margin(0.05, "pp"), min=0.5)))
    assert both.p_fail == alone.p_fail
    assert both.p_fail_adjusted == pytest.approx(2 * alone.p_fail)
    assert both.verdict is INCONCLUSIVE
    assert "not after correction over the gate's 2 demands" in both.reason


def test_flags():
    assert one(counted(64, 293, 1319)).flags == ("improved",)
    assert "regressed_within_margin" in one(counted(30, 5, 1000)).flags
    assert one(counted(5, 5, 100)).flags == ("underpowered",)
    assert one(counted(0, 0, 40)).flags == ("underpowered",)  # 59 are the fewest that can pass
    assert one(counted(0, 0, 60)).flags == ()


def test_inconclusive_tells_how_many_samples_would_decide():
    result = one(counted(10, 5, 200))
    assert result.required_n is not None
    assert re.search(r"about [\d,]+0 samples in total would decide it", result.reason)
    scale = result.required_n / 200
    larger = PairedBinary(round(10 * scale), round(5 * scale), result.required_n)
    assert larger.p_pass(0.05) < 0.05


@pytest.mark.parametrize(("losses", "gains", "n"), [(2, 0, 120), (2, 0, 100), (1, 0, 60)])
def test_few_losses_near_a_verdict_need_more_than_one_sample(losses, gains, n):
    """One more would not decide it: with the same rates the test of n + 1 is as undecided."""
    result = one(counted(losses, gains, n))
    assert PairedBinary(losses, gains, n + 1).p_pass(0.05) > 0.05
    assert result.required_n is not None
    assert result.required_n >= n + 10


def test_missing_samples_that_alone_forbid_a_pass_are_named():
    """A twentieth is missing, the margin is 5 pp: more samples of the same kind decide nothing."""
    result = one(compared([1] * 200, [1] * 190 + [None] * 10))
    assert (result.verdict, result.required_n) == (INCONCLUSIVE, None)
    assert "10 samples could not be measured and count against it" in result.reason


def test_too_near_the_margin_for_any_number():
    result = one(counted(20, 10, 200))
    assert result.required_n is None
    assert "no practical number of samples would decide it" in result.reason


def test_where_no_practical_number_decides_what_is_practical_is_said():
    """What these samples can show at best is what an unchanged model shows in 80 % of runs."""
    result = one(counted(9, 8, 90, of=gate(max_drop=Margin(0.02, "pp"))))
    assert result.required_n > 10 * 90
    assert result.required_in_reach is None
    ((needed, times, shown),) = re.findall(
        r"deciding it takes about ([\d,]+) samples, (\d+) times those planned; the planned "
        r"samples can rule out a drop of ([\d.]+) pp at best: use a larger suite or a wider margin",
        result.reason,
    )
    assert float(needed.replace(",", "")) == pytest.approx(result.required_n, rel=0.1)
    assert int(times) == round(result.required_n / 90)
    margin = float(shown) / 100
    assert power_paired(90, margin, 17 / 90) == pytest.approx(0.8, abs=0.04)


def test_graded_scores_say_it_as_well():
    rng = np.random.default_rng(4)
    before = rng.uniform(0.3, 0.7, 60)
    after = np.clip(before + rng.normal(-0.005, 0.2, 60), 0, 1)
    graded = Metric("rating", ScoreKind.BOUNDED)
    of = gate(metric="rating", max_drop=Margin(0.01, "pp"))
    result = one(compared(before.tolist(), after.tolist(), of=of, metric=graded))
    assert result.required_in_reach is None
    assert re.search(r"rule out a drop of \d+\.\d pp at best", result.reason)


def test_several_times_the_planned_samples_are_advised_beside_what_else_is_practical():
    result = one(counted(10, 5, 200))
    assert 3 * 200 < result.required_in_reach < 10 * 200
    assert re.search(
        r"about 1,000 samples in total would decide it; the planned samples can rule out a drop of "
        r"5\.3 pp at best",
        result.reason,
    )


def test_a_change_close_to_the_margin_needs_no_larger_suite():
    result = one(counted(56, 12, 1000))
    assert (result.verdict, result.required_in_reach) == (INCONCLUSIVE, None)
    assert result.reason.endswith("; the change is too close to the margin")


def test_few_missing_samples_count_against_the_candidate():
    """Four of 200 are lost; as losses they leave just too much doubt."""
    complete = one(compared([1] * 200, [1] * 200, of=gate(max_drop=Margin(0.03, "pp"))))
    lacking = one(compared([1] * 200, [1] * 196 + [None] * 4, of=gate(max_drop=Margin(0.03, "pp"))))
    assert complete.verdict is PASS
    assert lacking.verdict is INCONCLUSIVE
    assert lacking.p_pass == PairedBinary(4, 0, 200).p_pass(0.03)
    assert lacking.p_fail == PairedBinary(0, 0, 200).p_fail(0.03)
    assert (lacking.missing, lacking.n, lacking.losses) == (4, 200, 0)


def test_many_missing_samples_decide_nothing():
    worst = compared([1] * 100, [0] * 94 + [None] * 6)
    result = one(worst)
    assert result.verdict is INCONCLUSIVE
    assert "6 of 100 samples could not be measured, more than 5%" in result.reason
    assert one(compared([1] * 100, [0] * 95 + [None] * 5)).verdict is FAIL


def test_nothing_measured_is_an_error_and_leaves_the_others_alone():
    results = decide([compared([1, 1], [None, None]), counted(0, 0, 100, of=gate("other"))])
    assert [result.verdict for result in results] == [ERROR, PASS]


def test_graded_scores_go_to_the_unit_test():
    rng = np.random.default_rng(0)
    baseline = rng.uniform(0.4, 0.9, 200)
    candidate = np.clip(baseline + rng.normal(0, 0.1, 200), 0, 1)
    metric = Metric("acc", ScoreKind.BOUNDED)
    result = one(compared(list(baseline), list(candidate), metric=metric))
    assert result.verdict is PASS
    assert result.method == "hardened unit t test"
    assert (result.losses, result.gains, result.flip_rate) == (None, None, None)


def test_clusters_are_the_units():
    clusters = [f"passage {index // 5}" for index in range(200)]
    result = one(compared([1] * 200, [1] * 200, clusters=clusters))
    assert (result.units, result.n) == (40, 200)
    assert result.verdict is INCONCLUSIVE  # 200 questions would pass, 40 passages do not
    few = one(compared([1] * 200, [1] * 200, clusters=[str(i // 25) for i in range(200)]))
    assert "8 independent units (effective number) are too few" in few.reason


def test_equal_weights_by_task():
    """The small task collapses; it is a tenth of the samples but half of the gate."""
    before = [*samples([1] * 270, task="large"), *samples([1] * 30, task="small")]
    after = [*samples([1] * 270, task="large"), *samples([1] * 12 + [0] * 18, task="small")]
    metric = Metric("acc")

    def verdict(weights):
        made = compare(gate(weights=weights, max_drop=Margin(0.1, "pp")), metric, before, after,
                       model="v2", n_planned=300)  # fmt: skip
        return one(made)

    assert verdict("size").delta == pytest.approx(-0.06)
    assert verdict("size").verdict is PASS
    assert verdict("equal").delta == pytest.approx(-0.3)
    assert verdict("equal").verdict is FAIL


def test_clipped_losses_trip_the_wire():
    """Three of sixty documents lose far more than the clip: too many to count as only that."""
    metric = Metric("acc", ScoreKind.BOUNDED, -1000, 0, clip=1.0)
    calm = [-3.0] * 60
    wild = [-3.0] * 56 + [-80.0] * 4
    demand = gate(max_drop=Margin(0.5, "points"))
    assert one(compared(calm, calm, of=demand, metric=metric)).verdict is PASS
    result = one(compared(calm, wild, of=demand, metric=metric))
    assert result.verdict is FAIL
    assert "more than 1% of samples lose over 1 (the clip)" in result.reason


def test_a_corpus_metric_is_decided_by_its_groups():
    metric = Metric("bleu", ScoreKind.CORPUS)

    def mean_length(rows):
        return sum(len(row.outputs[0]) for row in rows) / len(rows) / 10

    def arm(lengths):
        return [
            dataclasses.replace(row, outputs=("a" * int(length),))
            for row, length in zip(samples([1] * len(lengths)), lengths, strict=True)
        ]

    rng = np.random.default_rng(0)
    base = rng.integers(3, 9, 400)
    demand = gate(metric="bleu")

    def result(lengths, planned=400):
        return one(compare(demand, metric, arm(base), arm(lengths), model="v2", n_planned=planned,
                           aggregate=mean_length))  # fmt: skip

    assert result(base).verdict is PASS
    assert result(base).method == "delete-group jackknife"
    assert result(np.maximum(base - 2, 0)).verdict is FAIL
    noisy = result(np.where(rng.random(400) < 0.5, base, 10 - base))
    assert noisy.ci is not None
    assert noisy.units == 20


@pytest.mark.parametrize("cluster", [None, "passage"])
@pytest.mark.parametrize("n", [1, 2, 19])
@pytest.mark.parametrize(
    "demand",
    [{}, {"max_drop": Margin(0.05, "%")}, {"max_drop": None, "min": 0.3},
     {"max_drop": None, "min_gain": Margin(0.1, "pp")}, {"max": 0.5}],
)  # fmt: skip
@pytest.mark.parametrize(
    ("metric", "answers"),
    [("bleu", ("the cat", "")), ("chrf", ("", "")), ("macro_f1", ("the cat", "the cat")),
     ("macro_f1_lenient", ("a", "the cat"))],
)  # fmt: skip
def test_a_corpus_metric_of_few_samples_is_undecided(metric, answers, demand, n, cluster):
    scorer = scorers.get(metric if metric in {"bleu", "chrf"} else "label")

    def arm(answer):
        counts = {metric: scorer.statistics(metric, answer, "the cat", {})}
        made = samples([1] * n)
        return [dataclasses.replace(one, corpus=counts, cluster=cluster) for one in made]

    def value(rows):
        totals: Counter[str] = Counter()
        for row in rows:
            totals.update(row.corpus[metric])
        return scorer.finish(metric, totals)

    before, after = map(arm, answers)
    made = compare(
        gate(metric=metric, **demand), scorer.corpus_metrics[metric].metric, before, after,
        model="v2", n_planned=n, aggregate=value,
    )  # fmt: skip
    result = one(made)
    assert result.verdict is (ERROR if "baseline" in result.reason else INCONCLUSIVE)
    if result.verdict is INCONCLUSIVE:
        assert f"{1 if cluster else n} independent units" in result.reason


def test_a_corpus_metric_cannot_replace_a_missing_sample():
    metric = Metric("bleu", ScoreKind.CORPUS)
    made = compare(
        gate(metric="bleu"), metric, samples([1] * 100), samples([1] * 99 + [None]), model="v2",
        n_planned=100, aggregate=lambda rows: 0.5,
    )  # fmt: skip
    result = one(made)
    assert result.verdict is INCONCLUSIVE
    assert "which a corpus metric cannot replace" in result.reason


def test_worst_pairs_are_the_greatest_losses():
    metric = Metric("acc", ScoreKind.BOUNDED)
    candidate = [1 - index / 40 for index in range(40)]
    result = one(compared([1.0] * 40, candidate, metric=metric))
    assert [pair.sample_id for pair in result.worst] == [str(i) for i in range(39, 29, -1)]


def test_order_of_samples_does_not_matter():
    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 2, 120), rng.integers(0, 2, 120)
    order = rng.permutation(120)
    straight = one(compared(x.tolist(), y.tolist()))
    shuffled = one(compared(x[order].tolist(), y[order].tolist()))
    assert (straight.p_pass, straight.ci) == (shuffled.p_pass, shuffled.ci)


def test_a_fail_is_adjusted_over_the_gates_of_its_model():
    """Alone it fails; among twelve it does not, and the reason says so."""
    weak = counted(26, 4, 200)
    assert one(weak).verdict is FAIL
    others = [counted(3, 3, 200, of=gate(f"other {index}")) for index in range(11)]
    adjusted = decide([weak, *others])[0]
    assert adjusted.verdict is INCONCLUSIVE
    assert adjusted.p_fail_adjusted == pytest.approx(12 * (adjusted.p_fail or 0))
    assert "not after Holm's correction over 12 gates" in adjusted.reason
    elsewhere = [counted(3, 3, 200, of=gate(f"other {i}"), model="v3") for i in range(11)]
    assert decide([weak, *elsewhere])[0].verdict is FAIL


def test_two_gates_of_one_name_are_refused():
    with pytest.raises(UsageError, match="give each gate a unique name"):
        decide([counted(0, 0, 50), counted(0, 0, 50)])


@pytest.mark.parametrize("level", [0.5, 1.0, 0.0, -1.0, float("nan")])
def test_broken_confidence_is_refused(level):
    with pytest.raises(UsageError, match="confidence_level"):
        decide([counted(0, 0, 50)], confidence_level=level)


@pytest.mark.parametrize(
    ("demand", "message"),
    [
        ({"max_drop": Margin(0.0, "pp")}, "above 0"),
        ({"max_drop": Margin(-0.1, "pp")}, "above 0"),
        ({"min_gain": Margin(1.01, "pp")}, "101pp, but differences of acc count up to 100pp"),
        ({"max_drop": Margin(float("nan"), "pp")}, "above 0"),
        ({"min": 1.2}, "outside the range of 'acc'"),
        ({"max": float("nan")}, "outside the range of 'acc'"),
    ],
)
def test_broken_demands_are_refused(demand, message):
    with pytest.raises(ConfigError, match=message) as caught:
        one(counted(0, 0, 50, of=gate(**demand)))
    assert "release.yaml: recall." in str(caught.value)


def test_a_relative_margin_of_what_may_be_negative_is_refused():
    metric = Metric("acc", ScoreKind.BOUNDED, -5, 0)
    with pytest.raises(ConfigError, match="may be negative"):
        one(compared([-1.0] * 20, [-1.0] * 20, of=gate(max_drop=Margin(0.1, "%")), metric=metric))


def test_a_fixed_run_is_not_decided_before_its_end():
    early = one(counted(0, 0, 100, n_planned=200), final=False)
    assert early.verdict is INCONCLUSIVE
    assert early.reason.startswith("not decided yet")


def test_error_result_keeps_the_gate():
    result = error_result(gate(min=0.5), "v2", "out of memory")
    assert (result.verdict, result.reason, result.requirement) == (
        ERROR,
        "out of memory",
        "min 0.5",
    )
    assert result.id == counted_id()


def counted_id():
    return one(counted(0, 0, 20)).id


def test_counts_alone():
    result = decide_counts(gate(), losses=30, gains=20, n=500)
    assert (result.verdict, result.baseline, result.losses) == (PASS, None, 30)
    with pytest.raises(UsageError, match="give a margin in pp"):
        decide_counts(gate(max_drop=Margin(0.05, "%")), losses=1, gains=1, n=100)
    with pytest.raises(DataError, match="counts must be"):
        decide_counts(gate(), losses=60, gains=60, n=100)


def test_repeats_keep_the_rates_of_the_rules():
    rules = Metric("acc", detector=DetectorRates(78, 81, 60, 60))
    result = one(compared([1.0, 0.5] * 20, [1.0, 0.5] * 20, metric=rules, repeats=2))
    assert result.corrected is not None
