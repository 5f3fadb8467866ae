"""A gate that no candidate could fail is never passed."""

import pytest

from evalguard.gates.decide import decide
from evalguard.gates.looks import LookPlan
from evalguard.records import (
    Ability,
    Comparison,
    Gate,
    Margin,
    Metric,
    SamplePair,
    ScoreKind,
    Verdict,
)
from evalguard.scorers import metrics
from evalguard.tasks.kinds.judge import JudgeTask

N = 400
PP = Margin(0.05, "pp")


def decided(
    before,
    after,
    metric=None,
    said=None,
    *,
    targets=("",),
    empty=(),
    n_planned=None,
    ability=Ability.OTHER,
    **demand,
):
    metric = metric or Metric("acc")
    demands = demand or {"max_drop": PP}
    gate = Gate(name="recall", suite="qa", metric=metric.name, ability=ability, **demands)
    pairs = tuple(
        SamplePair(
            task="qa",
            sample_id=str(index),
            prompt="",
            target=targets[index % len(targets)],
            baseline_output="" if index in empty else said or f"base {index}",
            candidate_output=said or f"v2 {index}",
            baseline_score=one,
            candidate_score=other,
        )
        for index, (one, other) in enumerate(zip(before, after, strict=True))
    )
    planned = n_planned or len(pairs)
    (result,) = decide(
        [Comparison(gate=gate, model="v2", metric=metric, pairs=pairs, n_planned=planned)],
        looks=LookPlan() if n_planned else None,
        final=not n_planned,
    )
    return result


def scores(right, n=N):
    return [1.0] * right + [0.0] * (n - right)


@pytest.mark.parametrize("right", [0, 1, 10, 20])
def test_a_baseline_within_the_margin_of_the_worst_score_shows_nothing(right):
    result = decided(scores(right), scores(right))
    assert result.verdict is Verdict.ERROR
    assert "no candidate could fail max_drop 5pp" in result.reason


def test_above_the_margin_an_equal_candidate_passes():
    assert decided(scores(24), scores(24)).verdict is Verdict.PASS


@pytest.mark.parametrize(("right", "n"), [(16, N), (0, 30), (1, 30)])
def test_a_loss_that_cannot_exceed_the_margin_is_an_error_however_few_samples_there_are(right, n):
    assert decided(scores(right, n), scores(0, n)).verdict is Verdict.ERROR


def test_more_samples_may_come_before_it_is_an_error():
    early = decided(scores(0, 60), scores(0, 60), n_planned=N)
    assert early.verdict is Verdict.INCONCLUSIVE


def test_answers_that_are_all_empty_are_named_as_the_cause():
    result = decided(scores(0), scores(0), empty=range(N))
    assert "All of the baseline's answers are empty: a stop string" in result.reason


def test_a_shown_gain_passes():
    assert decided(scores(0), scores(200)).verdict is Verdict.PASS


def test_a_bound_on_the_candidate_demands_something():
    low, high = Metric("acc"), Metric("loops", higher_is_better=False)
    assert decided(scores(0), scores(0), low, max_drop=PP, min=0.9).verdict is Verdict.FAIL
    assert decided(scores(N), scores(N), high, max_drop=PP, max=0.1).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("metric", "worst", "fine"),
    [
        (Metric("loops", higher_is_better=False), 1.0, 0.0),
        (Metric("share", ScoreKind.BOUNDED), 0.0, 0.5),
        (Metric("overlap", ScoreKind.BOUNDED, low=-1.0), -1.0, 0.0),
    ],
)
def test_the_worst_score_is_the_metrics_own(metric, worst, fine):
    assert decided([worst] * N, [worst] * N, metric).verdict is Verdict.ERROR
    assert decided([fine] * N, [fine] * N, metric).verdict is Verdict.PASS


def test_what_a_collapsed_model_scores_counts_as_the_worst_score():
    unique = Metric("unique", ScoreKind.BOUNDED, floor=0.25)
    assert decided([0.25] * N, [0.25] * N, unique).verdict is Verdict.ERROR
    assert decided([0.1] * N, [0.1] * N, unique).verdict is Verdict.ERROR
    assert decided([0.5] * N, [0.5] * N, unique).verdict is Verdict.PASS
    assert "a collapsed model's is 25.0%" in decided([0.3] * N, [0.3] * N, unique).reason


def test_scores_without_a_worst_one_are_left_alone():
    nats = Metric("nats", ScoreKind.BOUNDED, low=0.0, high=100.0, clip=1.0, in_nats=True)
    demand = {"max_drop": Margin(0.2, "nats")}
    assert decided([0.0] * N, [0.0] * N, nats, **demand).verdict is Verdict.PASS


@pytest.mark.parametrize("said", ["billing", "You have exceeded your quota."])
def test_one_answer_to_all_questions_shows_nothing(said):
    half = scores(N // 2)
    same = decided(half, half, said=said, targets=("billing", "access"))
    assert same.verdict is Verdict.ERROR
    assert f"the same answer to all {N} questions" in same.reason
    assert said in same.reason


def test_one_right_answer_and_answers_that_differ_are_left_alone():
    half = scores(N // 2)
    assert decided(scores(N), scores(N), said="I can't help.").verdict is Verdict.PASS
    assert decided(scores(N), scores(N), said="5", targets=("5",)).verdict is Verdict.PASS
    assert decided(half, half, targets=("billing", "access")).verdict is Verdict.PASS


def test_a_pair_that_is_not_measured_does_not_hide_that_all_answers_are_the_same():
    half = scores(N // 2)
    unmeasured = [None, *half[1:]]
    same = decided(unmeasured, half, said="billing", targets=("billing", "access"), empty=(0,))
    assert f"the same answer to all {N - 1} questions" in same.reason


@pytest.mark.parametrize("ability", Ability)
def test_one_answer_is_left_alone_where_the_scorer_reads_no_target_whatever_the_ability(ability):
    """Targets of jailbreaks are what must not be said, and refusals are often word for word."""
    options = {"said": "I can't help.", "targets": ("Sure, a", "Sure, b"), "ability": ability}
    free, bound = Metric("refusal", reads_target=False), Metric("exact_match")
    assert decided(scores(N), scores(N), free, **options).verdict is Verdict.PASS
    assert decided(scores(300), scores(300), free, **options).verdict is Verdict.ERROR
    assert decided(scores(N), scores(N), bound, **options).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("refusal", False),
        ("abstention", False),
        ("withheld", False),  # it reads what must not be said, in the row
        ("json_valid", False),
        ("exact_match", True),
        ("numeric", True),
        ("token_f1", True),
        ("unit_tests", True),
    ],
)
def test_a_scorer_says_whether_it_reads_the_target(name, reads):
    options = {"allow_code_execution": True} if name == "unit_tests" else {}
    assert {metric.reads_target for metric in metrics(name, options)} == {reads}


def test_a_judge_reads_no_target():
    assert not any(metric.reads_target for metric in JudgeTask.metrics)
