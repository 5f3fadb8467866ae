"""Gates that were left undecided and are extended by samples of their own."""

import dataclasses
import re

import numpy as np
import pytest

from evalguard.gates.decide import decide
from evalguard.gates.looks import LookPlan
from evalguard.records import (
    Comparison,
    DetectorRates,
    GateResult,
    Margin,
    ScoreKind,
    Verdict,
    from_json,
    to_json,
)
from evalguard.stats import combined_pvalue, levels
from tests.gates.build import ACC, compared, gate
from tests.gates.test_looks import drawn, run

PLAN = LookPlan(reserve=0.02)


def joined(*stages: Comparison) -> Comparison:
    """Return the comparison over stages, each pair under an id of its own."""
    pairs = tuple(pair for stage in stages for pair in stage.pairs)
    planned = sum(stage.n_planned for stage in stages)
    return dataclasses.replace(stages[0], pairs=pairs, n_planned=planned, stages=stages)


def extend(earlier: GateResult, *stages: Comparison, plan: LookPlan = PLAN) -> GateResult:
    (result,) = decide([joined(*stages)], looks=plan, previous=[earlier])
    return result


def undecided(seed: int = 1, theta: float = -0.02) -> tuple[Comparison, GateResult]:
    planned = drawn(seed, 300, 0.12, theta)
    result = run(planned, plan=PLAN)[-1]
    assert result.verdict is Verdict.INCONCLUSIVE
    return planned, result


def test_an_extension_that_is_good_enough_passes():
    planned, before = undecided()
    after = extend(before, planned, drawn(2, 600, 0.12, 0.03))
    assert after.verdict is Verdict.PASS
    assert after.reason.endswith("; decided by extension 1")
    assert (after.n, after.n_planned, after.fraction_used) == (900, 900, 1.0)
    assert after.shares == (*before.shares, 2.0)
    assert after.alpha == levels(after.shares, reserve=0.02)[-1] < 0.005
    assert [stage.n for stage in after.stages] == [300, 600]
    assert after.p_pass == combined_pvalue([stage.p_pass for stage in after.stages], [1, 1])
    assert after.stages[0].p_pass == before.p_pass
    assert after.ci is not None
    assert after.ci[0] >= -0.05
    assert from_json(GateResult, to_json(after)) == after


def test_an_extension_that_is_bad_enough_fails():
    planned, before = undecided(theta=-0.05)
    after = extend(before, planned, drawn(2, 600, 0.3, -0.2))
    assert after.verdict is Verdict.FAIL
    assert after.reason.endswith("; decided by extension 1")
    assert after.ci is not None
    assert after.ci[1] <= -0.05


@pytest.mark.parametrize("theta", [0.02, -0.3])
def test_a_verdict_stands_whatever_an_extension_shows(theta):
    planned = drawn(1, 300, 0.4, theta)
    before = run(planned, plan=PLAN)[-1]
    assert before.verdict is not Verdict.INCONCLUSIVE
    other = drawn(2, 300, 0.4, -0.3 if theta > 0 else 0.2)
    assert extend(before, planned, other) == before


def test_no_verdict_comes_for_free():
    """The pooled p-value is below 5 %, but the extension alone does not show what it must."""
    planned, before = undecided(seed=1, theta=-0.02)
    after = extend(before, planned, drawn(9, 300, 0.12, -0.02))
    (pooled,) = decide([dataclasses.replace(joined(planned), stages=())])
    assert after.verdict is Verdict.INCONCLUSIVE
    assert after.p_pass is not None
    assert after.p_pass > after.alpha
    assert pooled.verdict is Verdict.INCONCLUSIVE


def test_a_gate_may_be_extended_again():
    planned, first = undecided()
    little = drawn(5, 100, 0.12, 0.0)
    second = extend(first, planned, little)
    assert second.verdict is Verdict.INCONCLUSIVE
    assert "evalguard check --extend" in second.reason
    third = extend(second, planned, little, drawn(6, 1500, 0.12, 0.03))
    assert third.shares[-2:] == (2.0, 3.0)
    assert third.verdict is Verdict.PASS
    assert third.reason.endswith("decided by extension 2")


