"""One gate over several: small losses everywhere, its own error, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from evalguard.errors import MeasurementError
from evalguard.gates.decide import decide
from evalguard.gates.pooled import pool
from evalguard.records import POOLED, Comparison, Gate, Margin, Metric, ScoreKind, Verdict
from tests.gates.build import compared, gate

BOUNDED = ScoreKind.BOUNDED
PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def overall(members: list[Comparison], drop: float = 0.01, **given) -> Comparison:
    given = {"weights": "equal", **given}
    made = Gate(
        name="overall",
        suite=POOLED,
        metric="mean_score",
        pool=tuple(one.gate for one in members),
        max_drop=Margin(drop, "pp"),
        **given,
    )
    return pool(made, members)


def suites(sizes, losses, gains, seed=0) -> list[Comparison]:
    """Compare scores of 0 and 1 of one suite each, with so many losses and gains."""
    rng, made = np.random.default_rng(seed), []
    for index, size in enumerate(sizes):
        kinds = rng.permutation(
            np.repeat(
                [-1, 1, 0], [losses[index], gains[index], size - losses[index] - gains[index]]
            )
        )
        before = np.where(kinds == 1, 0.0, 1.0)
        of = gate(f"gate {index}", suite=f"suite {index}")
        after = before + kinds
        one = compared(before.tolist(), after.tolist(), of=of)
        pairs = tuple(replace(pair, prompt=f"{index}: {pair.prompt}") for pair in one.pairs)
        made.append(replace(one, pairs=pairs))
    return made


def verdicts(members, **given):
    return [one.verdict for one in decide([*members, overall(members, **given)])]


def test_small_losses_everywhere_fail_together_and_alone_nowhere():
    members = suites([400] * 10, [24] * 10, [8] * 10)  # 4 points each
    *alone, together = verdicts(members, drop=0.02)
    assert FAIL not in alone
    assert together is FAIL


def test_no_change_passes_with_samples_that_decide_no_gate():
    members = suites([80] * 10, [4] * 10, [4] * 10)
    *alone, together = verdicts(members, drop=0.03)
    assert set(alone) == {INCONCLUSIVE}
    assert together is PASS


def test_its_error_is_its_own():
    members = suites([400] * 10, [24] * 10, [8] * 10)
    result = decide([*members, overall(members, drop=0.02)])[-1]
    assert result.p_fail_adjusted == result.p_fail
    strict = decide([*members, overall(members, drop=0.02, confidence_level=0.999)])[-1]
    assert strict.confidence_level == pytest.approx(0.999)
    assert result.ci is not None
    assert strict.ci is not None
    assert strict.ci[0] < result.ci[0]
    assert strict.ci[1] > result.ci[1]
    before = [one.p_fail_adjusted for one in decide(members)]
    both = decide([*members, overall(members)])
    assert [one.p_fail_adjusted for one in both[:-1]] == before


def test_order_of_gates_and_samples_changes_nothing():
    members = suites([20, 200, 600], [2, 9, 30], [1, 12, 20])
    (one,) = decide([overall(members)])
    turned = [replace(each, pairs=tuple(reversed(each.pairs))) for each in reversed(members)]
    (other,) = decide([overall(turned)])
    assert one.p_pass == pytest.approx(other.p_pass)
    assert one.p_fail == pytest.approx(other.p_fail)
    assert one.delta == pytest.approx(other.delta)


def test_swapped_models_mirror_the_change():
    (one,) = decide([overall(suites([50, 300], [6, 20], [2, 5]))])
    (other,) = decide([overall(suites([50, 300], [2, 5], [6, 20]))])
    assert one.delta is not None
    assert other.delta == pytest.approx(-one.delta)


@pytest.mark.parametrize(
    ("weights", "change"), [("equal", (-0.1 + 0.01) / 2), ("size", (-2 + 2) / 220)]
)
def test_weights(weights, change):
    (result,) = decide([overall(suites([20, 200], [2, 0], [0, 2]), weights=weights)])
    assert result.delta == pytest.approx(change)


def test_a_metric_of_which_lower_is_better_counts_the_other_way():
    (better,) = suites([100], [10], [0])
    worse = replace(
        better,
        gate=gate("lower", suite="b"),
        metric=Metric("acc", higher_is_better=False),
        pairs=tuple(replace(pair, prompt="b" + pair.prompt) for pair in better.pairs),
    )
    (result,) = decide([overall([better, worse])])
    assert result.delta == pytest.approx(0.0)


def test_samples_that_gates_share_are_one_unit():
    first, second = suites([100, 100], [5, 5], [5, 5])
    same = replace(second, pairs=first.pairs)
    (apart,), (shared,) = decide([overall([first, second])]), decide([overall([first, same])])
    assert apart.units == 200
    assert shared.units == 100


def test_clusters_and_prompts_tie_samples_across_gates():
    one, other = suites([100, 100], [5, 5], [5, 5])
    first, *rest = other.pairs
    tied = replace(other, pairs=(replace(first, prompt=one.pairs[3].prompt), *rest))
    assert decide([overall([one, tied])])[0].units == 199
    clustered = [
        replace(each, pairs=(replace(each.pairs[0], cluster="passage"), *each.pairs[1:]))
        for each in (one, other)
    ]
    assert decide([overall(clustered)])[0].units == 199


def test_missing_answers_count_against_either_verdict():
    members = suites([200] * 3, [0] * 3, [0] * 3)
    pairs = members[0].pairs
    lost = (*(replace(one, candidate_score=None) for one in pairs[:8]), *pairs[8:])
    whole, less = overall(members, 0.02), overall([replace(members[0], pairs=lost), *members[1:]])
    assert decide([whole])[0].verdict is PASS
    assert decide([less])[0].verdict is INCONCLUSIVE


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        (Metric("rating", ScoreKind.BOUNDED, high=100.0), "ranges from 0 to 100"),
        (Metric("change", ScoreKind.BOUNDED, low=-1.0), "ranges from -1 to 1"),
        (Metric("nats_per_token", ScoreKind.BOUNDED, clip=1.0, in_nats=True), "in nats"),
        (Metric("bleu", ScoreKind.CORPUS), "no score for a sample"),
    ],
)
def test_scores_without_a_mean_in_common_are_refused(metric, why):
    one, other = suites([20, 20], [0, 0], [0, 0])
    with pytest.raises(MeasurementError, match=why):
        overall([one, replace(other, metric=metric)])


def test_other_gates_than_it_names_are_refused():
    one, other = suites([20, 20], [0, 0], [0, 0])
    made = overall([one, other]).gate
    for members in ([one], [one, one], [other, one], []):
        with pytest.raises(MeasurementError, match="pooled over"):
            pool(made, members)
    with pytest.raises(MeasurementError, match="several models"):
        pool(made, [one, replace(other, model="v3")])


def test_before_the_end_nothing_is_decided():
    members = [replace(one, n_planned=500) for one in suites([400] * 5, [80] * 5, [0] * 5)]
    (result,) = decide([overall(members)], final=False)
    assert result.verdict is INCONCLUSIVE


@pytest.mark.parametrize("weights", ["equal", "size"])
def test_it_lists_what_each_gate_brings_into_the_mean(weights):
    members = suites([400, 100], [24, 1], [8, 2])
    result = decide([overall(members, weights=weights)])[0]
    one, two = result.members
    assert [(one.name, one.n), (two.name, two.n)] == [("gate 0", 400), ("gate 1", 100)]
    assert (one.delta, two.delta) == pytest.approx((-0.04, 0.01))
    assert (one.weight, two.weight) == ((0.5, 0.5) if weights == "equal" else (0.8, 0.2))
    assert one.pull + two.pull == pytest.approx(result.delta)
    assert decide(members)[0].members == ()


def test_a_gate_of_which_lower_is_better_is_listed_as_higher_being_better():
    before, after = [0.0] * 40, [1.0] * 4 + [0.0] * 36
    fewer = Metric("errors", ScoreKind.BOUNDED, higher_is_better=False)
    members = [
        compared(before, after, of=gate("errors", metric="errors"), metric=fewer),
        compared(before, after, of=gate("right", suite="other")),
    ]
    listed = decide([overall(members)])[0].members
    assert [one.delta for one in listed] == pytest.approx([-0.1, 0.1])


def test_a_gate_with_missing_scores_is_listed_by_those_that_are_there():
    members = suites([400, 400], [4, 4], [4, 4])
    first = members[0]
    gone = tuple(replace(pair, candidate_score=None) for pair in first.pairs[:8])
    members[0] = replace(first, pairs=(*gone, *first.pairs[8:]))
    (one, _) = decide([overall(members)])[0].members
    assert one.n == 400
    assert one.delta == pytest.approx(0.0, abs=0.01)


def _opposed(*, other=None, n=100, lost=30, alike=0):
    """Compare a metric that loses, and another that gains on the same questions."""
    before = [1.0] * n
    after = [0.0] * lost + [1.0] * (n - lost)
    one = compared(before, after, of=gate("one", suite="facts"))
    gained = [1 - score for score in after]
    gained[:alike] = [0.0] * alike
    two = compared([0.0] * n, gained, of=gate("two", suite=other or "facts"))
    return [one, two]


@pytest.mark.parametrize("members", [_opposed(), _opposed(other="copy"), _opposed(alike=10)],
                         ids=["of one suite", "of a copy of it", "on most questions"])  # fmt: skip
def test_gates_that_cancel_out_are_refused(members):
    with pytest.raises(MeasurementError, match=r"'one' and 'two' cancel out: on [23]0 questions"):
        overall(members)


def _paying(*payments, lost=30, n=100, neutral=0, honest=0):
    """Compare a metric that loses, others that gain by a rule, and further ones.

    Args:
        *payments: For each gate, what it gains on the question of a number.
        lost: Questions that the first metric loses.
        n: All questions.
        neutral: Gates that change on no question, or by chance.
        honest: Gates that lose as the first does.
    """
    rng = np.random.default_rng(2)
    after = [0.0] * lost + [1.0] * (n - lost)
    made = [
        compared([1.0] * n, after, of=gate(f"honest {number}", suite="facts"))
        for number in range(1 + honest)
    ]
    for number, payment in enumerate(payments):
        gained = [payment(k) if k < lost else 0.0 for k in range(n)]
        paying = gate(f"paying {number}", suite="facts")
        made.append(compared([0.0] * n, gained, of=paying, metric=Metric("acc", BOUNDED)))
    for number in range(neutral):
        before, then = (rng.random((2, n)) < 0.9).astype(float)
        made.append(compared(before, then, of=gate(f"neutral {number}", suite="facts")))
    return made


@pytest.mark.parametrize(
    "members",
    [
        _paying(*[lambda k, part=part: float(k % 3 == part) for part in range(3)]),
        _paying(*[lambda k, part=part: float(k % 6 == part) for part in range(6)]),
        _paying(*[lambda _: 0.25] * 4),
        _paying(*[lambda _: 0.5] * 2, neutral=4),
        _paying(*[lambda k: 0.1 if k % 2 else 0.4] * 4, honest=1),
        _paying(*[lambda k, part=part: float(k % 3 == part) for part in range(3)], neutral=2),
    ],
    ids=["thirds", "sixths", "quarters of each", "among others", "two of five", "thirds among"],
)
def test_a_loss_that_several_gates_pay_back_in_parts_is_refused(members):
    with pytest.raises(MeasurementError, match=r"'honest 0'.*cancel out: on \d+ questions"):
        overall(members)


@pytest.mark.parametrize("weights", ["equal", "size"])
def test_gains_on_further_questions_do_not_hide_that_gates_cancel_out(weights):
    one, _ = _opposed(n=30)
    two = compared([0.0] * 300, [1.0] * 300, of=gate("two", suite="facts"))
    with pytest.raises(MeasurementError, match="'one' and 'two' cancel out: on 30 questions"):
        overall([one, two], weights=weights)


@pytest.mark.parametrize("spelling", ["{} ", " {}", "{}\n"])
def test_another_spelling_of_a_question_does_not_hide_that_gates_cancel_out(spelling):
    one, two = _opposed(other="copy")
    pairs = tuple(replace(pair, prompt=spelling.format(pair.prompt.upper())) for pair in two.pairs)
    with pytest.raises(MeasurementError, match="cancel out"):
        overall([one, replace(two, pairs=pairs)])


def test_an_error_rate_beside_the_score_that_it_is_the_opposite_of_does_not_cancel():
    """It is better where it is lower, so that both lose."""
    one, two = _opposed()
    error = Metric("error", ScoreKind.BINARY, higher_is_better=False)
    assert overall([one, replace(two, metric=error)]).pairs


@pytest.mark.parametrize("seed", range(5))
def test_gates_of_few_questions_that_change_independently_do_not_cancel_out(seed):
    """By chance the sum of a few of them is opposed to another one, the more gates the further."""
    before, after = np.random.default_rng(seed).random((2, 8, 30))
    made = [
        compared(*scores, of=gate(str(number), suite="facts"), metric=Metric("acc", BOUNDED))
        for number, scores in enumerate(zip(before, after, strict=True))
    ]
    assert overall(made).pairs


@pytest.mark.parametrize("count", [2, 5, 12])
def test_gates_that_change_independently_do_not_cancel_out(count):
    rng = np.random.default_rng(1)
    made = []
    for name in map(str, range(count)):
        before, after = (rng.random((2, 400)) < 0.7).astype(float)
        made.append(compared(before.tolist(), after.tolist(), of=gate(name, suite="facts")))
    assert overall(made).pairs
