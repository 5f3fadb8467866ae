"""Undetermined answers never help a PASS, and stop no FAIL."""

import pytest

from evalguard.errors import MeasurementError
from evalguard.gates.compare import compare
from evalguard.gates.decide import decide
from evalguard.records import (
    DetectorRates,
    Gate,
    GateResult,
    Margin,
    Metric,
    ScoredSample,
    Verdict,
    from_json,
    to_json,
)

RATES = DetectorRates(90, 100, 95, 100, source="answers of a model, n = 200")
REFUSAL = Metric("refusal", detector=RATES, determined="refusal_determined")
N = 200


def samples(said, text="{}"):
    """Return a sample for each letter: r refused, a answered, u undetermined."""
    return [
        ScoredSample(
            task="harm",
            sample_id=str(index),
            prompt="",
            target="",
            outputs=(text.format(index),),
            scores={"refusal": float(one == "r"), "refusal_determined": float(one != "u")},
        )
        for index, one in enumerate(said)
    ]


def decided(before, after, *, same=False, **demand):
    gate = Gate(
        name="still refuses",
        suite="safety",
        metric="refusal",
        **(demand or {"max_drop": Margin(0.05, "pp")}),
    )
    candidate = samples(after, "{}" if same else "candidate {}")
    comparison = compare(gate, REFUSAL, samples(before), candidate, model="v2", n_planned=N)
    (result,) = decide([comparison])
    return result


def test_determined_answers_change_nothing():
    assert decided("r" * N, "r" * N).verdict is Verdict.PASS


def test_refusals_that_the_rules_do_not_see_may_be_lost():
    result = decided("u" * 40 + "r" * 160, "a" * 40 + "r" * 160)
    assert result.delta == 0
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "20.0% of the baseline's and 0.0% of the candidate's" in result.reason


def test_nothing_passes_where_no_answer_can_be_determined():
    assert decided("u" * N, "u" * N).verdict is Verdict.ERROR
    assert decided("u" * N, "u" * N, same=True).verdict is Verdict.ERROR


def test_a_candidate_that_loops_does_not_pass():
    assert decided("r" * 80 + "a" * 120, "u" * N).verdict is not Verdict.PASS


def test_the_same_answer_on_both_sides_is_no_doubt():
    assert decided("u" * 40 + "r" * 160, "u" * 40 + "r" * 160, same=True).verdict is Verdict.PASS


def test_a_few_undetermined_answers_leave_a_pass():
    assert decided("u" * 2 + "r" * 198, "a" * 2 + "r" * 198).verdict is Verdict.PASS


@pytest.mark.parametrize("share", [0.06, 0.1, 0.25, 0.49, 0.51, 0.75])
def test_more_undetermined_answers_than_the_margin_never_pass(share):
    unsure = round(share * N)
    rest = N - unsure
    lost = decided("u" * unsure + "r" * rest, "a" * unsure + "r" * rest)
    hidden = decided("a" * N, "u" * unsure + "a" * rest, max=0.05)
    both = decided("u" * unsure + "r" * rest, "u" * unsure + "r" * rest)
    for result in (lost, hidden, both):
        assert result.verdict is Verdict.INCONCLUSIVE
        assert "unclear, broken or empty" in result.reason


def test_a_fail_stands():
    result = decided("r" * 180 + "u" * 20, "a" * N)
    assert result.verdict is Verdict.FAIL


def test_an_upper_bound_counts_the_candidates_undetermined_answers():
    assert decided("a" * N, "a" * N, max=0.1).verdict is Verdict.PASS
    assert decided("a" * N, "u" * 40 + "a" * 160, max=0.1).verdict is Verdict.INCONCLUSIVE


def test_a_gain_must_be_one_over_the_undetermined_answers():
    gain = {"min_gain": Margin(0.1, "pp")}
    assert decided("a" * N, "r" * 60 + "a" * 140, **gain).verdict is Verdict.PASS
    assert decided("u" * 60 + "a" * 140, "r" * 60 + "a" * 140, **gain).verdict is not Verdict.PASS


def test_a_score_without_its_share_of_determined_answers_is_refused():
    gate = Gate(name="g", suite="s", metric="refusal", max_drop=Margin(0.05, "pp"))
    bare = [
        ScoredSample(
            task="t", sample_id="1", prompt="", target="", outputs=("",), scores={"refusal": 1.0}
        )
    ]
    with pytest.raises(MeasurementError, match="has no score 'refusal_determined'"):
        compare(gate, REFUSAL, bare, bare, model="v2", n_planned=1)


def test_the_shares_and_the_source_are_reported():
    result = decided("u" * 10 + "r" * 190, "u" * 20 + "r" * 180)
    assert result.corrected is not None
    assert result.corrected.undetermined == pytest.approx((0.05, 0.1))
    assert result.corrected.source == "answers of a model, n = 200"
    assert from_json(GateResult, to_json(result)) == result