def test_looks_on_the_way_of_an_extension():
    planned, before = undecided()
    whole = drawn(2, 600, 0.12, 0.03)
    half = dataclasses.replace(whole, pairs=whole.pairs[:300])
    looked = extend(before, planned, half)
    assert looked.shares[-1] == 1.5
    if looked.verdict is Verdict.INCONCLUSIVE:
        assert looked.reason.startswith("not decided yet")
        assert extend(looked, planned, whole).verdict is Verdict.PASS


def test_what_is_advised_decides():
    """An extension of the advised size shows it in most runs if what was observed is true."""
    planned, before = undecided()
    assert before.required_n is not None
    more = before.required_n - before.n
    (written,) = re.findall(r"--extend (\d+)\)", before.reason)
    advised = int(written)
    assert more <= advised < 1.1 * more
    assert before.delta is not None
    assert before.flip_rate is not None
    decided = [
        extend(before, planned, drawn(seed, more, before.flip_rate, before.delta)).verdict
        for seed in range(100, 130)
    ]
    assert decided.count(Verdict.PASS) >= 21


NEARLY_PERFECT = DetectorRates(10**7, 10**7, 10**7, 10**7, own=True)
JUDGE = DetectorRates(43, 50, 45, 50, own=True)
DEMANDS = [
    {"max_drop": Margin(0.05, "pp")},
    {"max_drop": Margin(0.05, "%")},
    {"min_gain": Margin(0.01, "pp")},
    {"min": 0.8},
    {"max": 0.9, "max_drop": Margin(0.05, "pp")},
]


def scored_by(detector, of, *stages: Comparison) -> list[Comparison]:
    metric = dataclasses.replace(ACC, detector=detector)
    return [dataclasses.replace(stage, metric=metric, gate=of) for stage in stages]


def missing(stage: Comparison) -> Comparison:
    first, *others = stage.pairs
    return dataclasses.replace(
        stage, pairs=(dataclasses.replace(first, candidate_score=None), *others)
    )


@pytest.mark.parametrize("demand", DEMANDS)
@pytest.mark.parametrize("lacking", [False, True])
def test_stages_scored_by_a_judge_that_does_not_err_are_those_of_the_scores(demand, lacking):
    of, stages = gate(**demand), [drawn(1, 300, 0.12, -0.02), drawn(2, 500, 0.12, 0.0)]
    if lacking:
        stages[1] = missing(stages[1])
    (plain,) = decide([joined(*scored_by(None, of, *stages))])
    (judged,) = decide([joined(*scored_by(NEARLY_PERFECT, of, *stages))])
    assert judged.p_pass == pytest.approx(plain.p_pass, rel=0.1, abs=1e-4)
    assert judged.p_fail == pytest.approx(plain.p_fail, rel=0.1, abs=1e-4)
    assert judged.delta == pytest.approx(plain.delta, abs=1e-4)
    assert len(judged.stages) == 2


@pytest.mark.parametrize("demand", DEMANDS)
def test_errors_of_a_judge_count_once_for_all_stages(demand):
    """The labels are those of both stages, so that two halves show no more than the whole."""
    of, halves = gate(**demand), [drawn(1, 400, 0.12, -0.02), drawn(2, 400, 0.12, -0.02)]
    stages = scored_by(JUDGE, of, *halves)
    both = joined(*stages)
    (staged,) = decide([both])
    (whole,) = decide([dataclasses.replace(both, stages=())])
    assert staged.delta == whole.delta
    assert staged.p_pass == pytest.approx(whole.p_pass, rel=0.5, abs=0.02)
    alone = [decide([stage])[0].p_pass or 0.0 for stage in stages]
    if max(alone) < 0.5:
        assert staged.p_pass is not None
        assert staged.p_pass > combined_pvalue(alone, [1, 1])
    assert staged.method.endswith(", corrected, 2 stages combined")
    assert staged.corrected is not None
    assert whole.corrected is not None
    assert staged.corrected.seen_delta == pytest.approx(whole.corrected.seen_delta)


def test_a_gate_on_drawn_labels_is_not_told_to_extend():
    planned = drawn(1, 300, 0.12, -0.02)
    labels = tuple(
        (pair.baseline_score, pair.candidate_score) if index % 3 == 0 else None
        for index, pair in enumerate(planned.pairs)
    )
    (result,) = decide([dataclasses.replace(planned, labels=labels)], looks=PLAN)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "--extend" not in result.reason
    assert "drawn for labels" in result.reason


def test_no_extension_is_advised_that_cannot_show_it():
    """After two stages that cancel out, the third one's exact p-value is too large at any size."""
    bad, good = drawn(1, 300, 0.12, -0.07), drawn(2, 300, 0.12, 0.0)
    (first,) = decide([bad], looks=LookPlan(1, reserve=0.02))
    second = extend(first, bad, good, plan=LookPlan(1, reserve=0.02))
    assert second.verdict is Verdict.INCONCLUSIVE
    assert second.delta is not None
    assert second.p_pass is not None
    assert second.delta > -0.05
    assert 0.21 < second.p_pass < 0.5
    assert second.required_n is None
    best = compared([1] * 9000, [1] * 9000)
    third = extend(second, bad, good, best, plan=LookPlan(1, reserve=0.02))
    assert third.verdict is Verdict.INCONCLUSIVE


def test_without_a_reserve_nothing_is_left():
    planned = drawn(1, 300, 0.12, -0.02)
    before = run(planned)[-1]
    assert "--extend" not in before.reason
    assert "samples in total would decide it" in before.reason


def test_stages_that_share_a_cluster_are_refused():
    """Their p-values are not independent, so the combination means nothing."""
    clusters = [str(index // 4) for index in range(300)]
    planned = compared([1] * 300, [1] * 285 + [0] * 15, clusters=clusters)
    (before,) = decide([planned], looks=LookPlan(1, reserve=0.02))
    assert before.verdict is Verdict.INCONCLUSIVE
    after = extend(before, planned, compared([1] * 300, [1] * 300, clusters=clusters))
    assert after.verdict is Verdict.ERROR
    assert "An extension needs new clusters" in after.reason


def test_a_cluster_is_one_whatever_the_task_of_its_questions():
    clusters = [str(index // 4) for index in range(300)]
    planned = compared([1] * 300, [1] * 285 + [0] * 15, clusters=clusters)
    (before,) = decide([planned], looks=LookPlan(1, reserve=0.02))
    other_task = compared([1] * 300, [1] * 300, clusters=clusters, task="other")
    assert "An extension needs new clusters" in extend(before, planned, other_task).reason


@pytest.mark.parametrize(
    "demand", [{"max_drop": Margin(0.1, "%")}, {"min": 0.9, "max_drop": Margin(0.05, "pp")}]
)
def test_stages_work_for_other_demands_and_graded_scores(demand):
    rng = np.random.default_rng(1)
    metric = dataclasses.replace(ACC, kind=ScoreKind.BOUNDED)

    def stage(n, shift):
        x = rng.uniform(0.9, 1.0, n)
        y = np.clip(x + rng.normal(shift, 0.2, n), 0, 1)
        return compared(x.tolist(), y.tolist(), metric=metric, of=gate(**demand))

    planned = stage(60, -0.01)
    (before,) = decide([planned], looks=LookPlan(1, reserve=0.02))
    if before.verdict is Verdict.INCONCLUSIVE:
        after = extend(before, planned, stage(4000, 0.1), plan=LookPlan(1, reserve=0.02))
        assert after.verdict is Verdict.PASS
        assert len(after.stages) == 2
